// SPDX-License-Identifier: MIT
// Translations from any dialect into any other: the interface of the writers.
#ifndef XENUSB_PARSER_TRANSLATE_H
#define XENUSB_PARSER_TRANSLATE_H

#include "document.h"

#include "base/diag.h"
#include "host/host.h"

#include <stdio.h>

// How an HVM guest gets its controllers.
enum translate_controllers {
    CONTROLLERS_ANY,  // not chosen: xl adds them while QEMU runs
    CONTROLLERS_HOT,  // the same, chosen
    CONTROLLERS_COLD, // QEMU is started with them
};

// A translation in progress. The config has been checked and has no errors.
struct writing {
    struct arena *arena;
    struct diags *diags;
    const struct document *document;
    const struct host *host; // to look devices up (--resolve); NULL: selectors stay as they are
    bool comments;           // put the original before each rewritten statement, as a comment
    bool only;               // write only the USB statements, not the rest of the file
    bool for_qemu;           // libvirt: for its QEMU driver instead of libxl's
    enum translate_controllers controllers; // xl
    struct text devices; // out, xl, CONTROLLERS_COLD: a config with the devices that must be
                         // attached once the guest runs; empty if there are none
    FILE *out;
};

// A target of translation.
struct translation {
    const char *name;
    bool is_config; // a domain config, which may replace the one that was read
    // Writes to writing->out. Reports an error for whatever the target cannot express; the output
    // is not valid then.
    void (*write)(struct writing *writing);
};

// A controller as an item of usbcontroller=[] in the canonical form, and a device as one of
// usbdevice=[] or an argument of attach.
const char *config_controller_item(struct arena *arena, const struct config_controller *controller);
const char *config_device_item(struct arena *arena, const struct config_device *device);

// A string of a config, in single quotes, as xl and Python read it.
const char *config_quoted(struct arena *arena, const char *string);

// All targets. Ends with a NULL name; the first row is the default.
extern const struct translation translations[];

// The row of that name, or NULL.
const struct translation *translation_named(const char *name);

#endif
