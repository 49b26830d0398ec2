// SPDX-License-Identifier: MIT
// What can be asked about PVUSB on this host and in a domain and is not part of a topology. Starts
// and changes nothing.
#ifndef XENUSB_DOCTOR_FACTS_H
#define XENUSB_DOCTOR_FACTS_H

#include "plan/backend.h"
#include "watch/view.h"
#include "xen/probe.h"
#include "xen/toolstack.h"

struct host_facts {
    bool usbback; // /sys/bus/usb/drivers/usbback exists
    struct toolstack toolstack;
    bool xen_host; // whether or not xenstored answers
    enum xen_probe xenstored;
    const char *xenstored_path;
    double xenstored_seconds; // how long it had to answer
    struct watch_view watch;
};

// Fills *facts; waits for xenstored at most 5 s times the scale.
void facts_of_host(struct arena *arena, double timeout_scale, struct host_facts *facts);

struct domain_facts {
    enum verdict answers; // whether its QEMU does
    const char *why;      // why it did not, or its version and socket
    enum verdict offers;  // whether device-model/<domid>/backends/qusb exists
    const char *offered;  // that path
};

// Fills *facts for session->domain. Holds libxl's lock and a connection to the QEMU for a moment,
// so no world may be open for the domain. Reports no errors: failing to ask is an answer.
void facts_of_domain(const struct session *session, struct domain_facts *facts);

#endif
