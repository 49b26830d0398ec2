// SPDX-License-Identifier: MIT
// The backend for PVUSB controllers, over xenstore: those of the kernel's usbback and of QEMU's
// qusb.
#ifndef XENUSB_BACKENDS_PVUSB_PVUSB_H
#define XENUSB_BACKENDS_PVUSB_PVUSB_H

#include "plan/backend.h"

extern const struct backend_ops pvusb_backend;

#endif
