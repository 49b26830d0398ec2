// SPDX-License-Identifier: MIT
// The xenstore nodes of a PVUSB controller: libxl's record and both ends, exactly as libxl writes
// them and in the same order (libxl__device_generic_add in libxl_device.c,
// libxl__device_usbctrl_add_xenstore in libxl_usb.c; checked against a trace of Xen 4.17). Pure
// functions; what they return is in the arena.
#ifndef XENUSB_BACKENDS_PVUSB_NODES_H
#define XENUSB_BACKENDS_PVUSB_NODES_H

#include "plan/topology.h"

// What to do with a node.
enum node_op {
    NODE_REMOVE, // with everything below it
    NODE_MAKE,   // a directory with an owner and one other domain that may read it
    NODE_WRITE,  // with the permissions of its directory
};

// One change; value, owner and reader are set only for the op named.

struct node {
    enum node_op op;
    const char *path;
    const char *value; // NODE_WRITE
    unsigned owner;    // NODE_MAKE: domain id
    unsigned reader;   // NODE_MAKE: domain id
};

// Changes in the order in which they must be made.
struct nodes {
    const struct node *at;
    size_t count;
};

// The changes that create a controller of that domain, from its index, kind, version, ports and
// backend domain.
struct nodes nodes_of_controller(struct arena *arena, int domain,
                                 const struct controller *controller);

// The controller's directories: the backend's, the frontend's, and libxl's record.
const char *nodes_backend(struct arena *arena, int domain, const struct controller *controller);
const char *nodes_frontend(struct arena *arena, int domain, const struct controller *controller);
const char *nodes_record(struct arena *arena, int domain, const struct controller *controller);

// The node of a port (from 1 on) in the backend's directory. It contains a busid, or "" if free.
const char *nodes_port(struct arena *arena, int domain, const struct controller *controller,
                       unsigned port);

// Where libxl saves the drivers that a device had before usbback: the directory of all devices,
// that of one, and the node with the driver's path for one interface ("1-4:1.0"). xenstore does not
// allow '.' and
// ':' in names, so libxl replaces them.
const char *nodes_all_drivers(void);
const char *nodes_drivers(struct arena *arena, const char *busid);
const char *nodes_driver(struct arena *arena, const char *busid, const char *interface);

#endif
