// SPDX-License-Identifier: MIT
// A tree of nodes that the input of a fuzz target describes: a line for each, PATH=VALUE. In a
// value, '|' is a line end.
#ifndef XENUSB_TESTS_TREE_H
#define XENUSB_TESTS_TREE_H

#include "fuzz.h"

#include <string.h>

enum { TREE_MOST = 256 };

struct tree {
    struct arena *arena;
    size_t count;
    const char *path[TREE_MOST]; // without slashes at its ends
    struct text value[TREE_MOST];
};

static inline void tree_read(struct tree *tree, struct arena *arena, struct text input)
{
    *tree = (struct tree){ .arena = arena };
    for (size_t from = 0, to; from < input.size && tree->count < TREE_MOST; from = to + 1) {
        to = text_find(input, '\n', from);
        struct text line = text_part(input, from, to);
        size_t equals = text_find(line, '=', 0);
        if (equals == line.size || equals == 0 || memchr(line.at, '\0', equals))
            continue;
        struct text value = text_part(line, equals + 1, line.size);
        char *copy = arena_copy(arena, value.at ? value.at : "", value.size);
        for (size_t i = 0; i < value.size; i++)
            copy[i] = copy[i] == '|' ? '\n' : copy[i];
        tree->path[tree->count] = arena_copy(arena, line.at, equals);
        tree->value[tree->count++] = (struct text){ copy, value.size };
    }
}

// The value of a node; NULL if it has none.
static inline const struct text *tree_value(const struct tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->count; i++)
        if (strcmp(tree->path[i], path) == 0)
            return &tree->value[i];
    return NULL;
}

// The name of the child of `path` on the way to node `number`; empty if it is not below `path`.
static inline struct text tree_child(const struct tree *tree, const char *path, size_t number)
{
    const struct text node = text_of(tree->path[number]);
    size_t size = strlen(path);
    size_t from = size ? size + 1 : 0;
    if (node.size <= from || strncmp(node.at, path, size) != 0 || (size && node.at[size] != '/'))
        return TEXT_EMPTY;
    return text_part(node, from, text_find(node, '/', from));
}

// The children of a node, each once; their number, 0 if there is no such directory.
static inline size_t tree_list(const struct tree *tree, const char *path, const char **names)
{
    size_t count = 0;
    for (size_t i = 0; i < tree->count; i++) {
        const struct text child = tree_child(tree, path, i);
        size_t known = 0;
        while (known < count && !text_is(child, names[known]))
            known++;
        if (child.size && known == count)
            names[count++] = arena_copy(tree->arena, child.at, child.size);
    }
    return count;
}

#endif
