// SPDX-License-Identifier: MIT
//
// The two halves of usbsys.so: usbsys.c intercepts calls to libc, usbnode.c simulates an open node
// of /dev/bus/usb.

#ifndef USBNODE_H
#define USBNODE_H

#include <stdbool.h>
#include <sys/types.h>

#define MAX_FD 1024

// Turn fd into an open node "BBB/DDD". Returns fd, or -1 with errno set and fd closed.
int usbnode_open(int fd, int flags, const char *node);

// To be called before an open node is sent to another process.
void usbnode_send(int fd);

// Makes a descriptor that was received from another process an open node if it was one there.
// Returns a descriptor of the file that shows it in /proc/PID/fd; -1 if it is not a node.
int usbnode_receive(int fd);

// Makes `to`, a duplicate of the open node `from`, an open node.
void usbnode_copy(int from, int to);

// True if fd is such a node. fd can be any number.
bool usbnode_is(int fd);

// As ioctl(2).
int usbnode_ioctl(int fd, unsigned long request, void *argument);

// As read(2) and lseek(2): reading a node returns the device's descriptors.
ssize_t usbnode_read(int fd, void *bytes, size_t count);
off_t usbnode_seek(int fd, off_t offset, int whence);

// To be called before fd is closed; a no-op if it is not a node.
void usbnode_close(int fd);

// A connection to usbbed (usbsys.c).
int usbbed_connect(void);

// Report an error of the rig itself, with errno, and abort the program (usbsys.c).
void usbsys_broken(void) __attribute__((noreturn));

#endif
