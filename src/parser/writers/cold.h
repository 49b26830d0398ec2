// SPDX-License-Identifier: MIT
// --controllers cold: QEMU is started with the controllers of an HVM guest, by
// device_model_args_hvm, so that the guest can be restored after it was saved. libxl names its
// controllers xenusb-0, xenusb-1 and so on; with such an id, xenusb can add them to libxl's record.
// xl cannot attach devices to them when it creates the guest, so those become a config of their
// own.
#ifndef XENUSB_PARSER_WRITERS_COLD_H
#define XENUSB_PARSER_WRITERS_COLD_H

#include "arrange.h"
#include "write.h"

// Decides which controllers QEMU is started with, and sets their qemu_id; numbers the others again,
// as xl will. None for a guest that has no emulated machine, which is noted.
void cold_arrange(struct writing *writing, struct arrangement *arrangement);

// Whether a device must be attached once the guest runs, although xl could attach it otherwise.
bool cold_has_device(const struct writing *writing, const struct arranged_device *device);

// Sets device_model_args_hvm: the arguments that are there, and the controllers. Reports an error
// if they cannot be added to what is there.
struct replacement cold_arguments(const struct writing *writing,
                                  const struct arrangement *arrangement);

// Sets writing->devices.
void cold_write_devices(struct writing *writing, const struct arrangement *arrangement);

// Without it: says what that costs, unless the user has chosen it.
void cold_note_hot(const struct writing *writing, const struct arrangement *arrangement);

#endif
