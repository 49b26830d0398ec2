// SPDX-License-Identifier: MIT
//
// fakexen-ring.c - the memory and event channels of fakexen.so, as the xenstore daemons use them:
// libxenevtchn, libxengnttab, libxenforeignmemory, and the two files in /proc/xen that a daemon
// opens.
//
// In $FAKEXEN_DIR, ring-N is domain N's xenstore page (xen/io/xs_wire.h), evt a FIFO of the ports
// that fire in the daemon, and evt-N a FIFO of the daemon's signals to domain N. guestxs is the
// other end. Any other page that a guest grants is the file grant-N-REFERENCE, which the guest
// creates (pvrings.c). While a file bound-N exists, no channel of domain N can be bound.

#define _GNU_SOURCE
#include "fakexen.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xen/grant_table.h>
#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>

struct xenevtchn_handle {
    int fd; // of $FAKEXEN_DIR/evt
};
struct xengntdev_handle {
    char unused;
};
struct xenforeignmemory_handle {
    char unused;
};
struct xendevicemodel_handle {
    char unused;
};

// Returns a zeroed handle of this size; there is a hypervisor if $FAKEXEN_DIR is set.
static void *new_handle(size_t size)
{
    if (!getenv("FAKEXEN_DIR")) {
        errno = ENOENT;
        return NULL;
    }
    return calloc(1, size);
}

// Event channels (xenevtchn.h).

xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd, unsigned int flags)
{
    xenevtchn_handle *handle = new_handle(sizeof(*handle));

    (void)logger;
    (void)flags;
    if (handle)
        handle->fd = fd;
    return handle;
}

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
    char path[FAKEXEN_PATH];
    xenevtchn_handle *handle;
    int fd;

    if (mkfifo(fakexen_path(path, "evt", -1), 0600) && errno != EEXIST)
        return NULL;
    fd = open(path, O_RDWR | O_NONBLOCK | ((flags & XENEVTCHN_NO_CLOEXEC) ? 0 : O_CLOEXEC));
    if (fd < 0)
        return NULL;
    handle = xenevtchn_fdopen(logger, fd, flags);
    if (!handle)
        close(fd);
    return handle;
}

int xenevtchn_close(xenevtchn_handle *handle)
{
    if (handle)
        close(handle->fd);
    free(handle);
    return 0;
}

int xenevtchn_fd(xenevtchn_handle *handle)
{
    return handle->fd;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *handle, unsigned int virq)
{
    (void)handle;
    (void)virq;
    return FAKEXEN_PORT_VIRQ;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *handle, uint32_t domid,
                                                     evtchn_port_t remote_port)
{
    char path[FAKEXEN_PATH];

    (void)handle;
    (void)remote_port;
    if (access(fakexen_path(path, "bound", domid), F_OK) == 0) {
        errno = EINVAL;
        return -1;
    }
    if (mkfifo(fakexen_path(path, "evt", domid), 0600) && errno != EEXIST)
        return -1;
    return (xenevtchn_port_or_error_t)(FAKEXEN_PORT_BASE + domid);
}

int xenevtchn_unbind(xenevtchn_handle *handle, evtchn_port_t port)
{
    (void)handle;
    (void)port;
    return 0;
}

int xenevtchn_unmask(xenevtchn_handle *handle, evtchn_port_t port)
{
    (void)handle;
    (void)port;
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *handle)
{
    evtchn_port_t port;

    if (read(handle->fd, &port, sizeof(port)) != sizeof(port))
        return -1;
    return (xenevtchn_port_or_error_t)port;
}

// If no guestxs has opened the FIFO for reading, there is no guest to signal.
int xenevtchn_notify(xenevtchn_handle *handle, evtchn_port_t port)
{
    char path[FAKEXEN_PATH];
    ssize_t written;
    int fd;

    (void)handle;
    fd = open(fakexen_path(path, "evt", (long)(port - FAKEXEN_PORT_BASE)),
              O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return 0;
    written = write(fd, &port, sizeof(port));
    (void)written;
    close(fd);
    return 0;
}

// Memory (xengnttab.h, xenforeignmemory.h). The xenstore ring is the only frame that is ever mapped
// by its number.

static void *map_file(const char *path, int flags)
{
    void *page = MAP_FAILED;
    int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);

    if (fd < 0)
        return NULL;
    if (!ftruncate(fd, FAKEXEN_PAGE))
        page = mmap(NULL, FAKEXEN_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return page == MAP_FAILED ? NULL : page;
}

static void *map_ring(uint32_t domid)
{
    char path[FAKEXEN_PATH];

    return map_file(fakexen_path(path, "ring", domid), O_CREAT);
}

static void *map_ring_of(uint32_t domid, int error)
{
    if (!fakexen_domain_exists(domid)) {
        errno = error;
        return NULL;
    }
    return map_ring(domid);
}

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned int flags)
{
    (void)logger;
    (void)flags;
    return new_handle(sizeof(struct xengntdev_handle));
}

