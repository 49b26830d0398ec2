// SPDX-License-Identifier: MIT
// Aligned columns, by libsmartcols.
#ifndef XENUSB_CLI_COLUMNS_H
#define XENUSB_CLI_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct arena;

// A column with a cell for each row, escaped for a terminal: UTF-8 without control characters. A
// raw table has them as they are, and escapes them itself.
struct columns_column {
    const char *title;
    const char **cells;
    const char **colors; // of each cell, as libsmartcols names them; NULL: none
    bool cut;            // may be cut where the terminal is too narrow
    bool spare;          // is left out there, before others are cut short
};

// What is printed.
struct columns {
    struct arena *arena;
    struct columns_column *columns;
    size_t count, rows;
    size_t width; // of the terminal; 0: no limit
    const size_t
        *above; // in a tree, the earlier row that each is below, or SIZE_MAX; NULL: no tree
    bool ascii; // draw the tree so
    bool titles;
    bool color;
    bool raw; // cells between single blanks, escaped by libsmartcols: no blanks in them
};

// Prints them two blanks apart. Where they do not fit, spare columns are left out, from the left,
// then others are cut, and the last one is continued in more lines, but never in the midst of a
// command. If memory runs out, they are printed without being aligned.
void columns_print(const struct columns *columns, FILE *stream);

#endif
