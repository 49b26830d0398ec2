// SPDX-License-Identifier: MIT
// What QEMU has but no record names: a command was killed between changing QEMU and recording it,
// or QEMU was started with it.
#ifndef XENUSB_RECORD_ADOPT_H
#define XENUSB_RECORD_ADOPT_H

#include "record.h"

// Whether that controller, which QEMU has, belongs in libxl's record but is not there.
bool record_lacks_controller(const struct record *record, const struct controller *controller);
// Whether it belongs in a note but has none: xenusb has added it, by its id.
bool record_lacks_note(const struct record *record, const struct controller *controller);
// Whether QEMU has that host device open, but it is not where xl and xenusb look for it: at its
// port in libxl's record, or in a note.
bool record_lacks_device(const struct record *record, const struct device *device);

#endif
