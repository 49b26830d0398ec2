// SPDX-License-Identifier: MIT
// A search for how the host uses one interface of a USB device, and the kinds of use that it looks
// for. Private to busy.c and the files of those kinds.
#ifndef XENUSB_HOST_SEARCH_H
#define XENUSB_HOST_SEARCH_H

#include "busy.h"
#include "sysfs.h"

struct search {
    struct arena *arena;
    struct host_tables *tables;
    const char *fix; // set with the reason that was found
    bool passes;     // also set with it
    struct host_use use;
};

enum { STACK_DEPTH_MAX = 6 }; // a file system on LVM on md on a partition: 4

// Each looks at what the interface has in a directory of that name, and returns why that is in use,
// or NULL: "block",
const char *busy_disks(struct search *search, const char *directory);
// "scsi_generic" and "scsi_tape": other nodes of disks, and tapes,
const char *busy_scsi(struct search *search, const char *directory);
// "net",
const char *busy_networks(struct search *search, const char *directory);
// "sound".
const char *busy_sound(struct search *search, const char *directory);

// Records that something could not be read, unless that was recorded before.
void search_note(struct search *search, const struct part *part);
// Records that a path cannot be read, unless that is because it is not there (any more).
void search_note_error(struct search *search, const char *path, int error);
// These record it too.
struct name_list search_names(struct search *search, const char *directory);
// The first line of an attribute; "" if there is none.
const char *search_value(struct search *search, const char *directory, const char *name);
bool search_is_directory(struct search *search, const char *directory, const char *name);

#endif
