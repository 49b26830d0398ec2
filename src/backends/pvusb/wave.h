// SPDX-License-Identifier: MIT
// A wave: devices that are attached or released together, so that their nodes are written in one
// transaction and all of them are waited for at the same time. What fails for one device does not
// stop the others.
#ifndef XENUSB_BACKENDS_PVUSB_WAVE_H
#define XENUSB_BACKENDS_PVUSB_WAVE_H

#include "handle.h"
#include "host/bind.h"
#include "record/change.h"

// What became of one device of a wave so far.
struct attempt {
    struct step *step;
    bool given;    // its port has been written, so it must be released if the step fails
    bool touched;  // it was given before
    bool unsure;   // the connection to xenstored was lost when its last change was committed
    bool met;      // the condition of the last wave_wait() is true for it
    bool unproven; // it has lost the host's drivers, but QEMU did not answer whether it has it
    bool ignored;  // the guest has not configured it in time
    const struct host_interface *interfaces; // as they were before they were bound to usbback
    enum status status;                      // STATUS_OK until it fails
    const char *why;                         // why it failed
};

// `count` attempts, which other waves may share. Owned by the arena.
struct wave {
    struct pvusb_handle *handle;
    struct attempt **at;
    size_t count;
};

// The wave of these steps, each with a device. None has failed yet.
struct wave wave_of_steps(struct pvusb_handle *handle, struct step *const *steps, size_t count);
// The part of a wave for which the condition is true. It shares the attempts.
struct wave wave_part(const struct wave *wave, bool (*condition)(const struct attempt *attempt));
// Condition for wave_part(): it has not failed.
bool attempt_succeeds(const struct attempt *attempt);

// Marks one attempt as failed, or all that have not failed yet.
void wave_fail(struct attempt *attempt, enum status status, const char *why);
void wave_fail_all(const struct wave *wave, enum status status, const char *why);

// Runs the body in one transaction for all that have not failed (change_attempt_all()). What it
// refuses for one device fails only that one. If xenstore fails, nothing is changed and all of them
// fail, for a reason that begins with `what`, unless that is NULL; returns false.
bool wave_change(const struct wave *wave, change_body *body, const char *what);
// For such a body: the attempt that it runs for.
struct attempt *wave_attempt(const struct change *change);

// Waits until the condition is true for all that have not failed, and sets `met`. Ends after
// `seconds` (times session's timeout_scale), or if the user interrupts. `what` says what is waited
// for, and is followed by the device: "the guest to configure".
void wave_wait(const struct wave *wave, double seconds, const char *what,
               pvusb_condition *condition);

#endif
