// SPDX-License-Identifier: MIT
// What can be looked up about PVUSB on this host and in a domain: `doctor`'s questions, as far as
// the look at a domain (topology.h) does not answer them. Nothing is started and nothing changed.
#ifndef XENUSB_FACTS_H
#define XENUSB_FACTS_H

#include "plan/backend.h"
#include "xen/probe.h"
#include "xen/toolstack.h"

struct host_facts {
    bool usbback; // /sys/bus/usb/drivers/usbback
    struct toolstack toolstack;
    enum xen_probe xenstored;
    const char *xenstored_path;
};
void facts_of_host(struct arena *arena, double timeout_scale, struct host_facts *facts);

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

#endif
