// SPDX-License-Identifier: MIT
// All options: which verbs take one is said by their cards.
#ifndef XENUSB_CLI_OPTION_TABLE_H
#define XENUSB_CLI_OPTION_TABLE_H

#include "command.h"

struct option_row {
    enum option option;
    const char *name;
    char letter;          // of its short form; 0: none
    bool whole;           // must be typed in full, since it destroys or overrides something
    const char *argument; // NULL: none
    const char *help;
};

enum { OPTION_ROWS = 38 };
extern const struct option_row option_rows[OPTION_ROWS];

// Whether the verb takes it; NULL: any verb does.
bool option_is_of(const struct option_row *row, const struct command *command);

#endif
