// SPDX-License-Identifier: MIT
#include "build.h"

#include "base/arena.h"
#include "base/name_map.h"

enum { OVERRIDDEN_MAX = 200 }; // values that are checked though they are ignored; bounds the time
enum { CELLS_MAX = 20000 };    // cells of all values together; bounds the memory

void builder_init(struct builder *builder, struct arena *arena, struct diags *diags,
                  const struct source *source)
{
    struct config *config = arena_new_of(arena, struct config);
    config->source = source;
    *builder = (struct builder){ .arena = arena,
                                 .diags = diags,
                                 .source = source,
                                 .config = config,
                                 .controllers_end = &config->controllers,
                                 .devices_end = &config->devices,
                                 .key = KEY_FOREIGN };
    builder->statements_end = &builder->statements;
    builder->buses = name_map_new(arena);
}

struct text builder_text(const struct builder *builder, struct span at)
{
    return text_part(builder->source->text, at.from, at.to);
}

static struct diag *complain_at(struct builder *builder, enum severity severity, struct span at,
                                const char *format, va_list args)
{
    return complain_va(builder->diags, severity, builder->source, at, format, args);
}

#define COMPLAIN_AS(severity)                                                                      \
    va_list args;                                                                                  \
    va_start(args, format);                                                                        \
    struct diag *diag = complain_at(builder, severity, at, format, args);                          \
    va_end(args);                                                                                  \
    return diag

struct diag *builder_error(struct builder *builder, struct span at, const char *format, ...)
{
    COMPLAIN_AS(SEVERITY_ERROR);
}

struct diag *builder_warning(struct builder *builder, struct span at, const char *format, ...)
{
    COMPLAIN_AS(SEVERITY_WARNING);
}

struct diag *builder_note(struct builder *builder, struct span at, const char *format, ...)
{
    COMPLAIN_AS(SEVERITY_NOTE);
}

struct value value_plain(enum value_kind kind, struct span at)
{
    return (struct value){ .kind = kind, .at = at };
}

struct value value_truth(struct span at, bool truth)
{
    return (struct value){ .kind = VALUE_TRUTH, .at = at, .truth = truth };
}

struct value value_computed(struct span at)
{
    return (struct value){ .kind = VALUE_COMPUTED, .at = at, .computed = at };
}

// Appends a copy, unless the value belongs to a foreign key and is never read.
static void append(struct builder *builder, struct value *list, struct value value)
{
    if (builder->key == KEY_FOREIGN)
        return;
    if (++builder->cells > CELLS_MAX) {
        if (builder->cells == CELLS_MAX + 1)
            builder_error(builder, value.at, "more than %d values: ignoring the rest", CELLS_MAX);
        return;
    }
    struct cell *cell = arena_new_of(builder->arena, struct cell);
    cell->value = value;
    if (list->last)
        list->last->next = cell;
    else
        list->first = cell;
    list->last = cell;
}

static struct span span_join(struct span a, struct span b)
{
    return (struct span){ a.from, b.to };
}

// Moves the cells of `right` to the end of `left`.
static void join_cells(struct value *left, struct value right)
{
    if (!right.first)
        return;
    if (left->last)
        left->last->next = right.first;
    else
        left->first = right.first;
    left->last = right.last;
}

static struct value join_strings(struct builder *builder, struct value left, struct value right)
{
    struct value both = left;
    both.at = span_join(left.at, right.at);
    if (left.kind != VALUE_STRING || right.kind != VALUE_STRING)
        return value_plain(VALUE_BROKEN, both.at);
    if (!left.first)
        append(builder, &both, left);
    if (right.first)
        join_cells(&both, right);
    else
        append(builder, &both, right);
    return both;
}

struct value value_concat(struct builder *builder, struct value left, struct value right)
{
    right.adjacent = true;
    return join_strings(builder, left, right);
}

static struct value value_sum(struct builder *builder, struct value left, struct value right)
{
    if (left.kind == VALUE_STRING)
        return join_strings(builder, left, right);
    struct value both = left;
    both.at = span_join(left.at, right.at);
    join_cells(&both, right);
    if (span_is_none(both.computed))
        both.computed = right.computed;
    return both;
}

struct value value_apply(struct builder *builder, struct span at, struct value left,
                         struct span operators, struct value right)
{
    bool sum = text_is(builder_text(builder, operators), "+") && left.kind == right.kind &&
               (left.kind == VALUE_STRING || left.kind == VALUE_LIST);
    if (sum)
        return value_sum(builder, left, right);
    if (left.kind == VALUE_BROKEN || right.kind == VALUE_BROKEN)
        return value_plain(VALUE_BROKEN, at);
    return value_computed(at);
}

