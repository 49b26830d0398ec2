// SPDX-License-Identifier: MIT
// Labels: what is at the ports of a controller in libxl's record, so that a device that is gone can
// still be named. A PVUSB backend has only busids, and QEMU keeps the label of a device only if
// xenusb attached it. All labels of a controller are in one node, "/xenusb/<domid>/label/<key>",
// with a line for each port, in their order: port, busid, address, ids and name.
//
//     3 1-1.3 1.6 0781:5581 Ultra
//
// They are written in the transaction that writes the port, and when a command that changes
// something finds a device without one, which xl has attached. If xl detaches a device and attaches
// another with the same busid to the same port of PVUSB, and that one is gone before xenusb has
// seen it, its label is that of the former one. Private to record/.
#ifndef XENUSB_RECORD_LABEL_H
#define XENUSB_RECORD_LABEL_H

#include "recording.h"

struct label {
    unsigned port;
    char busid[BUSID_SIZE];
    uint8_t bus, address;
    uint16_t vendor, product;
    struct text shown; // "0781:5581 Ultra": untrusted
    struct text line;  // all of it
};

// Finds the line of a port in the value of such a node; false if it has no valid one.
bool label_find(struct text labels, unsigned port, struct label *label);
// The line of a host device.
const char *label_of(struct arena *arena, unsigned port, const struct host_device *host);
// The same labels with that line for the port, or without one (NULL).
struct text label_replace(struct arena *arena, struct text labels, unsigned port, const char *line);
// What the labels must be, by what was found at the ports of that controller: those of attached
// devices, and of others that are still recorded there. `recorded` NULL: it has no ports.
struct text label_correct(struct arena *arena, struct text labels,
                          const struct controller *controller,
                          const struct record_controller *recorded);

#endif
