// SPDX-License-Identifier: MIT
// What xenstore remembers of a domain's USB. libxl keeps a record of each controller that it knows,
// and xenusb reads and writes those node for node as libxl does (tools/libs/light/libxl_usb.c), so
// that xl can list and detach what xenusb attached. What libxl cannot express (names, other models,
// emulated devices) is noted under /xenusb/<domid>, together with the domain's UUID: notes with
// another UUID are of a domain that is gone.
//
//     /libxl/<domid>/device/vusb/<index>/type       devicemodel, pv (usbback) or qusb
//                                       /usb-ver    1, 2, 3
//                                       /num-ports
//                                       /port/<N>   a bus id; "" while the port is free
//                                       /backend    pv and qusb: there count those of its nodes
//     /xenusb/<domid>/uuid
//                    /controller/<key>/id, name, driver
//                    /device/<key>/id, kind, controller, port, busid
//                    /server     the process of the QEMU for PVUSB, if xenusb started it
//
// <key> is QEMU's id, as far as xenstore's alphabet goes (record_key).
#ifndef XENUSB_RECORD_H
#define XENUSB_RECORD_H

#include "plan/backend.h"

// ---- reading ----

enum record_kind {
    RECORD_EMULATED, // devicemodel
    RECORD_KERNEL,   // pv: usbback
    RECORD_QEMU,     // qusb
    RECORD_STRANGE,  // anything else: nothing is known of it but its index
};

enum {
    RECORD_INDEX_MAX = 9999, // libxl counts from 0
    RECORD_PORTS_MAX = PORTS_MAX_PVUSB,
};

// A controller that libxl knows. Bus ids may be a driver domain's words: only those of the form of
// one are kept, whatever else stands in a port's node counts as RECORD_GARBAGE.
struct record_controller {
    struct record_controller *next; // by rising index
    unsigned index;
    enum record_kind kind;
    unsigned backend_domain;                // PVUSB: where the backend is
    unsigned version;                       // 0 if the record does not tell
    unsigned ports;                         // at most RECORD_PORTS_MAX
    const char *port[RECORD_PORTS_MAX + 1]; // from 1: a bus id, "" if it is free, NULL if it has no
                                            // node: free for nobody
};
#define RECORD_GARBAGE "?"

// What xenusb noted of a controller or a device in QEMU. Whatever was not noted is "".
struct record_note {
    struct record_note *next;
    bool of_device;
    const char *key;
    const char *id;         // QEMU's
    const char *name;       // of a controller
    const char *busid;      // of a host device
    const char *controller; // QEMU's id of the one that has the device
    const char *port;       // of a device
};

struct record {
    struct record_controller *controllers;
    struct record_note *notes;
    bool foreign;       // what stands under the domain's id is of another domain that had it
    const char *former; // where the notes stand, if that is under the id that the domain had before
                        // it was rebooted; else NULL
};

// Reads all of it. An empty record where there is none; without Xen too. STATUS_REFUSED,
// STATUS_TIMEOUT or STATUS_FAILED after a complaint.
enum status record_read(const struct session *session, struct record *record);

// Merges it into a topology that QEMU's look has filled: names and libxl's indexes onto the
// controllers; bus ids onto host devices, whose state becomes DEVICE_GONE where the device that
// QEMU was given is not the one at that bus id now; a DEVICE_GONE without id and path for a bus id
// at a port where QEMU has nothing. PVUSB controllers must be there already: their backend looks at
// the same record. `host` may be NULL: then nothing is known to be gone.
void record_merge(const struct session *session, const struct record *record,
                  const struct host *host, struct topology *topology);

// Mends what the look at QEMU showed to be wrong in the record, as every changing command does
// before it plans: notes of another domain, of dead ones or of what QEMU no longer has go; those
// from before a reboot move to the domain's new id; a port that a thing uses which libxl cannot
// express has no node, whatever xl's undoing wrote there; and an attached device whose node that
// undoing emptied has its bus id again. Only after record_merge, and with the domain's lock.
// Statuses as record_read.
enum status record_tidy(const struct session *session, const struct record *record,
                        const struct topology *topology);

// Whether what a note tells of is there. Where QEMU was not asked, nothing of its is known to be
// gone.
bool record_note_holds(const struct topology *topology, const struct record_note *note);

// ---- who has which device ----

// A bus id that some domain's record names.
struct record_claim {
    struct record_claim *next;
    const char *busid;
    int domain;
    const char *name;        // the domain's
    unsigned backend_domain; // whose bus id it is: that of this host's devices is 0
    int index;               // libxl's controller, or -1
    unsigned port;           // its port, or 0
    const char *place;       // "controller hci0 port 2"
};
// Those of all domains, on both kinds of PVUSB and on emulated controllers. Statuses as
// record_read.
enum status record_claims(const struct session *session, struct record_claim **claims);

// Who has that device as well: "xl gave 1-4 to db (4), controller 0 port 1, at the same time"; NULL
// if nobody has. xl looks whether a device is in use and then takes it, without a lock; so do we.
// Whoever finds after writing that both did gives way. Statuses as record_read.
enum status record_other_claim(const struct session *session, const struct device *device,
                               const char **other);

// Tells each host device who has it.
void record_mark_owners(struct arena *arena, const struct record_claim *claims, struct host *host);

// ---- writing ----

// Each after QEMU answered, and each the inverse of its pair, so that undoing a step undoes its
// record. STATUS_OK without Xen. After a complaint nothing was written: STATUS_REFUSED without
// permission, and also if xl took the port or the device in the meantime (xl locks nothing there,
// so whoever looks again gives way); STATUS_TIMEOUT; STATUS_FAILED, if the domain is gone, say.
enum status record_controller_added(const struct session *session,
                                    const struct controller *controller);
enum status record_controller_removed(const struct session *session,
                                      const struct controller *controller);
// A device that only the record has (DEVICE_GONE without id) is removed by its record alone.
enum status record_device_added(const struct session *session, const struct device *device);
enum status record_device_removed(const struct session *session, const struct device *device);

// Whether libxl's record can tell of them: a controller of libxl's own model, or one that only the
// record has (of which the model may be unknown), under its id xenusb-<index>; on it a host device
// at a port of its own under the id xenusb-<bus>-<address>, or what only the record still has.
bool record_expresses_controller(const struct controller *controller);
bool record_expresses_device(const struct device *device);

// A part of a xenstore path that stands for an id: letters, digits and hyphens as they are, any
// other byte as @ and two hex digits.
const char *record_key(struct arena *arena, const char *id);

#endif
