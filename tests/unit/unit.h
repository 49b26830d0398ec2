// SPDX-License-Identifier: MIT
// The headers that cmocka.h needs before it.
#ifndef XENUSB_TESTS_UNIT_UNIT_H
#define XENUSB_TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
