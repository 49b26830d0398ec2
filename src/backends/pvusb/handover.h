// SPDX-License-Identifier: MIT
// Handovers that a dead process has left unfinished: devices of which usbback has only some
// interfaces, or whose drivers were not all bound again. The evidence is what was saved before the
// first interface was unbound: /libxl/usbback/<busid>, which xl writes too.
#ifndef XENUSB_BACKENDS_PVUSB_HANDOVER_H
#define XENUSB_BACKENDS_PVUSB_HANDOVER_H

#include "record/record.h"

// The devices whose drivers are saved. Owned by the arena.
struct pvusb_saved {
    const char *const *busid;
    size_t count;
};

// Reads which they are; none without Xen. Statuses as from record_read(), but nothing is reported.
enum status pvusb_saved_read(const struct session *session, struct pvusb_saved *saved);

// Whether one of them is not wholly usbback's, so that it is worth to read the claims. Only reads
// the host.
bool pvusb_saved_suspicious(const struct pvusb_saved *saved, const struct host *host);

// What was looked at to find handovers.
struct handover_facts {
    const struct host *host;
    const struct domain *domains; // all; DOMAIN_ID is enough
    size_t domain_count;
    const struct record_claim *claims; // of all domains that are not dying
};

// A handover that is not finished.
struct pvusb_handover {
    struct pvusb_handover *next;
    const char *busid;
    struct host_device *device; // NULL: unplugged
    const char *owner;          // the port of usbback that it is recorded at, for messages: "web
                                // (3), controller pv0 port 1"; NULL: it is recorded nowhere
    int domain;                 // that has the port, if there is an owner
    const char *why;            // what is unfinished, for messages
};

// Finds those of the saved devices whose handover is not finished: recorded at a port of usbback,
// which does not have all interfaces; or recorded nowhere. A device that a dying domain has is the
// toolstack's, and not listed. It may be the work of a living process: look twice, the second time
// with the host's lock. Statuses as from record_read().
enum status pvusb_find_handovers(const struct session *session, const struct pvusb_saved *saved,
                                 const struct handover_facts *facts, struct pvusb_handover **found);

// Finishes it: binds the other interfaces to usbback if the device is recorded; otherwise takes
// them from usbback, binds those without a driver to the saved ones, and removes these from
// xenstore. With the host's lock held. Returns false if that failed; *why is the reason.
bool pvusb_finish(const struct session *session, const struct pvusb_handover *handover,
                  const char **why);

#endif
