// SPDX-License-Identifier: MIT
// A xenstored with few nodes, to have any one of its requests fail: a process that speaks its
// protocol. XENSTORED_PATH names its socket.
#ifndef XENUSB_TESTS_UNIT_FAKE_STORE_H
#define XENUSB_TESTS_UNIT_FAKE_STORE_H

#include <stdbool.h>

// Start it, with no nodes, and stop it; false if that fails. For the setup and teardown of a group.
bool fake_store_start(void);
void fake_store_stop(void);

// Removes all nodes, and lets all requests succeed. No connection may be open.
void fake_store_clear(void);
// Write and read a node from outside; reading returns NULL if there is none.
void fake_store_set(const char *path, const char *value);
const char *fake_store_get(const char *path);
// Removes a node with its children.
void fake_store_unset(const char *path);
// All nodes below a path, sorted, a line for each: "/a/b = value". To be freed.
char *fake_store_dump(const char *below);

// What happens to a request that fails, instead of an answer with an error.
#define FAKE_LOST    "lost"    // the connection is closed, and nothing was done
#define FAKE_UNHEARD "unheard" // the same, but it was done
#define FAKE_SILENT  "silent"  // there never is an answer on this connection

// From now on the request of that number, counted from 1, fails once with that error ("EIO"). 0:
// none does.
void fake_store_fail(unsigned number, const char *error);
// From then on all requests fail.
void fake_store_fail_from(unsigned number, const char *error);
// How many requests there have been since then.
unsigned fake_store_requests(void);
// A node that another writer writes just before the request of that number.
void fake_store_race(unsigned number, const char *path, const char *value);
// Once a node is written with that value, another one gets its own, as a backend would write it.
void fake_store_react(const char *path, const char *value, const char *other, const char *answer);

#endif
