// SPDX-License-Identifier: MIT
// The backend for PVUSB controllers, over xenstore: those of the kernel's usbback and of QEMU's
// qusb.
#ifndef XENUSB_BACKENDS_PVUSB_PVUSB_H
#define XENUSB_BACKENDS_PVUSB_PVUSB_H

#include "plan/backend.h"

// Shares session->qemu with the QMP backend if that is open; otherwise it connects to the domain's
// QEMU itself, if there is one.
extern const struct backend_ops pvusb_backend;

// Removes the nodes of a PVUSB QEMU of the session's domain that a dead command was about to start,
// or was stopping, unless a QEMU runs. Returns NULL, or why that failed.
const char *pvusb_forget_dead_qemu(const struct session *session);

#endif
