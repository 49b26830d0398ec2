// SPDX-License-Identifier: MIT
#include "field.h"

// The text of a setting that is a string, a number or a truth value. False if it is not set or,
// after a report, has another type. `wanted` names the expected type.
static bool plain_text(struct builder *builder, enum key key, const char *wanted,
                       struct config_text *text)
{
    const struct setting *setting = builder_setting(builder, key);
    if (!setting)
        return false;
    const struct value *value = &setting->value;
    struct literal literal;
    switch (value->kind) {
    case VALUE_STRING:
        if (!literal_read(builder, value, &literal))
            return false;
        *text = (struct config_text){ value->at, literal.text };
        return true;
    case VALUE_NUMBER:
        *text = (struct config_text){ value->at, builder_text(builder, value->at) };
        return true;
    case VALUE_TRUTH:
        *text = (struct config_text){ value->at, text_of(value->truth ? "1" : "0") };
        diag_hint(builder->diags,
                  builder_warning(builder, value->at, "'%s' is read as %s", key_name(key),
                                  value->truth ? "1" : "0"),
                  "xl refuses True and False; xm ignores them");
        return true;
    case VALUE_NONE:
        builder_warning(builder, value->at, "'%s' is None: treated as not set", key_name(key));
        return false;
    case VALUE_LIST:
        if (!key_is_usb(key))
            builder_warning(builder, value->at, "ignoring '%s': it must be %s, not a list",
                            key_name(key), wanted);
        else
            builder_error(builder, value->at, "'%s' must be %s, not a list", key_name(key), wanted);
        return false;
    default: return false;
    }
}

bool setting_text(struct builder *builder, enum key key, struct config_text *text)
{
    return plain_text(builder, key, "a string", text);
}

bool setting_number(struct builder *builder, enum key key, uint64_t min, uint64_t max,
                    struct config_number *number)
{
    struct config_text text;
    return plain_text(builder, key, "a number", &text) &&
           number_read(builder, key_name(key), text,
                       (struct number_range){ min, max, NUMBER_AMBIGUOUS }, number);
}

static void read_string(struct builder *builder, enum key key, const struct value *value,
                        string_reader read)
{
    struct literal literal;
    if (value->kind == VALUE_BROKEN)
        return;
    if (value->kind == VALUE_STRING) {
        if (literal_read(builder, value, &literal))
            read(builder, &literal);
        return;
    }
    struct diag *diag =
        builder_error(builder, value->at, "an item of '%s' must be a string", key_name(key));
    if (value->kind == VALUE_LIST)
        diag_hint(builder->diags, diag, "this is a list inside a list");
    else if (key == KEY_USBDEVICE)
        diag_hint(builder->diags, diag, "such as 'tablet' or 'id=046d:c52b'; usb=1 is another key");
    else if (key == KEY_USBCONTROLLER)
        diag_hint(builder->diags, diag, "write the key too: 'usbversion=%.*s'",
                  SHOW(builder_text(builder, value->at)));
    else
        diag_hint(builder->diags, diag, "put quotes around it");
}

static void warn_about_single(struct builder *builder, enum key key, struct span at,
                              enum single single)
{
    static const char *const hints[] = {
        [SINGLE_IGNORED_BY_XL] = "xl would start the guest without it: put [ ] around it",
        [SINGLE_REFUSED_BY_XM] = "xm refuses this: put [ ] around it",
        [SINGLE_REFUSED_BY_XL] = "xl refuses this: put [ ] around it",
    };
    if (single == SINGLE_ACCEPTED)
        return;
    diag_hint(
        builder->diags,
        builder_warning(builder, at, "'%s' should be a list, not a single string", key_name(key)),
        "%s", hints[single]);
}

void setting_strings(struct builder *builder, enum key key, enum single single, string_reader read)
{
    const struct setting *setting = builder_setting(builder, key);
    if (!setting)
        return;
    const struct value *value = &setting->value;
    if (value->kind == VALUE_LIST) {
        for (const struct cell *cell = value->first; cell; cell = cell->next)
            read_string(builder, key, &cell->value, read);
        return;
    }
    if (value->kind == VALUE_NONE) {
        builder_warning(builder, value->at, "'%s' is None: treated as not set", key_name(key));
        return;
    }
    if (value->kind == VALUE_STRING)
        warn_about_single(builder, key, value->at, single);
    read_string(builder, key, value, read);
}
