// SPDX-License-Identifier: MIT
#include "backends.h"

#include "backends/pvusb/pvusb.h"
#include "backends/qmp/qmp.h"

// QEMU first: PVUSB talks over the connection that it has opened.
const struct backend *const backends[] = { &qmp_backend, &pvusb_backend, NULL };
