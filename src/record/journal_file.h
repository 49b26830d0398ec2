// SPDX-License-Identifier: MIT
// The journal of a command for a QEMU without Xen, in a file. Private to record/.
#ifndef XENUSB_RECORD_JOURNAL_FILE_H
#define XENUSB_RECORD_JOURNAL_FILE_H

#include "journal.h"

// Writes it: under another name first, so that it is never there in part. Statuses as from
// lock_domain(), after reporting an error.
enum status journal_file_write(const struct session *session, const struct journal *journal,
                               const struct text *nodes, size_t count);
// Reads it into *journal, which is JOURNAL_NONE: stays that if there is no file; JOURNAL_TORN for
// anything that is not a journal.
void journal_file_read(const struct session *session, struct journal *journal);
// Its path. Owned by the arena.
const char *journal_file_path(const struct session *session);
// Removes it. A file that does not exist is fine. Statuses as above.
enum status journal_file_remove(const struct session *session);

#endif
