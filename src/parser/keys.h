// SPDX-License-Identifier: MIT
// The keys of a domain config that the parser looks at, in the order in which a translation writes
// them. Everything else in a file is left alone.
#ifndef XENUSB_PARSER_KEYS_H
#define XENUSB_PARSER_KEYS_H

#include "base/text.h"

enum key {
    KEY_USB,
    KEY_USBCONTROLLER,
    KEY_USBDEVICE,
    KEY_USBVERSION,
    KEY_SPICEUSBREDIRECTION,
    KEY_VUSB,
    KEY_USBCTRL,
    KEY_USBDEV,
    KEY_DEVICE_MODEL_ARGS,
    KEY_DEVICE_MODEL_ARGS_HVM,
    KEY_DEVICE_MODEL_ARGS_PV,
    KEY_NAME,
    KEY_UUID,
    KEY_TYPE,
    KEY_BUILDER,
    KEY_KERNEL,
    KEY_MEMORY,
    KEY_DISK,
    KEY_SPICE,
    KEY_DEVICE_MODEL,
    KEY_DEVICE_MODEL_VERSION,
    KEY_STUBDOMAIN,
    KEY_COUNT,
    KEY_FOREIGN = KEY_COUNT, // not one of ours
};

// The key of that name, written exactly so; KEY_FOREIGN if it is none of ours.
enum key key_of(struct text name);

const char *key_name(enum key key);

// Whether the key says something of USB devices. Such a key is never skipped silently: where its
// value is not data, that is an error.
bool key_is_usb(enum key key);

// For a foreign key that looks as if a USB key was meant ("usbdevices", "USB"): the nearest one, or
// "" where it is only clear that USB was meant; NULL for any other key.
const char *key_meant(struct text name);

#endif
