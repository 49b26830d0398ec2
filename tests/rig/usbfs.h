// SPDX-License-Identifier: MIT
//
// usbfs in the mocked tree: the operations of an open node of /dev/bus/usb. usbsys.so turns the
// ioctls of a program (linux/usbdevice_fs.h) into calls on a connection to usbbed, one for each
// open node. So the claims of a node end when the last process that has it open ends, even if it
// is killed.

#ifndef USBFS_H
#define USBFS_H

#include <linux/usbdevice_fs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

// The connection's first packet is "usbfs BBB/DDD" together with the read end of a pipe; the
// program has the write end in place of the node. While the pipe is full, poll() reports that
// nothing is ready, as usbfs does. usbbed empties it when a URB has completed, and closes it when
// the device is unplugged. The answer is an errno in digits.

// Every later packet is a usbfs_call, answered with a usbfs_reply. The request is the number of the
// ioctl (for USBDEVFS_IOCTL, the inner one), or USBFS_CLOSE for close(2).
struct usbfs_call {
    uint32_t request;
    uint32_t number;  // interface, configuration or endpoint
    uint32_t value;   // alternate setting, flags, or type of a URB
    uint8_t setup[8]; // of a control transfer (USB 2.0, 9.3)
    char driver[USBDEVFS_MAXDRIVERNAME + 1];
};

struct usbfs_reply {
    int32_t error;   // errno; if 0:
    int32_t result;  // what the ioctl returns; for a control transfer 0 or its negative errno
    uint32_t length; // of bytes[]
    uint8_t bytes[1024];
};

#define USBFS_CLOSE 0

// The result of a URB that does not complete by itself.
#define USBFS_PENDING 1

// A program that passes an open node to another sends it with the packet "sends" before, since it
// may close its own before the other has received it; the answer is "ok". A program that has
// received a descriptor that is a pipe sends it with the packet "which". The
// answer is "BBB/DDD", with a descriptor of the file with the device's descriptors and one of the
// node that shows it in /proc/PID/fd, or "-" if it is not a node. It then opens the node itself.

// The kernel's side (usbfs.c).
struct usbfs_file;

// Open the node "BBB/DDD"; returns NULL if there is no such device. Takes ownership of the pipe's
// end in either case.
struct usbfs_file *usbfs_open(const char *node, int pipe);

// Sets *bus and *devnum to the node that a program has open by the write end of this pipe; false if
// it is none.
bool usbfs_is_node(int pipe, unsigned *bus, unsigned *devnum);

void usbfs_call(struct usbfs_file *file, const struct usbfs_call *call, struct usbfs_reply *reply);

// Release all claims of the file and free it. NULL is a no-op.
void usbfs_close(struct usbfs_file *file);

// Notify the programs that have an unplugged device open.
void usbfs_unplugged(void);

#endif
