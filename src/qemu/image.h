// SPDX-License-Identifier: MIT
// The files behind emulated disks, as QEMU has to be told of them.
#ifndef XENUSB_QEMU_IMAGE_H
#define XENUSB_QEMU_IMAGE_H

#include <stdbool.h>

// Whether the image at `path` is a device node. QEMU's block driver for it is host_device then, and
// file otherwise; each refuses what is meant for the other. A path that does not exist here is
// judged by its name, as a config may be translated on another machine.
bool image_is_device(const char *path);

#endif
