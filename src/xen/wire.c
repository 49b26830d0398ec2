// SPDX-License-Identifier: MIT
#include "wire.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/waiting.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

enum {
    // So many requests are sent before their answers are read; xenstored keeps the answers until
    // then.
    CHUNK = 128,
    RECEIVED = 16384, // bytes read at once
};

struct wire {
    struct arena *arena;
    int fd;
    bool device; // the kernel's, which takes one request with each write
    struct deadline deadline;
    struct wire_change *changes; // what the watches have reported, the last first
    char received[RECEIVED];
    size_t from, to; // the part of `received` that was not taken yet
    bool barrier;    // the answer to wire_barrier() has not been taken yet
};

// Requests that are sent together.
struct batch {
    struct wire *wire;
    struct xen_query *queries;
    size_t count;
    bool watch; // watch the paths instead of reading them
};

static bool await(const struct wire *wire, short events)
{
    struct pollfd wanted = { .fd = wire->fd, .events = events };
    cleanup_waiting struct waiting waiting = waiting_until(wire->deadline, "xenstored to answer");
    for (;;) {
        int ready = waiting_poll(&waiting, &wanted, 1, deadline_left(wire->deadline));
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return ready > 0;
        if (ready == 0 && deadline_passed(wire->deadline)) {
            errno = ETIMEDOUT;
            return false;
        }
    }
}

static bool send_all(const struct wire *wire, struct text bytes)
{
    while (bytes.size) {
        ssize_t sent = wire->device ? write(wire->fd, bytes.at, bytes.size)
                                    : send(wire->fd, bytes.at, bytes.size, MSG_NOSIGNAL);
        if (sent > 0)
            bytes = text_part(bytes, (size_t)sent, bytes.size);
        else if (sent < 0 && errno != EINTR && (errno != EAGAIN || !await(wire, POLLOUT)))
            return false;
    }
    return true;
}

static enum xsd_sockmsg_type type_of(const struct batch *batch, const struct xen_query *query)
{
    if (batch->watch)
        return XS_WATCH;
    return query->list ? XS_DIRECTORY : XS_READ;
}

// A watch has its path as its token too.
static void add_request(const struct batch *batch, size_t number, struct buffer *bytes)
{
    const struct xen_query *query = &batch->queries[number];
    const struct text path = { query->path, strlen(query->path) + 1 };
    const struct xsd_sockmsg head = { .type = type_of(batch, query),
                                      .req_id = (uint32_t)number,
                                      .len = (uint32_t)path.size * (batch->watch ? 2 : 1) };
    buffer_add(bytes, (struct text){ (const char *)&head, sizeof head });
    buffer_add(bytes, path);
    if (batch->watch)
        buffer_add(bytes, path);
}

// Sends the requests from..to: all at once to a socket, each with a write of its own to the
// kernel's device.
static bool send_requests(const struct batch *batch, size_t from, size_t to)
{
    struct buffer bytes = buffer_in(batch->wire->arena);
    for (size_t i = from; i < to; i++) {
        add_request(batch, i, &bytes);
        if (!batch->wire->device && i + 1 < to)
            continue;
        if (!send_all(batch->wire, (struct text){ buffer_string(&bytes), bytes.size }))
            return false;
        buffer_clear(&bytes);
    }
    return true;
}

// Waits for bytes and receives them.
static bool fill(struct wire *wire)
{
    ssize_t got;
    do {
        if (!await(wire, POLLIN))
            return false;
        got = read(wire->fd, wire->received, RECEIVED);
    } while (got < 0 && (errno == EAGAIN || errno == EINTR));
    if (got == 0)
        errno = ECONNRESET;
    wire->from = 0;
    wire->to = got > 0 ? (size_t)got : 0;
    return got > 0;
}

// Receives exactly `size` bytes.
static bool receive(struct wire *wire, void *bytes, size_t size)
{
    for (char *at = bytes; size;) {
        if (wire->from == wire->to && !fill(wire))
            return false;
        size_t part = wire->to - wire->from < size ? wire->to - wire->from : size;
        memcpy(at, wire->received + wire->from, part);
        wire->from += part;
        at += part;
        size -= part;
    }
    return true;
}

struct wire *wire_new(struct arena *arena, int fd)
{
    struct stat info;
    struct wire *wire = arena_new_of(arena, struct wire);
    wire->arena = arena;
    wire->fd = fd;
    wire->device = fstat(fd, &info) != 0 || !S_ISSOCK(info.st_mode);
    return wire;
}

void wire_close(struct wire *wire)
{
    if (wire)
        close(wire->fd);
}

// Sends the shortest request.
static bool send_ping(struct wire *wire, struct deadline deadline)
{
    struct {
        struct xsd_sockmsg head;
        char path[2];
    } request = { .head = { .type = XS_READ, .len = 2 }, .path = "/" };
    const struct text bytes = { (const char *)&request, sizeof request.head + sizeof request.path };
    wire->deadline = deadline;
    return send_all(wire, bytes);
}

bool wire_ping(struct wire *wire, struct deadline deadline)
{
    struct xsd_sockmsg head;
    char value[XENSTORE_PAYLOAD_MAX];
    return send_ping(wire, deadline) && receive(wire, &head, sizeof head) &&
           receive(wire, value, head.len < sizeof value ? head.len : sizeof value);
}

static enum xen_result result_of_error(const char *error)
{
    // libxenstore asks again about other errors, and knows the reason.
    return strcmp(error, "ENOENT") == 0 ? XEN_ABSENT : XEN_AGAIN;
}

