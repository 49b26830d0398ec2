// SPDX-License-Identifier: MIT
#include "object.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "qemu/words.h"

static struct property *add(struct object *object, const char *key, enum property_kind kind)
{
    struct property *property = &object->properties[object->count];
    object->count += object->count + 1 < PROPERTIES_MAX;
    *property = (struct property){ .key = key, .kind = kind };
    return property;
}

void object_text(struct object *object, const char *key, struct text text)
{
    add(object, key, PROPERTY_TEXT)->text = text;
}

void object_string(struct object *object, const char *key, const char *string)
{
    object_text(object, key, text_of(string));
}

void object_number(struct object *object, const char *key, int64_t number)
{
    add(object, key, PROPERTY_NUMBER)->number = number;
}

void object_id(struct object *object, const char *key, uint16_t id)
{
    add(object, key, PROPERTY_ID)->number = id;
}

void object_flag(struct object *object, const char *key, bool flag)
{
    add(object, key, PROPERTY_FLAG)->number = flag;
}

void object_nothing(struct object *object, const char *key)
{
    add(object, key, PROPERTY_NOTHING);
}

// --- as command line arguments ---

void object_print_word(FILE *stream, struct text word)
{
    bool plain = word.size > 0;
    for (size_t i = 0; i < word.size; i++)
        plain = plain && (unsigned char)word.at[i] > ' ' &&
                !strchr("'\"\\$`*?[]{}()<>|&;#~!", word.at[i]);
    if (!plain)
        putc('\'', stream);
    for (size_t i = 0; i < word.size; i++) {
        if (word.at[i] == '\'')
            fputs("'\\'", stream);
        putc(word.at[i], stream);
    }
    if (!plain)
        putc('\'', stream);
}

void object_print_argument(FILE *stream, struct arena *arena, const char *option,
                           const struct object *object)
{
    struct buffer words = buffer_in(arena);
    for (unsigned i = 0; i < object->count; i++) {
        const struct property *at = &object->properties[i];
        const char *value = at->kind == PROPERTY_TEXT   ? qemu_escape_commas(arena, at->text)
                            : at->kind == PROPERTY_FLAG ? (at->number ? "on" : "off")
                            : at->kind == PROPERTY_ID
                                ? arena_printf(arena, "0x%04x", (unsigned)at->number)
                                : arena_printf(arena, "%lld", (long long)at->number);
        if (i)
            buffer_printf(&words, ",%s=", at->key);
        buffer_add_string(&words, value);
    }
    fprintf(stream, "-%s ", option);
    object_print_word(stream, buffer_text(&words));
    putc('\n', stream);
}

// --- as QMP commands ---

static void put_value(struct json_writer *json, const struct property *property)
{
    if (property->kind == PROPERTY_NOTHING) {
        json_open_object(json);
        json_close(json);
    } else if (property->kind == PROPERTY_TEXT)
        json_put_text(json, property->text);
    else if (property->kind == PROPERTY_FLAG)
        json_put_bool(json, property->number);
    else
        json_put_integer(json, property->number);
}

// Writes properties from..to, without the first `depth` bytes of their keys. "file.driver" is
// member "driver" of member "file"; members of one parent are adjacent.
static void put_properties(struct json_writer *json, const struct object *object, unsigned from,
                           unsigned to, size_t depth)
{
    for (unsigned i = from; i < to;) {
        const char *key = object->properties[i].key + depth;
        size_t size = text_find(text_of(key), '.', 0);
        unsigned end = i + 1;
        char member[32] = "";
        memcpy(member, key, size < sizeof member ? size : sizeof member - 1);
        json_key(json, member);
        if (!key[size]) {
            put_value(json, &object->properties[i++]);
            continue;
        }
        while (end < to && strncmp(object->properties[end].key + depth, key, size + 1) == 0)
            end++;
        json_open_object(json);
        put_properties(json, object, i, end, depth + size + 1);
        json_close(json);
        i = end;
    }
}

void object_print_command(FILE *stream, struct arena *arena, const char *command,
                          const struct object *object)
{
    struct json_writer *json = json_writer_new(arena, false);
    json_open_object(json);
    json_add_string(json, "execute", command);
    json_key(json, "arguments");
    json_open_object(json);
    put_properties(json, object, 0, object->count, 0);
    json_close(json);
    json_close(json);
    struct text text = json_writer_end(json);
    fwrite(text.at, 1, text.size, stream);
    putc('\n', stream);
}
