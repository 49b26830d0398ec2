// SPDX-License-Identifier: MIT
#include "build.h"

#include "base/arena.h"

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
