// SPDX-License-Identifier: MIT
// The states of a frontend or backend. The states are defined in xen/io/xenbus.h, the PVUSB
// protocol in xen/io/usbif.h.
#ifndef XENUSB_XEN_XENBUS_H
#define XENUSB_XEN_XENBUS_H

// The numbers are those of xen/io/xenbus.h.
enum xenbus_state {
    XENBUS_UNKNOWN, // no node, or not a state
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

// "initialising", "connected", ...; "unknown" for anything else. Constant.
const char *xenbus_state_name(enum xenbus_state state);

// Why a backend, or a frontend, stays in that state: a clause for messages. Constant.
const char *xenbus_backend_meaning(enum xenbus_state state);
const char *xenbus_frontend_meaning(enum xenbus_state state);

#endif
