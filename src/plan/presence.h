// SPDX-License-Identifier: MIT
// The state of the host devices that a guest was given, by the same rules for each backend: from
// what the backend reports, what this host has now, and which nodes QEMU has open. What could not
// be found out makes the state unknown.
#ifndef XENUSB_PLAN_PRESENCE_H
#define XENUSB_PLAN_PRESENCE_H

#include "base/session.h"
#include "topology.h"

// What is known of a host device that a guest was given.
struct presence_facts {
    enum verdict plugged;    // this host has a device that it can be; unknown: not looked at
    enum verdict reported;   // its backend reports it as attached
    enum verdict opened;     // its backend has that device: QEMU its node, usbback its interfaces
    enum verdict configured; // the guest has configured it; unknown: not expected, or not visible
    bool waits;              // its backend takes a device that matches whenever one is plugged in
    bool authorized;         // of the device that is plugged in, as are the others
    bool fits;               // the port supports its speed
    bool held;               // another program or guest has it
};

// The state that follows from the facts. Pure. The last four count only if a device is plugged in.
enum device_state presence_of(const struct presence_facts *facts);

// Sets the state, reason, host, now and speed of all host devices of the topology that are not
// planned. To be called once their selectors and reports are complete, the record merged. If
// topology->nodes is NULL, reads what topology->qemu_process has open, once and only if a device
// needs that. Looks for the holders of devices that a guest should have and does not.
void presence_find(const struct session *session, struct topology *topology);

// Whether a host device that is gone may have been what the selector selects, as far as that is
// known: its serial number is not.
bool device_may_have_been(const struct selector *wanted, const struct device *gone);

#endif
