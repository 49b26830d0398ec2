// SPDX-License-Identifier: MIT
// Rows of cells under columns: printed as an aligned table, or as JSON objects, from the same rows.
#ifndef XENUSB_CLI_TABLE_H
#define XENUSB_CLI_TABLE_H

#include "../json.h"

#include <stdio.h>

enum column_kind { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_FLAG };

struct column {
    const char *title; // NULL: in JSON only
    const char *key;   // in JSON; NULL: in the table only
    enum column_kind kind;
};

struct table;

// `columns` must outlive the table.
struct table *table_new(struct arena *arena, const struct column *columns, size_t count);

// Adds a row of as many cells as there are columns. NULL is an empty cell, and null in JSON. A cell
// of COLUMN_FLAG is set unless NULL. The strings must outlive the table.
void table_row(struct table *table, const char *const *cells);

// Aligned columns under their titles; strangers' bytes made safe. No row: nothing is printed.
void table_print(const struct table *table, FILE *stream);

// An array of objects.
void table_json(const struct table *table, struct json_writer *writer);

#endif
