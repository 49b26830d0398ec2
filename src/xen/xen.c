// SPDX-License-Identifier: MIT
#include "xen.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/shortage.h"
#include "hypervisor.h"
#include "probe.h"
#include "store.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <xenstore.h>

struct xen {
    struct arena *arena;
    struct wire *wire;       // a connection for reading and for watches; NULL once it is lost
    struct xs_handle *store; // libxenstore's connection; NULL until it is needed
    int fd;                  // its descriptor
    struct xc_interface_core *hypervisor; // NULL if it is not available
    double seconds;                       // time limit for a reply
    bool lost;          // a reply took longer, so the connections cannot be used any more
    const char *broken; // see xen_broken()
    const char *why;    // see xen_why()
};

struct xen_transaction {
    xs_transaction_t id;
};

static xs_transaction_t id_of(const struct xen_transaction *transaction)
{
    return transaction ? transaction->id : XBT_NULL;
}

static const char *reason_of(int error)
{
    return error ? strerror(error) : "out of memory";
}

enum status xen_complain_probe(struct diags *diags, const char *path, enum xen_probe probe,
                               double seconds)
{
    switch (probe) {
    case PROBE_ABSENT:
        diag_hint(diags,
                  complain_error(diags, "xenstored is not running: cannot connect to %s", path),
                  "start Xen's daemons");
        return STATUS_FAILED;
    case PROBE_DENIED:
        diag_hint(diags, complain_error(diags, "no permission to connect to xenstored at %s", path),
                  "run xenusb as root");
        return STATUS_REFUSED;
    case PROBE_TIMEOUT:
        complain_error(diags, "xenstored at %s did not answer within %g s", path, seconds);
        return STATUS_TIMEOUT;
    default:
        complain_error(diags, "cannot connect to xenstored at %s: %s", path, reason_of(errno));
        return STATUS_FAILED;
    }
}

