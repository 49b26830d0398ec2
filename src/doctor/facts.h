// SPDX-License-Identifier: MIT
// What can be looked up about PVUSB on this host and in a domain: `doctor`'s questions, as far as
// the look at a domain (topology.h) does not answer them. Nothing is started and nothing changed.
#ifndef XENUSB_FACTS_H
#define XENUSB_FACTS_H

#include "plan/backend.h"
#include "xen/probe.h"

// An answer to a question.
enum verdict { VERDICT_NO, VERDICT_YES, VERDICT_UNKNOWN };

struct host_facts {
    bool usbback;          // /sys/bus/usb/drivers/usbback
    const char *library;   // libxl's, the newest here; NULL
    const char *libxl;     // its version: "4.17.0"; NULL
    const char *xl;        // the path of the program; NULL
    const char *qemu;      // the one that libxl starts for PVUSB; NULL
    bool qemu_of_libxl;    // its path stands in libxl's library; else it is where builds put it
    enum verdict qemu_can; // whether it was built with the PVUSB backend
    const char *qemu_why;
    enum xen_probe xenstored;
    const char *xenstored_path;
};
void facts_of_host(struct arena *arena, double patience, struct host_facts *facts);
// Only what concerns libxl and its QEMU.
void facts_of_qemu(struct arena *arena, struct host_facts *facts);

struct domain_facts {
    enum verdict answers; // its QEMU does
    const char *version;  // of it; ""
    const char *why;      // why it does not, or where it was asked
    enum verdict offers;  // device-model/<domid>/backends/qusb
    const char *offered;  // that path
};
// Connects to the QEMU for a moment, in libxl's turn: call it while the domain is not looked at.
// `diags` are not used: what cannot be asked is a fact of its own.
void facts_of_domain(const struct session *session, struct domain_facts *facts);

// Whether the QEMU that libxl, or xenusb, started for the domain is known to have ended: the
// process that image/device-model-pid names is not there. False where no process is named, or it
// cannot be told.
bool facts_qemu_ended(const struct session *session);

// The pure parts. The path in a library's bytes that ends in "qemu-system-i386", NULL without one.
const char *facts_qemu_in(struct arena *arena, struct text library);
// Whether a QEMU's bytes hold the word by which it registers the PVUSB backend: "qusb", from
// hw/usb/xen-usb.c, which is compiled only with Xen and libusb.
bool facts_has_qusb(struct text binary);

#endif