struct value value_sign(struct builder *builder, struct span at, struct span operators,
                        struct value operand)
{
    struct text sign = builder_text(builder, operators);
    if (operand.kind == VALUE_NUMBER && (text_is(sign, "-") || text_is(sign, "+")))
        return value_plain(VALUE_NUMBER, at);
    return operand.kind == VALUE_BROKEN ? value_plain(VALUE_BROKEN, at) : value_computed(at);
}

struct value value_list(void)
{
    return (struct value){ .kind = VALUE_LIST };
}

// Two adjacent strings in a USB list are two items with a forgotten comma. Python would join them,
// and one of two devices would be lost; xl refuses them.
static struct value require_commas(struct builder *builder, struct value item)
{
    bool missing = false;
    if (!key_is_usb(builder->key) || item.kind != VALUE_STRING || !item.first)
        return item;
    for (const struct cell *left = item.first, *right; (right = left->next); left = right) {
        if (!right->value.adjacent)
            continue;
        struct span at = { left->value.at.to, left->value.at.to };
        diag_hint(builder->diags,
                  builder_error(builder, at, "missing ',' between two strings of '%s'",
                                key_name(builder->key)),
                  "if they are one string, write '+' between them");
        missing = true;
    }
    return missing ? value_plain(VALUE_BROKEN, item.at) : item;
}

struct value value_group(struct builder *builder, struct value item)
{
    return require_commas(builder, item);
}

struct value value_item(struct builder *builder, struct value list, struct value item)
{
    item = require_commas(builder, item);
    append(builder, &list, item);
    if (span_is_none(list.computed))
        list.computed = item.kind == VALUE_WORD ? item.at : item.computed;
    return list;
}

struct value value_pair(struct builder *builder, struct value first, struct value second)
{
    return value_item(builder, value_item(builder, value_list(), first), second);
}

struct value value_close(struct value list, struct span at)
{
    list.at = at;
    return list;
}

struct assignment build_target(struct builder *builder, struct span at, bool append_to)
{
    builder->key = key_of(builder_text(builder, at));
    return (struct assignment){ at, append_to };
}

#define SHOW(text) (int)((text).size > 40 ? 40 : (text).size), (text).at

// Warns about a foreign key that looks like a misspelt USB key, or whose value xl refuses.
static void check_foreign(struct builder *builder, struct span at, struct value value)
{
    struct text name = builder_text(builder, at);
    const char *meant = key_suggestion(name);
    if (meant) {
        struct diag *diag = builder_warning(
            builder, at, "ignoring '%.*s': no USB dialect has this key", SHOW(name));
        if (*meant)
            diag_hint(builder->diags, diag, "did you mean '%s'?", meant);
    } else if (value.kind == VALUE_WORD) {
        diag_hint(
            builder->diags,
            builder_warning(builder, value.at, "the value of '%.*s' is not quoted", SHOW(name)),
            "xl refuses the file");
    } else if (!span_is_none(value.computed)) {
        diag_hint(builder->diags,
                  builder_warning(builder, value.computed,
                                  "ignoring '%.*s': it is computed by Python, which is not run",
                                  SHOW(name)),
                  "xl refuses the file");
    }
}

// Whether all of a value is data. If not, reports an error, or a warning if the key is not about
// USB.
static bool is_data(struct builder *builder, enum key key, struct value value)
{
    struct span at = value.kind == VALUE_WORD ? value.at : value.computed;
    if (span_is_none(at))
        return value.kind != VALUE_BROKEN;
    struct text text = builder_text(builder, at);
    bool bare = text_is_bare(text);
    if (!key_is_usb(key)) {
        diag_hint(builder->diags,
                  builder_warning(builder, at, "ignoring '%s': its value is %s", key_name(key),
                                  bare ? "not quoted" : "computed by Python, which is not run"),
                  "xl refuses the file");
        return false;
    }
    struct diag *diag = builder_error(builder, at, "the value of '%s' is %s", key_name(key),
                                      bare ? "not quoted" : "computed by Python, which is not run");
    if (bare)
        diag_hint(builder->diags, diag, "put quotes around '%.*s'", SHOW(text));
    else
        diag_hint(builder->diags, diag, "write the resulting value instead");
    return false;
}

static const char *kind_name(enum value_kind kind)
{
    return kind == VALUE_LIST ? "a list" : kind == VALUE_STRING ? "a string" : "a number";
}

