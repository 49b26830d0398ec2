// SPDX-License-Identifier: MIT
// Whether a part of the world (a domain's records, its QEMU, this host's processes) was read. What
// depends on a part that could not be read is unknown: never free, gone, or in order.
#ifndef XENUSB_BASE_PART_H
#define XENUSB_BASE_PART_H

#include <stdbool.h>
#include <stddef.h>

enum part_state { PART_NOT_NEEDED, PART_READ, PART_UNREADABLE };

struct part {
    enum part_state state; // zeroed: not needed
    const char *why;       // PART_UNREADABLE: a clause for messages, owned by the arena or
                           // constant, never NULL; otherwise NULL
};

static inline struct part part_read(void)
{
    return (struct part){ PART_READ, NULL };
}

static inline struct part part_unreadable(const char *why)
{
    return (struct part){ PART_UNREADABLE, why };
}

static inline bool part_is_unreadable(const struct part *part)
{
    return part->state == PART_UNREADABLE;
}

// Why something that depends on both parts is unknown; NULL if it is known.
static inline const char *part_unknown(const struct part *a, const struct part *b)
{
    return part_is_unreadable(a) ? a->why : part_is_unreadable(b) ? b->why : NULL;
}

#endif
