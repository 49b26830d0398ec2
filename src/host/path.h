// SPDX-License-Identifier: MIT
// The sockets of this host as udev names them (ID_PATH): by the place of the host controller, which
// the numbers of the buses do not change.
#ifndef XENUSB_HOST_PATH_H
#define XENUSB_HOST_PATH_H

#include "base/text.h"

struct arena;

// The host controller of a bus: "pci-0000:00:14.0", "platform-xhci-hcd.0"; NULL if udev would have
// no name for it, or sysfs cannot be read.
const char *host_controller_path(struct arena *arena, unsigned bus);

// The socket with that bus id, of a controller of that name (NULL: there is none):
// "pci-0000:00:14.0-usb-0:1.2"; NULL if there is none.
const char *host_socket_path(struct arena *arena, const char *controller, const char *busid);

// Whether the path is that of the socket with that bus id. A device need not be plugged in there.
bool host_socket_is(struct arena *arena, const char *busid, struct text path);

#endif
