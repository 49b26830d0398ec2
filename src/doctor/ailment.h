// SPDX-License-Identifier: MIT
// What is wrong and can be mended: records that xl, xenusb or an unplug left behind. `doctor` tells
// of each and names the command, `repair` mends it. An ailment is data: found, shown, found again
// before it is mended.
#ifndef XENUSB_AILMENT_H
#define XENUSB_AILMENT_H

#include "record/record.h"

enum ailment_kind {
    // Of a domain that can be looked at.
    AILMENT_CONTROLLER, // the record has a controller that QEMU has not
    AILMENT_BUSID,      // the record has a bus id where the backend has nothing
    AILMENT_DEVICE,     // the backend has a device that this host has no longer
    AILMENT_NOTE,       // a note of what QEMU has no longer
    AILMENT_FOREIGN,    // notes of another domain that had this id, or under the id that the domain
                        // had before a reboot
    AILMENT_PORT,       // libxl's record offers a port that is taken
    AILMENT_UNKNOWN_CONTROLLER, // QEMU has a controller of libxl's that no record knows
    AILMENT_UNKNOWN_DEVICE,     // QEMU has a host device that no record knows
    // Of xenstore as a whole.
    AILMENT_DEAD_NOTES, // notes of a domain that is no more
    AILMENT_HALF,       // one end of a PVUSB controller without its record, or the other way round
    // Of this host.
    AILMENT_ORPHAN, // a device without driver that nobody has
};

enum ailment_state {
    AILMENT_FOUND,
    AILMENT_MENDED,
    AILMENT_LEFT, // could not be mended; `words` tell why
    AILMENT_OVER, // was no longer there when it was looked at again
};

struct ailment {
    struct ailment *next;
    enum ailment_kind kind;
    enum ailment_state state;
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

struct ailments {
    struct ailment *first;
    struct ailment **last;
    unsigned count;
};
void ailments_init(struct ailments *ailments);

// Those of one domain, by its record and by what the look at it showed (record_merge was called).
// Where its QEMU could not be asked (topology->qemu is NULL) nothing that only QEMU can tell is
// judged. `backend_ended`: the QEMU that served it is known to be no more (facts.h). Pure.
void ailments_of_domain(struct arena *arena, const struct record *record,
                        const struct topology *topology, bool backend_ended,
                        struct ailments *ailments);

// Those of xenstore as a whole, given the domains that live. Statuses as record_read.
enum status ailments_of_xenstore(const struct session *session, const struct domain *domains,
                                 size_t count, struct ailments *ailments);
// Removes what such a one has left. Statuses as record_read.
enum status ailment_remove(const struct session *session, const struct ailment *ailment);

// Those of this host; record_mark_owners was called. A device that a domain's record claims is
// nobody's patient, unless what claims it is among the ailments.
void ailments_of_host(struct arena *arena, const struct host *host, struct ailments *ailments);

// The same ailment in another look, or NULL: it is over.
struct ailment *ailment_again(const struct ailments *ailments, const struct ailment *ailment);

// How many of a domain's (-1: the host's) are still to be mended.
unsigned ailments_left(const struct ailments *ailments, int domain);

struct ailment *ailment_add(struct arena *arena, struct ailments *ailments, enum ailment_kind kind,
                            const struct domain *domain, const char *key);

#endif