// libxenstore waits forever for replies and does not expose its socket. Find it by number: POSIX
// assigns the lowest free descriptor, and xenusb has a single thread. With a time limit on the
// socket, libxenstore's read fails and it closes the connection.
static struct xs_handle *open_store(double seconds, int *fd)
{
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return NULL;
    close(*fd);
    errno = 0;
    struct xs_handle *store = xs_open(0);
    // It tried other paths after the socket, so its errno may be of one that does not exist.
    if (!store && errno == ENOENT)
        errno = EIO;
    struct stat info;
    if (store && fstat(*fd, &info) == 0 && S_ISSOCK(info.st_mode)) {
        struct timeval limit = { .tv_sec = (time_t)seconds };
        limit.tv_usec = (suseconds_t)((seconds - (double)limit.tv_sec) * 1e6) + 1;
        setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    return store;
}

enum status xen_open(struct arena *arena, struct diags *diags, double seconds, struct xen **xen)
{
    *xen = NULL;
    const char *path = xen_probe_path(arena);
    struct wire *wire;
    enum xen_probe probe = xen_probe_open(arena, path, seconds, &wire);
    if (probe != PROBE_ANSWERED)
        return xen_complain_probe(diags, path, probe, seconds);
    struct xen *opened = arena_new_of(arena, struct xen);
    opened->arena = arena;
    opened->seconds = seconds;
    opened->wire = wire;
    errno = 0;
    opened->hypervisor = hypervisor_open();
    if (!opened->hypervisor)
        shortage_note(errno);
    *xen = opened;
    return STATUS_OK;
}

void xen_close(struct xen *xen)
{
    if (!xen)
        return;
    if (xen->hypervisor)
        hypervisor_close(xen->hypervisor);
    if (xen->store)
        xs_close(xen->store);
    wire_close(xen->wire);
}

struct arena *xen_arena(const struct xen *xen)
{
    return xen->arena;
}

double xen_seconds(const struct xen *xen)
{
    return xen->seconds;
}

const char *xen_broken(const struct xen *xen)
{
    return xen->broken;
}

const char *xen_why(const struct xen *xen)
{
    return xen->why ? xen->why : "no error";
}

enum status xen_status(const struct xen *xen, enum xen_result result)
{
    if (result == XEN_OK)
        return STATUS_OK;
    if (xen->lost)
        return STATUS_TIMEOUT;
    return result == XEN_DENIED ? STATUS_REFUSED : STATUS_FAILED;
}

static enum xen_result mark_broken(struct xen *xen)
{
    if (!xen->broken)
        xen->broken = xen->why;
    return XEN_FAILED;
}

// The result for the errno of the operation that just failed.
static enum xen_result fail(struct xen *xen)
{
    int why = errno;
    // EAGAIN is a transaction conflict or, from the kernel, a timeout. After a timeout libxenstore
    // has closed its socket.
    if (why == EAGAIN && fcntl(xen->fd, F_GETFD) < 0)
        xen->lost = true;
    if (xen->lost) {
        xen->why = arena_printf(xen->arena, "xenstored did not answer within %g s", xen->seconds);
        return mark_broken(xen);
    }
    xen->why = reason_of(why);
    switch (why) {
    case ENOENT: return XEN_ABSENT;
    case EAGAIN: return XEN_AGAIN;
    case EACCES:
    case EPERM: return XEN_DENIED;
    default: return mark_broken(xen);
    }
}

enum xen_result store_refuse(struct xen *xen, const char *why)
{
    xen->why = why;
    return XEN_FAILED;
}

struct wire *store_wire(const struct xen *xen)
{
    return xen->lost ? NULL : xen->wire;
}

void store_lose_wire(struct xen *xen)
{
    xen->lost |= errno == ETIMEDOUT;
    wire_close(xen->wire);
    xen->wire = NULL;
}

// libxenstore's connection; NULL with errno if there is none.
static struct xs_handle *store_of(struct xen *xen)
{
    errno = 0;
    if (!xen->store && !xen->lost)
        xen->store = open_store(xen->seconds, &xen->fd);
    return xen->lost ? NULL : xen->store;
}

enum xen_result store_read(struct xen *xen, struct xen_transaction *in, const char *path,
                           struct text *value)
{
    unsigned size = 0;
    struct xs_handle *store = store_of(xen);
    cleanup_free char *bytes = store ? xs_read(store, id_of(in), path, &size) : NULL;
    *value = TEXT_EMPTY;
    if (!bytes)
        return fail(xen);
    if (size > XEN_VALUE_MAX)
        return store_refuse(xen, "the value is longer than xenstore allows");
    *value = (struct text){ arena_copy(xen->arena, bytes, size), size };
    return XEN_OK;
}

enum xen_result store_list(struct xen *xen, struct xen_transaction *in, const char *path,
                           const char *const **names, size_t *count)
{
    unsigned found = 0;
    struct xs_handle *store = store_of(xen);
    cleanup_free char **children = store ? xs_directory(store, id_of(in), path, &found) : NULL;
    *names = NULL;
    *count = 0;
    if (!children)
        return fail(xen);
    if (found > XEN_CHILDREN_MAX)
        return store_refuse(xen, "the node has too many children");
    const char **sorted = arena_array_of(xen->arena, const char *, found);
    for (unsigned i = 0; i < found; i++)
        sorted[i] = arena_strdup(xen->arena, children[i]);
    qsort(sorted, found, sizeof *sorted, wire_by_number);
    *names = sorted;
    *count = found;
    return XEN_OK;
}

static enum xen_result result_of(struct xen *xen, bool done)
{
    return done ? XEN_OK : fail(xen);
}

enum xen_result xen_write(struct xen *xen, struct xen_transaction *in, const char *path,
                          struct text value)
{
    if (value.size > XEN_VALUE_MAX)
        return store_refuse(xen, "the value is longer than xenstore allows");
    struct xs_handle *store = store_of(xen);
    return result_of(xen, store && xs_write(store, id_of(in), path, value.size ? value.at : "",
                                            (unsigned)value.size));
}

enum xen_result xen_make_directory(struct xen *xen, struct xen_transaction *in, const char *path)
{
    struct xs_handle *store = store_of(xen);
    return result_of(xen, store && xs_mkdir(store, id_of(in), path));
}

enum xen_result xen_remove(struct xen *xen, struct xen_transaction *in, const char *path)
{
    struct xs_handle *store = store_of(xen);
    enum xen_result result = result_of(xen, store && xs_rm(store, id_of(in), path));
    return result == XEN_ABSENT ? XEN_OK : result;
}

static bool permission_bits(char letter, unsigned *bits)
{
    switch (letter) {
    case 'n': *bits = XS_PERM_NONE; return true;
    case 'r': *bits = XS_PERM_READ; return true;
    case 'w': *bits = XS_PERM_WRITE; return true;
    case 'b': *bits = XS_PERM_READ | XS_PERM_WRITE; return true;
    default: return false;
    }
}

enum xen_result xen_set_permissions(struct xen *xen, struct xen_transaction *in, const char *path,
                                    const struct xen_permission *permissions, size_t count)
{
    enum { PERMISSIONS_MAX = 8 };
    struct xs_permissions given[PERMISSIONS_MAX];
    if (count == 0 || count > PERMISSIONS_MAX)
        return store_refuse(xen, "a node has 1 to 8 permissions");
    for (size_t i = 0; i < count; i++) {
        given[i] = (struct xs_permissions){ .id = permissions[i].domain };
        if (!permission_bits(permissions[i].letter, &given[i].perms))
            return store_refuse(xen, "a permission must be n, r, w or b");
    }
    struct xs_handle *store = store_of(xen);
    return result_of(xen,
                     store && xs_set_permissions(store, id_of(in), path, given, (unsigned)count));
}

enum xen_result xen_begin(struct xen *xen, struct xen_transaction **transaction)
{
    *transaction = NULL;
    struct xs_handle *store = store_of(xen);
    xs_transaction_t id = store ? xs_transaction_start(store) : XBT_NULL;
    if (id == XBT_NULL)
        return fail(xen);
    *transaction = arena_new_of(xen->arena, struct xen_transaction);
    (*transaction)->id = id;
    return XEN_OK;
}

enum xen_result xen_commit(struct xen *xen, struct xen_transaction *transaction)
{
    errno = 0;
    return result_of(xen, xs_transaction_end(xen->store, transaction->id, false));
}

void xen_abort(struct xen *xen, struct xen_transaction *transaction)
{
    if (transaction)
        xs_transaction_end(xen->store, transaction->id, true);
}

bool xen_has_hypervisor(const struct xen *xen)
{
    return xen->hypervisor != NULL;
}

int xen_list_running(struct xen *xen, unsigned first, struct xen_running *domains, unsigned max)
{
    if (!xen->hypervisor)
        return -1;
    errno = 0;
    int count = hypervisor_list(xen->hypervisor, first, domains, max);
    if (count < 0) {
        xen->why = reason_of(errno);
        if (errno == ENOMEM || errno == 0)
            mark_broken(xen);
    }
    return count;
}
