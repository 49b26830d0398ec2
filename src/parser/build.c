// SPDX-License-Identifier: MIT
#include "build.h"

#include "base/arena.h"
#include "base/name_map.h"

enum { OVERRIDDEN_MAX = 200 }; // overridden values to check; bounds the time

struct assignment build_target(struct builder *builder, struct span at, bool append_to)
{
    builder->key = key_of(builder_text(builder, at));
    return (struct assignment){ at, append_to };
}

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

// The word that people write for a number, as 1 or 0; -1 for any other word.
static int truth_of(struct text text)
{
    static const char *const words[][2] = { { "yes", "no" },
                                            { "on", "off" },
                                            { "true", "false" },
                                            { "enabled", "disabled" },
                                            { "y", "n" } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_is_nocase(text, words[i][0]) || text_is_nocase(text, words[i][1]))
            return text_is_nocase(text, words[i][0]);
    return -1;
}

static bool is_word(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((text_lower(text.at[i]) < 'a' || text_lower(text.at[i]) > 'z') && text.at[i] != '_')
            return false;
    return true;
}

// Reports a value of a USB key that is a variable of the file, or whose key takes only numbers.
// False if it is neither.
static bool is_other_value(struct builder *builder, enum key key, struct text text, struct span at)
{
    const struct variable *variable = name_map_get(builder->variables, text);
    bool number = key == KEY_USB || key == KEY_USBVERSION || key == KEY_SPICEUSBREDIRECTION;
    int truth = truth_of(text);
    struct diag *diag;
    if (variable) {
        diag = builder_error(builder, at,
                             "the value of '%s' is the variable '%.*s': Python is not run",
                             key_name(key), SHOW(text));
        diag_also(builder->diags, diag, builder->source, variable->at,
                  "write the value that is set here");
    } else if (number && truth >= 0) {
        diag = builder_error(builder, at, "'%s' must be a number, not '%.*s'", key_name(key),
                             SHOW(text));
        diag_hint(builder->diags, diag, "write %s=%d", key_name(key), truth);
    } else if (number && text_is_bare(text)) {
        diag = builder_error(builder, at, "'%s' must be a number, not %s'%.*s'", key_name(key),
                             is_word(text) ? "" : "the expression ", SHOW(text));
        diag_hint(builder->diags, diag, "Python is not run: write the resulting number");
    }
    return variable || (number && (truth >= 0 || text_is_bare(text)));
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
    if (key_is_usb(key) && is_other_value(builder, key, text, at))
        return false;
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
    else if (text_starts(text, "{"))
        diag_hint(builder->diags, diag, "a list is in square brackets: [ ]");
    else
        diag_hint(builder->diags, diag, "write the resulting value instead");
    return false;
}

// Whether xl reads the value of a key as a number.
static bool is_number_key(enum key key)
{
    return key == KEY_USB || key == KEY_USBVERSION || key == KEY_SPICEUSBREDIRECTION ||
           key == KEY_SPICE || key == KEY_STUBDOMAIN;
}

