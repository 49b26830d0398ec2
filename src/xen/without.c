// SPDX-License-Identifier: MIT
// What store.c, wire.c, hypervisor.c and share.c do in a build without Xen's libraries (WITH_XEN=0
// in the Makefile): no connection can be opened, so nothing that needs one is ever called with one.
#include "hypervisor.h"
#include "share.h"
#include "store.h"
#include "wire.h"

#include <errno.h>
#include <unistd.h>

const bool xen_supported = false;

static bool unsupported(void)
{
    errno = ENOSYS;
    return false;
}

struct wire {
    int fd;
};

struct wire *wire_new(struct arena *arena, int fd)
{
    struct wire *wire = arena_new_of(arena, struct wire);
    wire->fd = fd;
    return wire;
}

void wire_close(struct wire *wire)
{
    if (wire)
        close(wire->fd);
}

bool wire_ping(struct wire *wire, struct deadline deadline)
{
    (void)wire, (void)deadline;
    return unsupported();
}

bool wire_ask(struct wire *wire, struct xen_query *queries, size_t count, double seconds)
{
    (void)wire, (void)queries, (void)count, (void)seconds;
    return unsupported();
}

bool wire_watch(struct wire *wire, const char *const *paths, size_t count, double seconds)
{
    (void)wire, (void)paths, (void)count, (void)seconds;
    return unsupported();
}

const struct wire_change *wire_changes(const struct wire *wire)
{
    (void)wire;
    return NULL;
}

enum wire_taken wire_take(struct wire *wire, struct wire_event *event)
{
    (void)wire, (void)event;
    return WIRE_FAILED;
}

bool wire_barrier(struct wire *wire, double seconds)
{
    (void)wire, (void)seconds;
    return false;
}

bool wire_wait(const struct wire *wire)
{
    (void)wire;
    return false;
}

int wire_fd(const struct wire *wire)
{
    return wire->fd;
}

struct store *store_open(struct arena *arena, double seconds)
{
    (void)arena, (void)seconds;
    (void)unsupported();
    return NULL;
}

void store_close(struct store *store)
{
    (void)store;
}

bool store_is_closed(const struct store *store)
{
    (void)store;
    return true;
}

#define UNSUPPORTED(operation)                                                                     \
    bool operation(struct store *store, struct store_request *request)                             \
    {                                                                                              \
        (void)store, (void)request;                                                                \
        return unsupported();                                                                      \
    }

UNSUPPORTED(store_read)
UNSUPPORTED(store_list)
UNSUPPORTED(store_write)
UNSUPPORTED(store_make_directory)
UNSUPPORTED(store_remove)
UNSUPPORTED(store_set_permissions)
UNSUPPORTED(store_begin)
UNSUPPORTED(store_commit)
UNSUPPORTED(store_abort)

struct xc_interface_core *hypervisor_open(void)
{
    (void)unsupported();
    return NULL;
}

void hypervisor_close(struct xc_interface_core *hypervisor)
{
    (void)hypervisor;
}

int hypervisor_list(struct xc_interface_core *hypervisor, unsigned first,
                    struct xen_running *domains, unsigned max)
{
    (void)hypervisor, (void)first, (void)domains, (void)max;
    (void)unsupported();
    return -1;
}

struct xen_share *xen_share_open(struct arena *arena, uint32_t domain, const char **why)
{
    (void)arena, (void)domain;
    *why = "this xenusb was built without Xen's libraries";
    return NULL;
}

void xen_share_close(struct xen_share *share)
{
    (void)share;
}

void *xen_share_map(struct xen_share *share, uint32_t grant, const char **why)
{
    (void)share, (void)grant, (void)why;
    return NULL;
}

bool xen_share_bind(struct xen_share *share, uint32_t port, const char **why)
{
    (void)share, (void)port, (void)why;
    return false;
}

void xen_share_notify(struct xen_share *share)
{
    (void)share;
}
