// SPDX-License-Identifier: MIT
// Tables of speeds, controller models and kinds of devices.
#ifndef XENUSB_USB_MODEL_H
#define XENUSB_USB_MODEL_H

#include "base/text.h"

// Speeds of USB 2.0 (low, full, high) and 3.0 (super and faster).
enum speed { SPEED_UNKNOWN, SPEED_LOW, SPEED_FULL, SPEED_HIGH, SPEED_SUPER };

// A set of speeds, one bit per speed.
typedef unsigned speed_mask;
#define SPEEDS(speed) (1u << (speed))
enum {
    SPEEDS_USB1 = SPEEDS(SPEED_LOW) | SPEEDS(SPEED_FULL),
    SPEEDS_USB2 = SPEEDS_USB1 | SPEEDS(SPEED_HIGH),
    SPEEDS_USB3 = SPEEDS_USB2 | SPEEDS(SPEED_SUPER),
};

// "low", "full", "high", "super", or "unknown".
const char *speed_name(enum speed speed);

enum {
    PORTS_MAX_PVUSB = 31, // USBIF_MAX_PORTNR in xen/io/usbif.h
    PORTS_MAX_XHCI = 15,  // XHCI_MAXPORTS_2 and _3 in QEMU's hw/usb/hcd-xhci.h
    PORTS_DEFAULT = 16,   // of the 2014 proposal; lowered to the controller's maximum
    HUB_PORTS = 8,        // NUM_PORTS in QEMU's hw/usb/dev-hub.c
};

// A controller model: one of QEMU's, or one of PVUSB's two.
struct controller_model {
    const char *name;       // libvirt's or QEMU's; used in output
    const char *driver;     // QEMU's device type; NULL for PVUSB
    const char *aliases[2]; // other accepted names
    unsigned version;       // USB version: 1, 2, 3
    unsigned ports;         // default number
    unsigned ports_max;     // equals `ports` if the number is fixed
    speed_mask speeds;      // of its own ports, without companions
    bool hotplug;           // QEMU can add it while the guest runs
    bool companion;         // a UHCI function that serves another controller's ports
    unsigned libxl_version; // the version for which libxl makes it; 0: never
};

// All models; ends with a row whose name is NULL.
extern const struct controller_model controller_models[];

// By any of its names (QEMU's, libvirt's, an alias), case-sensitive; NULL if there is none.
const struct controller_model *controller_model_named(struct text name);
// The model that libxl uses for an emulated controller of USB `version` 1, 2 or 3, which is the
// default here as well: piix3-usb-uhci, usb-ehci, nec-usb-xhci (libxl_usb.c). NULL for any other
// version, such as the 0 of a record that does not give one.
const struct controller_model *controller_model_for(unsigned version);
// pvusb-v1 or pvusb-v2.
const struct controller_model *controller_model_pvusb(unsigned version);
// All names, NULL-terminated, for "did you mean".
const char *const *controller_model_names(void);

// Kinds of devices.
enum device_kind {
    DEVICE_HOSTDEV,
    DEVICE_TABLET,
    DEVICE_MOUSE,
    DEVICE_KEYBOARD,
    DEVICE_WACOM_TABLET,
    DEVICE_HUB,
    DEVICE_DISK,
    DEVICE_SERIAL,
    DEVICE_AUDIO,
    DEVICE_SMARTCARD,
    DEVICE_BRAILLE,
    DEVICE_REDIR,
    DEVICE_OTHER, // a QEMU device that xenusb cannot create (usb-net, u2f-key, ...)
};

struct device_model {
    enum device_kind kind;
    const char *name;   // in the xenusb dialect
    const char *driver; // QEMU's device type
    speed_mask speeds;  // at which QEMU's device can run; 0 (unknown) for a host device
    bool needs_file;    // disk: an image file
    bool needs_chardev; // serial, braille, redir
    bool unsavable;     // QEMU cannot save its state; version 7.2 crashes instead
};

// In the order of enum device_kind, without DEVICE_OTHER; ends with a row whose name is NULL.
extern const struct device_model device_models[];

const struct device_model *device_model_of(enum device_kind kind);
// By its name in the xenusb dialect, or NULL.
const struct device_model *device_model_named(struct text name);
// By QEMU's device type, or NULL. usb-bot and usb-uas are disks.
const struct device_model *device_model_driver(struct text driver);

#endif
