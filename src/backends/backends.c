// SPDX-License-Identifier: MIT
#include "backends.h"

#include "backends/pvusb/pvusb.h"
#include "backends/qmp/qmp.h"

// QEMU first: PVUSB uses the connection that it opens.
const struct backend_ops *const backends[BACKEND_KINDS + 1] = { &qmp_backend, &pvusb_backend,
                                                                NULL };
