// SPDX-License-Identifier: MIT
// Walks through QEMU's PCI buses, from the root buses down the bridges. Private to the backend.
#ifndef XENUSB_BACKENDS_QMP_WALK_PCI_H
#define XENUSB_BACKENDS_QMP_WALK_PCI_H

#include "walk.h"

enum { WALK_BRIDGES_MAX = 16 }; // depth of nesting

// A PCI bus.
struct walk_bus {
    struct walk_bus *next;
    const char *path;
    const char *name;
    bool express; // PCI Express: a port has one slot
    bool root;
    bool hotplug;  // supports hotplugging
    unsigned used; // slots
    struct qmp_command *list;
    struct qmp_command *handler;
};

// Something on a PCI bus.
struct walk_function {
    struct walk_function *next;
    struct walk_bus *bus;
    struct qmp_command *address;
    struct qmp_command *path, *list; // of a bridge; NULL for others
};

// Set walk; everything else starts as zero.
struct walk_pci {
    struct walk *walk;
    struct walk_bus *buses;
    // Private to walk_pci.c: the end of the list, and what was found last.
    struct walk_bus **last_bus, **new_buses;
    struct walk_function *new_functions, **last_function;
    const struct qmp_command *bridges;
};

// Finds the buses. `machine` and `bridges` are the answers to walk_list() of /machine and
// walk_types() of WALK_BRIDGE. False if QEMU did not answer (see qmp_why()), or if its answers are
// not plausible (see walk->why).
bool walk_pci(struct walk_pci *pci, const struct qmp_command *machine,
              const struct qmp_command *bridges);
#define WALK_BRIDGE "base-pci-bridge"

#endif
