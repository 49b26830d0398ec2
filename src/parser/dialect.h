// SPDX-License-Identifier: MIT
// The dialects of a domain config.
#ifndef XENUSB_PARSER_DIALECT_H
#define XENUSB_PARSER_DIALECT_H

#include "field.h"

// Each turns the settings of the keys that one toolstack reads into controllers and devices of
// builder->config, and reports errors.
void xl_read(struct builder *builder);      // usbctrl, usbdev
void xenusb_read(struct builder *builder);  // usbcontroller
void xm_read(struct builder *builder);      // vusb
void classic_read(struct builder *builder); // usb, usbversion, usbdevice, spiceusbredirection
void qemu_read(struct builder *builder);    // device_model_args and its kin

// Reads name, type and the like into builder->config->domain, and usbversion; reports errors.
void domain_read(struct builder *builder);

// classic.c: reads one item in the form of QEMU's -usbdevice into `device`; `at` is its place. Sets
// device->broken after reporting an error.
void classic_read_device(struct builder *builder, struct config_device *device, struct text item,
                         struct span at);

// Whether current QEMU versions accept that value of -usbdevice, and all that they accept,
// NULL-terminated.
bool classic_is_supported(struct text item);
const char *const *classic_supported(void);

// Adds the controllers that xl creates for usbversion=2: an ICH9 EHCI, which is returned, and its
// three companions.
struct config_controller *classic_add_ich9(struct builder *builder, struct span why);

// xenusb.c: the keyed forms.
// Whether an item of usbdevice, whose list may mix both forms, begins with a known key and `=`.
bool xenusb_is_keyed(struct text item);
// Adds what a spec describes, without its head. Never NULL; `broken` is set after an error.
struct config_device *xenusb_read_device(struct builder *builder, const struct spec *spec);
// Without count= or all=, what is behind a hub means all of it.
void xenusb_set_all(struct config_device *device);
struct config_controller *xenusb_read_controller(struct builder *builder, const struct spec *spec);
// Sets a controller's type; false, without a report, if the word is not the name of a type.
bool xenusb_set_type(struct config_controller *controller, struct text word, struct span at);
// Whether a text is a valid controller name: a letter, then letters, digits, '-' and '_', at most
// 32 in all.
bool xenusb_is_name(struct text text);
// Sets a controller's name, or reports an error if it is not valid. `at` is its place.
void xenusb_set_name(struct builder *builder, struct config_controller *controller,
                     struct text name, struct span at);

// words.c: add what one spec of a command line describes, its head included.
void words_read_device(struct builder *builder, const struct spec *spec);
void words_read_controller(struct builder *builder, const struct spec *spec);

#endif
