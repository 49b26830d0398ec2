// SPDX-License-Identifier: MIT
#include "number_rule.h"

const struct number_rule_row number_rules[] = {
    [NUMBER_PLAIN] = { .octal = false },     [NUMBER_AMBIGUOUS] = { .ambiguous = true },
    [NUMBER_OF_ATOI] = { .decimal = true },  [NUMBER_OF_QEMU] = { .octal = true },
    [NUMBER_OF_LIBVIRT] = { .octal = true }, [NUMBER_OF_LIBVIRT_PLACE] = { .no_0x = true },
};

bool number_has_0x(struct text text)
{
    return text.size > 1 && text.at[0] == '0' && text_lower(text.at[1]) == 'x';
}

bool number_has_zero(struct text text)
{
    return text.size > 1 && text.at[0] == '0' && !number_has_0x(text);
}

enum number_result number_parse(enum number_rule rule, struct text text, uint64_t min, uint64_t max,
                                uint64_t *value)
{
    const struct number_rule_row *row = &number_rules[rule];
    unsigned base = row->no_0x ? 10 : row->octal && number_has_zero(text) ? 8 : 0;
    return text_number(text, base, min, max, value);
}
