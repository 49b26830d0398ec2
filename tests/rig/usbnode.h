// SPDX-License-Identifier: MIT
//
// The two halves of usbsys.so: usbsys.c stands between a program and libc, usbnode.c plays an open
// node of /dev/bus/usb.

#ifndef USBNODE_H
#define USBNODE_H

#include <stdbool.h>
#include <sys/types.h>

#define MAX_FD 1024

// Make fd, an open node "BBB/DDD", play its part. Returns fd, or -1 with errno and fd closed.
int usbnode_open(int fd, int flags, const char *node);

// True if fd is such a node. Any number may be asked about.
bool usbnode_is(int fd);

// As ioctl(2).
int usbnode_ioctl(int fd, unsigned long request, void *argument);

// As read(2) and lseek(2): a node reads as the device's descriptors.
ssize_t usbnode_read(int fd, void *bytes, size_t count);
off_t usbnode_seek(int fd, off_t offset, int whence);

// fd is about to be closed; nothing if it is no node.
void usbnode_close(int fd);

// A connection to usbbed (usbsys.c).
int usbbed_connect(void);

// The rig itself has failed, with errno: end the program (usbsys.c).
void usbsys_broken(void) __attribute__((noreturn));

#endif
