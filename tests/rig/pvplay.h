// SPDX-License-Identifier: MIT
//
// The parts of pvplay.

#ifndef PVPLAY_H
#define PVPLAY_H

#include <stdbool.h>

// pvqmp.c: the QMP socket of the QEMU that is played.
// Listens at path and greets with that version; one client is served at a time.
void pvqmp_open(const char *path, const char *version);
// Serves whoever is there, for at most that many milliseconds.
void pvqmp_serve(int milliseconds);
// Tells the client that what the controller index had at a port is gone, as QEMU does.
void pvqmp_deleted(int index, int port);
// Whether it was given a command yet.
int pvqmp_was_asked(void);

// pvplay.c: what the played QEMU has at a port of controller index: -1 nothing, 0 an object without
// a device, 1 one that holds it.
int pvplay_holds(int index, int port);

// pvrings.c: the two rings of the frontend of controller index.
#define PVRINGS_URBS(index)   (9 + 2 * (unsigned)(index)) // grant references
#define PVRINGS_EVENTS(index) (10 + 2 * (unsigned)(index))
// Makes them, with so many requests open from now on: 0, 1, or 16, of which it can unlink none.
void pvrings_connect(long domain, int index, int requests);
// Unlinks what is open when it was told that all its ports are empty, and reads the answers.
void pvrings_turn(int index, unsigned ports);
// Whether it lets go of the controller, now that it is asked to.
bool pvrings_lets_go(int index);

#endif
