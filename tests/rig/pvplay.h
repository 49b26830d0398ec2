// SPDX-License-Identifier: MIT
//
// The parts of pvplay.

#ifndef PVPLAY_H
#define PVPLAY_H

#include <stdbool.h>

// pvqmp.c: the QMP socket of the simulated QEMU.
// Listens at path and greets with that version; serves one client at a time.
void pvqmp_open(const char *path, const char *version);
// Serves a client for at most that many milliseconds.
void pvqmp_serve(int milliseconds);
// Sends the client QEMU's event that the device at a port of controller index is gone.
void pvqmp_deleted(int index, int port);
// Returns whether any command was received yet.
int pvqmp_was_asked(void);

// pvplay.c: how many controllers it has, and ports of each, counted from 0.
enum { PVPLAY_CONTROLLERS = 64, PVPLAY_PORTS = 32 };
// What the simulated QEMU has at a port of controller index: -1 nothing, 0 an object
// without a device, 1 an object that holds its device.
int pvplay_holds(int index, int port);

// pvrings.c: the two rings of the frontend of controller index.
#define PVRINGS_URBS(index)   (9 + 2 * (unsigned)(index)) // grant references
#define PVRINGS_EVENTS(index) (10 + 2 * (unsigned)(index))
// Creates them, with this number of open requests: 0, 1, or 16. With 16 it can unlink none.
void pvrings_connect(long domain, int index, int requests);
// Unlinks the open request once the backend has reported all ports as empty, and reads the answers.
void pvrings_turn(int index, unsigned ports);
// Returns whether it closes the controller, now that it was asked to.
bool pvrings_lets_go(int index);

#endif
