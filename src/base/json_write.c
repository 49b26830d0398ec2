// SPDX-License-Identifier: MIT
// Not yajl's generator, because that passes C1 controls and bidirectional overrides through. JSON
// on a terminal contains untrusted strings, so those must be escaped.
#include "json.h"

#include "arena.h"
#include "buffer.h"

#include <inttypes.h>
#include <math.h>

struct json_writer {
    struct arena *arena;
    FILE *stream; // NULL: the output is kept
    struct buffer kept;
    bool pretty;
    bool part;                      // what is written goes into another one
    bool keyed;                     // a key was written; its value is next
    bool filled;                    // the open container has an element already
    bool is_object[JSON_DEPTH_MAX]; // of each open container
    unsigned depth;
};

struct json_writer *json_writer_new(struct arena *arena, bool pretty)
{
    struct json_writer *writer = arena_new_of(arena, struct json_writer);
    writer->arena = arena;
    writer->kept = buffer_in(arena);
    writer->pretty = pretty;
    return writer;
}

struct json_writer *json_writer_to(struct arena *arena, FILE *stream, bool pretty)
{
    struct json_writer *writer = json_writer_new(arena, pretty);
    writer->stream = stream;
    return writer;
}

struct json_writer *json_writer_part(struct arena *arena, bool pretty, unsigned depth)
{
    struct json_writer *writer = json_writer_new(arena, pretty);
    writer->part = writer->keyed = true;
    writer->depth = depth;
    return writer;
}

static void put(struct json_writer *writer, const char *bytes, size_t size)
{
    if (writer->stream)
        fwrite(bytes, 1, size, writer->stream);
    else
        buffer_add(&writer->kept, (struct text){ bytes, size });
}

static void put_word(struct json_writer *writer, const char *word)
{
    put(writer, word, strlen(word));
}

static void new_line(struct json_writer *writer)
{
    if (!writer->pretty)
        return;
    put_word(writer, "\n");
    for (unsigned i = 0; i < writer->depth; i++)
        put_word(writer, "  ");
}

// Writes the separator before an element: a comma unless it is the first of its container.
static void before_element(struct json_writer *writer)
{
    if (writer->keyed) {
        writer->keyed = false;
        return;
    }
    if (writer->filled)
        put_word(writer, ",");
    if (writer->depth)
        new_line(writer);
    writer->filled = true;
}

static void open_container(struct json_writer *writer, bool is_object)
{
    before_element(writer);
    put_word(writer, is_object ? "{" : "[");
    if (writer->depth < JSON_DEPTH_MAX)
        writer->is_object[writer->depth] = is_object;
    writer->depth++;
    writer->filled = false;
}

void json_open_object(struct json_writer *writer)
{
    open_container(writer, true);
}

void json_open_array(struct json_writer *writer)
{
    open_container(writer, false);
}

void json_close(struct json_writer *writer)
{
    writer->depth--;
    if (writer->filled)
        new_line(writer);
    bool is_object = writer->depth < JSON_DEPTH_MAX && writer->is_object[writer->depth];
    put_word(writer, is_object ? "}" : "]");
    writer->filled = true;
}

static void put_escape(struct json_writer *writer, uint32_t point)
{
    char escape[sizeof "\\uXXXX"];
    if (point >= 0x10000) { // a pair of surrogates: RFC 8259, 7
        point -= 0x10000;
        put_escape(writer, 0xd800 + (point >> 10));
        point = 0xdc00 + (point & 0x3ff);
    }
    snprintf(escape, sizeof escape, "\\u%04" PRIx32, point);
    put_word(writer, escape);
}

