// SPDX-License-Identifier: MIT
// Walks through QEMU's object model (QOM): questions about objects, and what the answers contain.
// The questions of one depth are submitted together and awaited once, so the number of round trips
// does not depend on how many devices there are. Private to the backend.
#ifndef XENUSB_BACKENDS_QMP_WALK_H
#define XENUSB_BACKENDS_QMP_WALK_H

#include "qemu/qmp_client.h"
#include "wire.h"

enum { WALK_OBJECTS_MAX = 4096 }; // that a walk looks at; far more than any real QEMU has

// Starts with walk_with().
struct walk {
    struct arena *arena;
    struct qmp_client *client;
    unsigned objects; // looked at so far
    const char *why;  // what is wrong with the answers: "QEMU at SOCKET <why>"
    // Private to walk.c:
    bool at_once;                         // one command reads the properties of many objects
    struct walk_read *reads, **last_read; // that are not sent yet
};

// Whether QEMU says that it is of that version or a later one.
bool walk_since(const struct qmp_client *client, uint64_t since_major, uint64_t since_minor);

// A walk of the QEMU at the other end of that connection.
struct walk walk_with(struct arena *arena, struct qmp_client *client);

// Submit a command: for the names of an object's properties; for the value of one of them; for the
// types that implement another one. A QEMU that has qom-list-get (10.1 and later) is sent one
// command for all values.
struct qmp_command *walk_list(const struct walk *walk, const char *path);
struct qmp_command *walk_get(struct walk *walk, const char *path, const char *property);
struct qmp_command *walk_types(const struct walk *walk, const char *implemented);
// For the properties of a driver, with their defaults.
struct qmp_command *walk_properties(const struct walk *walk, const char *driver);

// Does what qmp_await() does, for these and all other commands.
bool walk_await(struct walk *walk);

// Counts objects that are about to be looked at. False, with walk->why set, if they are too many.
bool walk_count(struct walk *walk, size_t objects);

// The string (in the arena), number or boolean in an answer; "", `otherwise` or false if there is
// none. A command that is NULL has none.
const char *walk_text(const struct walk *walk, const struct qmp_command *command);
int64_t walk_number(const struct qmp_command *command, int64_t otherwise);
bool walk_bool(const struct qmp_command *command);

// The first element of an answer to walk_list() (a property) or walk_types() (a type); its name;
// the TYPE of a property whose type is "KIND<TYPE>", `kind` being "child" or "link", empty for any
// other; whether an element has that name.
const struct json *walk_first(const struct qmp_command *list);
struct text walk_name(const struct json *property);
struct text walk_type_within(const struct json *property, const char *kind);
bool walk_has(const struct qmp_command *list, struct text name);

// Such a text in the arena.
const char *walk_copy(const struct walk *walk, struct text text);

// The number in "PREFIX[N]"; false if the name is different.
bool walk_numbered(struct text name, const char *prefix, uint64_t *number);

#endif
