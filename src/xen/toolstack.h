// SPDX-License-Identifier: MIT
// What Xen's toolstack has installed on this host: libxl, xl, and the QEMU that libxl starts. Files
// are read; nothing is started.
#ifndef XENUSB_TOOLSTACK_H
#define XENUSB_TOOLSTACK_H

#include "base/text.h"
#include "base/verdict.h"

struct arena;

// Strings are owned by the arena or constant.
struct toolstack {
    const char *library;   // path of the newest libxl; NULL if there is none
    const char *libxl;     // its version: "4.17.0"; NULL
    const char *xl;        // path of the program; NULL
    const char *qemu;      // path of the QEMU that libxl starts for PVUSB; NULL
    bool qemu_of_libxl;    // that path is libxl's own; else one where builds of Xen install it
    enum verdict qemu_can; // whether it was built with the PVUSB backend
    const char *qemu_why;  // how that is known, for a person
};
// *toolstack must be zeroed.
void toolstack_find(struct arena *arena, struct toolstack *toolstack);

// The path in a library's bytes that ends in "qemu-system-i386"; NULL if there is none.
const char *toolstack_qemu_in(struct arena *arena, struct text library);
// Whether a QEMU's bytes hold the name under which it registers the PVUSB backend: "qusb", from
// hw/usb/xen-usb.c, which is compiled only with Xen and libusb.
bool toolstack_has_qusb(struct text binary);

#endif
