// SPDX-License-Identifier: MIT
// The endpoints of a host device, which decide where it can be attached.
#ifndef XENUSB_HOST_ENDPOINTS_H
#define XENUSB_HOST_ENDPOINTS_H

#include "host.h"

struct host_endpoints {
    const char *unread;   // why they could not be read, and the others are false; NULL if they
                          // were; owned by the arena or constant
    bool isochronous;     // the active configuration has an isochronous endpoint
    bool fits_high_speed; // a SuperSpeed device that can also work at high speed, by QEMU's
                          // usb_host_speed_compat (hw/usb/host-libusb.c)
    bool fits_full_speed; // a high speed or SuperSpeed device that can also work at full speed, by
                          // the same function
};

// The endpoints of a described device. libusb is asked, once for all devices, the first time that
// those of any are needed: it reads more of the host than everything else together.
struct host_endpoints host_endpoints(const struct host_device *device);

// Whether a described device has isochronous endpoints, or may have some because its endpoints
// could not be read. libusb is only asked if the classes of its interfaces do not rule them out.
bool host_may_be_isochronous(const struct host_device *device);

#endif