// The children in the body of an answer, which end with a NUL each.
static void read_names(const struct wire *wire, struct xen_query *query, const char *body,
                       size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += body[i] == '\0';
    const char **names = arena_array_of(wire->arena, const char *, count);
    query->count = count;
    for (size_t i = 0; i < count; i++, body += strlen(body) + 1)
        names[i] = body;
    if (count)
        qsort(names, count, sizeof *names, text_by_number);
    query->names = names;
}

// Receives a message with its body, which gets a NUL at its end.
static bool receive_message(struct wire *wire, struct xsd_sockmsg *head, char **body)
{
    if (!receive(wire, head, sizeof *head))
        return false;
    errno = EPROTO;
    if (head->len > XENSTORE_PAYLOAD_MAX)
        return false;
    *body = arena_alloc(wire->arena, head->len + 1);
    return receive(wire, *body, head->len);
}

// An event has the path that has changed, and the token.
static void note_change(struct wire *wire, const char *path)
{
    struct wire_change *change = arena_new_of(wire->arena, struct wire_change);
    *change = (struct wire_change){ wire->changes, path };
    wire->changes = change;
}

static bool receive_answer(const struct batch *batch)
{
    struct xsd_sockmsg head;
    char *body;
    do {
        if (!receive_message(batch->wire, &head, &body))
            return false;
        if (head.type == XS_WATCH_EVENT)
            note_change(batch->wire, body);
    } while (head.type == XS_WATCH_EVENT);
    errno = EPROTO;
    // The kernel does not number its answers to watches.
    if (batch->watch)
        return head.type == XS_WATCH;
    if (head.req_id >= batch->count)
        return false;
    struct xen_query *query = &batch->queries[head.req_id];
    query->result = head.type == XS_ERROR ? result_of_error(body) : XEN_OK;
    if (query->result == XEN_OK && query->list)
        read_names(batch->wire, query, body, head.len);
    else if (query->result == XEN_OK)
        query->value = (struct text){ body, head.len };
    errno = EPROTO;
    return head.type == XS_ERROR || head.type == type_of(batch, query);
}

static bool run(const struct batch *batch, double seconds)
{
    for (size_t from = 0; from < batch->count; from += CHUNK) {
        size_t to = batch->count - from < CHUNK ? batch->count : from + CHUNK;
        batch->wire->deadline = deadline_in(seconds);
        if (!send_requests(batch, from, to))
            return false;
        for (size_t i = from; i < to; i++)
            if (!receive_answer(batch))
                return false;
    }
    return true;
}

bool wire_ask(struct wire *wire, struct xen_query *queries, size_t count, double seconds)
{
    const struct batch batch = { wire, queries, count, false };
    return run(&batch, seconds);
}

bool wire_watch(struct wire *wire, const char *const *paths, size_t count, double seconds)
{
    struct xen_query *queries = arena_array_of(wire->arena, struct xen_query, count);
    for (size_t i = 0; i < count; i++)
        queries[i].path = paths[i];
    const struct batch batch = { wire, queries, count, true };
    return run(&batch, seconds);
}

const struct wire_change *wire_changes(const struct wire *wire)
{
    return wire->changes;
}

// ---- taking events ----

// Receives what has arrived, behind what was not taken yet.
static bool receive_more(struct wire *wire)
{
    ssize_t got;
    memmove(wire->received, wire->received + wire->from, wire->to - wire->from);
    wire->to -= wire->from;
    wire->from = 0;
    do
        got = read(wire->fd, wire->received + wire->to, RECEIVED - wire->to);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        errno = ECONNRESET;
    wire->to += got > 0 ? (size_t)got : 0;
    return got > 0;
}

// The body has the path and the token, which end with a NUL each.
static bool read_event(const char *body, size_t size, struct wire_event *event)
{
    const char *path_end = memchr(body, '\0', size);
    const char *last = size ? body + size - 1 : NULL;
    if (!path_end || path_end == last ||
        memchr(path_end + 1, '\0', (size_t)(last - path_end)) != last)
        return false;
    *event = (struct wire_event){ .path = body, .token = path_end + 1 };
    return true;
}

enum wire_taken wire_take(struct wire *wire, struct wire_event *event)
{
    struct xsd_sockmsg head;
    const char *body;
    do {
        const size_t size = wire->to - wire->from;
        if (size < sizeof head)
            continue;
        memcpy(&head, wire->received + wire->from, sizeof head);
        body = wire->received + wire->from + sizeof head;
        const bool answer = wire->barrier && (head.type == XS_READ || head.type == XS_ERROR);
        errno = EPROTO;
        if ((head.type != XS_WATCH_EVENT && !answer) || head.len > XENSTORE_PAYLOAD_MAX)
            return WIRE_FAILED;
        if (size - sizeof head < head.len)
            continue;
        wire->from += sizeof head + head.len;
        wire->barrier &= !answer;
        if (answer)
            return WIRE_ANSWER;
        return read_event(body, head.len, event) ? WIRE_EVENT : WIRE_FAILED;
    } while (receive_more(wire));
    return errno == EAGAIN ? WIRE_NONE : WIRE_FAILED;
}

bool wire_barrier(struct wire *wire, double seconds)
{
    wire->barrier = true;
    return send_ping(wire, deadline_in(seconds));
}

bool wire_wait(const struct wire *wire)
{
    return await(wire, POLLIN);
}

int wire_fd(const struct wire *wire)
{
    return wire->fd;
}
