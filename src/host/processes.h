// SPDX-License-Identifier: MIT
// What the processes of this host do with its devices: what is mounted where only they see it, and
// which nodes in /dev they have open.
#ifndef XENUSB_HOST_PROCESSES_H
#define XENUSB_HOST_PROCESSES_H

#include "base/part.h"
#include "base/text.h"

struct arena;

// The mounts that a process sees and xenusb does not: it is in another mount namespace, or has
// another root directory.
struct process_mounts {
    const struct process_mounts *next;
    struct text table; // those lines of /proc/PID/mountinfo that may be of a block device
    unsigned pid;
};

enum node_kind { NODE_BLOCK, NODE_CHARACTER };

// A device node that a process has open.
struct process_node {
    const struct process_node *next;
    enum node_kind kind;
    unsigned major, minor;
    unsigned pid;
};

// Owned by the arena. Each namespace (with each root directory) and each open node is there once,
// with one of its processes.
struct processes {
    const struct process_mounts *mounts;
    const struct process_node *nodes; // but none of a terminal, or of memory (/dev/null)
};

// Looks at all processes. Returns whether all could be looked at.
struct part processes_read(struct arena *arena, struct processes *processes);

// The process that has the device with that number ("8:17") open; NULL if none has.
const struct process_node *processes_find_node(const struct processes *processes,
                                               enum node_kind kind, const char *number);

// A process for messages: "podman (pid 811)"; safe to print, owned by the arena.
const char *processes_show(struct arena *arena, unsigned pid);

#endif
