// SPDX-License-Identifier: MIT
// The backend for QEMU's emulated controllers, over QMP.
#ifndef XENUSB_BACKENDS_QMP_QMP_H
#define XENUSB_BACKENDS_QMP_QMP_H

#include "plan/backend.h"

// While it is open, session->qemu is its connection.
extern const struct backend_ops qmp_backend;

#endif
