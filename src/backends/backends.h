// SPDX-License-Identifier: MIT
// The table of backends.
#ifndef XENUSB_BACKENDS_H
#define XENUSB_BACKENDS_H

#include "plan/backend.h"

// All that can serve a controller, in the order in which they are asked; ends with NULL.
extern const struct backend *const backends[];

// The dry run: suits everything, sees nothing, and says of every step that it is done.
extern const struct backend dry_backend;

#endif
