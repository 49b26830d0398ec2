// SPDX-License-Identifier: MIT
#include "json.h"

#include "arena.h"

#include <stdlib.h>
#include <yajl/yajl_parse.h>

// yajl allocates from an arena. Its realloc is not told the old size, so each allocation is
// preceded by its size. Sizes are bounded by the input and cannot overflow.
struct piece {
    size_t size;
    _Alignas(max_align_t) unsigned char bytes[];
};

static void *piece_new(void *arena, size_t size)
{
    struct piece *piece = arena_alloc(arena, sizeof *piece + size);
    piece->size = size;
    return piece->bytes;
}

static void *piece_resize(void *arena, void *old, size_t size)
{
    unsigned char *bytes = piece_new(arena, size);
    if (old) {
        size_t had = ((struct piece *)((unsigned char *)old - sizeof(struct piece)))->size;
        memcpy(bytes, old, had < size ? had : size);
    }
    return bytes;
}

static void piece_free(void *arena, void *old)
{
    (void)arena;
    (void)old;
}

static yajl_alloc_funcs pieces_of(struct arena *arena)
{
    return (yajl_alloc_funcs){ piece_new, piece_resize, piece_free, arena };
}

const struct json *json_member(const struct json *value, const char *key)
{
    const struct json *found = NULL;
    if (value && value->type == JSON_OBJECT)
        for (const struct json *at = value->first; at; at = at->next)
            if (text_is(at->key, key))
                found = at;
    return found;
}

struct text json_text(const struct json *value)
{
    return value && value->type == JSON_STRING ? value->string : TEXT_EMPTY;
}

int64_t json_integer(const struct json *value, int64_t otherwise)
{
    return value && value->type == JSON_INTEGER ? value->integer : otherwise;
}

bool json_is_true(const struct json *value)
{
    return value && value->type == JSON_BOOL && value->boolean;
}

const struct json *json_elements(const struct json *value)
{
    return value && value->type == JSON_ARRAY ? value->first : NULL;
}

struct text json_member_text(const struct json *value, const char *key)
{
    return json_text(json_member(value, key));
}

int64_t json_member_integer(const struct json *value, const char *key, int64_t otherwise)
{
    return json_integer(json_member(value, key), otherwise);
}

bool json_member_is_true(const struct json *value, const char *key)
{
    return json_is_true(json_member(value, key));
}

static struct text copy_text(struct arena *arena, struct text text)
{
    return (struct text){ arena_copy(arena, text.at, text.size), text.size };
}

// Recursion is bounded by JSON_DEPTH_MAX, which the reader enforces.
struct json *json_copy(struct arena *arena, const struct json *value)
{
    struct json *copy = arena_new_of(arena, struct json);
    *copy = *value;
    copy->next = NULL;
    copy->key = copy_text(arena, value->key);
    if (value->type == JSON_STRING)
        copy->string = copy_text(arena, value->string);
    if (value->type != JSON_ARRAY && value->type != JSON_OBJECT)
        return copy;
    struct json **last = &copy->first;
    for (const struct json *at = value->first; at; at = at->next) {
        *last = json_copy(arena, at);
        last = &(*last)->next;
    }
    return copy;
}

// Builds values from yajl's events. Level 0 is the list of documents, level N the list of elements
// of the Nth open container.
struct json_builder {
    struct arena *arena;
    struct json *documents;
    struct json **last[JSON_DEPTH_MAX + 1]; // where the next element of that level goes
    unsigned depth;
    struct text key;                        // of the member whose value is next
    const char *why;                        // what is wrong, if an event was refused
    bool (*whole)(struct json_builder *at); // called when a document is complete; may be NULL
};

static int refuse(struct json_builder *builder, const char *why)
{
    builder->why = why;
    return 0;
}

static struct json *add(struct json_builder *builder, enum json_type type)
{
    struct json *value = arena_new_of(builder->arena, struct json);
    value->type = type;
    value->key = builder->key;
    builder->key = TEXT_EMPTY;
    *builder->last[builder->depth] = value;
    builder->last[builder->depth] = &value->next;
    return value;
}

static int added(struct json_builder *builder)
{
    return builder->depth || !builder->whole || builder->whole(builder);
}

static int open_container(struct json_builder *builder, enum json_type type)
{
    if (builder->depth == JSON_DEPTH_MAX)
        return refuse(builder, "nested too deeply");
    struct json *value = add(builder, type);
    builder->last[++builder->depth] = &value->first;
    return 1;
}

static int take_text(struct json_builder *builder, const unsigned char *bytes, size_t size,
                     struct text *text)
{
    *text = (struct text){ (const char *)bytes, size };
    if (!text_is_utf8(*text)) // yajl accepts overlong forms and surrogates
        return refuse(builder, "a string is not valid UTF-8");
    *text = copy_text(builder->arena, *text);
    return 1;
}

static int on_null(void *builder)
{
    add(builder, JSON_NULL);
    return added(builder);
}

static int on_boolean(void *builder, int value)
{
    add(builder, JSON_BOOL)->boolean = value;
    return added(builder);
}

// An integer if it is written as one and fits; yajl has checked the syntax.
static int on_number(void *builder, const char *bytes, size_t size)
{
    struct text digits = { bytes, size };
    bool negative = text_starts(digits, "-");
    uint64_t magnitude, most = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    if (text_number(text_part(digits, negative, size), 10, 0, most, &magnitude) == NUMBER_OK)
        add(builder, JSON_INTEGER)->integer =
            (int64_t)(negative ? UINT64_C(0) - magnitude : magnitude);
    else
        add(builder, JSON_REAL)->real =
            strtod(arena_copy(((struct json_builder *)builder)->arena, bytes, size), NULL);
    return added(builder);
}

