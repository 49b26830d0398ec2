// SPDX-License-Identifier: MIT
// The Xen toolstack on this host: libxl, xl, and the QEMU that libxl starts. Only reads files;
// starts no program.
#ifndef XENUSB_XEN_TOOLSTACK_H
#define XENUSB_XEN_TOOLSTACK_H

#include "base/text.h"
#include "base/verdict.h"

struct arena;

// What is installed. Strings are owned by the arena or constant.
struct toolstack {
    const char *library; // path of the newest libxl; NULL if there is none
    const char *libxl;   // its version: "4.17.0"; NULL if there is none
    const char *xl;      // path of the program; NULL if there is none
    const char *qemu;    // path of the QEMU that libxl starts for PVUSB; NULL if there is none
    bool qemu_of_libxl;  // the path was found in libxl; false if it is a usual one of Xen
    enum verdict qemu_has_pvusb; // whether that QEMU was built with the PVUSB backend
    const char *qemu_why;        // how that is known, for messages
};
// Fills *toolstack, which must be zeroed. Never fails: what is not found stays NULL.
void toolstack_find(struct arena *arena, struct toolstack *toolstack);

// The process of an xl that is attaching or detaching USB devices or destroying a domain, so that
// the drivers of a device may be its unfinished work; 0 if there is none. xl takes no lock for it.
unsigned toolstack_at_work(void);

// The first path in a library's bytes that ends in "qemu-system-i386", copied to the arena; NULL if
// there is none.
const char *toolstack_qemu_in(struct arena *arena, struct text library);
// Whether a QEMU's bytes contain "qusb", the name under which hw/usb/xen-usb.c registers the PVUSB
// backend. That file is only compiled with Xen and libusb.
bool toolstack_has_qusb(struct text binary);

#endif
