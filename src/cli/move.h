// SPDX-License-Identifier: MIT
// A device on its way to another place: of its guest (move.c), or of another one (move_away.c).
#ifndef XENUSB_CLI_MOVE_H
#define XENUSB_CLI_MOVE_H

#include "job.h"

struct moving {
    const struct invocation *invocation;
    const char *domain;  // that has it; NULL with --qmp
    const char *spec;    // of the device
    const char *other;   // the domain that gets it; NULL: the same
    const char *place;   // in that domain; "": any
    struct job here;     // of `domain`
    struct job there;    // of `other`
    struct device *from; // the device where it is
};
#define cleanup_moving __attribute__((cleanup(move_close)))

void move_close(struct moving *moving);

// Finds the device in the topology of `here`. STATUS_REQUEST or STATUS_REFUSED after reporting that
// there is none, or that it cannot be moved.
enum status move_find(struct moving *moving);
// The config of the job, which named the device and its place, now asks for that device there.
// STATUS_REQUEST after reporting that it cannot be there.
enum status move_aim(const struct moving *moving, struct job *job);

// Whether there is a domain with that name or id. Statuses as from xen_domains().
enum status move_is_domain(const struct moving *moving, const char *word, bool *is_domain);
// Moves it to another domain. Both jobs are compiled.
enum status move_away(struct moving *moving);

#endif
