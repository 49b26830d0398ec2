// SPDX-License-Identifier: MIT
#include "value.h"

#include "base/arena.h"
#include "builder.h"

enum { CELLS_MAX = 20000 }; // cells of all values together; bounds the memory

struct value value_plain(enum value_kind kind, struct span at)
{
    return (struct value){ .kind = kind, .at = at };
}

struct value value_truth(struct span at, bool truth)
{
    return (struct value){ .kind = VALUE_TRUTH, .at = at, .truth = truth };
}

struct value value_computed(struct span at)
{
    return (struct value){ .kind = VALUE_COMPUTED, .at = at, .computed = at };
}

struct value value_string(const struct builder *builder, struct span at)
{
    struct value string = value_plain(VALUE_STRING, at);
    for (struct text rest = builder_text(builder, at); !strchr("'\"", *rest.at);
         rest = text_part(rest, 1, rest.size))
        if (*rest.at == 'f' || *rest.at == 'F')
            string.computed = at;
    return string;
}

// Appends a copy, unless the value belongs to a foreign key and is never read.
static void append(struct builder *builder, struct value *list, struct value value)
{
    if (builder->key == KEY_FOREIGN)
        return;
    if (++builder->cells > CELLS_MAX) {
        if (builder->cells == CELLS_MAX + 1)
            builder_error(builder, value.at, "more than %d values: ignoring the rest", CELLS_MAX);
        return;
    }
    struct cell *cell = arena_new_of(builder->arena, struct cell);
    cell->value = value;
    if (list->last)
        list->last->next = cell;
    else
        list->first = cell;
    list->last = cell;
}

static struct span span_join(struct span a, struct span b)
{
    return (struct span){ a.from, b.to };
}

// Moves the cells of `right` to the end of `left`.
static void join_cells(struct value *left, struct value right)
{
    if (!right.first)
        return;
    if (left->last)
        left->last->next = right.first;
    else
        left->first = right.first;
    left->last = right.last;
}

static struct value join_strings(struct builder *builder, struct value left, struct value right)
{
    struct value both = left;
    both.at = span_join(left.at, right.at);
    if (left.kind != VALUE_STRING || right.kind != VALUE_STRING)
        return value_plain(VALUE_BROKEN, both.at);
    if (span_is_none(both.computed))
        both.computed = right.computed;
    if (!left.first)
        append(builder, &both, left);
    if (right.first)
        join_cells(&both, right);
    else
        append(builder, &both, right);
    return both;
}

struct value value_concat(struct builder *builder, struct value left, struct value right)
{
    right.adjacent = true;
    return join_strings(builder, left, right);
}

struct value value_sum(struct builder *builder, struct value left, struct value right)
{
    if (left.kind == VALUE_STRING)
        return join_strings(builder, left, right);
    struct value both = left;
    both.at = span_join(left.at, right.at);
    join_cells(&both, right);
    if (span_is_none(both.computed))
        both.computed = right.computed;
    return both;
}

struct value value_apply(struct builder *builder, struct span at, struct value left,
                         struct span operators, struct value right)
{
    bool sum = text_is(builder_text(builder, operators), "+") && left.kind == right.kind &&
               (left.kind == VALUE_STRING || left.kind == VALUE_LIST);
    if (sum)
        return value_sum(builder, left, right);
    if (left.kind == VALUE_BROKEN || right.kind == VALUE_BROKEN)
        return value_plain(VALUE_BROKEN, at);
    return value_computed(at);
}

struct value value_sign(struct builder *builder, struct span at, struct span operators,
                        struct value operand)
{
    struct text sign = builder_text(builder, operators);
    if (operand.kind == VALUE_NUMBER && (text_is(sign, "-") || text_is(sign, "+")))
        return value_plain(VALUE_NUMBER, at);
    return operand.kind == VALUE_BROKEN ? value_plain(VALUE_BROKEN, at) : value_computed(at);
}

struct value value_list(void)
{
    return (struct value){ .kind = VALUE_LIST };
}

// Two adjacent strings in a USB list are two items with a forgotten comma. Python would join them,
// and one of two devices would be lost; xl refuses them.
static struct value require_commas(struct builder *builder, struct value item)
{
    bool missing = false;
    if (!key_is_usb(builder->key) || item.kind != VALUE_STRING || !item.first)
        return item;
    for (const struct cell *left = item.first, *right; (right = left->next); left = right) {
        if (!right->value.adjacent)
            continue;
        struct span at = { left->value.at.to, left->value.at.to };
        diag_hint(builder->diags,
                  builder_error(builder, at, "missing ',' between two strings of '%s'",
                                key_name(builder->key)),
                  "if they are one string, write '+' between them");
        missing = true;
    }
    return missing ? value_plain(VALUE_BROKEN, item.at) : item;
}

struct value value_group(struct builder *builder, struct value item)
{
    return require_commas(builder, item);
}

struct value value_item(struct builder *builder, struct value list, struct value item)
{
    item = require_commas(builder, item);
    append(builder, &list, item);
    if (span_is_none(list.computed))
        list.computed = item.kind == VALUE_WORD ? item.at : item.computed;
    return list;
}

struct value value_pair(struct builder *builder, struct value first, struct value second)
{
    return value_item(builder, value_item(builder, value_list(), first), second);
}

struct value value_close(struct value list, struct span at)
{
    list.at = at;
    return list;
}
