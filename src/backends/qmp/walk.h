// SPDX-License-Identifier: MIT
// Walks through QEMU's objects, from the PCI root buses to every USB controller and every device on
// it, whatever their names and whoever created them. All objects of one depth are queried together,
// so the number of round trips depends on how deeply bridges are nested, not on the number of
// devices.
#ifndef XENUSB_BACKENDS_QMP_WALK_H
#define XENUSB_BACKENDS_QMP_WALK_H

#include "qemu/qmp_client.h"
#include "wire.h"

enum {
    WALK_OBJECTS_MAX = 4096, // on all buses together; far more than any real QEMU has
    WALK_BRIDGES_MAX = 16,   // depth of nesting
};

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
    const char *type;
    struct qmp_command *path;
    struct qmp_command *list;
    struct qmp_command *address;
};

// The properties to query from a device on a USB bus: the first two from all, the others from host
// devices.
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

// A device on a USB bus.
struct walk_device {
    struct walk_device *next;
    const char *type;
    struct qmp_command *path;
    struct qmp_command *properties[WALK_PROPERTIES]; // NULL: not queried
};

// A USB controller, or (if bus is NULL) a companion that serves ports of another one.
struct walk_controller {
    struct walk_controller *next;
    const char *type;
    const char *path;
    struct walk_bus *pci;
    const char *bus; // the name of its USB bus
    struct qmp_command *list;
    struct qmp_command *ports_usb2; // NULL: no such property; also the others
    struct qmp_command *ports_usb3;
    struct qmp_command *ports;
    struct qmp_command *master;
    struct qmp_command *first_port;
    struct walk_device *devices; // in order of creation
    struct walk_device **last_device;
};

// Set arena and client; everything else starts as zero.
struct walk {
    struct arena *arena;
    struct qmp_client *client;
    struct walk_bus *buses;
    struct walk_controller *controllers;
    unsigned objects;
    const char *why; // what is wrong with the answers: "QEMU at SOCKET <why>"
    // Private to walk.c: the ends of the lists, and the parts that are not queried yet.
    struct walk_bus **last_bus, **new_buses;
    struct walk_controller **last_controller, **new_controllers;
    struct walk_function *new_functions, **last_function;
};

// Fills in `walk`, starting from the answer to qom-list of /machine. False if QEMU did not answer
// (see qmp_why()), or if its answers are not plausible (see walk->why).
bool walk(struct walk *walk, const struct qmp_command *machine);

// Submits the command.
struct qmp_command *walk_ask(struct walk *walk, struct wire_command command);

// The string (in the arena), number or boolean in an answer; "", `otherwise` or false if there is
// none.
const char *walk_text(struct walk *walk, const struct qmp_command *command);
int64_t walk_number(const struct qmp_command *command, int64_t otherwise);
bool walk_bool(const struct qmp_command *command);

#endif
