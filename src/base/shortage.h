// SPDX-License-Identifier: MIT
// Whether this process or the machine ran out of descriptors or memory while something was looked
// at. What was not found then may well be there, so nothing may be concluded from that look.
#ifndef XENUSB_BASE_SHORTAGE_H
#define XENUSB_BASE_SHORTAGE_H

#include "diag.h"
#include "status.h"

#include <stddef.h>

// Notes that a call failed with this errno; only EMFILE, ENFILE and ENOMEM count. Keeps errno.
void shortage_note(int error);

// Why what was looked at so far may be incomplete; NULL if it is not. Not owned by the caller.
const char *shortage_why(void);

// STATUS_OK, or STATUS_FAILED after reporting that not everything could be looked at.
enum status shortage_check(struct diags *diags);

// STATUS_OK if this process can open `count` more descriptors; else STATUS_FAILED after reporting
// why not.
enum status shortage_reserve(struct diags *diags, size_t count);

#endif
