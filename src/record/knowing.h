// SPDX-License-Identifier: MIT
// What is behind known.h. Private to record/.
#ifndef XENUSB_RECORD_KNOWING_H
#define XENUSB_RECORD_KNOWING_H

#include "known.h"
#include "record.h"
#include "xen/xen.h"

// The strings of the claims are in the same memory, behind them.
struct known_domain {
    int id;
    char uuid[UUID_SIZE];
    struct record_claim *claims; // malloc'd
    size_t count;
};

// Sorted by id.
struct record_known {
    struct known_domain *domains;
    size_t count;
};

#endif
