// SPDX-License-Identifier: MIT
#include "backends.h"

#include "qmp/qmp.h"

const struct backend *const backends[] = { &qmp_backend, NULL };