static void put_quoted(struct json_writer *writer, struct text text)
{
    put_word(writer, "\"");
    for (size_t i = 0, size; i < text.size; i += size) {
        uint32_t point;
        size = text_utf8(text_part(text, i, text.size), &point);
        if (!size) {
            put_word(writer, "\xef\xbf\xbd");
            size = 1;
        } else if (point == '"' || point == '\\') {
            put_word(writer, "\\");
            put(writer, text.at + i, size);
        } else if (text_unsafe(point)) {
            put_escape(writer, point);
        } else {
            put(writer, text.at + i, size);
        }
    }
    put_word(writer, "\"");
}

static void put_key(struct json_writer *writer, struct text key)
{
    before_element(writer);
    put_quoted(writer, key);
    put_word(writer, writer->pretty ? ": " : ":");
    writer->keyed = true;
}

void json_key(struct json_writer *writer, const char *key)
{
    put_key(writer, text_of(key));
}

void json_put_text(struct json_writer *writer, struct text text)
{
    before_element(writer);
    put_quoted(writer, text);
}

void json_put_string(struct json_writer *writer, const char *string)
{
    if (string)
        json_put_text(writer, text_of(string));
    else
        json_put_null(writer);
}

static void put_element(struct json_writer *writer, const char *word)
{
    before_element(writer);
    put_word(writer, word);
}

void json_put_integer(struct json_writer *writer, int64_t number)
{
    char digits[sizeof "-9223372036854775808"];
    snprintf(digits, sizeof digits, "%" PRId64, number);
    put_element(writer, digits);
}

// JSON has neither infinity nor NaN. The decimal point keeps it from being read back as an integer.
void json_put_real(struct json_writer *writer, double number)
{
    char digits[40];
    if (!isfinite(number)) {
        json_put_null(writer);
        return;
    }
    snprintf(digits, sizeof digits, "%.17g", number);
    put_element(writer, digits);
    if (!strpbrk(digits, ".e"))
        put_word(writer, ".0");
}

void json_put_bool(struct json_writer *writer, bool value)
{
    put_element(writer, value ? "true" : "false");
}

void json_put_null(struct json_writer *writer)
{
    put_element(writer, "null");
}

// Recursion is bounded by JSON_DEPTH_MAX, which the reader enforces.
static void put_elements(struct json_writer *writer, const struct json *value)
{
    for (const struct json *at = value->first; at; at = at->next) {
        if (value->type == JSON_OBJECT)
            put_key(writer, at->key);
        json_put_value(writer, at);
    }
    json_close(writer);
}

void json_put_value(struct json_writer *writer, const struct json *value)
{
    switch (value->type) {
    case JSON_NULL: json_put_null(writer); break;
    case JSON_BOOL: json_put_bool(writer, value->boolean); break;
    case JSON_INTEGER: json_put_integer(writer, value->integer); break;
    case JSON_REAL: json_put_real(writer, value->real); break;
    case JSON_STRING: json_put_text(writer, value->string); break;
    case JSON_ARRAY:
        json_open_array(writer);
        put_elements(writer, value);
        break;
    case JSON_OBJECT:
        json_open_object(writer);
        put_elements(writer, value);
        break;
    }
}

void json_put_part(struct json_writer *writer, struct json_writer *part)
{
    before_element(writer);
    const struct text text = json_writer_end(part);
    put(writer, text.at, text.size);
}

void json_add_text(struct json_writer *writer, const char *key, struct text text)
{
    json_key(writer, key);
    json_put_text(writer, text);
}

void json_add_string(struct json_writer *writer, const char *key, const char *string)
{
    json_key(writer, key);
    json_put_string(writer, string);
}

void json_add_integer(struct json_writer *writer, const char *key, int64_t number)
{
    json_key(writer, key);
    json_put_integer(writer, number);
}

void json_add_bool(struct json_writer *writer, const char *key, bool value)
{
    json_key(writer, key);
    json_put_bool(writer, value);
}

struct text json_writer_end(struct json_writer *writer)
{
    if (writer->pretty && !writer->part)
        put_word(writer, "\n");
    if (writer->stream)
        return TEXT_EMPTY;
    return (struct text){ buffer_string(&writer->kept), writer->kept.size };
}
