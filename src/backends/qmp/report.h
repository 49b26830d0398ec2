// SPDX-License-Identifier: MIT
// Parses QEMU's report of its USB devices (x-query-usb): text for humans, and the only source of
// the ports that QEMU chose itself. Pure.
#ifndef XENUSB_BACKENDS_QMP_REPORT_H
#define XENUSB_BACKENDS_QMP_REPORT_H

#include "plan/topology.h"

// A line of the report.
struct report_line {
    struct report_line *next;
    unsigned bus; // QEMU's number of the USB bus, in order of creation
    struct port port;
    enum speed speed;
    struct text product;
    struct text id; // empty: none
    bool assigned;  // to a device
};

enum { REPORT_LINES_MAX = 4096 }; // further lines are ignored

// Returns the lines of the report in their order, in the arena; they point into `text`. Other lines
// are ignored: a product's name is untrusted and may contain line feeds, but QEMU truncates it to
// 31 bytes, and the part of a line before the product is longer than that. So a name cannot forge a
// whole line; it can only spoil its own.
struct report_line *report_read(struct arena *arena, struct text text);

// Sets the ports and speeds of the topology's devices from the report, if they are not known yet. A
// port is set only if the report allows no other interpretation; if a device stays without a port,
// its controller's has_unplaced is set. The devices of a controller must be in the order in which
// QEMU created them; afterwards they are sorted by port.
void report_place(struct arena *arena, struct report_line *lines, struct topology *topology);

#endif
