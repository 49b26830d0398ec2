// SPDX-License-Identifier: MIT
// The drivers and properties that QEMU's -device takes, as QEMU 7.2 and 10 list them. What either
// has is in the table: tests/qemu-table makes it.
#ifndef XENUSB_QEMU_DRIVERS_H
#define XENUSB_QEMU_DRIVERS_H

#include "base/text.h"

struct arena;

// The releases that know a driver or property, as bits.
enum { QEMU_7 = 1, QEMU_10 = 2 };

enum qemu_driver_kind { QEMU_NOT_USB, QEMU_USB_CONTROLLER, QEMU_USB_DEVICE };

struct qemu_driver {
    const char *name;
    enum qemu_driver_kind kind;
    unsigned releases;
};

enum qemu_type {
    QEMU_TEXT,   // anything
    QEMU_BOOL,   // on, yes, true, y, off, no, false, n
    QEMU_NUMBER, // from min to max
    QEMU_SIGNED, // 32 bits
    QEMU_SIZE,   // bytes: 512, 4k, 1.5M, 0x200
    QEMU_WORD,   // one of `words`, which are separated by slashes
};

// A property of a USB device or controller.
struct qemu_property {
    const char *driver, *name;
    enum qemu_type type;
    unsigned releases;
    uint64_t min, max;
    const char *words;
};

// All drivers; ends with a row whose name is NULL.
extern const struct qemu_driver qemu_drivers[];

// The driver of that name, or NULL.
const struct qemu_driver *qemu_driver_named(struct text name);
// The names of all drivers for USB, NULL-terminated.
const char *const *qemu_usb_drivers(void);

enum { QEMU_PROPERTIES_MAX = 64 }; // of one driver
// The property of that name, or NULL if that driver of a USB device or controller has none.
const struct qemu_property *qemu_property_named(const char *driver, struct text name);
// Sets `names` to those of all properties of that driver, NULL-terminated.
void qemu_property_names(const char *driver, const char *names[QEMU_PROPERTIES_MAX + 1]);

// Whether QEMU takes the value for that property.
bool qemu_takes(const struct qemu_property *property, struct text value);

// What it takes, as advice: "use on or off", "valid range: 1 to 15"; NULL for a QEMU_TEXT.
const char *qemu_takes_what(struct arena *arena, const struct qemu_property *property);

// Whether it is of a type that QMP has as a number; *number is then that in a value that QEMU
// takes.
bool qemu_has_number(const struct qemu_property *property, struct text value, int64_t *number);
// Whether a value that QEMU takes for a QEMU_BOOL switches it on.
bool qemu_is_on(struct text value);

// Whether QEMU takes it as an id: a letter, then letters, digits, '-', '.' and '_'.
bool qemu_is_id(struct text text);

#endif
