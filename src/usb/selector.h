// SPDX-License-Identifier: MIT
// A selector names a host device by any combination of criteria, all of which must match.
#ifndef XENUSB_USB_SELECTOR_H
#define XENUSB_USB_SELECTOR_H

#include "base/text.h"

struct arena;

enum selector_criterion {
    SELECT_BUS = 1 << 0,
    SELECT_ADDRESS = 1 << 1,
    SELECT_BUSID = 1 << 2,
    SELECT_VENDOR = 1 << 3,
    SELECT_PRODUCT = 1 << 4,
    SELECT_SERIAL = 1 << 5,
    SELECT_PATH = 1 << 6,
    SELECT_BEHIND = 1 << 7,
};

enum { ADDRESS_MAX = 127 }; // USB 2.0, 9.4.6
enum { BUSID_SIZE = 32 };   // "255-255.255.255.255.255.255" and a NUL

struct selector {
    unsigned criteria; // enum selector_criterion, or'ed; 0 selects nothing
    uint8_t bus;       // 1 to 255
    uint8_t address;   // 1 to ADDRESS_MAX
    uint16_t vendor;
    uint16_t product;
    char busid[BUSID_SIZE]; // in Linux's form: 1-1.2
    struct text serial;
    struct text path;        // the socket, as udev names it (path_read())
    char behind[BUSID_SIZE]; // a hub, at any number of hubs above the device
};

// Reads a bus id: bus, '-', then 1 to 6 port numbers separated by dots; each 1 to 255, no leading
// zeros. xm also accepted ',' for '-' and '.', which is normalised. False if it is not a bus id.
bool busid_read(struct text text, char busid[BUSID_SIZE]);

// Whether a device with that bus id is below the hub with the other one.
bool busid_is_behind(const char *busid, const char *hub);

// Reads the name that udev gives to a socket (ID_PATH): that of the host controller, "-usb-0:", and
// the ports: pci-0000:00:14.0-usb-0:1.2. An interface behind it (":1.0") is left out of *path.
// False, and nothing changed, if it is none.
bool path_read(struct text text, struct text *path);

// Whether a bus id has the ports of that path; the bus is of its controller or not.
bool path_has_ports(struct text path, const char *busid);

// Whether a text is BUS.ADDRESS, decimal and both in range; if so, sets *selector to it.
bool selector_read_address(struct text text, struct selector *selector);

// Adds the ids in VENDOR:PRODUCT, as lsusb prints them: four hexadecimal digits each. False, and
// nothing changed, for any other text.
bool selector_read_id(struct text text, struct selector *selector);

// Adds what is behind a hub, in "1-8.*". False, and nothing changed, for any other text.
bool selector_read_behind(struct text text, struct selector *selector);

// Adds the bus and address in a device node, /dev/bus/usb/001/004. False, and nothing changed, for
// any other path.
bool selector_read_node(struct text path, struct selector *selector);

// Adds what other tools print of a device: a node, "Bus 001 Device 004: ID 046d:c52b" with or
// without the id (lsusb), 001:004 (lsusb -s). False, and nothing changed, for any other text.
bool selector_read_printed(struct text text, struct selector *selector);

// Whether two selectors have the same value of each of these criteria (or'ed), whether or not they
// are set.
bool selector_agrees(const struct selector *one, const struct selector *other, unsigned criteria);

// Adds the criteria of `other`. False, and nothing changed, if the two contradict each other.
bool selector_join(struct selector *selector, const struct selector *other);

// As a user would write it: "1.5", "1-1.2", "046d:c52b serial=X".
const char *selector_show(struct arena *arena, const struct selector *selector);

#endif
