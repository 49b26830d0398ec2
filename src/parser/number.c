// SPDX-License-Identifier: MIT
#include "number.h"

// The value that strtoul(text, NULL, 8) returns: it stops at the first byte that is not a digit.
static unsigned long octal_prefix(struct text text)
{
    size_t size = 0;
    while (size < text.size && text.at[size] <= '7')
        size++;
    unsigned long value = 0;
    for (size_t i = 0; i < size; i++)
        value = value * 8 + (unsigned long)(text.at[i] - '0');
    return value;
}

static void warn_about_zero(struct builder *builder, const char *what,
                            const struct config_text *text, unsigned long value)
{
    unsigned long octal = octal_prefix(text->text);
    uint64_t hex = value;
    text_number(text->text, 16, 0, UINT64_MAX, &hex);
    if (octal == value) // one digit after the zeros: the same in hex
        return;
    diag_hint(builder->diags,
              builder_warning(builder, text->at,
                              "'%.*s' is read as %lu; xl would read %lu (octal), libvirt %lu (hex)",
                              SHOW(text->text), value, octal, (unsigned long)hex),
              "write %s%s%lu", strchr(what, ' ') ? "" : what, strchr(what, ' ') ? "" : "=", value);
}

// Warns about a number that xl reads otherwise.
static void warn_about_rule(struct builder *builder, const char *what,
                            const struct config_text *text, enum number_rule rule,
                            unsigned long value)
{
    const struct number_rule_row *row = &number_rules[rule];
    if (row->ambiguous && number_has_zero(text->text))
        warn_about_zero(builder, what, text, value);
    if (row->decimal && number_has_0x(text->text) && value)
        diag_hint(builder->diags,
                  builder_warning(builder, text->at, "'%.*s' is read as %lu; xl would read 0",
                                  SHOW(text->text), value),
                  "write %s=%lu", what, value);
}

static void hint_range(struct builder *builder, struct diag *diag, struct number_range range)
{
    if (range.max == UINT32_MAX)
        diag_hint(builder->diags, diag, "valid values: 0 or 1");
    else
        diag_hint(builder->diags, diag, "valid range: %lu to %lu", (unsigned long)range.min,
                  (unsigned long)range.max);
}

bool number_read(struct builder *builder, const char *what, struct config_text text,
                 struct number_range range, struct config_number *number)
{
    uint64_t value = 0;
    struct text digits = text.text;
    struct diag *diag = NULL;
    switch (number_parse(range.rule, digits, range.min, range.max, &value)) {
    case NUMBER_OK: break;
    case NUMBER_MALFORMED:
        diag =
            builder_error(builder, text.at, "%s must be a number, not '%.*s'", what, SHOW(digits));
        hint_range(builder, diag, range);
        return false;
    case NUMBER_OUT_OF_RANGE:
        diag = builder_error(builder, text.at, "'%.*s' is out of range for %s", SHOW(digits), what);
        hint_range(builder, diag, range);
        return false;
    }
    warn_about_rule(builder, what, &text, range.rule, (unsigned long)value);
    *number = (struct config_number){ text.at, (uint32_t)value };
    return true;
}

bool hex_read(struct builder *builder, const char *what, struct text text, struct span at,
              uint16_t *value)
{
    uint64_t number = 0;
    struct text digits = text;
    if (digits.size > 2 && digits.at[0] == '0' && (digits.at[1] == 'x' || digits.at[1] == 'X'))
        digits = text_part(digits, 2, digits.size);
    if (digits.size > 4 || text_number(digits, 16, 0, UINT16_MAX, &number) != NUMBER_OK) {
        diag_hint(builder->diags,
                  builder_error(builder, at, "%s must be up to four hexadecimal digits, not '%.*s'",
                                what, SHOW(text)),
                  "use the form of lsusb, for example 046d");
        return false;
    }
    *value = (uint16_t)number;
    return true;
}

bool hex_is_bare(struct text text, uint64_t *value)
{
    return text.size <= 4 && text_number(text, 16, 0, UINT16_MAX, value) == NUMBER_OK;
}
