// SPDX-License-Identifier: MIT
// What every operation that reaches outside the process needs. Only forward declarations, since
// rooms from the locks up to the backends take it.
#ifndef XENUSB_BASE_SESSION_H
#define XENUSB_BASE_SESSION_H

#include "interrupt.h"

#include <stdbool.h>

struct arena;
struct diags;
struct domain;
struct host;
struct journal;
struct qmp_client;
struct record;
struct record_known;
struct toolstack;
struct saved;
struct xen;

// Owned by the verb that runs; so is all that it points to.
struct session {
    struct arena *arena;
    struct diags *diags;
    struct xen *xen; // NULL: no Xen on this machine, or not needed
    struct domain *domain;
    const struct host *host;
    const struct record *record; // what record_look() read; NULL before
    struct record_known *known;  // what need not be read of other domains (known.h); NULL: nothing
    struct saved *saved;     // changes to libxl's saved config that are not written yet (saved.h)
    struct session *partner; // of a move: that of the domain which loses the device; NULL
    const char *verb, *command; // what the user asked for, for the journal; NULL: nothing
    struct journal *journal;    // that this run has written, until it is removed; else NULL
    struct qmp_client *qemu;    // the connection to the domain's QEMU, which accepts one at a time;
                                // NULL while no backend has one; closed by its opener
    const struct interrupt *interrupt; // ends waits; NULL: nothing does
    bool need_supply;                  // which controllers can be added must be found out
    bool need_details; // with what options QEMU has its emulated devices must be found out
    const struct toolstack *toolstack; // what is installed; NULL: not looked for yet
    bool finishing;                    // must not be interrupted: undoing, or giving a device back
    bool keep_saved;                   // do not touch libxl's saved config
    bool accept_ended;                 // a QEMU that has exited is not a failure: it has nothing
    bool require_guest;                // take a device back that the guest does not use
    double timeout_scale;              // factor for every time limit; 1.0 by default
    double undo_scale;                 // the same while undoing; 0: timeout_scale
};

// Whether to stop here because of a signal. What was done so far is then undone, with the full time
// limits.
static inline bool session_interrupted(const struct session *session)
{
    return !session->finishing && session->interrupt && session->interrupt->raised;
}

// Polls a descriptor (`wanted` NULL: none) for at most `seconds`. A signal ends that at once,
// unless it must not interrupt.
static inline void session_poll(const struct session *session, struct waiting *waiting,
                                struct pollfd *wanted, double seconds)
{
    interrupt_poll(session->finishing ? NULL : session->interrupt, waiting, wanted, seconds);
}

// waiting_pause(), for a wait that a signal may end: false, without sleeping, after one as well.
static inline bool session_pause(const struct session *session, struct waiting *waiting,
                                 double seconds)
{
    double left = deadline_left(waiting->until);
    if (left <= 0 || session_interrupted(session))
        return false;
    session_poll(session, waiting, NULL, seconds < left ? seconds : left);
    return true;
}

#endif
