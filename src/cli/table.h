// SPDX-License-Identifier: MIT
// Rows of cells, printed as an aligned table or as JSON objects.
#ifndef XENUSB_CLI_TABLE_H
#define XENUSB_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct arena;
struct diags;
struct json_writer;

enum column_kind {
    COLUMN_TEXT,
    COLUMN_LABEL, // text that may be cut where the terminal is too narrow
    COLUMN_SPARE, // text that is left out there
    COLUMN_NUMBER,
    COLUMN_FLAG,
    COLUMN_STATE, // text that has the tone of its row
};

// What a state is like, which is shown as a colour.
enum tone {
    TONE_PLAIN,
    TONE_GOOD,
    TONE_USED, // by something else
    TONE_BAD,
};

struct column {
    const char *title; // NULL: in JSON only; "": a column without a title
    const char *key;   // in JSON; NULL: in the table only
    enum column_kind kind;
};

// How a table is printed.
struct table_layout {
    size_t width; // of the terminal; 0: no limit
    bool ascii;   // a terminal that may not show UTF-8
    bool bare;    // without titles
    bool color;
    bool tree;          // the first column shows which rows are below which
    bool raw;           // for scripts: cells between single blanks, escaped as \xNN, none empty
    const char *output; // the columns, as a list of titles or keys; NULL: those with a title
};

struct table;

// `columns` must outlive the table.
struct table *table_new(struct arena *arena, const struct column *columns, size_t count);

// Adds a row of as many cells as there are columns. NULL is an empty cell, and null in JSON. A cell
// of COLUMN_FLAG is set unless NULL. The strings must outlive the table.
void table_row(struct table *table, const char *const *cells);

// Sets the tone of the row that was added last; until then it is plain.
void table_set_tone(struct table *table, enum tone tone);

// Puts the row that was added last below an earlier one, whose cell in that column is `value`, in a
// tree; it stays a root if there is none.
void table_set_below(struct table *table, size_t column, const char *value);

bool table_is_empty(const struct table *table);

// How many terminal columns an escaped text takes.
size_t table_width(const char *shown);

// Whether there are such columns; if not, reports it.
bool table_has(const struct table *table, struct diags *diags, const char *output);

// Text of strangers, escaped for a terminal; what is not ASCII as well, if so wanted. After `limit`
// bytes it is cut.
const char *table_show(struct arena *arena, const char *text, size_t limit, bool ascii);

// Prints it like that: where a terminal is too narrow, columns that may be cut are, and then the
// last one is continued below itself. table_has() must be true of the columns.
void table_print_as(const struct table *table, const struct table_layout *layout, FILE *stream);

// Prints aligned columns under their titles, escaped for a terminal. Without rows prints nothing.
void table_print(const struct table *table, FILE *stream);

// Writes the rows as objects, elements of an open array.
void table_write_json(const struct table *table, struct json_writer *writer);

#endif