int xengnttab_close(xengnttab_handle *handle)
{
    free(handle);
    return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *handle, uint32_t count)
{
    (void)handle;
    (void)count;
    return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *handle, uint32_t domid, uint32_t ref, int prot)
{
    char name[32], path[FAKEXEN_PATH];
    void *page;

    (void)handle;
    (void)prot;
    if (ref == GNTTAB_RESERVED_XENSTORE)
        return map_ring_of(domid, EINVAL);
    snprintf(name, sizeof(name), "grant-%u", domid);
    page = map_file(fakexen_path(path, name, ref), 0);
    errno = page ? errno : EINVAL;
    return page;
}

int xengnttab_unmap(xengnttab_handle *handle, void *start, uint32_t count)
{
    (void)handle;
    return munmap(start, (size_t)count * FAKEXEN_PAGE);
}

xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger, unsigned int flags)
{
    (void)logger;
    (void)flags;
    return new_handle(sizeof(xenforeignmemory_handle));
}

int xenforeignmemory_close(xenforeignmemory_handle *handle)
{
    free(handle);
    return 0;
}

void *xenforeignmemory_map(xenforeignmemory_handle *handle, uint32_t domid, int prot, size_t pages,
                           const xen_pfn_t *frames, int *errors)
{
    (void)handle;
    (void)prot;
    (void)frames;
    if (pages != 1) {
        errno = EINVAL;
        return NULL;
    }
    if (errors)
        errors[0] = 0;
    return map_ring_of(domid, ESRCH);
}

int xenforeignmemory_unmap(xenforeignmemory_handle *handle, void *addr, size_t pages)
{
    (void)handle;
    return munmap(addr, pages * FAKEXEN_PAGE);
}

// libxenctrl opens one with every handle, but does not use it here.
xendevicemodel_handle *xendevicemodel_open(struct xentoollog_logger *logger, unsigned int flags)
{
    (void)logger;
    (void)flags;
    return new_handle(sizeof(xendevicemodel_handle));
}

int xendevicemodel_close(xendevicemodel_handle *handle)
{
    free(handle);
    return 0;
}

// libc: the files that Linux has for a xenstore daemon in dom0 (xenbus_dev_backend.c, xenfs), and
// limits that a daemon raises.

typedef int open_function(const char *, int, ...);

// Returns the file in $FAKEXEN_DIR that replaces path, after creating it; or path itself.
static const char *redirect(const char *path, char buffer[FAKEXEN_PATH])
{
    if (!getenv("FAKEXEN_DIR"))
        return path;
    if (!strcmp(path, "/proc/xen/xsd_kva") || !strcmp(path, "/dev/xen/xsd_kva")) {
        void *page = map_ring(0);
        if (page)
            munmap(page, FAKEXEN_PAGE);
        return fakexen_path(buffer, "ring", 0);
    }
    if (!strcmp(path, "/proc/xen/xsd_port")) {
        FILE *port = fopen(fakexen_path(buffer, "xsd_port", -1), "we");
        if (port) {
            fputs("9", port); // any number that is not in use
            fclose(port);
        }
        return buffer;
    }
    return path;
}

// Wrap libc's open and open64, whichever the daemon was built with.
#define WRAP_OPEN(name)                                                                            \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        static open_function *next;                                                                \
        char buffer[FAKEXEN_PATH];                                                                 \
        mode_t mode = 0;                                                                           \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                                     \
            va_list args;                                                                          \
            va_start(args, flags);                                                                 \
            mode = va_arg(args, mode_t);                                                           \
            va_end(args);                                                                          \
        }                                                                                          \
        if (!next)                                                                                 \
            next = (open_function *)dlsym(RTLD_NEXT, #name);                                       \
        return next(redirect(path, buffer), flags, mode);                                          \
    }

WRAP_OPEN(open)
WRAP_OPEN(open64)

// The daemons exit if they cannot have more open files than a container may allow.
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    static int (*next)(__rlimit_resource_t, const struct rlimit *);

    if (resource == RLIMIT_NOFILE && getenv("FAKEXEN_DIR"))
        return 0;
    if (!next)
        next = (int (*)(__rlimit_resource_t, const struct rlimit *))dlsym(RTLD_NEXT, "setrlimit");
    return next(resource, limit);
}
