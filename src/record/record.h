// SPDX-License-Identifier: MIT
// What xenstore remembers of a domain's USB. libxl keeps a record of each controller that it knows.
// xenusb reads and writes the same nodes as libxl (tools/libs/light/libxl_usb.c), so xl can list
// and detach what xenusb attached. What libxl cannot express (names, other models, emulated
// devices) is noted under /xenusb/<domid>, together with the domain's UUID: notes with another UUID
// belong to a domain that is gone.
//
//     /libxl/<domid>/device/vusb/<index>/type       devicemodel, pv (usbback) or qusb
//                                       /usb-ver    1, 2, 3
//                                       /num-ports
//                                       /port/<N>   a busid; "" while the port is free
//                                       /backend    pv and qusb: the path of the backend, which has
//                                                   usb-ver, num-ports and port/<N> instead
//     /xenusb/<domid>/uuid
//                    /controller/<key>/id, name, driver
//                                     /as-needed  if it was made for devices that named none
//                                     /leaving  the QEMU whose guest was asked to release it and
//                                            had not
//                                     /qemu  if QEMU was started with it: that process, and when
//                                            it was started
//                    /device/<key>/id, kind, controller, port, busid
//                    /unsaved    if a command was told to leave libxl's saved config alone
//                    /label/<key>      what is at the ports of that controller in libxl's record
//                    /server     the process id of the PVUSB QEMU, if xenusb started it
//                    /started    when that process was started, as the kernel counts it
//                    /journal    see journal.h
//
// <key> is QEMU's id, escaped by record_key().
#ifndef XENUSB_RECORD_RECORD_H
#define XENUSB_RECORD_RECORD_H

#include "plan/backend.h"

// The kinds of controllers in libxl's record.
enum record_kind {
    RECORD_EMULATED, // devicemodel
    RECORD_KERNEL,   // pv: usbback
    RECORD_QEMU,     // qusb
    RECORD_UNKNOWN,  // anything else; only its index is known
};

enum {
    RECORD_INDEX_MAX = 9999, // the first is 0
    RECORD_PORTS_MAX = PORTS_MAX_PVUSB,
};

// A controller in libxl's record. A driver domain may write the nodes of ports, so anything there
// that is not a busid is replaced by RECORD_GARBAGE.
struct record_controller {
    struct record_controller *next; // sorted by index
    unsigned index;
    enum record_kind kind;
    unsigned backend_domain;                // of a PVUSB controller; 0 for others
    unsigned version;                       // USB version; 0 if it is not recorded
    unsigned ports;                         // at most RECORD_PORTS_MAX
    const char *port[RECORD_PORTS_MAX + 1]; // from 1: a busid; "" if the port is free; NULL if it
                                            // has no node, so that libxl does not use it
};
#define RECORD_GARBAGE "?"

// What xenusb noted about a controller or a device. Strings are "" if they were not noted.
struct record_note {
    struct record_note *next;
    bool of_device; // else it is of a controller
    const char *key;
    const char *id;         // QEMU's id
    const char *name;       // of a controller
    const char *busid;      // of a host device
    const char *controller; // of a device: QEMU's id of its controller
    const char *port;       // of a device
    bool as_needed;         // of a controller, as is the next one
    const char *leaving;    // the QEMU whose guest was asked to release it
};

struct journal;

// What xenstore remembers of one domain. Owned by the arena.
struct record {
    struct record_controller *controllers;
    struct record_note *notes;
    const char *const *noted; // the children of /xenusb: the domains that have notes
    size_t noted_count;
    bool foreign;       // the notes under the domain's id belong to another domain that had that id
    const char *former; // the path of the notes, if they are under the id that the domain had
                        // before a reboot; else NULL
    const struct journal *journal; // of a command that has not finished (journal.h); NULL if none
};

// Reads the record of the session's domain; it is empty if there is none, and without Xen.
// STATUS_REFUSED, STATUS_TIMEOUT or STATUS_FAILED after reporting an error.
enum status record_read(const struct session *session, struct record *record);
// The same, but reads it only the first time for that session; *record is the session's.
enum status record_look(struct session *session, const struct record **record);

