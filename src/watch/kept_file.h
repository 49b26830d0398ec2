// SPDX-License-Identifier: MIT
// The files of what is kept (kept.h).
#ifndef XENUSB_WATCH_KEPT_FILE_H
#define XENUSB_WATCH_KEPT_FILE_H

#include "kept.h"
#include "uuid_file.h"

extern const struct uuid_files kept_files;

#endif
