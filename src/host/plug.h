// SPDX-License-Identifier: MIT
// The host's USB events: a device is plugged in, unplugged or changes.
#ifndef XENUSB_HOST_PLUG_H
#define XENUSB_HOST_PLUG_H

#include "usb/selector.h"

// A socket that receives the events, and nothing else: with nothing plugged in or unplugged, its
// descriptor does not wake the process. If udevd runs, an event arrives when udevd is done with the
// device; else when the kernel is.
struct host_plug;

enum plug_kind {
    PLUG_COMES,   // it is plugged in; a second event follows once the kernel has configured it
    PLUG_GOES,    // it is unplugged
    PLUG_CHANGES, // anything else, such as a new configuration
};

struct host_plug_event {
    enum plug_kind kind;
    char busid[BUSID_SIZE];
    uint8_t bus, address;
    uint16_t vendor, product;
};

enum plug_result {
    PLUG_EVENT,
    PLUG_NONE, // no event is left
    PLUG_LOST, // events were dropped, or one could not be read: anything may have changed until now
};

// Starts to receive events. NULL on failure, with the reason in *why, which is valid until the next
// call of strerror(). Free it with host_plug_close().
struct host_plug *host_plug_open(const char **why);
// NULL is a no-op.
void host_plug_close(struct host_plug *plug);

// The descriptor to poll for reading.
int host_plug_fd(const struct host_plug *plug);

// Takes the next event, without waiting; hubs are skipped. *event is set for PLUG_EVENT only. Call
// it until it returns PLUG_NONE; PLUG_LOST, too, may be followed by more.
enum plug_result host_plug_take(struct host_plug *plug, struct host_plug_event *event);

#endif
