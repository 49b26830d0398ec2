// SPDX-License-Identifier: MIT
//
// Shared by the two halves of fakexen.so: the table of domains, and the files in $FAKEXEN_DIR that
// represent memory and event channels. guestxs acts as the guest on the same files.

#ifndef FAKEXEN_H
#define FAKEXEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// Event channel ports as the xenstore daemon reads them from $FAKEXEN_DIR/evt: 32-bit numbers.
// The first means "rescan the domains" (VIRQ_DOM_EXC); domain N's is FAKEXEN_PORT_BASE + N.
#define FAKEXEN_PORT_VIRQ 1u
#define FAKEXEN_PORT_BASE 100u

// A page of guest memory, in bytes.
#define FAKEXEN_PAGE 4096u

// Long enough for any path below $FAKEXEN_DIR.
#define FAKEXEN_PATH 512

// Write "$FAKEXEN_DIR/NAME", or "$FAKEXEN_DIR/NAME-DOMID" with a domid >= 0, to path.
static inline const char *fakexen_path(char path[FAKEXEN_PATH], const char *name, long domid)
{
    const char *dir = getenv("FAKEXEN_DIR");

    if (!dir)
        dir = "/nonexistent";
    if (domid < 0)
        snprintf(path, FAKEXEN_PATH, "%s/%s", dir, name);
    else
        snprintf(path, FAKEXEN_PATH, "%s/%s-%ld", dir, name, domid);
    return path;
}

// True if $FAKEXEN_DIR/domains has a domain with this id (fakexen.c).
bool fakexen_domain_exists(uint32_t domid);

#endif
