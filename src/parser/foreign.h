// SPDX-License-Identifier: MIT
// Formats of other programs that describe USB. They are compiled into a config; a translation
// writes that config from scratch and keeps nothing of the source text. Errors are reported into
// `diags`; the document is valid after errors, too, with what could be read.
#ifndef XENUSB_PARSER_FOREIGN_H
#define XENUSB_PARSER_FOREIGN_H

#include "parser.h"

// Reads the USB elements of a libvirt <domain>, of just its <devices>, or a single device. Other
// elements are ignored. Whatever in an element of USB is not read is reported.
struct document parse_libvirt(struct arena *arena, struct diags *diags,
                              const struct source *source);

// Reads the USB parts of the output of "xm list --long": (device (vusb ...)), usb and usbdevice.
struct document parse_sxp(struct arena *arena, struct diags *diags, const struct source *source);

#endif
