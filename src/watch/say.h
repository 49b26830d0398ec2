// SPDX-License-Identifier: MIT
// What the watcher has to say apart from what a run has changed (tell.h).
#ifndef XENUSB_WATCH_SAY_H
#define XENUSB_WATCH_SAY_H

#include <stdbool.h>

// What it is about: a domain, a file, or the watcher itself (both NULL).
struct subject {
    const char *domain;
    int id; // of the domain; -1: none
    const char *file;
};

// Prints a line to standard output at once: "win10 (3): has ended", or an object as tell_json()
// does, with the event "note".
void say(bool json, struct subject subject, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
