// SPDX-License-Identifier: MIT
#include "wire.h"

#include "base/arena.h"
#include "base/buffer.h"

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

struct batch {
    struct arena *arena;
    struct xen_query *queries;
    size_t count;
    int fd;
    struct deadline deadline;
    char received[RECEIVED];
    size_t from, to; // the part of `received` that was not taken yet
};

static bool await(const struct batch *batch, short events)
{
    struct pollfd wanted = { .fd = batch->fd, .events = events };
    for (;;) {
        int ready = poll(&wanted, 1, deadline_poll(batch->deadline));
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return ready > 0;
        if (ready == 0 && deadline_passed(batch->deadline)) {
            errno = ETIMEDOUT;
            return false;
        }
    }
}

static bool send_all(const struct batch *batch, struct text bytes)
{
    while (bytes.size) {
        if (!await(batch, POLLOUT))
            return false;
        ssize_t sent = send(batch->fd, bytes.at, bytes.size, MSG_NOSIGNAL);
        if (sent < 0 && errno == ENOTSOCK)
            sent = write(batch->fd, bytes.at, bytes.size);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (sent > 0)
            bytes = text_part(bytes, (size_t)sent, bytes.size);
    }
    return true;
}

static void add_request(struct buffer *bytes, const struct xen_query *query, size_t number)
{
    struct text path = text_of(query->path);
    const struct xsd_sockmsg head = { .type = query->list ? XS_DIRECTORY : XS_READ,
                                      .req_id = (uint32_t)number,
                                      .len = (uint32_t)path.size + 1 };
    buffer_add(bytes, (struct text){ (const char *)&head, sizeof head });
    buffer_add(bytes, (struct text){ path.at, path.size + 1 });
}

// Sends the requests from..to: all at once to a socket, each with a write of its own to the
// kernel's device.
static bool send_requests(const struct batch *batch, size_t from, size_t to)
{
    struct stat info;
    bool socket = fstat(batch->fd, &info) == 0 && S_ISSOCK(info.st_mode);
    struct buffer bytes = buffer_in(batch->arena);
    for (size_t i = from; i < to; i++) {
        add_request(&bytes, &batch->queries[i], i);
        if (!socket || i + 1 == to) {
            if (!send_all(batch, (struct text){ buffer_string(&bytes), bytes.size }))
                return false;
            bytes = buffer_in(batch->arena);
        }
    }
    return true;
}

// Waits for bytes and receives them.
static bool fill(struct batch *batch)
{
    ssize_t got;
    do {
        if (!await(batch, POLLIN))
            return false;
        got = read(batch->fd, batch->received, RECEIVED);
    } while (got < 0 && (errno == EAGAIN || errno == EINTR));
    if (got == 0)
        errno = ECONNRESET;
    batch->from = 0;
    batch->to = got > 0 ? (size_t)got : 0;
    return got > 0;
}

// Receives exactly `size` bytes.
static bool receive(struct batch *batch, void *bytes, size_t size)
{
    for (char *at = bytes; size;) {
        if (batch->from == batch->to && !fill(batch))
            return false;
        size_t part = batch->to - batch->from < size ? batch->to - batch->from : size;
        memcpy(at, batch->received + batch->from, part);
        batch->from += part;
        at += part;
        size -= part;
    }
    return true;
}

bool wire_ping(int fd, struct deadline deadline)
{
    struct {
        struct xsd_sockmsg head;
        char path[2];
    } request = { .head = { .type = XS_READ, .len = 2 }, .path = "/" };
    struct batch batch = { .fd = fd, .deadline = deadline };
    struct xsd_sockmsg head;
    char value[XENSTORE_PAYLOAD_MAX];
    const struct text bytes = { (const char *)&request, sizeof request.head + sizeof request.path };
    return send_all(&batch, bytes) && receive(&batch, &head, sizeof head) &&
           receive(&batch, value, head.len < sizeof value ? head.len : sizeof value);
}

static enum xen_result result_of_error(const char *error)
{
    // libxenstore asks again about other errors, and knows the reason.
    return strcmp(error, "ENOENT") == 0 ? XEN_ABSENT : XEN_AGAIN;
}

int wire_by_number(const void *a, const void *b)
{
    const char *one = *(const char *const *)a, *other = *(const char *const *)b;
    uint64_t left = UINT64_MAX, right = UINT64_MAX;
    (void)text_number(text_of(one), 10, 0, UINT64_MAX - 1, &left);
    (void)text_number(text_of(other), 10, 0, UINT64_MAX - 1, &right);
    return left != right ? (left > right) - (left < right) : strcmp(one, other);
}

// The children in the body of an answer, which end with a NUL each.
static void read_names(const struct batch *batch, struct xen_query *query, const char *body,
                       size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += body[i] == '\0';
    const char **names = arena_array_of(batch->arena, const char *, count);
    query->count = count;
    for (size_t i = 0; i < count; i++, body += strlen(body) + 1)
        names[i] = body;
    if (count)
        qsort(names, count, sizeof *names, wire_by_number);
    query->names = names;
}

static bool receive_answer(struct batch *batch)
{
    struct xsd_sockmsg head;
    if (!receive(batch, &head, sizeof head))
        return false;
    errno = EPROTO;
    if (head.len > XENSTORE_PAYLOAD_MAX || head.req_id >= batch->count)
        return false;
    struct xen_query *query = &batch->queries[head.req_id];
    char *body = arena_alloc(batch->arena, head.len + 1);
    if (!receive(batch, body, head.len))
        return false;
    query->result = head.type == XS_ERROR ? result_of_error(body) : XEN_OK;
    if (query->result == XEN_OK && query->list)
        read_names(batch, query, body, head.len);
    else if (query->result == XEN_OK)
        query->value = (struct text){ body, head.len };
    errno = EPROTO;
    return head.type == XS_ERROR || head.type == (query->list ? XS_DIRECTORY : XS_READ);
}

bool wire_ask(struct arena *arena, int fd, struct xen_query *queries, size_t count, double seconds)
{
    struct batch batch = { .arena = arena, .queries = queries, .count = count, .fd = fd };
    for (size_t from = 0; from < count; from += CHUNK) {
        size_t to = count - from < CHUNK ? count : from + CHUNK;
        batch.deadline = deadline_in(seconds);
        if (!send_requests(&batch, from, to))
            return false;
        for (size_t i = from; i < to; i++)
            if (!receive_answer(&batch))
                return false;
    }
    return true;
}
