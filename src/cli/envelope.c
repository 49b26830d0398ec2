// SPDX-License-Identifier: MIT
#include "envelope.h"

#include "base/arena.h"
#include "base/json.h"

enum { VERSION = 1 }; // of the shape of the JSON; docs/json has the schemas

struct envelope_member {
    struct envelope_member *next;
    const char *name;
    bool list;
    struct json_writer *value;
};

static struct envelope_member *find(const struct envelope *envelope, struct text name)
{
    struct envelope_member *at = envelope->first;
    while (at && !text_is(name, at->name))
        at = at->next;
    return at;
}

static struct envelope_member *add(const struct invocation *invocation, const char *name, bool list)
{
    struct envelope_member **last = &invocation->envelope->first;
    while (*last)
        last = &(*last)->next;
    struct envelope_member *member = arena_new_of(invocation->arena, struct envelope_member);
    *member =
        (struct envelope_member){ NULL, name, list, json_writer_part(invocation->arena, true, 1) };
    *last = member;
    return member;
}

struct json_writer *envelope_list(const struct invocation *invocation, const char *name)
{
    struct envelope_member *member = find(invocation->envelope, text_of(name));
    if (member)
        return member->value;
    member = add(invocation, name, true);
    json_open_array(member->value);
    return member->value;
}

struct json_writer *envelope_value(const struct invocation *invocation, const char *name)
{
    return add(invocation, name, false)->value;
}

void envelope_changed(const struct invocation *invocation)
{
    if (invocation->envelope)
        invocation->envelope->changed = true;
}

bool envelope_is_wanted(const struct invocation *invocation, enum status status)
{
    const struct command *command = invocation->command;
    if (!invocation->envelope->wanted || invocation->given & (OPTION_HELP | OPTION_VERSION))
        return false;
    return command ? command->json != NULL : status != STATUS_OK;
}

static void write_member(struct json_writer *json, struct envelope_member *member)
{
    if (member->list)
        json_close(member->value);
    json_key(json, member->name);
    json_put_part(json, member->value);
}

// The members of the verb that it has not added: it did not get so far.
static void write_missing(struct json_writer *json, const struct invocation *invocation)
{
    const struct text names = text_of(invocation->command->json);
    for (size_t at = 0, end; at < names.size; at = end + 1) {
        end = text_find(names, ' ', at);
        const struct text word = text_part(names, at, end);
        const size_t bracket = text_find(word, '[', 0);
        const struct text name = text_part(word, 0, bracket);
        if (find(invocation->envelope, name))
            continue;
        json_key(json, arena_copy(invocation->arena, name.at, name.size));
        if (bracket == word.size) {
            json_put_null(json);
            continue;
        }
        json_open_array(json);
        json_close(json);
    }
}

void envelope_print(const struct invocation *invocation, enum status status, FILE *stream)
{
    struct json_writer *json = json_writer_to(invocation->arena, stream, true);
    json_open_object(json);
    json_add_integer(json, "version", VERSION);
    json_add_string(json, "verb", invocation->command ? invocation->command->name : NULL);
    json_add_integer(json, "status", status);
    json_add_bool(json, "changed", invocation->envelope->changed);
    json_add_integer(json, "more_complaints", invocation->diags->dropped);
    if (invocation->command)
        write_missing(json, invocation);
    diags_write_json(invocation->diags, envelope_list(invocation, "complaints"));
    for (struct envelope_member *at = invocation->envelope->first; at; at = at->next)
        write_member(json, at);
    json_close(json);
    json_writer_end(json);
}
