// SPDX-License-Identifier: MIT
#include "xenbus.h"

static const struct {
    const char *name;
    const char *backend;
    const char *frontend;
} rows[XENBUS_STATES] = {
    [XENBUS_UNKNOWN] = { "unknown", "its nodes are gone, or hold no state",
                         "the guest took its nodes away, or wrote no state" },
    [XENBUS_INITIALISING] = { "initialising",
                              "nobody has taken it up: its driver or its QEMU is not there, or "
                              "died",
                              "the guest has no driver for it (xen-hcd), or has not started yet" },
    [XENBUS_INIT_WAIT] = { "ready and waiting", "it waits for the guest's frontend",
                           "the guest waits, as only backends do" },
    [XENBUS_INITIALISED] = { "initialised", "it has not connected to the guest's rings",
                             "it waits for the backend to connect" },
    [XENBUS_CONNECTED] = { "connected", "it works", "it works" },
    [XENBUS_CLOSING] = { "closing", "it waits for the guest's frontend to let go",
                         "the guest still uses it" },
    [XENBUS_CLOSED] = { "closed", "it has let go", "the guest has let go of it" },
    [XENBUS_RECONFIGURING] = { "reconfiguring", "PVUSB knows no such state",
                               "PVUSB knows no such state" },
    [XENBUS_RECONFIGURED] = { "reconfigured", "PVUSB knows no such state",
                              "PVUSB knows no such state" },
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
