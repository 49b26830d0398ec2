// SPDX-License-Identifier: MIT
// The keys of a domain config that the parser reads, in the order in which a translation writes
// them. All others are ignored.
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
    KEY_FOREIGN = KEY_COUNT, // any other key
};

// The key of that name (case matters); KEY_FOREIGN for any other name.
enum key key_of(struct text name);

// The name of a key other than KEY_FOREIGN.
const char *key_name(enum key key);

// Whether the key is about USB devices. Such a key is never ignored: if its value is not data, that
// is an error.
bool key_is_usb(enum key key);

// For a foreign key that looks like a misspelt USB key ("usbdevices", "USB"): the most similar USB
// key, or "" if it merely contains "usb"; NULL for any other key.
const char *key_suggestion(struct text name);

#endif
