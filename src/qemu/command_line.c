// SPDX-License-Identifier: MIT
#include "command_line.h"

#include "base/json.h"

// What is needed of the value of a -device.
struct given {
    struct text driver, id;
};

static struct text next_word(struct text *rest)
{
    size_t end = text_find(*rest, '\0', 0);
    struct text word = text_part(*rest, 0, end);
    *rest = text_part(*rest, end + 1, rest->size);
    return word;
}

// QEMU accepts each option with one dash or two.
static bool is_option(struct text word, const char *name)
{
    if (text_starts(word, "--"))
        word = text_part(word, 1, word.size);
    return text_starts(word, "-") && text_is(text_part(word, 1, word.size), name);
}

// The comma that ends the member at `from`; a doubled one is part of its value.
static size_t end_of_member(struct text value, size_t from)
{
    size_t end = text_find(value, ',', from);
    while (end + 1 < value.size && value.at[end + 1] == ',')
        end = text_find(value, ',', end + 2);
    return end;
}

struct text command_line_member(struct text value, const char *key)
{
    struct text found = TEXT_EMPTY;
    for (size_t from = 0, to; from < value.size; from = to + 1) {
        to = end_of_member(value, from);
        struct text member = text_part(value, from, to);
        size_t equals = text_find(member, '=', 0);
        if (equals == member.size && from == 0 && strcmp(key, "driver") == 0)
            found = member;
        else if (equals < member.size && text_is(text_part(member, 0, equals), key))
            found = text_part(member, equals + 1, member.size);
    }
    return found;
}

static struct given read_device(struct arena *arena, struct text value)
{
    const char *why;
    if (!text_starts(value, "{"))
        return (struct given){ command_line_member(value, "driver"),
                               command_line_member(value, "id") };
    const struct json *json = json_read(arena, value, &why);
    return (struct given){ json_member_text(json, "driver"), json_member_text(json, "id") };
}

bool command_line_next(struct text *rest, const char *const *names,
                       struct command_line_option *option)
{
    while (rest->size) {
        struct text word = next_word(rest);
        for (size_t i = 0; names[i]; i++)
            if (is_option(word, names[i])) {
                *option = (struct command_line_option){ names[i], next_word(rest) };
                return true;
            }
    }
    return false;
}

// Moves behind the next -device, whose value is *given; false at the end.
static bool next_device(struct arena *arena, struct text *rest, struct given *given)
{
    static const char *const device[] = { "device", NULL };
    struct command_line_option option;
    if (!command_line_next(rest, device, &option))
        return false;
    *given = read_device(arena, option.value);
    return true;
}

struct text command_line_driver(struct arena *arena, struct text arguments, const char *id)
{
    struct given given;
    while (next_device(arena, &arguments, &given))
        if (text_is(given.id, id))
            return given.driver;
    return TEXT_EMPTY;
}

unsigned command_line_unnamed(struct arena *arena, struct text arguments)
{
    struct given given;
    unsigned count = 0;
    while (next_device(arena, &arguments, &given))
        count += given.id.size == 0;
    return count;
}

bool command_line_is_partial(struct text arguments)
{
    while (arguments.size)
        if (is_option(next_word(&arguments), "readconfig"))
            return true;
    return false;
}
