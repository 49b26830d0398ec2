// SPDX-License-Identifier: MIT
// The backend for PVUSB, over xenstore: controllers whose backend is usbback in a kernel, or qusb
// in a QEMU.
#ifndef XENUSB_BACKENDS_PVUSB_PVUSB_H
#define XENUSB_BACKENDS_PVUSB_PVUSB_H

#include "plan/backend.h"

extern const struct backend_ops pvusb_backend;

#endif
