// SPDX-License-Identifier: MIT
//
// usbfs in the mocked tree: what an open node of /dev/bus/usb can do. usbsys.so turns the ioctls of
// a program (linux/usbdevice_fs.h) into calls on a connection to usbbed, one for each open node; so
// what the node holds ends with the last process that has it open, however that ends.

#ifndef USBFS_H
#define USBFS_H

#include <linux/usbdevice_fs.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

// The connection's first packet is "usbfs BBB/DDD" together with the read end of a pipe whose other
// end the program has in place of the node. Full, the pipe says to poll() what usbfs says: nothing
// yet. usbbed empties it when a URB has ended, and closes it when the device is pulled out. The
// answer is an errno in digits.

// Every later packet is one of these, answered with a struct usbfs_reply. The request is an ioctl's
// number; for USBDEVFS_IOCTL the one inside; for close(2) USBFS_CLOSE.
struct usbfs_call {
    uint32_t request;
    uint32_t number;  // interface, configuration or endpoint
    uint32_t value;   // alternate setting, flags, or type of a URB
    uint8_t setup[8]; // of a control transfer (USB 2.0, 9.3)
    char driver[USBDEVFS_MAXDRIVERNAME + 1];
};

struct usbfs_reply {
    int32_t error;   // errno, or 0 and then:
    int32_t result;  // what the ioctl returns; for a control transfer 0 or minus its errno
    uint32_t length; // of bytes[]
    uint8_t bytes[1024];
};

#define USBFS_CLOSE 0

// Returned for a URB that does not end by itself.
#define USBFS_PENDING 1

// The kernel's side (usbfs.c).
struct usbfs_file;

// Open the node "BBB/DDD"; returns NULL if there is no such device. The pipe's end is taken over
// either way.
struct usbfs_file *usbfs_open(const char *node, int pipe);

void usbfs_call(struct usbfs_file *file, const struct usbfs_call *call, struct usbfs_reply *reply);

// Let go of all that the file holds. Takes NULL.
void usbfs_close(struct usbfs_file *file);

// Tell those who have a device open that is there no more.
void usbfs_unplugged(void);

#endif
