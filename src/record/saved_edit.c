// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "recording.h"
#include "saved.h"

// A part of a well-formed JSON text, as offsets.
struct json_span {
    size_t from;
    size_t to;
};

// What yajl skips between values (yajl_lex.c), which is more than RFC 8259 allows.
static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static size_t skip_blanks(struct text json, size_t at)
{
    while (at < json.size && is_blank(json.at[at]))
        at++;
    return at;
}

// The offset after the string that begins at `at`.
static size_t skip_string(struct text json, size_t at)
{
    for (at++; at < json.size && json.at[at] != '"'; at++)
        at += json.at[at] == '\\';
    return at < json.size ? at + 1 : json.size;
}

static bool ends_scalar(char byte)
{
    return is_blank(byte) || byte == ',' || byte == ']' || byte == '}';
}

// The offset after the value that begins at `at`.
static size_t skip_value(struct text json, size_t at)
{
    if (json.at[at] == '"')
        return skip_string(json, at);
    if (json.at[at] != '{' && json.at[at] != '[') {
        while (at < json.size && !ends_scalar(json.at[at]))
            at++;
        return at;
    }
    unsigned depth = 0;
    do {
        char byte = json.at[at];
        depth += byte == '{' || byte == '[';
        depth -= byte == '}' || byte == ']';
        at = byte == '"' ? skip_string(json, at) : at + 1;
    } while (depth && at < json.size);
    return at;
}

// Finds the next element of an array, or the next key or value of an object. *at is the offset
// after the opening bracket or the previous element. False at the end.
static bool next_element(struct text json, size_t *at, struct json_span *element)
{
    size_t from = skip_blanks(json, *at);
    if (from < json.size && (json.at[from] == ',' || json.at[from] == ':'))
        from = skip_blanks(json, from + 1);
    if (from >= json.size || json.at[from] == ']' || json.at[from] == '}')
        return false;
    *element = (struct json_span){ from, skip_value(json, from) };
    *at = element->to;
    return true;
}

static struct text part_at(struct text json, struct json_span part)
{
    return text_part(json, part.from, part.to);
}

// Finds the value of a member of the outermost object. If there is none, returns false and sets
// *value to where one can be inserted. *is_first is whether no member comes before it.
static bool find_member(struct arena *arena, struct text json, const char *name,
                        struct json_span *value, bool *is_first)
{
    size_t at = skip_blanks(json, 0) + 1;
    struct json_span key;
    const char *quoted = arena_printf(arena, "\"%s\"", name);
    *is_first = true;
    while (next_element(json, &at, &key) && next_element(json, &at, value)) {
        *is_first = false;
        if (text_is(part_at(json, key), quoted))
            return true;
    }
    *value = (struct json_span){ at, at };
    return false;
}

// Uses `scratch`, and empties it.
static bool is_same_element(struct arena *scratch, struct text json,
                            const struct saved_element *element)
{
    const char *why;
    bool same = true;
    const struct json *value = json_read(scratch, json, &why);
    for (size_t i = 0; i < 2; i++) {
        const char *key = element->keys[i];
        same &= !key || json_member_integer(value, key, -1) == element->numbers[i];
    }
    arena_reset(scratch);
    return same;
}

// Compares JSON texts, apart from white space outside strings.
static bool is_same_json(struct text one, struct text other)
{
    size_t i = 0, j = 0;
    bool quoted = false;
    for (;;) {
        while (!quoted && i < one.size && is_blank(one.at[i]))
            i++;
        while (!quoted && j < other.size && is_blank(other.at[j]))
            j++;
        if (i == one.size || j == other.size)
            return i == one.size && j == other.size;
        if (one.at[i] != other.at[j])
            return false;
        if (one.at[i] == '"')
            quoted = !quoted;
        else if (quoted && one.at[i] == '\\' && i + 1 < one.size && j + 1 < other.size &&
                 one.at[++i] != other.at[++j])
            return false;
        i++;
        j++;
    }
}

// Whether the array needs no change.
static bool is_done(struct arena *scratch, struct text array, const struct saved_element *element)
{
    size_t at = 1, found = 0;
    struct json_span span;
    while (array.size && next_element(array, &at, &span)) {
        struct text part = part_at(array, span);
        if (!is_same_element(scratch, part, element))
            continue;
        if (!element->json || !is_same_json(part, text_of(element->json)))
            return false;
        found++;
    }
    return found == (element->json ? 1 : 0);
}

// The text of the array with `element` replaced, added or removed.
static const char *edited_array(struct arena *arena, struct arena *scratch, struct text array,
                                const struct saved_element *element)
{
    size_t at = 1;
    struct json_span span;
    struct buffer text = buffer_in(arena);
    const char *separator = "\n        ";
    buffer_add_string(&text, "[");
    while (array.size && next_element(array, &at, &span)) {
        struct text part = part_at(array, span);
        if (is_same_element(scratch, part, element))
            continue;
        buffer_add_string(&text, separator);
        buffer_add(&text, part);
        separator = ",\n        ";
    }
    if (element->json)
        buffer_printf(&text, "%s%s", separator, element->json);
    buffer_add_string(&text, "\n    ]");
    return buffer_string(&text);
}

const struct json *saved_controller(const struct json *config, int64_t index)
{
    const struct json *at = json_elements(json_member(config, "usbctrls"));
    while (at && json_member_integer(at, "devid", -1) != index)
        at = at->next;
    return at;
}

bool saved_edit(struct arena *arena, struct text json, const struct saved_element *element,
                struct text *edited, const char **why)
{
    struct json_span value;
    bool is_first;
    // The arena would keep what is read of each element for each change.
    cleanup_arena struct arena *scratch = arena_new(0);
    if (!scratch) {
        *why = "out of memory";
        return false;
    }
    const struct json *whole = json_read(scratch, json, why);
    if (!whole) {
        *why = arena_strdup(arena, *why);
        return false;
    }
    *why = "it does not have the form that libxl writes";
    if (whole->type != JSON_OBJECT)
        return false;
    *edited = json;
    if (element->if_has_controller && !saved_controller(whole, element->numbers[0]))
        return true;
    arena_reset(scratch);
    bool found = find_member(arena, json, element->array, &value, &is_first);
    if (found && json.at[value.from] != '[')
        return false;
    if (is_done(scratch, found ? part_at(json, value) : TEXT_EMPTY, element))
        return true;
    const char *array =
        edited_array(arena, scratch, found ? part_at(json, value) : TEXT_EMPTY, element);
    if (!found)
        array =
            arena_printf(arena, "%s\n    \"%s\": %s", is_first ? "" : ",", element->array, array);
    *edited = text_of(arena_printf(arena, "%.*s%s%.*s", (int)value.from, json.at, array,
                                   (int)(json.size - value.to), json.at + value.to));
    return true;
}
