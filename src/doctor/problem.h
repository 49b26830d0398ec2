// SPDX-License-Identifier: MIT
// What is wrong and can be fixed: records and notes that no longer match what is there, and host
// devices without a driver. A problem is data: `doctor` reports it, `repair` looks for it a second
// time and then fixes it.
#ifndef XENUSB_DOCTOR_PROBLEM_H
#define XENUSB_DOCTOR_PROBLEM_H

#include "backends/pvusb/handover.h"

enum problem_kind {
    // In a domain.
    PROBLEM_CONTROLLER, // recorded, but QEMU does not have it
    PROBLEM_BUSID,      // a recorded bus id where the backend has no device
    PROBLEM_DEVICE,     // the backend has a device that has left this host
    PROBLEM_NOTE,       // a note of something that QEMU no longer has
    PROBLEM_FOREIGN, // notes of an earlier domain with this id, or from before a reboot, when the
                     // domain had another id
    PROBLEM_PORT,    // libxl's record shows a port as free that is in use
    PROBLEM_UNKNOWN_CONTROLLER, // QEMU has a controller that belongs in libxl's record but is not
                                // there
    PROBLEM_UNKNOWN_DEVICE,     // QEMU has a host device that is not recorded anywhere
    PROBLEM_SAVED,              // libxl's saved configuration lacks what libxl's record has
    PROBLEM_JOURNAL,            // a command was killed, and what it left open is not completed
    // In xenstore, found without examining a domain.
    PROBLEM_DEAD_NOTES, // notes of a domain that no longer exists
    PROBLEM_PARTIAL,    // a PVUSB controller whose backend or whose record is missing
    // On this host.
    PROBLEM_HANDOVER, // a device that was given to usbback, or taken from it, only partly
    PROBLEM_ORPHAN,   // a device without a driver that nothing uses
};

// What is examined together, and fixed under the same locks.
enum problem_scope { SCOPE_DOMAIN, SCOPE_XENSTORE, SCOPE_HOST };

enum problem_state {
    PROBLEM_FOUND,
    PROBLEM_FIXED,
    PROBLEM_LEFT, // could not be fixed, or must not be; `failure` says why
    PROBLEM_GONE, // was no longer there at the second look
};

struct problem {
    struct problem *next;
    enum problem_kind kind;
    enum problem_state state;
    int domain;          // its id; -1: this host
    const char *name;    // the domain's name; "" without one
    const char *key;     // together with kind and domain, identifies the problem in every look
    const char *what;    // "controller 1"
    const char *why;     // the evidence
    const char *fix;     // the command that fixes it; NULL: none does
    const char *failure; // why it could not be fixed; NULL unless the state is PROBLEM_LEFT
    const char *unknown; // why it is not known whether it is one; NULL if it is known
    bool alone;          // it is reported and must not be fixed; `failure` says why
    const char *frees;   // the bus id of the host device that this problem reserves; or NULL
    struct controller *controller;         // SCOPE_DOMAIN: what it is about; NULL for notes
    struct device *device;                 // NULL if it is about a controller
    const struct pvusb_handover *handover; // PROBLEM_HANDOVER
    const char *paths[2];       // SCOPE_XENSTORE: the nodes to remove; the second may be NULL
    const struct domain *noted; // PROBLEM_PARTIAL: the domain whose notes of that controller are
                                // removed as well; NULL: none
    const char *id;             // how they name the controller
};

// A list, in the order in which the problems were found. Elements belong to the arena.
struct problems {
    struct problem *first;
    struct problem **last;
    unsigned count;
};

// Makes the list empty.
void problems_init(struct problems *problems);

// Appends a problem of that domain (NULL: this host) and returns it for the caller to describe;
// `fix` is set to the repair command. `key` must live as long as the arena.
struct problem *problem_add(struct arena *arena, struct problems *problems, enum problem_kind kind,
                            const struct domain *domain, const char *key);

// Moves one problem from wherever it was to the end of the list.
void problem_append(struct problems *problems, struct problem *problem);

// The same problem in another look, or NULL if that look did not find it.
struct problem *problem_again(const struct problems *problems, const struct problem *problem);

enum problem_scope problem_scope(const struct problem *problem);

// The line for syslog, with unsafe bytes escaped:
// "fixed controller 1 of win10 (3): QEMU has none; by root".
const char *problem_log_line(struct arena *arena, const struct problem *problem, const char *who);

// Appends the problems of one domain. Pure: `record` and `topology` come from one look, after
// record_merge(). If QEMU was not asked (topology->qemu is NULL), nothing is said about what only
// QEMU knows. `backend_ended`: the QEMU that served the domain has exited (xen_qemu_exited()).
void problems_of_domain(struct arena *arena, const struct record *record,
                        const struct topology *topology, bool backend_ended,
                        struct problems *problems);

// Appends a problem if libxl's saved configuration of the session's domain lacks something, or
// cannot be read. Also notes that for saved_write(). After problems_of_domain(), with the same
// look.
void problems_of_saved(const struct session *session, const struct topology *topology,
                       struct problems *problems);

// Appends a problem if there is a journal of a command that was killed, or one that cannot be read.
// The latter can only be removed, and must not be unless the user asks for it (`forget`).
void problems_of_journal(const struct session *session, bool forget, struct problems *problems);

// The domains that exist.
struct domains {
    const struct domain *at;
    const struct record *const *records; // of each, as far as they were read: NULL if not
    size_t count;
    const struct domain *only; // the only one that is examined; NULL: all are
};

// Appends what is left in xenstore of domains that no longer exist and of PVUSB controllers that
// were only partly created or removed. Returns what record_read() returns, after an error in
// session->diags unless STATUS_OK.
enum status problems_of_xenstore(const struct session *session, const struct domains *domains,
                                 struct problems *problems);

// Removes the nodes of such a problem. Returns as above.
enum status leftover_remove(const struct session *session, const struct problem *problem);

// Appends the handovers that are not finished, after host_find_holders(); not those of devices that
// a program has open, nor of those that fixing one of `problems` gives back. Returns how many are
// must be left alone, for the reasons of problems_of_host() or because an xl may be at work.
unsigned problems_of_handovers(struct arena *arena, const struct host *host,
                               const struct pvusb_handover *handovers, struct problems *problems);

// Appends this host's devices that have lost their driver, after record_mark_owners() and
// host_find_holders(). A device that a domain's record claims is skipped, unless that claim is
// itself one of `problems`; so is one with an unfinished handover among them. Returns how many of
// them must be left alone: they are `unknown`, because the claims of all domains or the processes
// that may have it open could not be read, or a domain could not be `asked`.
unsigned problems_of_host(struct arena *arena, const struct host *host, const struct part *asked,
                          struct problems *problems);

#endif
