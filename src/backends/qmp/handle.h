// SPDX-License-Identifier: MIT
// What one session with a QEMU holds. Private to the backend.
#ifndef XENUSB_BACKENDS_QMP_HANDLE_H
#define XENUSB_BACKENDS_QMP_HANDLE_H

#include "plan/backend.h"
#include "qemu/qmp_client.h"
#include "xen/lock.h"

// A PCI bus that takes controllers while QEMU runs.
struct pci_bus_slots {
    struct pci_bus_slots *next;
    const char *bus; // its name
    unsigned free;
};

// Which bus a controller sits on, so that its place is known when it goes and comes back.
struct pci_slot {
    struct pci_slot *next;
    const char *path; // the controller's
    struct pci_bus_slots *slots;
};

// An id that QEMU has.
struct taken_id {
    struct taken_id *next;
    const char *id;
};

struct qmp_handle {
    struct session *session;
    struct lock lock; // libxl's, if the socket is shared with it
    struct qmp_client *client;
    struct pci_bus_slots *slots; // as of the last look
    struct pci_slot *pci_slots;
    struct taken_id *taken;
};

// look.c: backend.h's look.
enum status qmp_look(void *handle, struct topology *topology);

// remember.c: backend.h's run, with the records that belong to each step.
enum status qmp_run_recorded(void *handle, struct step *const *steps, size_t count);

// run.c: the part of it that is QEMU's.
enum status qmp_run(void *handle, struct step *const *steps, size_t count);

#endif
