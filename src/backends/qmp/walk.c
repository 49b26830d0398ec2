// SPDX-License-Identifier: MIT
#include "walk.h"

#include "base/arena.h"

enum { PATHS_MAX = 64 }; // of a command, so that its answer stays far below QMP_MESSAGE_MAX

// A property that is to be read together with others.
struct walk_read {
    struct walk_read *next;
    const char *path, *property;
    struct qmp_command *command; // the caller's
    struct qmp_command *sent;    // what it was sent with
    size_t index;                // its object among those of `sent`
};

bool walk_since(const struct qmp_client *client, uint64_t since_major, uint64_t since_minor)
{
    struct text version = text_of(qmp_version(client));
    size_t dot = text_find(version, '.', 0);
    size_t end = text_find(version, '.', dot + 1);
    uint64_t major = 0, minor = 0;
    (void)text_number(text_part(version, 0, dot), 10, 0, UINT32_MAX, &major);
    (void)text_number(text_part(version, dot + 1, end), 10, 0, UINT32_MAX, &minor);
    return major > since_major || (major == since_major && minor >= since_minor);
}

struct walk walk_with(struct arena *arena, struct qmp_client *client)
{
    return (struct walk){ .arena = arena, .client = client, .at_once = walk_since(client, 10, 1) };
}

static struct qmp_command *submit(const struct walk *walk, struct wire_command command)
{
    return qmp_submit(walk->client, command.name, command.arguments);
}

struct qmp_command *walk_list(const struct walk *walk, const char *path)
{
    return submit(walk, wire_list(walk->arena, path));
}

struct qmp_command *walk_get(struct walk *walk, const char *path, const char *property)
{
    if (!walk->at_once)
        return submit(walk, wire_get(walk->arena, path, property));
    struct walk_read *read = arena_new_of(walk->arena, struct walk_read);
    read->path = path;
    read->property = property;
    read->command = arena_new_of(walk->arena, struct qmp_command);
    read->command->name = "qom-list-get";
    if (!walk->reads)
        walk->last_read = &walk->reads;
    *walk->last_read = read;
    walk->last_read = &read->next;
    return read->command;
}

// Sends the reads from *at on together, as many as fit, and moves *at behind them. Those of an
// object are one after the other.
static void send_together(const struct walk *walk, struct walk_read **at)
{
    const char *paths[PATHS_MAX];
    size_t count = 0;
    struct walk_read *read = *at;
    for (; read; read = read->next) {
        bool same = count && strcmp(paths[count - 1], read->path) == 0;
        if (!same && count == PATHS_MAX)
            break;
        if (!same)
            paths[count++] = read->path;
        read->index = count - 1;
    }
    struct qmp_command *sent = submit(walk, wire_list_get(walk->arena, paths, count));
    for (; *at != read; *at = (*at)->next)
        (*at)->sent = sent;
}

// The property's value in the answer to qom-list-get; NULL if it has none.
static const struct json *value_of(const struct walk_read *read)
{
    const struct json *object = json_elements(read->sent->value);
    for (size_t i = 0; object && i < read->index; i++)
        object = object->next;
    const struct json *at = object ? json_elements(json_member(object, "properties")) : NULL;
    while (at && !text_is(walk_name(at), read->property))
        at = at->next;
    return at ? json_member(at, "value") : NULL;
}

// One object that is gone makes QEMU refuse the whole command; a QEMU may also lack it. Reads what
// was refused again, one by one.
static bool read_singly(struct walk *walk, struct walk_read *reads)
{
    for (struct walk_read *at = reads; at; at = at->next) {
        if (!at->sent->error)
            continue;
        walk->at_once &= strcmp(at->sent->error_class, "CommandNotFound") != 0;
        at->sent = submit(walk, wire_get(walk->arena, at->path, at->property));
    }
    return qmp_await(walk->client);
}

bool walk_await(struct walk *walk)
{
    struct walk_read *reads = walk->reads, *at = reads;
    walk->reads = NULL;
    while (at)
        send_together(walk, &at);
    bool done = qmp_await(walk->client) && read_singly(walk, reads);
    for (at = reads; at; at = at->next) {
        *at->command = *at->sent;
        if (done && strcmp(at->sent->name, "qom-list-get") == 0)
            at->command->value = value_of(at);
    }
    return done;
}

struct qmp_command *walk_types(const struct walk *walk, const char *implemented)
{
    return submit(walk, wire_types(walk->arena, implemented));
}

struct qmp_command *walk_properties(const struct walk *walk, const char *driver)
{
    return submit(walk, wire_properties(walk->arena, driver));
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
