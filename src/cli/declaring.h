// SPDX-License-Identifier: MIT
// What the parts of as_config.c share.
#ifndef XENUSB_CLI_DECLARING_H
#define XENUSB_CLI_DECLARING_H

#include "base/buffer.h"
#include "world/world.h"

// How the config asks for a controller or device.
enum declared_as {
    DECLARED_NOT,         // not at all
    DECLARED_AS_ITEM,     // of usbcontroller=[] or usbdevice=[]
    DECLARED_AS_MACHINE,  // by usb=1; a device by its kind alone
    DECLARED_AS_ARGUMENT, // by the argument with which QEMU was started
};

struct declared_device {
    const struct device *from;
    enum declared_as as;
};

struct declared_controller {
    const struct controller *from;
    enum declared_as as;
    const char *word;                // by which a device names it
    struct config_controller *item;  // DECLARED_AS_ITEM
    struct declared_device *devices; // `count` of them
    size_t count;
};

// The config while it is made.
struct declaring {
    struct arena *arena;
    struct diags *diags;
    const struct world *world;
    struct declared_controller *controllers; // `count` of them, in the order of the topology
    size_t count;
    struct buffer arguments; // the items of device_model_args_hvm
    struct buffer missing;   // comments about what is not in the config
    bool incomplete;
};

// Reports that something is not in the config: a warning, and a comment.
void declaring_leave_out(struct declaring *declaring, const char *what, const char *why);

// declare_started.c: chooses DECLARED_AS_ARGUMENT for what QEMU was started with, as far as its
// command line tells how, and adds these arguments, and those that they refer to.
void declare_started(struct declaring *declaring);

// declare_items.c: chooses how the rest is declared, and makes the items of controllers.
void declare_controllers(struct declaring *declaring);
// The lines of usbdevice=[].
void declare_devices(struct declaring *declaring, struct buffer *lines);

#endif
