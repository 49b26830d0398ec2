// SPDX-License-Identifier: MIT
// From any dialect into any other. The house's view of the writers.
#ifndef XENUSB_PARSER_TRANSLATE_H
#define XENUSB_PARSER_TRANSLATE_H

#include "document.h"

#include "base/diag.h"
#include "host/host.h"

#include <stdio.h>

// A translation that is being written. The config was checked, and has no errors.
struct writing {
    struct arena *arena;
    struct diags *diags;
    const struct document *document;
    const struct host *host; // where devices are looked up; NULL: they are not
    bool comments;           // each rewritten statement is preceded by what it was
    bool only;               // the USB statements alone, without the rest of the file
    bool for_qemu;           // libvirt: for its QEMU driver, and not for libxl
    FILE *out;
};

// What a config can be translated to, one row each.
struct translation {
    const char *name;
    bool is_config; // a domain config, which may take the place of the one that was read
    // Prints it. What cannot be said there is complained of, and then nothing printed counts.
    void (*write)(struct writing *writing);
};

// Ends with a NULL name; the first row is the default.
extern const struct translation translations[];

// The row of that name, or NULL.
const struct translation *translation_named(const char *name);

#endif
