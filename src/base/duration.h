// SPDX-License-Identifier: MIT
// Times as people write them: 30s, 1.5m, 500ms.
#ifndef XENUSB_BASE_DURATION_H
#define XENUSB_BASE_DURATION_H

#include "text.h"

// A decimal number with at most three digits behind the point, as in "1.5", up to 1000000. False if
// it is none.
bool decimal_read(struct text text, double *number);

// A decimal number and its unit: ms, s, m or h. False if it is none.
bool duration_read(struct text text, double *seconds);

#endif
