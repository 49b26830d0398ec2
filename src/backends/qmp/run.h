// SPDX-License-Identifier: MIT
// Carrying out steps on a QEMU. Private to the backend.
#ifndef XENUSB_BACKENDS_QMP_RUN_H
#define XENUSB_BACKENDS_QMP_RUN_H

#include "handle.h"
#include "wire.h"

// An object that is to go, and what became of it.
struct qmp_removal {
    const char *id;                     // "" if it has none
    const char *path;                   // its QOM path
    bool by_guest;                      // a PCI device: it goes when the guest lets go of it
    bool gone;                          // if set from the start, only what stood behind it is to go
    struct wire_command delete_backing; // takes away what stood behind it; name NULL: nothing
    enum step_state state;              // STEP_DONE, STEP_FAILED (it is still there), STEP_LEFT
    bool timed_out;                     // QEMU or the guest did not answer in time
    const char *words;                  // why it is not done
    double seconds;
    struct qmp_command *command; // private to remove.c
};

// remove.c: removes all of them together, and waits until they are seen to be gone.
void remove_all(struct qmp_handle *handle, struct qmp_removal *removals, size_t count);

// Submits what is said there.
struct qmp_command *run_ask(struct qmp_handle *handle, struct wire_command command);
// "QEMU says: ..." for a command that failed; why the connection did not bring an answer otherwise.
const char *run_words(struct qmp_handle *handle, const struct qmp_command *command);

#endif
