// SPDX-License-Identifier: MIT
// The dialects, one row each: which keys are theirs, and how their statements are read into the
// config.
#ifndef XENUSB_PARSER_DIALECT_H
#define XENUSB_PARSER_DIALECT_H

#include "field.h"

struct dialect {
    const char *name;
    const enum key *keys; // ends with KEY_FOREIGN
    void (*read)(struct builder *builder);
};

// In the order of the one numbering: xl's controllers come first, since theirs is libxl's. Ends
// with a NULL name.
extern const struct dialect *const dialects[];

extern const struct dialect dialect_xl;
extern const struct dialect dialect_xenusb;
extern const struct dialect dialect_xm;
extern const struct dialect dialect_classic;
extern const struct dialect dialect_qemu;

// Reads what the file says of the guest itself.
void domain_read(struct builder *builder);

// classic.c: reads one item as QEMU's -usbdevice takes it, which stands at `at`.
void classic_read_device(struct builder *builder, struct config_device *device, struct text item,
                         struct span at);

// The controllers that xl makes of usbversion=2: ICH9's EHCI, which is returned, and its
// companions.
struct config_controller *classic_make_ich9(struct builder *builder, struct span why);

// xenusb.c: the keyed forms. Those of usbdevice stand in the same list as the classic ones.
// Whether an item begins with a known key and `=`.
bool xenusb_is_keyed(struct text item);
struct config_device *xenusb_read_device(struct builder *builder, const struct spec *spec);
struct config_controller *xenusb_read_controller(struct builder *builder, const struct spec *spec);
// Sets a controller's type by one of its names; false if the word is none.
bool xenusb_set_type(struct config_controller *controller, struct text word, struct span at);
// A controller's name: a letter, then letters, digits, '-' and '_'.
bool xenusb_is_name(struct text text);
void xenusb_set_name(struct builder *builder, struct config_controller *controller,
                     struct text name, struct span at);

// words.c: one spec of a command line.
void words_read_device(struct builder *builder, const struct spec *spec);
void words_read_controller(struct builder *builder, const struct spec *spec);

#endif
