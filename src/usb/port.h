// SPDX-License-Identifier: MIT
// Ports of a controller, and of the hubs behind it.
#ifndef XENUSB_USB_PORT_H
#define XENUSB_USB_PORT_H

#include "base/text.h"

enum { PORT_DEPTH_MAX = 6 }; // a root port and five hubs (USB 2.0, 4.1.1)

// Dotted where hubs are in between: 2 is {1, {2}}, 2.4 is {2, {2, 4}}. depth 0 means any port.
struct port {
    uint8_t depth;
    uint8_t number[PORT_DEPTH_MAX];
};

#define PORT_ANY ((struct port){ 0, { 0 } })

// Reads "2" or "2.4": each number 1 to 255, at most PORT_DEPTH_MAX of them. False, and nothing
// written, if `text` is anything else.
bool port_read(struct text text, struct port *port);

enum { PORT_TEXT_SIZE = PORT_DEPTH_MAX * 4 };
// Writes "2.4" into `buf` ("" for PORT_ANY) and returns it.
const char *port_write(struct port port, char buf[PORT_TEXT_SIZE]);

bool port_same(struct port a, struct port b);
// Whether `port` is behind the hub at `hub`.
bool port_behind(struct port hub, struct port port);

#endif
