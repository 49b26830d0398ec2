// SPDX-License-Identifier: MIT
// What the endpoints of a USB device say of the speeds at which it can serve a guest. Pure: knows
// descriptors, but no library.
#ifndef XENUSB_HOST_FIT_H
#define XENUSB_HOST_FIT_H

#include "usb/model.h"

// Gathered over endpoints; starts as { false, true, true }.
struct host_fit {
    bool isochronous; // some endpoint is
    bool high;        // every endpoint would also do at high speed
    bool full;        // every endpoint would also do at full speed
};

#define HOST_FIT_START ((struct host_fit){ false, true, true })

// Takes one endpoint into account, by the rules of QEMU's usb_host_speed_compat
// (hw/usb/host-libusb.c): an isochronous one and a bulk one with streams fit their own speed only,
// an interrupt one fits full speed up to 64 bytes and high speed up to 1024. `attributes` and
// `packet` are bmAttributes and wMaxPacketSize (USB 2.0, table 9-13); `streams` is the MaxStreams
// field of the SuperSpeed companion descriptor (USB 3.2, table 9-29), 0 without one.
void host_fit_endpoint(struct host_fit *fit, uint8_t attributes, uint16_t packet, unsigned streams);

// Whether QEMU's judge skips an interface's alternate settings from this one on: SCSI mass storage
// (class 8, subclass 6), whose streams (UAS) a guest does without.
bool host_fit_skips(uint8_t class, uint8_t subclass);

#endif
