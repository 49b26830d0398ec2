// SPDX-License-Identifier: MIT
// Finds QEMU's USB controllers and the devices on them, whatever their names and whoever created
// them. Three lists contain every object with its type; questions about single objects are only for
// what neither their types, nor the record, nor the nodes that QEMU's process has open determine.
// Private to the backend.
#ifndef XENUSB_BACKENDS_QMP_WALK_USB_H
#define XENUSB_BACKENDS_QMP_WALK_USB_H

#include "base/session.h"
#include "host/holders.h"
#include "plan/topology.h"
#include "usb/port.h"
#include "walk.h"

// The properties of devices that may be queried, all but the first only from host devices.
enum walk_property {
    WALK_PORT,
    WALK_HOSTADDR,
    WALK_ATTACHED,
    WALK_HOSTBUS,
    WALK_HOSTPORT,
    WALK_HOSTDEVICE,
    WALK_VENDORID,
    WALK_PRODUCTID,
    WALK_SERIAL,
    WALK_PROPERTIES
};

// A USB controller, or (if bus is NULL) a companion that serves ports of another one.
struct walk_controller {
    struct walk_controller *next;
    const char *type;
    const struct controller_model *model; // NULL: not supported
    const char *path;
    const char *id;                      // "" if it has none
    const char *bus;                     // the name of its USB bus
    bool recorded;                       // by libxl, which makes no companions
    unsigned recorded_ports;             // xHCI: 0 if not recorded
    struct qmp_command *list, *children; // the properties of its object, and of its bus
    struct qmp_command *ports_usb2, *ports_usb3, *ports; // NULL: not queried; also the others
    struct qmp_command *master, *first_port;
};

// A device on a USB bus.
struct walk_device {
    struct walk_device *next;
    const char *type;
    const char *path;
    const char *id;                     // "" if it has none
    struct walk_controller *controller; // NULL: it is on a bus that is not QEMU's own, or removed
    struct port port;                   // depth 0: QEMU chose it
    bool has_port;                      // known without a query; also if QEMU chose it
    const struct host_device *given;    // the device at the bus and address that QEMU was given;
                                        // NULL: the properties select it
    bool open;                          // QEMU's process has the node of `given` open
    struct qmp_command *parent;
    struct qmp_command *properties[WALK_PROPERTIES]; // NULL: not queried
};

// An object whose children are looked through.
struct walk_place {
    const char *path;
    struct qmp_command *list;
};
enum { WALK_PLACES_MAX = 8 };

// Set walk and session, whose record and host are used if they were read; everything else starts as
// zero.
struct walk_usb {
    struct walk *walk;
    const struct session *session;
    struct walk_controller *controllers, **last_controller;
    struct walk_device *devices, **last_device; // those without an id in order of creation
    size_t controller_count, device_count;
    struct host_nodes *nodes;   // what QEMU's process has open; NULL: not read
    struct qmp_command *ids;    // the properties of the object above those with an id
    struct qmp_command *report; // of x-query-usb; NULL: not needed
    struct qmp_command *images; // of query-block; NULL: not needed
    // Private to walk_usb.c:
    struct walk_place places[WALK_PLACES_MAX];
    size_t place_count;
    struct qmp_command *types;
    bool has_ehci, counts;
};

// Sends the first questions, and the commands that the caller has submitted before, and does not
// wait. Record and host need not be read yet.
void walk_usb_begin(struct walk_usb *usb);
// Fills in `usb`, after walk_usb_begin(). False if QEMU did not answer (see qmp_why()), or if its
// answers are not plausible (see walk->why).
bool walk_usb(struct walk_usb *usb);

// placed.c: adds a controller; asks for a device's bus, unless it is known.
struct walk_controller *walk_usb_add_controller(struct walk_usb *usb, const char *path,
                                                struct text type, const char *id);
void walk_usb_ask_parent(const struct walk_usb *usb, struct walk_device *device);
// Places the devices of the types of which one bus has all, and asks the others for their
// bus.
void walk_usb_place_by_count(const struct walk_usb *usb);
// Places the devices that were asked, and adds the controllers that were not known by their names,
// but not PVUSB controllers. False if QEMU did not answer.
bool walk_usb_place_by_parent(struct walk_usb *usb);

// started.c: sets whether QEMU was started with each of the controllers and devices of `own`; why
// that is not known, in the domain's topology. Without Xen it does not matter, and nothing is set.
// False if QEMU did not answer.
bool walk_usb_find_start(const struct walk_usb *usb, struct topology *own,
                         struct topology *topology);

// details.c: sets with what options QEMU has the devices of `own`. False if QEMU did not answer.
bool walk_usb_find_details(const struct walk_usb *usb, struct topology *own);

// recall.c: sets what the record contains about the controllers and devices found. libxl's records
// are used for all host devices or, if they do not explain each that libxl could have attached, for
// none.
void walk_usb_recall(struct walk_usb *usb);

// nodes.c: finds out which devices' nodes QEMU's process has open, and sets `open` for the devices
// whose host device is known.
void walk_usb_read_nodes(struct walk_usb *usb);
// Sets `given` and `open` of the other host devices from the answers for WALK_HOSTADDR, if each of
// them has exactly one of the nodes open. Returns false if not; then it sets none.
bool walk_usb_match_nodes(struct walk_usb *usb);

#endif