static void append_setting(struct builder *builder, struct assignment target,
                           struct setting *setting, struct value value)
{
    bool summable = setting->value.kind == value.kind &&
                    (value.kind == VALUE_STRING || value.kind == VALUE_LIST);
    if (summable) {
        struct span at = setting->value.at;
        setting->value = value_sum(builder, setting->value, value);
        setting->value.at = at;
    } else if (value.kind != VALUE_BROKEN && setting->value.kind != VALUE_BROKEN) {
        struct diag *diag = builder_error(builder, value.at, "'+=' cannot add %s to %s",
                                          kind_name(value.kind), kind_name(setting->value.kind));
        diag_also(builder->diags, diag, builder->source, setting->key_at, "'%s' is set here",
                  key_name(key_of(builder_text(builder, target.at))));
    }
}

// Records a statement that a translation may have to change.
static void record_statement(struct builder *builder, struct statement statement)
{
    struct statement *kept = arena_new_of(builder->arena, struct statement);
    *kept = statement;
    *builder->statements_end = kept;
    builder->statements_end = &kept->next;
}

void build_python(struct builder *builder, struct span at)
{
    record_statement(builder, (struct statement){ .kind = STATEMENT_PYTHON, .at = at });
}

// The key is set again by `target`. The value so far is kept, to be checked all the same.
static void override(struct builder *builder, enum key key, struct assignment target)
{
    const struct setting *setting = &builder->settings[key];
    diag_also(builder->diags,
              builder_warning(builder, setting->key_at,
                              "'%s' is set again below: this value is ignored", key_name(key)),
              builder->source, target.at, "the last one wins");
    if (!key_is_usb(key) || builder->overridden_count == OVERRIDDEN_MAX)
        return;
    struct overridden *overridden = arena_new_of(builder->arena, struct overridden);
    *overridden = (struct overridden){ builder->overridden, key, *setting };
    builder->overridden = overridden;
    builder->overridden_count++;
}

void build_assign(struct builder *builder, struct assignment target, struct value value,
                  struct span at)
{
    enum key key = builder->key;
    bool computed = value.kind == VALUE_WORD || !span_is_none(value.computed);
    builder->key = KEY_FOREIGN;
    if (key_is_usb(key) || computed)
        record_statement(builder, (struct statement){ .kind = key_is_usb(key) ? STATEMENT_USB
                                                                              : STATEMENT_COMPUTED,
                                                      .key = key,
                                                      .at = { target.at.from, at.to },
                                                      .name_at = target.at,
                                                      .value_at = at,
                                                      .append = target.append });
    if (key == KEY_FOREIGN) {
        check_foreign(builder, target.at, value);
        return;
    }
    if (!is_data(builder, key, value))
        value = value_plain(VALUE_BROKEN, value.at);
    struct setting *setting = &builder->settings[key];
    bool given = !span_is_none(setting->key_at);
    if (given && target.append) {
        builder->key = key;
        append_setting(builder, target, setting, value);
        builder->key = KEY_FOREIGN;
        return;
    }
    if (given)
        override(builder, key, target);
    setting->key_at = target.at;
    setting->value = value;
}

void build_unexpected(struct builder *builder, struct span at, const char *wanted)
{
    struct text text = builder_text(builder, at);
    if (at.from == at.to)
        builder_error(builder, at, "expected %s, not the end of the file", wanted);
    else if (text.at[text.size - 1] == '\n')
        builder_error(builder, at, "expected %s, not the end of the line", wanted);
    else
        builder_error(builder, at, "expected %s, not '%.*s'", wanted, SHOW(text));
}

const struct setting *builder_setting(const struct builder *builder, enum key key)
{
    const struct setting *setting = &builder->settings[key];
    return span_is_none(setting->key_at) ? NULL : setting;
}

struct config_controller *builder_controller(struct builder *builder, enum origin origin,
                                             struct span why)
{
    struct config_controller *controller = arena_new_of(builder->arena, struct config_controller);
    controller->origin = origin;
    controller->why = why;
    controller->index = builder->config->controller_count++;
    *builder->controllers_end = controller;
    builder->controllers_end = &controller->next;
    return controller;
}

struct config_device *builder_device(struct builder *builder, enum origin origin, struct span why)
{
    struct config_device *device = arena_new_of(builder->arena, struct config_device);
    device->origin = origin;
    device->why = why;
    device->required.value = true;
    builder->config->device_count++;
    *builder->devices_end = device;
    builder->devices_end = &device->next;
    return device;
}
