// SPDX-License-Identifier: MIT
// The speeds at which a USB device can work in a guest, judged by its endpoints. Takes fields of
// descriptors and needs no library.
#ifndef XENUSB_HOST_FIT_H
#define XENUSB_HOST_FIT_H

#include "usb/model.h"

// The result so far, while endpoints are added one by one; starts as HOST_FIT_START.
struct host_fit {
    bool isochronous; // at least one endpoint is isochronous
    bool high;        // every endpoint could also work at high speed
    bool full;        // every endpoint could also work at full speed
};

#define HOST_FIT_START ((struct host_fit){ false, true, true })

// Adds one endpoint, by the rules of QEMU's usb_host_speed_compat (hw/usb/host-libusb.c):
// isochronous endpoints and bulk endpoints with streams only work at their own speed; interrupt
// endpoints work at full speed with packets of up to 64 bytes and at high speed with up to 1024.
// `attributes` and `packet` are bmAttributes and wMaxPacketSize (USB 2.0, table 9-13); `streams` is
// MaxStreams of the SuperSpeed companion descriptor (USB 3.2, table 9-29), 0 without one.
void host_fit_endpoint(struct host_fit *fit, uint8_t attributes, uint16_t packet, unsigned streams);

// Whether usb_host_speed_compat skips this alternate setting of an interface and those after it:
// SCSI mass storage (class 8, subclass 6), which also works without its streams (UAS).
bool host_fit_skips(uint8_t class, uint8_t subclass);

#endif
