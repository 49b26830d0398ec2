// SPDX-License-Identifier: MIT
// The xenstore nodes of a PVUSB controller: the toolstack's record and both ends, node for node and
// in the order in which libxl writes them (libxl__device_generic_add in libxl_device.c,
// libxl__device_usbctrl_add_xenstore in libxl_usb.c; a trace of Xen 4.17). Pure.
#ifndef XENUSB_BACKENDS_PVUSB_NODES_H
#define XENUSB_BACKENDS_PVUSB_NODES_H

#include "plan/topology.h"

enum node_op {
    NODE_REMOVE, // with all below it
    NODE_MAKE,   // a directory with an owner, and one other domain that may read it
    NODE_WRITE,  // has the rights of the directory that it is in
};

struct node {
    enum node_op op;
    const char *path;
    const char *value; // NODE_WRITE
    unsigned owner;    // NODE_MAKE
    unsigned reader;
};

struct nodes {
    const struct node *at;
    size_t count;
};

// What makes a controller of that domain: its index, kind, version, ports and backend domain count.
struct nodes nodes_of_controller(struct arena *arena, int domain,
                                 const struct controller *controller);

// The directories of one: the backend's, the frontend's, libxl's record.
const char *nodes_backend(struct arena *arena, int domain, const struct controller *controller);
const char *nodes_frontend(struct arena *arena, int domain, const struct controller *controller);
const char *nodes_record(struct arena *arena, int domain, const struct controller *controller);

// The node of a port, which holds a bus id, or "" while it is free; below the backend's directory.
const char *nodes_port(struct arena *arena, int domain, const struct controller *controller,
                       unsigned port);

// Where libxl remembers the drivers that a device had before usbback: all of a device's, and the
// driver's path for one interface ("1-4:1.0"). Xenstore has no '.' and ':' there.
const char *nodes_drivers(struct arena *arena, const char *busid);
const char *nodes_driver(struct arena *arena, const char *busid, const char *interface);

#endif
