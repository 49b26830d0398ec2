// SPDX-License-Identifier: MIT
// How the numbers in a config are written: each dialect has its owner's rule, a row of one table.
#ifndef XENUSB_BASE_NUMBER_RULE_H
#define XENUSB_BASE_NUMBER_RULE_H

#include "text.h"

enum number_rule {
    NUMBER_PLAIN,      // decimal, or hexadecimal after 0x; a leading zero means nothing to anybody
    NUMBER_AMBIGUOUS,  // the same; of a leading zero others make octal or hexadecimal
    NUMBER_OF_ATOI,    // the same; xl takes the digits before the first other character
    NUMBER_OF_QEMU,    // octal after a leading zero, as in C
    NUMBER_OF_LIBVIRT, // the same: ids and host addresses in its XML
    NUMBER_OF_LIBVIRT_PLACE, // decimal, and nothing else: indexes and ports in its XML
};

// What can be said of a rule.
struct number_rule_row {
    bool octal;     // a leading zero means octal
    bool ambiguous; // xl reads a leading zero as octal, libvirt's reader of xl's files as
                    // hexadecimal
    bool decimal;   // xl knows no 0x: it reads zero
    bool no_0x;     // 0x is malformed
};
extern const struct number_rule_row number_rules[];

// Whether there are digits after a zero at the start, which is an octal number in C.
bool number_has_zero(struct text text);
// Whether the number begins with 0x.
bool number_has_0x(struct text text);

// Reads all of `text` by that rule; see text_number().
enum number_result number_parse(enum number_rule rule, struct text text, uint64_t min, uint64_t max,
                                uint64_t *value);

#endif
