// SPDX-License-Identifier: MIT
// Bounded reads of sysfs and procfs, and writes to sysfs. The values may come from a device's
// descriptors and are untrusted. All results are owned by the arena.
#ifndef XENUSB_HOST_SYSFS_H
#define XENUSB_HOST_SYSFS_H

#include "base/text.h"

#define USB_DEVICES "/sys/bus/usb/devices"

enum {
    SYSFS_VALUE_MAX = 256,      // bytes read of an attribute; a USB string has at most 252
    SYSFS_NAMES_MAX = 1 << 16,  // names read of a directory
    PROC_TABLE_MAX = 64u << 20, // bytes read of a table in procfs: 300,000 mounts
};

// The first `limit` bytes of a file, NUL-terminated; TEXT_EMPTY with errno set if it cannot be
// read.
struct text sysfs_table(struct arena *arena, const char *path, size_t limit);

// The whole file; TEXT_EMPTY with errno set if it cannot be read, EFBIG if it has more than `limit`
// bytes.
struct text sysfs_whole(struct arena *arena, const char *path, size_t limit);

// The first `limit` bytes of a file in sysfs, which takes a single read(2), NUL-terminated;
// TEXT_EMPTY with errno set if it cannot be read.
struct text sysfs_file(struct arena *arena, const char *path, size_t limit);

// The first line of an attribute, at most SYSFS_VALUE_MAX bytes; "" if it cannot be read.
const char *sysfs_value(struct arena *arena, const char *directory, const char *name);

// A decimal number in an attribute; 0 if it is not a number or larger than `max`.
unsigned sysfs_number(struct arena *arena, const char *directory, const char *name, unsigned max);

// The last component of a symbolic link's target, such as a driver's name; NULL if there is no
// link.
const char *sysfs_link(struct arena *arena, const char *directory, const char *name);

// The whole target; NULL if there is no link, with errno set.
const char *sysfs_target(struct arena *arena, const char *directory, const char *name);

// The names in a directory, sorted, except those that begin with a dot. With an error, some or all
// may be missing.
struct name_list {
    const char *const *name;
    size_t count;
    int error; // why it is unreadable: an errno (EFBIG: more than SYSFS_NAMES_MAX); else 0
};
struct name_list sysfs_names(struct arena *arena, const char *directory);

// Writes a value to a file of sysfs in a single write(2): the kernel parses each write on its own,
// and its result is the result of the operation. On failure returns false with errno set.
bool sysfs_write(const char *path, const char *value);

// Whether directory/name is a directory, and not a link to one. If not, errno is 0, or why that
// could not be found out.
bool sysfs_is_directory(struct arena *arena, const char *directory, const char *name);

#endif