// Whether there can be notes under the id of the session's domain: there were when its record was
// read, or it was not. Without the domain's lock, notes are only made with its UUID.
bool record_is_noted(const struct session *session);

// Merges the record into a topology that the backends have filled. Controllers get their names and
// libxl's indexes, and host devices the busids with which they were recorded. A busid at a port
// where QEMU has no device adds a DEVICE_GONE without id and path. The PVUSB controllers must be in
// the topology already, since their backend reads the same record.
void record_merge(const struct session *session, const struct record *record,
                  struct topology *topology);

// Sets the adoption of each controller; after record_merge(). Statuses as from record_read().
enum status record_find_adoptions(const struct session *session, const struct record *record,
                                  struct topology *topology);

// Brings the record in line with the topology; commands that change something do so before they
// plan. Adds the controllers that QEMU was started with and that libxl would call by their ids, so
// that xl can use them (ADOPTION_DUE); they do not belong in libxl's saved configuration, from
// which libxl would add them a second time. Removes notes of other domains and of devices or
// controllers that QEMU no longer has, and moves notes from before a reboot to the domain's new id.
// If xl has failed to attach to a port in use, its cleanup has written "" to that port's node:
// removes the node if libxl cannot express the device there, else writes the busid again. Call it
// after record_find_adoptions(), with the domain's lock held. Removes a controller that the guest
// has released since it was asked to, also from libxl's saved configuration at the end of the run.
// Statuses as from record_read().
enum status record_tidy(const struct session *session, const struct record *record,
                        const struct topology *topology);

// Removes the note and the labels of a controller of the session's domain that libxl's record no
// longer has: its id is `id`. Leaves the notes of an earlier domain with that domain id alone.
// Statuses as from record_read().
enum status record_forget_controller(const struct session *session, const char *id);

// Notes that the guest was asked to release an emulated controller and may still do so: nothing is
// to be attached to it by then, and once it is gone, its record is to go as well. A failure is only
// a warning.
void record_note_leaving(const struct session *session, struct controller *controller);

// Drops the note that they were made as needed of those controllers that the config has (`wanted`).
// A failure is only a warning: the next command does it.
void record_note_declared(const struct session *session, const struct topology *topology);

// Notes that libxl's saved configuration of the domain lacks something on purpose, so that no later
// command adds it. A failure is only a warning.
void record_note_unsaved(const struct session *session);

// Corrects the labels of what is at the ports of libxl's record, by which a device is named once it
// is gone: adds those of devices that xl has attached, and drops those of others that xl has
// detached. For commands that change something, after record_tidy() and presence_find(), with the
// domain's lock held. Statuses as from record_read().
enum status record_correct_labels(const struct session *session, const struct topology *topology);
// Sets the label of the devices that are not attached and have none, as far as it is known. After
// presence_find(). Reads nothing if there is no such device. Statuses as from record_read().
enum status record_recall_labels(const struct session *session, struct topology *topology);

// Whether the controller or device of a note exists. Also true if that is unknown because QEMU
// could not be asked.
bool record_note_holds(const struct topology *topology, const struct record_note *note);

// Whether a QEMU still runs that xenusb started, according to the notes at `root` ("/xenusb/3"),
// and then its process id, else 0. Unknown if the notes or /proc could not be read.
enum verdict record_noted_qemu(const struct session *session, const char *root, unsigned *process);
// Stops it, since its domain is gone: nothing else would. Reports and logs that. False, after
// reporting it, if it still runs or that is unknown.
bool record_stop_qemu(const struct session *session, const char *root);

