// SPDX-License-Identifier: MIT
#include "walk.h"

#include "base/arena.h"

static struct qmp_command *submit(const struct walk *walk, struct wire_command command)
{
    return qmp_submit(walk->client, command.name, command.arguments);
}

struct qmp_command *walk_list(const struct walk *walk, const char *path)
{
    return submit(walk, wire_list(walk->arena, path));
}

struct qmp_command *walk_get(const struct walk *walk, const char *path, const char *property)
{
    return submit(walk, wire_get(walk->arena, path, property));
}

struct qmp_command *walk_types(const struct walk *walk, const char *implemented)
{
    return submit(walk, wire_types(walk->arena, implemented));
}

bool walk_count(struct walk *walk, size_t objects)
{
    if (objects <= WALK_OBJECTS_MAX - walk->objects) {
        walk->objects += (unsigned)objects;
        return true;
    }
    walk->why = arena_printf(walk->arena, "reports more than %d objects", WALK_OBJECTS_MAX);
    return false;
}

const char *walk_text(const struct walk *walk, const struct qmp_command *command)
{
    return walk_copy(walk, command ? json_text(command->value) : TEXT_EMPTY);
}

int64_t walk_number(const struct qmp_command *command, int64_t otherwise)
{
    return command ? json_integer(command->value, otherwise) : otherwise;
}

bool walk_bool(const struct qmp_command *command)
{
    return command && json_is_true(command->value);
}

const struct json *walk_first(const struct qmp_command *list)
{
    return json_elements(list->value);
}

struct text walk_name(const struct json *property)
{
    return json_member_text(property, "name");
}

struct text walk_type_within(const struct json *property, const char *kind)
{
    struct text type = json_member_text(property, "type");
    size_t size = strlen(kind);
    if (!text_starts(type, kind) || type.size < size + 2 || type.at[size] != '<' ||
        type.at[type.size - 1] != '>')
        return TEXT_EMPTY;
    return text_part(type, size + 1, type.size - 1);
}

bool walk_has(const struct qmp_command *list, struct text name)
{
    const struct json *at = walk_first(list);
    while (at && !text_same(walk_name(at), name))
        at = at->next;
    return at;
}

const char *walk_copy(const struct walk *walk, struct text text)
{
    return arena_copy(walk->arena, text.at, text.size);
}

bool walk_numbered(struct text name, const char *prefix, uint64_t *number)
{
    size_t size = strlen(prefix);
    if (!text_starts(name, prefix) || name.size < size + 2 || name.at[size] != '[' ||
        name.at[name.size - 1] != ']')
        return false;
    return text_number(text_part(name, size + 1, name.size - 1), 10, 0, UINT32_MAX, number) ==
           NUMBER_OK;
}
