// SPDX-License-Identifier: MIT
// The files of what is parked (parked.h).
#ifndef XENUSB_WATCH_PARKED_FILE_H
#define XENUSB_WATCH_PARKED_FILE_H

#include "parked.h"
#include "uuid_file.h"

extern const struct uuid_files parked_files;

// The line by which the instance of the domain is recognised in which something is parked; owned by
// the arena. NULL if the host does not say which boot this is.
const char *parked_line(struct arena *arena, const struct domain *domain);

#endif
