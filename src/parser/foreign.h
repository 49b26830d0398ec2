// SPDX-License-Identifier: MIT
// Forms of other programs that hold USB, too: compiled into a config, of whose source nothing is
// kept. Every place in it is the whole line.
#ifndef XENUSB_PARSER_FOREIGN_H
#define XENUSB_PARSER_FOREIGN_H

#include "parser.h"

// The USB elements of a libvirt domain, or of a <devices> alone. What else is in it is left alone.
struct document parse_libvirt(struct arena *arena, struct diags *diags,
                              const struct source *source);

// The (device (vusb ...)) and usb parts of what "xm list --long" prints.
struct document parse_sxp(struct arena *arena, struct diags *diags, const struct source *source);

#endif
