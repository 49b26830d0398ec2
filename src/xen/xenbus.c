// SPDX-License-Identifier: MIT
#include "xenbus.h"

static const struct {
    const char *name;
    const char *backend;
    const char *frontend;
} rows[XENBUS_STATES] = {
    [XENBUS_UNKNOWN] = { "unknown", "its nodes are gone or contain no state",
                         "the guest removed its nodes or wrote no state" },
    [XENBUS_INITIALISING] = { "initialising",
                              "no backend serves it: its driver or its QEMU is not running",
                              "the guest has no driver for it (xen-hcd), or has not booted yet" },
    [XENBUS_INIT_WAIT] = { "ready and waiting", "it waits for the guest's frontend",
                           "only backends use this state" },
    [XENBUS_INITIALISED] = { "initialised", "it has not connected to the guest's rings yet",
                             "it waits for the backend to connect" },
    [XENBUS_CONNECTED] = { "connected", "it works", "it works" },
    [XENBUS_CLOSING] = { "closing", "it waits for the guest's frontend to close",
                         "the guest still uses it" },
    [XENBUS_CLOSED] = { "closed", "it is closed", "the guest has closed it" },
    [XENBUS_RECONFIGURING] = { "reconfiguring", "PVUSB does not use this state",
                               "PVUSB does not use this state" },
    [XENBUS_RECONFIGURED] = { "reconfigured", "PVUSB does not use this state",
                              "PVUSB does not use this state" },
};

static unsigned row_of(enum xenbus_state state)
{
    return (unsigned)state < XENBUS_STATES ? (unsigned)state : XENBUS_UNKNOWN;
}

const char *xenbus_state_name(enum xenbus_state state)
{
    return rows[row_of(state)].name;
}

const char *xenbus_backend_meaning(enum xenbus_state state)
{
    return rows[row_of(state)].backend;
}

const char *xenbus_frontend_meaning(enum xenbus_state state)
{
    return rows[row_of(state)].frontend;
}
