// SPDX-License-Identifier: MIT
// Numbers in a config, with the ranges of each value and a warning where toolstacks read them
// differently.
#ifndef XENUSB_PARSER_NUMBER_H
#define XENUSB_PARSER_NUMBER_H

#include "builder.h"

#include "base/number_rule.h"

// The numbers that a value may be.
struct number_range {
    uint64_t min, max; // both included
    enum number_rule rule;
};

// Reads a number by the rule of its range, with the warning of that rule. `what` names the value.
// False after reporting an error.
bool number_read(struct builder *builder, const char *what, struct config_text text,
                 struct number_range range, struct config_number *number);

// Reads one to four hexadecimal digits, with or without 0x. False after reporting an error.
bool hex_read(struct builder *builder, const char *what, struct text text, struct span at,
              uint16_t *value);

// Whether it is an id as lsusb prints it, up to four hexadecimal digits without 0x; if so, sets
// *value. QEMU's arguments and libvirt's XML need 0x before it, or they read a decimal number.
bool hex_is_bare(struct text text, uint64_t *value);

#endif
