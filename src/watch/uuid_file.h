// SPDX-License-Identifier: MIT
// A config file that remembers something of a domain, in a directory of such files. It is named
// after the domain's UUID, which stays the same when the domain is rebooted, renamed, or saved and
// restored, also on another day of this host. All writing is done under the lock of the domain.
#ifndef XENUSB_WATCH_UUID_FILE_H
#define XENUSB_WATCH_UUID_FILE_H

#include "base/session.h"
#include "base/text.h"
#include "config/config.h"

#define UUID_FILE_PARENT "/var/lib/xenusb"
#define UUID_FILE_SUFFIX ".cfg"

struct host;
struct host_device;

// A kind of such files.
struct uuid_files {
    const char *directory; // in UUID_FILE_PARENT
    const char *what;      // what they remember, for messages: "kept"
};

// Whether it is a UUID as the hypervisor's are written; nothing else gets into a path.
bool uuid_file_is_uuid(const char *word, size_t size);

// The path of that domain's file, whether or not there is one; NULL if the domain has no UUID.
const char *uuid_file_path(struct arena *arena, const struct uuid_files *files,
                           const struct domain *domain);

// Compiles such a file, which may name controllers that only the domain has. NULL after
// complaining.
const struct config *uuid_file_read(struct arena *arena, struct diags *diags, const char *path);
const struct config *uuid_file_compile(struct arena *arena, struct diags *diags,
                                       const struct source *source);

// What is remembered at that path; *config is NULL if nothing is, also if the path is NULL.
// STATUS_FAILED after reporting that it cannot be read.
enum status uuid_file_find(struct arena *arena, struct diags *diags, const struct uuid_files *files,
                           const char *path, const struct config **config);

// The lines by which such a file is recognised: name=, uuid= and type=.
struct buffer;
void uuid_file_head(struct buffer *text, const struct domain *domain);

// Makes the directory if need be, and writes a new file to the disk. STATUS_OK; STATUS_REFUSED or
// STATUS_FAILED after reporting why.
enum status uuid_file_write(const struct session *session, const struct uuid_files *files,
                            const char *next, struct text text);
// Renames `next` to `path`, or removes `path` if `next` is NULL, so that it survives a crash of the
// host. Statuses as above.
enum status uuid_file_put(const struct session *session, const struct uuid_files *files,
                          const char *next, const char *path);
// Makes the file say that, in both steps; removes it if the text is empty. Statuses as above.
enum status uuid_file_replace(const struct session *session, const struct uuid_files *files,
                              const char *path, struct text text);
// Where a new file is until it is put in place; owned by the arena.
const char *uuid_file_next(struct arena *arena, const char *path);
// Reports errno.
enum status uuid_file_complain(const struct session *session, const struct uuid_files *files,
                               const char *path);

// Selects that device by what it is and not by its address, which is another one after each replug:
// by its ids, and its serial number, or its bus id if it has none or another device of `host`
// (NULL: not known) has the same.
void uuid_file_select(const struct host *host, const struct host_device *device,
                      struct selector *selector);

#endif
