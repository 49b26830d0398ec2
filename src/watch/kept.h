// SPDX-License-Identifier: MIT
// What was attached with --keep: a config file for each domain, which the watcher reads as it reads
// any other, after those that a person wrote. It is named after the domain's UUID, so that it lasts
// as long as the domain and over its reboots, in which the UUID stays the same. One whose domain
// does not run asks for nothing. All writing is done under the lock of the domain.
#ifndef XENUSB_WATCH_KEPT_H
#define XENUSB_WATCH_KEPT_H

#include "base/session.h"
#include "base/text.h"
#include "config/config.h"

struct device;
struct plan;
struct topology;

// The directory of these files.
extern const char kept_directory[];

// Makes it, so that the watcher can listen there. If that fails, there is nothing to hear either.
void kept_make_directory(void);

// Whether there is any such file.
bool kept_any(void);

// The UUID in the path of such a file, at which a domain is recognised; NULL if it has none.
const char *kept_uuid(const char *path);

// Compiles such a file, which may name controllers that only the domain has. NULL after
// complaining.
const struct config *kept_read(struct arena *arena, struct diags *diags, const char *path);

// A change of what is kept of the session's domain. Zeroed: none. Lives in the session's arena.
struct kept_change {
    const char *path;
    const char *next;   // the new file, until it is put in place; NULL: there will be none
    struct text before; // what the file has had; empty: there was none
    const char **items; // what was added or dropped, as a user can type it
    size_t count;
    const struct config_text *controllers; // of what stays kept, or is kept elsewhere: the
    size_t controller_count;               // controllers that it names
    bool done;
};

// Prepares to keep the devices of a config that was read from a command line, those aside that are
// kept already. A device that was selected by its address, which is another one after each replug,
// is kept by what it is. Writes the new file beside the old one, so that what can fail has failed
// before anything is changed. STATUS_OK; STATUS_REFUSED or STATUS_FAILED after reporting why.
enum status kept_prepare_add(const struct session *session, const struct config *config,
                             struct kept_change *change);

// What is no longer kept.
struct kept_removal {
    const struct config *config; // what was asked for
    const struct plan *plan;     // what is removed for that
    bool all;                    // everything
};
// Prepares to drop what may mean a device that is removed; and, of what was asked for and is not
// attached, what selects the same device. A domain without such a file is no error. Statuses as
// above.
enum status kept_prepare_drop(const struct session *session, const struct kept_removal *removal,
                              struct kept_change *change);

// Prepares to give what means a device that is moved within its domain the new place, if it names
// one. Statuses as above.
enum status kept_prepare_move(const struct session *session, const struct device *from,
                              const struct device *to, struct kept_change *change);

// Has the plan keep the controllers of the topology that what stays kept names, even if they were
// made as needed: it is to return there once it is plugged in.
void kept_reserve(const struct kept_change *change, const struct topology *topology,
                  struct plan *plan);

// Puts the change into effect, at once and so that it survives a crash of the host. Statuses as
// above.
enum status kept_commit(const struct session *session, struct kept_change *change);
// Undoes it if it is in effect; else removes what was prepared. Statuses as above.
enum status kept_cancel(const struct session *session, struct kept_change *change);

#endif
