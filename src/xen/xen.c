// SPDX-License-Identifier: MIT
#include "xen.h"

#include "base/arena.h"
#include "base/shortage.h"
#include "base/waiting.h"
#include "connection.h"
#include "hypervisor.h"
#include "probe.h"
#include "store.h"
#include "wire.h"

#include <errno.h>

struct xen {
    struct arena *arena;
    struct wire *wire;   // a connection for reading and for watches; NULL once it is lost
    struct store *store; // libxenstore's; NULL until it is needed
    struct xc_interface_core *hypervisor; // NULL until it is needed, or if it is not available
    bool hypervisor_tried;
    double seconds;      // time limit for a reply
    bool lost;           // a reply took longer, so the connections cannot be used any more
    bool closed;         // libxenstore has closed its connection after an error
    unsigned generation; // how often they were replaced
    unsigned reconnects; // how often they may still be; see xen_persist()
    double patience;     // seconds left for that
    const char *broken;  // see xen_broken()
    const char *why;     // see xen_why()
};

static const char *reason_of(int error)
{
    return error ? strerror(error) : "out of memory";
}

enum status xen_complain_probe(struct diags *diags, const char *path, enum xen_probe probe,
                               double seconds)
{
    if (!xen_supported) {
        complain_error(diags, CODE_NO_XEN, "this xenusb was built without Xen's libraries");
        return STATUS_FAILED;
    }
    switch (probe) {
    case PROBE_ABSENT:
        diag_hint(diags,
                  complain_error(diags, CODE_NO_XEN,
                                 "xenstored is not running: cannot connect to %s", path),
                  "start Xen's daemons");
        return STATUS_FAILED;
    case PROBE_DENIED:
        diag_hint(diags,
                  complain_error(diags, CODE_NO_PERMISSION,
                                 "no permission to connect to xenstored at %s", path),
                  "run xenusb as root");
        return STATUS_REFUSED;
    case PROBE_TIMEOUT:
        complain_error(diags, CODE_NO_ANSWER, "xenstored at %s did not answer within %g s", path,
                       seconds);
        return STATUS_TIMEOUT;
    default:
        complain_error(diags, CODE_NO_XEN, "cannot connect to xenstored at %s: %s", path,
                       reason_of(errno));
        return STATUS_FAILED;
    }
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
    *xen = opened;
    return STATUS_OK;
}

void xen_close(struct xen *xen)
{
    if (!xen)
        return;
    if (xen->hypervisor)
        hypervisor_close(xen->hypervisor);
    store_close(xen->store);
    wire_close(xen->wire);
}

int xen_fd(const struct xen *xen)
{
    return xen->wire && !xen->store && !xen->hypervisor ? wire_fd(xen->wire) : -1;
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

enum xen_result connection_failed(struct xen *xen)
{
    int why = errno;
    // EAGAIN is a transaction conflict or, from the kernel, a timeout. After a timeout libxenstore
    // has closed its socket.
    if (why == EAGAIN && xen->closed)
        xen->lost = true;
    if (xen->lost) {
        xen->why = arena_printf(xen->arena, "xenstored did not answer within %g s", xen->seconds);
        return mark_broken(xen);
    }
    if (xen->closed && why) {
        // A later operation only finds that there is no connection.
        xen->why = xen->broken
                       ? xen->broken
                       : arena_printf(xen->arena, "the connection to xenstored was lost: %s",
                                      reason_of(why));
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

enum xen_result connection_refuse(struct xen *xen, const char *why)
{
    xen->why = why;
    return XEN_FAILED;
}

struct wire *connection_wire(const struct xen *xen)
{
    return xen->lost ? NULL : xen->wire;
}

void connection_lose_wire(struct xen *xen)
{
    xen->lost |= errno == ETIMEDOUT;
    wire_close(xen->wire);
    xen->wire = NULL;
}

// ---- replacing lost connections ----

void xen_persist(struct xen *xen, double seconds)
{
    enum { RECONNECTS_MAX = 8 };
    xen->reconnects = RECONNECTS_MAX;
    xen->patience = seconds;
}

bool xen_will_reconnect(const struct xen *xen)
{
    return (xen->lost || xen->closed) && xen->reconnects && xen->patience > 0;
}

// Without a socket, or with a silent one, xenstored may just be restarted.
static struct wire *await_xenstored(struct xen *xen)
{
    const double pause = 0.05;
    const char *path = xen_probe_path(xen->arena);
    const struct deadline deadline = deadline_in(xen->patience);
    cleanup_waiting struct waiting waiting = waiting_until(deadline, "xenstored to answer again");
    struct wire *wire;
    enum xen_probe probe;
    do {
        const double left = deadline_left(deadline);
        probe = xen_probe_open(xen->arena, path, left < xen->seconds ? left : xen->seconds, &wire);
    } while (probe != PROBE_ANSWERED && probe != PROBE_DENIED && waiting_pause(&waiting, pause));
    return wire;
}

// Transactions are void afterwards, and the watch ends: what changed meanwhile is unknown.
static bool reconnect(struct xen *xen)
{
    const double began = clock_now();
    struct wire *wire = await_xenstored(xen);
    xen->patience -= clock_now() - began;
    xen->reconnects--;
    if (!wire)
        return false;
    wire_close(xen->wire);
    store_close(xen->store);
    xen->wire = wire;
    xen->store = NULL;
    xen->generation++;
    xen->closed = xen->lost = false;
    xen->broken = NULL;
    return true;
}

unsigned connection_generation(const struct xen *xen)
{
    return xen->generation;
}

struct store *connection_store(struct xen *xen, bool in_transaction)
{
    bool usable = !(xen->lost || xen->closed) ||
                  (!in_transaction && xen_will_reconnect(xen) && reconnect(xen));
    errno = usable ? 0 : ENOTCONN;
    if (!usable)
        return NULL;
    if (!xen->store)
        xen->store = store_open(xen->arena, xen->seconds);
    return xen->store;
}

bool connection_retry(struct xen *xen, bool in_transaction)
{
    int why = errno;
    // If there is none, it is worth waiting for xenstored only if something must be undone.
    xen->closed |= xen->store ? store_is_closed(xen->store) : xen->reconnects > 0;
    bool again = !in_transaction && xen_will_reconnect(xen) && reconnect(xen);
    errno = why;
    return again;
}

bool xen_has_hypervisor(struct xen *xen)
{
    if (!xen->hypervisor_tried) {
        errno = 0;
        xen->hypervisor = hypervisor_open();
        if (!xen->hypervisor)
            shortage_note(errno);
    }
    xen->hypervisor_tried = true;
    return xen->hypervisor != NULL;
}

int xen_list_running(struct xen *xen, unsigned first, struct xen_running *domains, unsigned max)
{
    if (!xen_has_hypervisor(xen))
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
