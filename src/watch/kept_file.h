// SPDX-License-Identifier: MIT
// The files of what is kept (kept.h): their names, and how one is replaced so that a crash leaves
// the old one or the new one.
#ifndef XENUSB_WATCH_KEPT_FILE_H
#define XENUSB_WATCH_KEPT_FILE_H

#include "kept.h"
#include "uuid_file.h"

extern const struct uuid_files kept_files;

// Where the new file is until it is put in place; owned by the session's arena.
const char *kept_next(const struct session *session, const struct kept_change *change);

// Writes the new file, and syncs it. The directory is made first; one that another user can write
// to is refused. STATUS_OK; STATUS_REFUSED or STATUS_FAILED after reporting why.
enum status kept_write_next(const struct session *session, const char *next, struct text text);

#endif
