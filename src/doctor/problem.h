// SPDX-License-Identifier: MIT
// What is wrong and can be mended: records that xl, xenusb or an unplug left behind. `doctor` tells
// of each and names the command, `repair` mends it. An ailment is data: found, shown, found again
// before it is mended.
#ifndef XENUSB_PROBLEM_H
#define XENUSB_PROBLEM_H

#include "record/record.h"

enum problem_kind {
    // Of a domain that can be looked at.
    PROBLEM_CONTROLLER, // the record has a controller that QEMU has not
    PROBLEM_BUSID,      // the record has a bus id where the backend has nothing
    PROBLEM_DEVICE,     // the backend has a device that this host has no longer
    PROBLEM_NOTE,       // a note of what QEMU has no longer
    PROBLEM_FOREIGN,    // notes of another domain that had this id, or under the id that the domain
                        // had before a reboot
    PROBLEM_PORT,       // libxl's record offers a port that is taken
    PROBLEM_UNKNOWN_CONTROLLER, // QEMU has a controller of libxl's that no record knows
    PROBLEM_UNKNOWN_DEVICE,     // QEMU has a host device that no record knows
    // Of xenstore as a whole.
    PROBLEM_DEAD_NOTES, // notes of a domain that is no more
    PROBLEM_HALF,       // one end of a PVUSB controller without its record, or the other way round
    // Of this host.
    PROBLEM_ORPHAN, // a device without driver that nobody has
};

enum problem_state {
    PROBLEM_FOUND,
    PROBLEM_MENDED,
    PROBLEM_LEFT, // could not be mended; `words` tell why
    PROBLEM_OVER, // was no longer there when it was looked at again
};

struct problem {
    struct problem *next;
    enum problem_kind kind;
    enum problem_state state;
    int domain;        // its id; -1: this host's
    const char *name;  // the domain's name; "" without one
    const char *key;   // which one of its kind it is, however often it is looked at
    const char *what;  // "controller 1"
    const char *why;   // what was looked up
    const char *mend;  // the command that mends it
    const char *words; // once it was tried: why it could not be mended; or NULL
    const char *frees; // the bus id of the host device that it keeps from others; or NULL
    struct controller *controller; // of the domain's kinds
    struct device *device;
    const char *paths[2]; // AILMENT_HALF, AILMENT_DEAD_NOTES: what goes; NULL: nothing more
};

struct problems {
    struct problem *first;
    struct problem **last;
    unsigned count;
};
void problems_init(struct problems *problems);

// Those of one domain, by its record and by what the look at it showed (record_merge was called).
// Where its QEMU could not be asked (topology->qemu is NULL) nothing that only QEMU can tell is
// judged. `backend_ended`: the QEMU that served it is known to be no more (facts.h). Pure.
void problems_of_domain(struct arena *arena, const struct record *record,
                        const struct topology *topology, bool backend_ended,
                        struct problems *problems);

// Those of xenstore as a whole, given the domains that live. Statuses as record_read.
enum status problems_of_xenstore(const struct session *session, const struct domain *domains,
                                 size_t count, struct problems *problems);
// Removes what such a one has left. Statuses as record_read.
enum status problem_remove(const struct session *session, const struct problem *problem);

// Those of this host; record_mark_owners was called. A device that a domain's record claims is
// nobody's patient, unless what claims it is among the ailments.
void problems_of_host(struct arena *arena, const struct host *host, struct problems *problems);

// The same ailment in another look, or NULL: it is over.
struct problem *problem_again(const struct problems *problems, const struct problem *problem);

// How many of a domain's (-1: the host's) are still to be mended.
unsigned problems_left(const struct problems *problems, int domain);

struct problem *problem_add(struct arena *arena, struct problems *problems, enum problem_kind kind,
                            const struct domain *domain, const char *key);

#endif
