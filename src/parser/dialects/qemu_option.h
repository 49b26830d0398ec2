// SPDX-License-Identifier: MIT
// QEMU's options as QEMU reads them, and what it refuses when it starts.
#ifndef XENUSB_PARSER_DIALECTS_QEMU_OPTION_H
#define XENUSB_PARSER_DIALECTS_QEMU_OPTION_H

#include "parser/dialect.h"
#include "qemu/drivers.h"

// Reads key=value pairs as QEMU's option parser does: two commas are one, blanks and quotes are
// part of a value, and a key alone is a flag. The first item may be a value alone, the spec's head.
struct spec *qemu_option_spec(struct builder *builder, const struct literal *literal);

// The last pair with that key, which QEMU uses; NULL if there is none.
const struct spec_pair *qemu_option(const struct spec *spec, const char *name);

// The properties that are not in `known`, in their order; of several with one name the last one.
struct config_property *qemu_properties(struct builder *builder, const struct spec *spec,
                                        const char *const *known);

// Reports whatever makes QEMU refuse a -device: an unknown driver or property, a value that the
// property does not take, a missing property. Returns the driver if it is for USB, otherwise NULL;
// it is also returned after an error in a property.
const struct qemu_driver *qemu_judge(struct builder *builder, const struct spec *spec,
                                     struct text name, struct span name_at);

// Reads a number of a -device as QEMU does, with a warning if its octal value differs from the
// decimal one. The pair must have passed qemu_judge().
uint32_t qemu_option_number(struct builder *builder, const struct spec_pair *pair);

// qemu_ports.c: QEMU's ports. Begins with what the config has so far; adds a controller of -device;
// gives a device a port, or reports an error and marks it as broken. `spec`: its -device, or NULL.
void qemu_ports_begin(struct builder *builder);
void qemu_ports_add(struct builder *builder, const struct config_controller *controller,
                    const struct spec *spec);
void qemu_ports_claim(struct builder *builder, struct config_device *device,
                      const struct spec *spec);

// qemu_backing.c: reads one value of -drive, -blockdev or -chardev.
void qemu_read_backing(struct builder *builder, enum argument option,
                       const struct literal *literal);
// What the -drive or -blockdev with that id defines, with the images below it; NULL if
// there is none.
struct config_backing *qemu_image(const struct builder *builder, struct text id);

// qemu_device.c: reads one value of -device; adds the USB device or controller that it creates.
void qemu_read_device(struct builder *builder, const struct literal *literal);

#endif
