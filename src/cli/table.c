// SPDX-License-Identifier: MIT
#include "table_rows.h"

#include "base/arena.h"
#include "base/json.h"

struct table *table_new(struct arena *arena, const struct column *columns, size_t count)
{
    struct table *table = arena_new_of(arena, struct table);
    table->arena = arena;
    table->columns = columns;
    table->count = count;
    table->last = &table->first;
    return table;
}

void table_row(struct table *table, const char *const *cells)
{
    struct table_row *row = arena_new_of(table->arena, struct table_row);
    const char **copy = arena_array_of(table->arena, const char *, table->count);
    memcpy(copy, cells, table->count * sizeof *copy);
    row->cells = copy;
    row->number = table->rows++;
    *table->last = table->newest = row;
    table->last = &row->next;
}

void table_set_tone(struct table *table, enum tone tone)
{
    table->newest->tone = tone;
}

void table_set_below(struct table *table, size_t column, const char *value)
{
    for (const struct table_row *at = table->first; at != table->newest; at = at->next)
        if (at->cells[column] && strcmp(at->cells[column], value) == 0)
            table->newest->above = at;
}

bool table_is_empty(const struct table *table)
{
    return !table->first;
}

static void json_cell(struct json_writer *writer, enum column_kind kind, const char *cell)
{
    uint64_t number = 0;
    if (kind == COLUMN_FLAG)
        json_put_bool(writer, cell);
    else if (kind == COLUMN_NUMBER && cell &&
             text_number(text_of(cell), 10, 0, INT64_MAX, &number) == NUMBER_OK)
        json_put_integer(writer, (int64_t)number);
    else
        json_put_string(writer, cell);
}

void table_write_json(const struct table *table, struct json_writer *writer)
{
    for (const struct table_row *row = table->first; row; row = row->next) {
        json_open_object(writer);
        for (size_t i = 0; i < table->count; i++) {
            if (!table->columns[i].key)
                continue;
            json_key(writer, table->columns[i].key);
            json_cell(writer, table->columns[i].kind, row->cells[i]);
        }
        json_close(writer);
    }
}
