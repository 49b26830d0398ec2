// SPDX-License-Identifier: MIT
// The rows of "list".
#ifndef XENUSB_CLI_LIST_ROWS_H
#define XENUSB_CLI_LIST_ROWS_H

#include "base/buffer.h"
#include "plan/restorable.h"
#include "table.h"
#include "watch/view.h"

struct invocation;

// What the verb is asked for, and where its rows go.
struct listing {
    const struct invocation *invocation;
    struct arena *arena;
    struct table *table;
    struct watch_view watch;  // not looked at with --qmp
    struct restorable saving; // of the domain that is listed; not with --qmp
    struct buffer lines;      // what is printed below the table
};

// A table for them, without rows. Owned by the arena.
struct table *list_table(struct arena *arena);

// Adds a row for each device of the domain, for each controller without one, and for each device
// that is to be kept and is not there.
void list_add_rows(const struct listing *listing, const struct topology *topology);

// Adds the row of a domain that could not be read; name NULL, domain -1: of all of them.
void list_add_unknown(const struct listing *listing, const char *name, int domain, const char *why);

#endif
