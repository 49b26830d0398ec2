// SPDX-License-Identifier: MIT
// QEMU's report of its USB devices (x-query-usb): text for people, and the only place that tells a
// port which QEMU chose itself. Pure.
#ifndef XENUSB_BACKENDS_QMP_REPORT_H
#define XENUSB_BACKENDS_QMP_REPORT_H

#include "plan/topology.h"

// A line of the report.
struct report_line {
    struct report_line *next;
    unsigned bus; // QEMU's number of the USB bus, in the order in which buses were made
    struct port port;
    enum speed speed;
    struct text product;
    struct text id; // empty: none
    bool settled;   // it is known which device it tells of
};

enum { REPORT_LINES_MAX = 4096 }; // more are let pass

// The lines of the report in their order. What is no such line is let pass: a product's name is a
// stranger's string and may hold line feeds, but QEMU cuts it to 31 bytes, and what stands before
// the product in a line is longer than that. So no name can make a whole line of its own; it can
// only spoil the line that it stands in.
struct report_line *report_read(struct arena *arena, struct text text);

// Gives devices of the topology the ports and speeds that the report tells, where QEMU has told no
// port elsewhere. A port is given only where no other reading of the report is possible; a
// controller where some device stays without one has has_unplaced set. Devices of a controller must
// stand in the order in which QEMU made them.
void report_place(struct arena *arena, struct report_line *lines, struct topology *topology);

#endif
