// SPDX-License-Identifier: MIT
#include "base/text.h"
#include "command.h"
#include "xen/xen.h"

// The Makefile gives these.
#ifndef XENUSB_VERSION
#define XENUSB_VERSION   "unknown"
#define XENUSB_COMMIT    ""
#define XENUSB_LIBRARIES ""
#endif

void version_print(FILE *stream)
{
    struct text libraries = text_of(XENUSB_LIBRARIES), commit = text_of(XENUSB_COMMIT);
    fprintf(stream, "%s %s%s%.*s%s\n", "xenusb", XENUSB_VERSION, commit.size ? " (" : "",
            (int)commit.size, commit.at, commit.size ? ")" : "");
    fprintf(stream, "built %s\n", xen_supported ? "with Xen" : "without Xen, for --qmp only");
    // Each ends with a comma.
    fprintf(stream, "libraries: %.*s\n", libraries.size ? (int)libraries.size - 1 : 0,
            libraries.at);
}
