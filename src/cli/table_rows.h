// SPDX-License-Identifier: MIT
// What a table is made of, for the files that print it.
#ifndef XENUSB_CLI_TABLE_ROWS_H
#define XENUSB_CLI_TABLE_ROWS_H

#include "table.h"

struct table_row {
    struct table_row *next;
    const char *const *cells;
    enum tone tone;
    const struct table_row *above; // in a tree; NULL: a root
    size_t number;
};

struct table {
    struct arena *arena;
    const struct column *columns;
    size_t count, rows;
    struct table_row *first;
    struct table_row **last; // where the next one goes
    struct table_row *newest;
};

#endif
