// SPDX-License-Identifier: MIT
// The states in which the two ends of a paravirtual device stand, in words. What they mean: enum
// xenbus_state in xen/io/xenbus.h; which end does what when: xen/io/usbif.h.
#ifndef XENUSB_XENBUS_H
#define XENUSB_XENBUS_H

enum xenbus_state {
    XENBUS_UNKNOWN, // no node, or no number that is a state
    XENBUS_INITIALISING,
    XENBUS_INIT_WAIT, // the backend is ready and waits for the frontend
    XENBUS_INITIALISED,
    XENBUS_CONNECTED,
    XENBUS_CLOSING,
    XENBUS_CLOSED,
    XENBUS_RECONFIGURING,
    XENBUS_RECONFIGURED,
    XENBUS_STATES
};

// "initialising", "connected", ...; "unknown" for what is none.
const char *xenbus_state_name(enum xenbus_state state);

// What it means that a backend, or a frontend, does not get any further than that state.
const char *xenbus_backend_meaning(enum xenbus_state state);
const char *xenbus_frontend_meaning(enum xenbus_state state);

#endif
