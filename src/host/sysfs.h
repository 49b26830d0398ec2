// SPDX-License-Identifier: MIT
// Bounded reads of sysfs and procfs. What stands there came out of devices: a stranger's words.
#ifndef XENUSB_HOST_SYSFS_H
#define XENUSB_HOST_SYSFS_H

#include "base/text.h"

enum {
    SYSFS_VALUE_MAX = 256,     // bytes of an attribute that are read; a USB string has at most 252
    SYSFS_NAMES_MAX = 1024,    // names of a directory that are read
    PROC_TABLE_MAX = 4u << 20, // bytes of a table of procfs that are read
};

// The first `limit` bytes of a file; at is NULL if there is none to be read.
struct text sysfs_table(struct arena *arena, const char *path, size_t limit);

// An attribute without its line end, at most SYSFS_VALUE_MAX bytes; "" if it cannot be read.
const char *sysfs_value(struct arena *arena, const char *directory, const char *name);

// A decimal number in an attribute; 0 if there is none up to `max`.
unsigned sysfs_number(struct arena *arena, const char *directory, const char *name, unsigned max);

// The last part of what a symbolic link points to, as a driver's name is told; NULL without one.
const char *sysfs_link(struct arena *arena, const char *directory, const char *name);

// The names in a directory, sorted, without those that begin with a dot; an unreadable one has
// none.
struct name_list {
    const char *const *name;
    size_t count;
};
struct name_list sysfs_names(struct arena *arena, const char *directory);

// Whether it is a directory, and not a link to one.
bool sysfs_is_directory(struct arena *arena, const char *directory, const char *name);

#endif
