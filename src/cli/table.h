// SPDX-License-Identifier: MIT
// Rows of cells, printed as an aligned table or as JSON objects.
#ifndef XENUSB_CLI_TABLE_H
#define XENUSB_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct arena;

enum column_kind { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_FLAG };

struct column {
    const char *title; // NULL: in JSON only; "": a column without a title
    const char *key;   // in JSON; NULL: in the table only
    enum column_kind kind;
};

struct table;

// `columns` must outlive the table.
struct table *table_new(struct arena *arena, const struct column *columns, size_t count);

// Adds a row of as many cells as there are columns. NULL is an empty cell, and null in JSON. A cell
// of COLUMN_FLAG is set unless NULL. The strings must outlive the table.
void table_row(struct table *table, const char *const *cells);

bool table_is_empty(const struct table *table);

// How many terminal columns an escaped text takes.
size_t table_width(const char *shown);

// Prints aligned columns under their titles, escaped for a terminal. Without rows prints nothing.
void table_print(const struct table *table, FILE *stream);

// Prints the rows as a JSON array of objects, and a newline.
void table_print_json(const struct table *table, FILE *stream);

#endif