// Reports += on a number, which makes xl ignore all of the key's values.
static void report_sum_of_number(struct builder *builder, enum key key, struct span at)
{
    diag_hint(builder->diags,
              complain(builder->diags, key_is_usb(key) ? SEVERITY_ERROR : SEVERITY_WARNING,
                       key_is_usb(key) ? CODE_INVALID : CODE_WARNING, builder->source, at,
                       "'+=' does not work with '%s', which is a number", key_name(key)),
              "xl ignores '%s': write one statement with =", key_name(key));
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

// Warns that `target` sets the key again. Keeps the old value, whose errors are still reported.
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

// Notes the value of a foreign key, which is a variable to Python, and warns if xl cannot append to
// it.
static void note_variable(struct builder *builder, struct assignment target, enum value_kind kind)
{
    struct text name = builder_text(builder, target.at);
    struct variable *variable = name_map_get(builder->variables, name);
    // To xl a number is a string.
    bool one = kind == VALUE_STRING || kind == VALUE_NUMBER, list = kind == VALUE_LIST;
    if (variable && target.append &&
        ((one && variable->kind == VALUE_LIST) ||
         (list && (variable->kind == VALUE_STRING || variable->kind == VALUE_NUMBER)))) {
        struct diag *diag = builder_warning(builder, target.at, "'+=' cannot add %s to %s",
                                            kind_name(kind), kind_name(variable->kind));
        diag_hint(builder->diags, diag, "xl refuses the file");
        diag_also(builder->diags, diag, builder->source, variable->at, "'%.*s' is set here",
                  SHOW(name));
    }
    if (!variable) {
        variable = arena_new_of(builder->arena, struct variable);
        name_map_add(builder->variables, name, variable);
    }
    if (!target.append || !variable->at.to)
        *variable = (struct variable){ target.at, kind };
}

// The kind of an assignment that a translation may change.
static bool is_recorded(const struct builder *builder, enum key key, struct value value,
                        enum statement_kind *kind)
{
    struct text text = builder_text(builder, value.at);
    bool linux_builder = key == KEY_BUILDER && value.kind == VALUE_STRING &&
                         text_is(text_part(text, 1, text.size - 1), "linux");
    bool computed = value.kind == VALUE_WORD || !span_is_none(value.computed);
    *kind = key_is_usb(key) ? STATEMENT_USB : computed ? STATEMENT_COMPUTED : STATEMENT_BUILDER;
    return key_is_usb(key) || computed || linux_builder;
}

void build_assign(struct builder *builder, struct assignment target, struct value value,
                  struct span at)
{
    enum key key = builder->key;
    enum statement_kind kind;
    builder->key = KEY_FOREIGN;
    if (is_recorded(builder, key, value, &kind))
        record_statement(builder, (struct statement){ .kind = kind,
                                                      .key = key,
                                                      .at = { target.at.from, at.to },
                                                      .name_at = target.at,
                                                      .value_at = at,
                                                      .append = target.append });
    if (key == KEY_FOREIGN) {
        note_variable(builder, target, value.kind);
        check_foreign(builder, target.at, value);
        return;
    }
    if (!is_data(builder, key, value))
        value = value_plain(VALUE_BROKEN, value.at);
    if (target.append && is_number_key(key) &&
        (value.kind == VALUE_STRING || value.kind == VALUE_NUMBER)) {
        report_sum_of_number(builder, key, value.at);
        value = builder->settings[key].value = value_plain(VALUE_BROKEN, value.at);
    }
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
    struct diag *diag;
    if (at.from == at.to)
        diag = builder_error(builder, at, "expected %s, not the end of the file", wanted);
    else if (text.at[text.size - 1] == '\n')
        diag = builder_error(builder, at, "expected %s, not the end of the line", wanted);
    else
        diag = builder_error(builder, at, "expected %s, not '%.*s'", wanted, SHOW(text));
    bool quote = text_starts(text, "'") || text_starts(text, "\"");
    if (text_is(text, "==") || text_is(text, ":") || (quote && strcmp(wanted, "'='") == 0))
        diag_hint(builder->diags, diag, "write key = value");
    else if (text_is(text, ",") && strcmp(wanted, "the end of the line") == 0)
        diag_hint(builder->diags, diag, "put [ ] around a list");
    else if (text_is(text, ",") && strcmp(wanted, "a value") == 0)
        diag_hint(builder->diags, diag, "there is one ',' too many");
    else if (text_is(text, "]") && strcmp(wanted, "the end of the line") == 0)
        diag_hint(builder->diags, diag, "the '[' is missing, before the value");
    else if (text_is(text, "-") && strcmp(wanted, "'='") == 0)
        diag_hint(builder->diags, diag, "a key has no '-' in it");
}
