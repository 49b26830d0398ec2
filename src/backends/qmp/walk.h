// SPDX-License-Identifier: MIT
// The walk through QEMU's objects: from the PCI root buses along the links of each bus to every USB
// controller and to every device on it, by whatever name and however it came there. Everything of
// one depth is asked at once, so the number of round trips depends on how deep bridges are nested
// and not on how many devices there are.
#ifndef XENUSB_BACKENDS_QMP_WALK_H
#define XENUSB_BACKENDS_QMP_WALK_H

#include "qemu/qmp_client.h"
#include "wire.h"

enum {
    WALK_OBJECTS_MAX = 4096, // on all buses together; no QEMU has nearly as many
    WALK_BRIDGES_MAX = 16,   // nested
};

// A PCI bus.
struct walk_bus {
    struct walk_bus *next;
    const char *path;
    const char *name;
    bool express; // PCI Express: below a port there is room for one device
    bool root;
    bool plugs;    // devices can be plugged into it while QEMU runs
    unsigned used; // slots that are taken
    struct qmp_command *list;
    struct qmp_command *handler;
};

// Something on a PCI bus.
struct walk_function {
    struct walk_function *next;
    struct walk_bus *bus;
    const char *type;
    struct qmp_command *path;
    struct qmp_command *list;
    struct qmp_command *address;
};

// What is asked of a device on a USB bus. The first two of every one, the others of host devices.
enum walk_property {
    WALK_PORT,
    WALK_ATTACHED,
    WALK_HOSTBUS,
    WALK_HOSTADDR,
    WALK_HOSTPORT,
    WALK_HOSTDEVICE,
    WALK_VENDORID,
    WALK_PRODUCTID,
    WALK_PROPERTIES
};

struct walk_device {
    struct walk_device *next;
    const char *type;
    struct qmp_command *path;
    struct qmp_command *properties[WALK_PROPERTIES]; // NULL: not asked
};

// A USB controller, or (bus NULL) a companion that serves ports of another one.
struct walk_controller {
    struct walk_controller *next;
    const char *type;
    const char *path;
    struct walk_bus *pci;
    const char *bus; // its USB bus's name
    struct qmp_command *list;
    struct qmp_command *ports_usb2; // NULL: has no such property
    struct qmp_command *ports_usb3;
    struct qmp_command *ports;
    struct qmp_command *master;
    struct qmp_command *first_port;
    struct walk_device *devices; // in the order in which they were made
    struct walk_device **last_device;
};

struct walk {
    struct arena *arena;
    struct qmp_client *client;
    struct walk_bus *buses;
    struct walk_controller *controllers;
    unsigned objects;
    const char *why; // what was wrong with the answers
    // Private to walk.c: where the lists end, and where the part begins that is not asked yet.
    struct walk_bus **last_bus, **new_buses;
    struct walk_controller **last_controller, **new_controllers;
    struct walk_function *new_functions, **last_function;
};

// Walks on from `machine`, the answer to qom-list of /machine. False if QEMU did not answer (then
// qmp_why tells), or not sensibly (then `why` does).
bool walk(struct walk *walk, const struct qmp_command *machine);

// Submits what is said there.
struct qmp_command *walk_ask(struct walk *walk, struct wire_command command);

// The text, number or truth of an answered property; "", `otherwise` and false if there is none.
const char *walk_text(struct walk *walk, const struct qmp_command *command);
int64_t walk_number(const struct qmp_command *command, int64_t otherwise);
bool walk_truth(const struct qmp_command *command);

#endif
