// SPDX-License-Identifier: MIT
// The state of an open QMP backend. Private to it.
#ifndef XENUSB_BACKENDS_QMP_HANDLE_H
#define XENUSB_BACKENDS_QMP_HANDLE_H

#include "plan/backend.h"
#include "qemu/qmp_client.h"
#include "walk.h"
#include "xen/lock.h"

// A PCI bus that supports hotplugging.
struct pci_bus_slots {
    struct pci_bus_slots *next;
    const char *bus; // its name
    unsigned free;   // slots
};

// The bus that a controller is on, so that undoing its removal can put it back there.
struct pci_slot {
    struct pci_slot *next;
    const char *path; // the controller's QOM path
    struct pci_bus_slots *slots;
};

// An id that exists in QEMU.
struct taken_id {
    struct taken_id *next;
    const char *id;
};

// backend_ops' handle, in the session's arena.
struct qmp_handle {
    struct session *session;
    struct lock lock;      // libxl's, if libxl uses the same socket
    bool shared;           // it is released for now, and there is no connection
    struct lock host_lock; // the host's, while devices are given away
    struct qmp_client *client;
    struct first_look *begun; // the look that waits for its first answers; NULL if none does
    bool ended; // QEMU has exited: there is no client, and only records can be removed
    struct pci_bus_slots *slots; // NULL until qmp_supply() was called; QEMU then chooses the bus
    struct pci_slot *pci_slots;
    struct taken_id *taken; // of the last look, updated by each run, as are the slots
};

// look.c: sends the first questions of qmp_look() without waiting for the answers, so that QEMU
// works on them while the host and the records are read.
void qmp_begin_look(struct qmp_handle *handle);
// backend_ops.look.
enum status qmp_look(void *handle, struct topology *topology);

// share.c: lets other programs (xl, libvirt) use QEMU's monitor while a guest is waited for: closes
// the connection and releases libxl's lock. No-op if the connection is broken or cannot be made
// again.
void qmp_share(struct qmp_handle *handle);
// Takes both again, if they were shared. False if the connection is broken, which has the reason.
bool qmp_unshare(struct qmp_handle *handle);

// Reports that QEMU did not answer, or answered nonsense (walk->why), while `what` was done, and
// returns the matching status.
enum status handle_complain(const struct qmp_handle *handle, const struct walk *walk,
                            const char *what);

// supply.c: backend_ops.supply.
enum status qmp_supply(void *handle, struct topology *topology);

// recorded.c: backend_ops.run; also verifies what QEMU reports and records each step in xenstore.
enum status qmp_run_recorded(void *handle, struct step *const *steps, size_t count);

// ended.c: the same, if QEMU has exited: the steps remove what is only recorded. Gives the devices
// back to the kernel's drivers.
enum status qmp_run_ended(struct qmp_handle *handle, struct step *const *steps, size_t count);

// run.c: runs steps in QEMU only. Takes the host's lock if host devices are added; the caller
// releases it.
enum status qmp_run(void *handle, struct step *const *steps, size_t count);

#endif
