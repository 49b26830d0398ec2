// SPDX-License-Identifier: MIT
// An xenstored that answers anything: the answers are read within bounds, and whatever is used of
// them is of the size that it claims to be. Nothing ever waits: the functions below replace those
// of libc.
#include "fuzz.h"
#include "xen/wire.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OURS = 1 << 20 };

static struct text input;

int __real_poll(struct pollfd *wanted, nfds_t count, int timeout);
ssize_t __real_read(int fd, void *bytes, size_t size);

int __wrap_poll(struct pollfd *wanted, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *wanted, nfds_t count, int timeout)
{
    if (wanted->fd != OURS)
        return __real_poll(wanted, count, timeout);
    wanted->revents = wanted->events;
    return 1;
}

ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
    if (fd != OURS)
        return __real_read(fd, bytes, size);
    size = input.size < size ? input.size : size;
    if (size)
        memcpy(bytes, input.at, size);
    input = text_part(input, size, input.size);
    return (ssize_t)size;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    return fd == OURS ? (ssize_t)size : __real_write(fd, bytes, size);
}

ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags)
{
    (void)fd;
    (void)bytes;
    (void)flags;
    return (ssize_t)size;
}

// Reads every byte of an answer.
static unsigned sum_of(const struct xen_query *query)
{
    unsigned sum = 0;
    for (size_t i = 0; i < query->value.size; i++)
        sum += (unsigned char)query->value.at[i];
    for (size_t i = 0; i < query->count; i++)
        sum += (unsigned)strlen(query->names[i]);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const watched[] = { "/libxl", "/local/domain/0/backend" };
    struct arena *arena = fuzz_arena();
    struct xen_query queries[] = {
        { .path = "/local/domain/3/name" },
        { .path = "/local/domain", .list = true },
        { .path = "/libxl/3/device/vusb", .list = true },
        { .path = "/vm" },
    };
    unsigned sum = 0;
    input = (struct text){ (const char *)bytes, size };
    struct wire *wire = wire_new(arena, OURS);
    if (wire_watch(wire, watched, 2, 1))
        for (unsigned round = 0; round < 3; round++) {
            if (!wire_ask(wire, queries, sizeof queries / sizeof *queries, 1))
                break;
            for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
                sum += sum_of(&queries[i]);
        }
    for (const struct wire_change *at = wire_changes(wire); at; at = at->before)
        sum += (unsigned)strlen(at->path);
    // Nothing that was received is left unread, so a sanitizer sees what lies outside.
    fuzz_check(sum <= size * 255, "more was read than was sent", NULL);
    arena_free(arena);
    return 0;
}