// A record of any domain that names a host device. Owned by the arena.
struct record_claim {
    struct record_claim *next;
    const char *busid;
    int domain;
    const char *name;        // of the domain
    unsigned backend_domain; // the domain whose host device it is; 0 for this host
    int index;               // libxl's index of the controller, or -1
    unsigned port;           // 0 if index is -1
    const char *place;       // "controller hci0 port 2"
    bool open;               // only a journal has it: a command has not finished attaching or
                             // detaching it
    const char *by;          // that command, for messages, if it still runs; else NULL
};
// Lists the claims of those of the `domains` that are not dying, for PVUSB and emulated
// controllers, and in journals; DOMAIN_ID is enough of them. `records` are the records of the same
// domains as far as they were read: it, or some of them, may be NULL. What record_look() has read
// of the session's domain is not read again either, nor what session->known has. Statuses as from
// record_read(); the claims of domains whose record could be read are listed in any case.
enum status record_claims_of(const struct session *session, const struct domain *domains,
                             const struct record *const *records, size_t count,
                             struct record_claim **claims);
// The present claims of all domains of this host; none without Xen.
enum status record_claims(const struct session *session, struct record_claim **claims);
// The same, but those of devices of driver domains, which cannot be watched, may be as they were.
enum status record_claims_here(const struct session *session, struct record_claim **claims);
// Begins to watch the claims of this host's devices, so that record_claims_since() is cheap. Call
// it before anything of the record is read.
void record_watch_claims(const struct session *session);
// The claims that were written since record_watch_claims(), also by this process, as they are now;
// all claims if there is no watch. Does not see ports of driver domains.
enum status record_claims_since(const struct session *session, struct record_claim **claims);
// The same without those of the session's own domain, which costs less if it has changed a lot.
enum status record_others_since(const struct session *session, struct record_claim **claims);
// The same without the ports of the `count` devices of that domain that were just recorded.
enum status record_rivals_since(const struct session *session, const struct device *const *recorded,
                                size_t count, struct record_claim **claims);

// A message if another of the claims is for the same device: "1-4 was given to db (4), controller
// 0 port 1, at the same time"; NULL if none is. Like xl, xenusb checks that a device is free and
// then records it, and xl takes no lock. So look at the claims again after recording it
// (record_claims_since), and give the device up if both did. What is only in a journal does not
// count: its owner will look too.
const char *record_other_claim(const struct session *session, const struct record_claim *claims,
                               const struct device *device);

// Sets the owner of each host device that is claimed.
void record_mark_owners(struct arena *arena, const struct record_claim *claims, struct host *host);

// Records those of the steps that are done, all in one transaction, and notes them for libxl's
// saved configuration, which the caller writes at the end of the run (saved.h). The record of a
// step whose op is STEP_REMOVE undoes that of STEP_ADD, so undoing a step also undoes its record; a
// removed device may be only in the record (DEVICE_GONE without id). outcomes[i] is the status of
// steps[i], STATUS_OK if it was not done. On failure nothing of that step is recorded, and an error
// was reported: STATUS_REFUSED without permission, or if xl has taken the port or the device
// meanwhile; STATUS_TIMEOUT; STATUS_FAILED for other reasons, such as a domain that is gone. But
// STATUS_LEFTOVER: another tool took the device just after it was recorded, and the record could
// not be removed again. A step that is refused does not affect the others. Returns the worst of
// the outcomes; STATUS_OK without Xen.
enum status record_steps(const struct session *session, struct step *const *steps, size_t count,
                         enum status *outcomes);
// The same for one controller (`device` NULL) or one device. Returns its outcome.
enum status record_one(const struct session *session, enum step_op op,
                       struct controller *controller, struct device *device);

// Whether libxl's record can express a controller: its id is xenusb-<index>, and it is of one of
// libxl's own models, or only in the record.
bool record_expresses_controller(const struct controller *controller);
// Whether libxl's record can express a device: it is a host device directly at a port of such a
// controller, and either has the id xenusb-<bus>-<address> or is only in the record.
bool record_expresses_device(const struct device *device);

// An id, escaped for a xenstore path: letters, digits and hyphens stay, any other byte becomes "@"
// and two hex digits. Uses at most 200 bytes of the id. Owned by the arena.
const char *record_key(struct arena *arena, const char *id);

// The xenstore path of libxl's records: "/libxl/3/device/vusb" for all controllers of a domain,
// "/libxl/3/device/vusb/0" for one. Owned by the arena.
const char *record_libxl_directory(struct arena *arena, int domain);
const char *record_libxl_path(struct arena *arena, int domain, int index);

#endif
