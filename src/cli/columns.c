// SPDX-License-Identifier: MIT
#include "columns.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/text.h"

#include <libsmartcols.h>
#include <locale.h>

static const char GAP[] = "  ";

enum {
    LAST_SHARE = 3, // what part of the terminal the last column gets
    CUT_LEAST = 26, // how wide a column should stay that may be cut
};

static size_t width_of(const char *text, size_t size)
{
    return text_width((struct text){ text, size });
}

// The size of the piece of a cell from there on that is not broken: a word, or a command with all
// that follows it.
static size_t piece(const char *text)
{
    return text_starts(text_of(text), "xenusb ") ? strlen(text) : strcspn(text, " ");
}

// How much of a cell is on this line: as many pieces as fit, but at least one.
static size_t line_of(const char *text, size_t width)
{
    size_t size = piece(text);
    while (text[size]) {
        size_t next = size + 1 + piece(text + size + 1);
        if (width_of(text, next) > width)
            break;
        size = next;
    }
    return size;
}

// How wide the last column should be: what is at `wanted`, if the cell is so wide, or its widest
// piece.
static size_t wrapped_width(const struct libscols_column *column, const char *cell, void *wanted)
{
    (void)column;
    const size_t most = *(const size_t *)wanted, whole = width_of(cell, strlen(cell));
    size_t width = most;
    for (const char *at = cell; *at; at += strspn(at, " ")) {
        const size_t size = piece(at), own = width_of(at, size);
        width = own > width ? own : width;
        at += size;
    }
    return whole < width ? whole : width;
}

// Ends the line of a cell; returns the rest of it, or NULL.
static char *next_line(const struct libscols_column *column, char *cell, void *wanted)
{
    (void)wanted;
    size_t size = line_of(cell, scols_column_get_width(column));
    if (!cell[size])
        return NULL;
    cell[size] = '\0';
    return cell + size + 1;
}

static bool add_columns(struct libscols_table *table, const struct columns *columns, size_t *wanted)
{
    for (size_t i = 0; i < columns->count; i++) {
        const struct columns_column *own = &columns->columns[i];
        const bool last = i + 1 == columns->count, wraps = last && columns->width && !columns->raw;
        const int tree = columns->above && i == 0 ? SCOLS_FL_TREE : 0;
        const int flags = wraps ? SCOLS_FL_WRAP : own->cut && !last ? SCOLS_FL_TRUNC : tree;
        struct libscols_column *column =
            scols_table_new_column(table, columns->titles ? own->title : NULL, 0, flags);
        if (!column ||
            (wraps && scols_column_set_wrapfunc(column, wrapped_width, next_line, wanted) != 0))
            return false;
    }
    return true;
}

static bool set_cell(struct libscols_line *line, size_t at, const struct columns_column *column,
                     size_t row)
{
    return scols_line_set_data(line, at, column->cells[row]) == 0 &&
           scols_cell_set_color(scols_line_get_cell(line, at), column->colors[row]) == 0;
}

static bool add_rows(struct libscols_table *table, const struct columns *columns)
{
    for (size_t row = 0; row < columns->rows; row++) {
        const size_t above = columns->above ? columns->above[row] : SIZE_MAX;
        struct libscols_line *parent =
            above == SIZE_MAX ? NULL : scols_table_get_line(table, above);
        struct libscols_line *line = scols_table_new_line(table, parent);
        for (size_t i = 0; i < columns->count; i++)
            if (!line || !set_cell(line, i, &columns->columns[i], row))
                return false;
    }
    return true;
}

// How wide a column should be: as its widest cell, within reason.
static size_t wanted_width(const struct columns *columns, size_t column)
{
    const struct columns_column *own = &columns->columns[column];
    size_t width = columns->titles ? strlen(own->title) : 0;
    size_t most = own->cut ? CUT_LEAST : SIZE_MAX;
    if (column + 1 == columns->count)
        most = columns->width / LAST_SHARE;
    for (size_t row = 0; row < columns->rows; row++) {
        const size_t cell = width_of(own->cells[row], strlen(own->cells[row]));
        width = cell > width ? cell : width;
    }
    return width < most ? width : most;
}

static bool fits(const struct columns *columns)
{
    size_t width = 0;
    for (size_t i = 0; i < columns->count; i++)
        width += wanted_width(columns, i) + (i ? sizeof GAP - 1 : 0);
    return width <= columns->width;
}

// Leaves out as many spare columns as is necessary.
static struct columns fitting(const struct columns *columns)
{
    struct columns left = *columns;
    left.columns = arena_array_of(columns->arena, struct columns_column, columns->count);
    memcpy(left.columns, columns->columns, columns->count * sizeof *left.columns);
    for (size_t i = 0; i < left.count && left.width && !fits(&left);) {
        if (!left.columns[i].spare) {
            i++;
            continue;
        }
        left.count--;
        memmove(&left.columns[i], &left.columns[i + 1], (left.count - i) * sizeof *left.columns);
    }
    return left;
}

// It must not escape what is escaped already, nor ask for the terminal itself.
static bool set_up(struct libscols_table *table, const struct columns *columns, FILE *stream)
{
    return scols_table_enable_noencoding(table, 1) == 0 &&
           scols_table_enable_minout(table, !columns->raw) == 0 &&
           scols_table_enable_colors(table, columns->color && !columns->raw) == 0 &&
           scols_table_enable_ascii(table, columns->ascii) == 0 &&
           scols_table_enable_raw(table, columns->raw) == 0 &&
           scols_table_enable_noheadings(table, !columns->titles) == 0 &&
           scols_table_set_column_separator(table, columns->raw ? " " : GAP) == 0 &&
           scols_table_set_termforce(table, columns->width ? SCOLS_TERMFORCE_ALWAYS
                                                           : SCOLS_TERMFORCE_NEVER) == 0 &&
           scols_table_set_termwidth(table, columns->width) == 0 &&
           scols_table_set_stream(table, stream) == 0;
}

static bool fill(const struct columns *columns, FILE *stream)
{
    size_t wanted = columns->width / LAST_SHARE;
    struct libscols_table *table = scols_new_table();
    bool done = table && set_up(table, columns, stream) && add_columns(table, columns, &wanted) &&
                add_rows(table, columns) && scols_print_table(table) == 0;
    scols_unref_table(table);
    return done;
}

// Without memory.
static void print_unaligned(const struct columns *columns, FILE *stream)
{
    for (size_t row = 0; row < columns->rows; row++)
        for (size_t i = 0; i < columns->count; i++)
            fprintf(stream, "%s%s", columns->columns[i].cells[row],
                    i + 1 == columns->count ? "\n" : GAP);
}

void columns_print(const struct columns *all, FILE *stream)
{
    const struct columns left = fitting(all), *columns = &left;
    cleanup_free char *printed = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&printed, &size);
    // The cells are UTF-8, whatever the locale of the user.
    const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    const locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    bool done = memory && fill(columns, memory) && !ferror(memory);
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
    if (memory)
        done &= fclose(memory) == 0;
    if (done)
        fwrite(printed, 1, size, stream);
    else
        print_unaligned(columns, stream);
}