static int on_string(void *builder, const unsigned char *bytes, size_t size)
{
    struct text text;
    if (!take_text(builder, bytes, size, &text))
        return 0;
    add(builder, JSON_STRING)->string = text;
    return added(builder);
}

static int on_key(void *builder, const unsigned char *bytes, size_t size)
{
    return take_text(builder, bytes, size, &((struct json_builder *)builder)->key);
}

static int on_open_object(void *builder)
{
    return open_container(builder, JSON_OBJECT);
}

static int on_open_array(void *builder)
{
    return open_container(builder, JSON_ARRAY);
}

static int on_close(void *builder)
{
    ((struct json_builder *)builder)->depth--;
    return added(builder);
}

static const yajl_callbacks events = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_open_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_close,
    .yajl_start_array = on_open_array,
    .yajl_end_array = on_close,
};

// What is wrong: our own reason, or yajl's.
static const char *what_is_wrong(yajl_handle handle, const struct json_builder *builder,
                                 struct arena *arena)
{
    if (builder->why)
        return builder->why;
    struct text said = text_of((const char *)yajl_get_error(handle, 0, NULL, 0));
    return arena_copy(arena, said.at, text_find(said, '\n', 0));
}

const struct json *json_read(struct arena *arena, struct text text, const char **why)
{
    struct json_builder builder = { .arena = arena };
    builder.last[0] = &builder.documents;
    yajl_alloc_funcs pieces = pieces_of(arena);
    yajl_handle handle = yajl_alloc(&events, &pieces, &builder);
    yajl_status status = yajl_parse(handle, (const unsigned char *)text.at, text.size);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(handle);
    if (status == yajl_status_ok && builder.documents)
        return builder.documents;
    *why = status == yajl_status_ok ? "no value" : what_is_wrong(handle, &builder, arena);
    return NULL;
}

enum { STREAM_RESERVE = 16 * 1024 };

// Documents are kept in two arenas: one that is still incomplete keeps its arena, those that begin
// in this feed use the other. So one arena can always be reset, and memory is bounded by the limit
// and two feeds, however long the stream.
struct json_stream {
    struct json_builder builder; // first, so that the stream can be found from its builder
    yajl_handle handle;
    struct arena *own; // yajl's memory
    struct arena *documents[2];
    struct arena *fresh; // the one for documents that begin in this feed
    size_t limit;
    size_t size; // bytes of the current document in the feeds before this one
    size_t from; // where it begins in this feed
    const char *broken;
};

static bool within_limit(struct json_stream *stream, size_t to)
{
    return stream->size + (to - stream->from) <= stream->limit ||
           refuse(&stream->builder, "a message is too large");
}

static bool document_complete(struct json_builder *builder)
{
    struct json_stream *stream = (struct json_stream *)builder;
    size_t to = yajl_get_bytes_consumed(stream->handle);
    if (!within_limit(stream, to))
        return false;
    stream->size = 0;
    stream->from = to;
    builder->arena = stream->fresh;
    return true;
}

struct json_stream *json_stream_new(size_t limit)
{
    struct json_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    stream->own = arena_new(STREAM_RESERVE);
    for (int i = 0; i < 2; i++)
        stream->documents[i] = arena_new(STREAM_RESERVE);
    if (!stream->own || !stream->documents[0] || !stream->documents[1]) {
        json_stream_free(stream);
        return NULL;
    }
    stream->limit = limit;
    stream->builder.whole = document_complete;
    stream->builder.arena = stream->documents[0];
    stream->builder.last[0] = &stream->builder.documents;
    yajl_alloc_funcs pieces = pieces_of(stream->own);
    stream->handle = yajl_alloc(&events, &pieces, &stream->builder);
    yajl_config(stream->handle, yajl_allow_multiple_values, 1);
    return stream;
}

void json_stream_free(struct json_stream *stream)
{
    if (!stream)
        return;
    arena_free(stream->documents[0]);
    arena_free(stream->documents[1]);
    arena_free(stream->own);
    free(stream);
}

// Drops the documents of the previous feed; an incomplete one stays first in the list.
static void forget_documents(struct json_stream *stream)
{
    struct json_builder *builder = &stream->builder;
    while (builder->documents && (builder->documents->next || !builder->depth))
        builder->documents = builder->documents->next;
    builder->last[0] = builder->documents ? &builder->documents->next : &builder->documents;
    stream->fresh = stream->documents[builder->arena == stream->documents[0]];
    arena_reset(stream->fresh);
    if (!builder->depth)
        builder->arena = stream->fresh;
}

bool json_stream_feed(struct json_stream *stream, struct text bytes, const char **why)
{
    struct json_builder *builder = &stream->builder;
    if (!stream->broken) {
        forget_documents(stream);
        stream->from = 0;
        yajl_status status =
            yajl_parse(stream->handle, (const unsigned char *)bytes.at, bytes.size);
        if (status != yajl_status_ok || !within_limit(stream, bytes.size))
            stream->broken = what_is_wrong(stream->handle, builder, stream->own);
        stream->size += bytes.size - stream->from;
    }
    *why = stream->broken;
    return !stream->broken;
}

const struct json *json_stream_next(struct json_stream *stream)
{
    struct json_builder *builder = &stream->builder;
    struct json *document = builder->documents;
    if (!document || (builder->depth && !document->next))
        return NULL;
    builder->documents = document->next;
    if (!builder->documents)
        builder->last[0] = &builder->documents;
    return document;
}
