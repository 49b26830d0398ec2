// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/buffer.h"
#include "base/suggest.h"
#include "columns.h"
#include "table_rows.h"

#include <stdlib.h>

enum { CELL_MAX = 1000 };

size_t table_width(const char *shown)
{
    return text_width(text_of(shown));
}

// "domid" where it has no title.
static const char *title_of(struct arena *arena, const struct column *column)
{
    if (column->title)
        return column->title;
    char *title = arena_strdup(arena, column->key);
    for (char *at = title; *at; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    return title;
}

static const struct column *column_named(const struct table *table, struct text name)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->columns[i].title && text_is_nocase(name, table->columns[i].title))
            return &table->columns[i];
    for (size_t i = 0; i < table->count; i++)
        if (table->columns[i].key && text_is_nocase(name, table->columns[i].key))
            return &table->columns[i];
    return NULL;
}

bool table_has(const struct table *table, struct diags *diags, const char *output)
{
    struct text list = text_of(output);
    for (size_t from = 0, to; from <= list.size; from = to + 1) {
        to = text_find(list, ',', from);
        struct text name = text_part(list, from, to);
        if (column_named(table, name))
            continue;
        const char **names = arena_array_of(table->arena, const char *, table->count + 1);
        size_t count = 0;
        for (size_t i = 0; i < table->count; i++)
            if (column_named(table, text_of(title_of(table->arena, &table->columns[i]))) ==
                &table->columns[i])
                names[count++] = title_of(table->arena, &table->columns[i]);
        struct diag *diag =
            complain_error(diags, CODE_USAGE, "there is no column '%.*s'", (int)name.size, name.at);
        if (text_find(name, ' ', 0) < name.size || !name.size)
            diag_hint(diags, diag, "columns are separated by ',' without blanks: %s,%s", names[0],
                      names[1]);
        else if (text_is_nocase(name, "json"))
            diag_hint(diags, diag, "JSON is --json, without -o");
        else
            diag_suggest(diags, diag, name, names, NULL);
        return false;
    }
    return true;
}

// For a terminal that may not show UTF-8.
static const char *in_ascii(struct arena *arena, const char *text)
{
    struct buffer ascii = buffer_in(arena);
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < 0x80)
            buffer_add(&ascii, (struct text){ at, 1 });
        else
            buffer_printf(&ascii, "\\x%02x", (unsigned char)*at);
    return buffer_string(&ascii);
}

const char *table_show(struct arena *arena, const char *text, size_t limit, bool ascii)
{
    const char *shown = text_show(arena, text_of(text), limit);
    return ascii ? in_ascii(arena, shown) : shown;
}

// What strangers wrote is escaped here, but in a raw table by libsmartcols.
static const char *shown_cell(const struct table *table, const struct table_layout *layout,
                              const struct column *column, const char *cell)
{
    if (column->kind == COLUMN_FLAG)
        return cell ? "yes" : "no";
    if (layout->raw)
        return cell && *cell ? cell : "-";
    return cell ? table_show(table->arena, cell, CELL_MAX, layout->ascii) : "";
}

static void show_column(const struct table *table, const struct table_layout *layout,
                        const struct column *column, struct columns *into)
{
    struct columns_column *own = &into->columns[into->count++];
    const size_t number = (size_t)(column - table->columns);
    static const char *const colors[] = {
        [TONE_GOOD] = "green", [TONE_USED] = "yellow", [TONE_BAD] = "red"
    };
    size_t i = 0;
    *own =
        (struct columns_column){ .title = title_of(table->arena, column),
                                 .cells = arena_array_of(table->arena, const char *, into->rows),
                                 .colors = arena_array_of(table->arena, const char *, into->rows),
                                 .cut = column->kind == COLUMN_LABEL,
                                 .spare = column->kind == COLUMN_SPARE && !layout->output };
    for (const struct table_row *row = table->first; row; row = row->next, i++) {
        own->cells[i] = shown_cell(table, layout, column, row->cells[number]);
        own->colors[i] = column->kind == COLUMN_STATE ? colors[row->tone] : NULL;
    }
}

static bool has_titles(const struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->columns[i].title && *table->columns[i].title)
            return true;
    return false;
}

// Which row each is below.
static const size_t *tree_of(const struct table *table)
{
    size_t *above = arena_array_of(table->arena, size_t, table->rows);
    for (const struct table_row *row = table->first; row; row = row->next)
        above[row->number] = row->above ? row->above->number : SIZE_MAX;
    return above;
}

static struct columns show(const struct table *table, const struct table_layout *layout)
{
    struct columns into = { .arena = table->arena,
                            .above = layout->tree ? tree_of(table) : NULL,
                            .rows = table->rows,
                            .width = layout->width,
                            .ascii = layout->ascii,
                            .color = layout->color,
                            .raw = layout->raw };
    struct text list = text_of(layout->output);
    size_t names = table->count;
    into.titles = !layout->bare && (layout->output || has_titles(table));
    for (size_t i = 0; i < list.size; i++)
        names += list.at[i] == ',';
    into.columns = arena_array_of(table->arena, struct columns_column, names + 1);
    for (size_t i = 0; !layout->output && i < table->count; i++)
        if (table->columns[i].title)
            show_column(table, layout, &table->columns[i], &into);
    for (size_t from = 0, to; layout->output && from <= list.size; from = to + 1) {
        to = text_find(list, ',', from);
        show_column(table, layout, column_named(table, text_part(list, from, to)), &into);
    }
    return into;
}

void table_print_as(const struct table *table, const struct table_layout *layout, FILE *stream)
{
    if (!table->first)
        return;
    const struct columns columns = show(table, layout);
    columns_print(&columns, stream);
}

void table_print(const struct table *table, FILE *stream)
{
    const struct table_layout layout = { .width = 0 };
    table_print_as(table, &layout, stream);
}
