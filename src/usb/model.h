// SPDX-License-Identifier: MIT
// What the field knows of USB hardware, as rows: speeds, controller models, kinds of devices.
#ifndef XENUSB_MODEL_H
#define XENUSB_MODEL_H

#include "base/text.h"

// Speeds of USB 2.0 (low, full, high) and 3.0 (super, and what is faster).
enum speed { SPEED_UNKNOWN, SPEED_LOW, SPEED_FULL, SPEED_HIGH, SPEED_SUPER };

// A set of speeds, one bit each.
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
    PORTS_DEFAULT = 16,   // of the 2014 proposal; lowered to what the controller can have
    HUB_PORTS = 8,        // NUM_PORTS in QEMU's hw/usb/dev-hub.c
};

// A controller model: QEMU's, or one of the two that PVUSB has.
struct controller_model {
    const char *name;       // libvirt's or QEMU's, the one that is shown
    const char *driver;     // QEMU's device type; NULL for PVUSB
    const char *aliases[2]; // further names that users know
    unsigned version;       // of USB: 1, 2, 3
    unsigned ports;         // without a number given
    unsigned ports_max;     // == ports where the number is fixed
    speed_mask speeds;      // what its own ports take, without companions
    bool hotplug;           // QEMU lets it be added while the guest runs
    bool companion;         // a UHCI function that serves another controller's ports
    unsigned libxl_version; // what libxl's devicemodel makes for this version; 0: not libxl's
};

// All models; ends with a row whose name is NULL.
extern const struct controller_model controller_models[];

// By any of its names (QEMU's, libvirt's, an alias), case as given; NULL if there is none.
const struct controller_model *controller_model_named(struct text name);
// The model that libxl takes for an emulated controller of `version` (1, 2, 3), which is the
// default for ours too: piix3-usb-uhci, usb-ehci, nec-usb-xhci (libxl_usb.c). NULL for any other
// version, such as the 0 of a record that does not give one.
const struct controller_model *controller_model_for(unsigned version);
// pvusb-v1 or pvusb-v2.
const struct controller_model *controller_model_pvusb(unsigned version);
// NULL-terminated list of all names for "did you mean".
const char *const *controller_model_names(void);

// A kind of device that a guest can have.
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
    DEVICE_OTHER, // something in QEMU that xenusb cannot make (usb-net, u2f-key, ...)
};

struct device_model {
    enum device_kind kind;
    const char *name;   // in the xenusb dialect
    const char *driver; // QEMU's device type
    speed_mask speeds;  // at which QEMU's model can run; for a host device: unknown, 0
    bool needs_file;    // disk: an image
    bool needs_chardev; // serial, braille, redir
};

// In the order of enum device_kind; DEVICE_OTHER is not among them. Ends with name NULL.
extern const struct device_model device_models[];

const struct device_model *device_model_of(enum device_kind kind);
// By its name in the xenusb dialect, or NULL.
const struct device_model *device_model_named(struct text name);
// By QEMU's device type (usb-kbd, usb-bot and usb-uas count as keyboard and disk), or NULL.
const struct device_model *device_model_driver(struct text driver);

#endif
