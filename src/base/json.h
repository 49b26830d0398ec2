// SPDX-License-Identifier: MIT
// JSON in (json.c, the only file that knows yajl) and out (json_write.c).
#ifndef XENUSB_JSON_H
#define XENUSB_JSON_H

#include "text.h"

#include <stdio.h>

struct arena;

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_INTEGER,
    JSON_REAL,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

// A value, owned by the arena it was read into. Numbers beyond 64 bits are JSON_REAL.
struct json {
    enum json_type type;
    struct json *next; // the next element of the same array or object
    struct text key;   // in an object: the member's name; may hold any byte
    union {
        bool boolean;
        int64_t integer;
        double real;
        struct text string;
        struct json *first; // array, object: the first element
    };
};

enum { JSON_DEPTH_MAX = 64 };

// The member of an object (the last, if the key stands twice), or NULL; NULL too if `value` is NULL
// or no object.
const struct json *json_member(const struct json *value, const char *key);
// Text of a string value; TEXT_EMPTY if it is NULL or none.
struct text json_text(const struct json *value);
// The integer, or `otherwise`.
int64_t json_integer(const struct json *value, int64_t otherwise);
bool json_is_true(const struct json *value);

// Reads one document. NULL on bad JSON, bad UTF-8, too deep, or anything behind the value; then
// *why says what is wrong.
const struct json *json_read(struct arena *arena, struct text text, const char **why);

// A copy that lives in `arena`, without what stands behind it in its array or object.
struct json *json_copy(struct arena *arena, const struct json *value)
    __attribute__((returns_nonnull));

// Reads a stream of documents, in pieces as they come (a QMP connection).
struct json_stream;
// `limit`: the most bytes that one document may have, blanks before it included. NULL without
// memory.
struct json_stream *json_stream_new(size_t limit);
void json_stream_free(struct json_stream *stream);
// Takes bytes in. False if the stream is broken (bad JSON, a document over the limit, too deep);
// then *why says what is wrong, and the stream stays broken. Whole documents that were not taken
// are lost.
bool json_stream_feed(struct json_stream *stream, struct text bytes, const char **why);
// The next whole document, lent until the next feed; NULL if there is none.
const struct json *json_stream_next(struct json_stream *stream);

// A writer. Strings that are not valid UTF-8 are written with U+FFFD in place of each bad byte;
// what a terminal would obey (control characters, bidirectional overrides) is escaped.
struct json_writer;
struct json_writer *json_writer_new(struct arena *arena, bool pretty);
// One that keeps nothing: what is written is printed at once.
struct json_writer *json_writer_to(struct arena *arena, FILE *stream, bool pretty);
void json_open_object(struct json_writer *writer);
void json_open_array(struct json_writer *writer);
void json_close(struct json_writer *writer); // what was opened last
void json_key(struct json_writer *writer, const char *key);
void json_put_text(struct json_writer *writer, struct text text);
void json_put_string(struct json_writer *writer, const char *string); // NULL: null
void json_put_integer(struct json_writer *writer, int64_t number);
void json_put_real(struct json_writer *writer, double number);
void json_put_bool(struct json_writer *writer, bool value);
void json_put_null(struct json_writer *writer);
void json_put_value(struct json_writer *writer, const struct json *value);
// What was written, owned by the arena, if it was kept; ends the writer.
struct text json_writer_end(struct json_writer *writer);

#endif
