// SPDX-License-Identifier: MIT
// JSON in (json.c, the only file that knows yajl) and out (json_write.c).
#ifndef XENUSB_BASE_JSON_H
#define XENUSB_BASE_JSON_H

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

// The member of an object (the last if the key is repeated). NULL if there is none, or if `value`
// is NULL or not an object.
const struct json *json_member(const struct json *value, const char *key);
// The text of a string value; TEXT_EMPTY if it is NULL or not a string.
struct text json_text(const struct json *value);
// The integer, or `otherwise`.
int64_t json_integer(const struct json *value, int64_t otherwise);
bool json_is_true(const struct json *value);
// The first element of an array; NULL if it is empty, no array, or NULL.
const struct json *json_elements(const struct json *value);
// The same of a member of an object; for a member that is not there, what they return for NULL.
struct text json_member_text(const struct json *value, const char *key);
int64_t json_member_integer(const struct json *value, const char *key, int64_t otherwise);
bool json_member_is_true(const struct json *value, const char *key);

// Reads one document. NULL on bad JSON, bad UTF-8, excessive depth or trailing text; *why then says
// what is wrong.
const struct json *json_read(struct arena *arena, struct text text, const char **why);

// A copy in `arena`, without the elements that follow it in its array or object.
struct json *json_copy(struct arena *arena, const struct json *value)
    __attribute__((returns_nonnull));

// Reads a stream of documents in arbitrary pieces (a QMP connection).
struct json_stream;
// `limit` is the maximum size of one document in bytes, including leading blanks. NULL if out of
// memory.
struct json_stream *json_stream_new(size_t limit);
void json_stream_free(struct json_stream *stream);
// Parses more bytes. False if the stream is broken (bad JSON, a document over the limit, too deep);
// *why then says what is wrong, and the stream stays broken. Complete documents that were not taken
// are lost.
bool json_stream_feed(struct json_stream *stream, struct text bytes, const char **why);
// The next complete document, valid until the next feed; NULL if there is none.
const struct json *json_stream_next(struct json_stream *stream);

// A writer. Bytes that are not valid UTF-8 are written as U+FFFD; what a terminal would interpret
// (control characters, bidirectional overrides) is escaped.
struct json_writer;
struct json_writer *json_writer_new(struct arena *arena, bool pretty);
// One that prints directly to a stream and keeps nothing.
struct json_writer *json_writer_to(struct arena *arena, FILE *stream, bool pretty);
// One for a value that will be put into another writer, `depth` containers deep, by
// json_put_part().
struct json_writer *json_writer_part(struct arena *arena, bool pretty, unsigned depth);
void json_open_object(struct json_writer *writer);
void json_open_array(struct json_writer *writer);
void json_close(struct json_writer *writer); // the innermost open container
void json_key(struct json_writer *writer, const char *key);
void json_put_text(struct json_writer *writer, struct text text);
void json_put_string(struct json_writer *writer, const char *string); // NULL: null
void json_put_integer(struct json_writer *writer, int64_t number);
void json_put_real(struct json_writer *writer, double number);
void json_put_bool(struct json_writer *writer, bool value);
void json_put_null(struct json_writer *writer);
void json_put_value(struct json_writer *writer, const struct json *value);
// The value that a part has, which ends with that.
void json_put_part(struct json_writer *writer, struct json_writer *part);
// A member of an object: the key and its value.
void json_add_text(struct json_writer *writer, const char *key, struct text text);
void json_add_string(struct json_writer *writer, const char *key, const char *string);
void json_add_integer(struct json_writer *writer, const char *key, int64_t number);
void json_add_bool(struct json_writer *writer, const char *key, bool value);
// Ends the writer. Returns what was written, owned by the arena, unless it went to a stream.
struct text json_writer_end(struct json_writer *writer);

#endif
