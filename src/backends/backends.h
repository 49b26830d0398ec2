// SPDX-License-Identifier: MIT
// The kinds of backends.
#ifndef XENUSB_BACKENDS_BACKENDS_H
#define XENUSB_BACKENDS_BACKENDS_H

#include "plan/backend.h"

enum { BACKEND_KINDS = 2 };

// Every kind that can serve a controller, in the order in which they are tried; ends with NULL.
extern const struct backend_ops *const backends[BACKEND_KINDS + 1];

// For the dry run: always open, sees nothing, and reports every step as done.
extern const struct backend dry_backend;

#endif
