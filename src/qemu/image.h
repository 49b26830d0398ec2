// SPDX-License-Identifier: MIT
// The image files of emulated disks.
#ifndef XENUSB_QEMU_IMAGE_H
#define XENUSB_QEMU_IMAGE_H

#include <stdbool.h>

// Whether the image at `path` is a device node, which needs QEMU's block driver host_device; any
// other file needs the driver file. A path that does not exist is judged by its name, since a
// config may be translated on another machine.
bool image_is_device(const char *path);

#endif
