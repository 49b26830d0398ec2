// SPDX-License-Identifier: MIT
// What the files that read libvirt's XML share. Private to them and to their tests.
//
// An element of <devices> that is about USB is an item. Its attributes and elements are read only
// through the rows of libvirt_words, and whatever has no row there is reported at its place: so
// nothing of an item can be dropped in silence.
#ifndef XENUSB_PARSER_DIALECTS_LIBVIRT_H
#define XENUSB_PARSER_DIALECTS_LIBVIRT_H

#include "base/number_rule.h"
#include "base/xml.h"
#include "parser/builder.h"
#include "parser/foreign.h"

enum { LIBVIRT_INDEX_MAX = 255 };
#define LIBVIRT_CHARDEVS "pty, null, spicevmc, file, unix"

// The state of one run.
struct libvirt {
    struct builder builder;
    const struct libvirt_word *words;
    const struct xml_element *first; // the first element of <devices>, or the only one
    bool xen;
    bool fragment;    // without a domain around it, whose controllers are elsewhere
    bool has_machine; // the guest has a virtual machine, where an input device has a default bus
    bool x86;         // that machine
    struct config_controller *controllers[LIBVIRT_INDEX_MAX + 1]; // by libvirt's index
    struct config_controller *machine; // the controller of usb=1, for input devices; or NULL
    struct span none_at;               // the controller with model='none'
    bool adds_controller;              // there is none, but libvirt adds one
    bool has_ich9;                     // an ICH9 family, with the index `ich9`, became usbversion=2
    unsigned ich9;
};

// What is collected of an item while its words are read.
struct libvirt_item {
    const char *name; // as in libvirt_words
    const struct xml_element *element;
    struct span at;               // its start tag
    struct config_device *device; // NULL for a controller
    bool xen;                     // of a whole domain of libvirt's Xen driver
    bool broken;                  // an error was reported
    // of a controller
    const char *model;
    struct span model_at, ports_at;
    unsigned index, ports;
    bool has_index;
    // of a device
    const char *chardev, *path;
    struct span address_at;
    unsigned bus;
};

// A word: an attribute, or an element that has a meaning by itself (`text` is then what is in it).
struct libvirt_value {
    const char *name;
    const char *text;
    struct span at; // what is written: name and value, or the start tag
};

typedef void libvirt_reader(struct builder *builder, struct libvirt_item *item,
                            const struct libvirt_value *value);

struct libvirt_word {
    const char *path;      // of the element, from the item's name; "*" is the name of any device
    const char *attribute; // NULL: the element itself, with all that is in it
    libvirt_reader *read;  // NULL: it makes no difference to a config
};

// Ends with a row whose path is NULL.
extern const struct libvirt_word libvirt_words[];

// Reads a number, with a warning if it means another one elsewhere. False after reporting an error.
bool libvirt_number(struct builder *builder, struct libvirt_item *item,
                    const struct libvirt_value *value, enum number_rule rule, unsigned *into);

// The readers of properties of QEMU's devices.
libvirt_reader libvirt_read_guest_reset, libvirt_read_removable, libvirt_read_boot_order,
    libvirt_read_serial;
// Reports what libvirt refuses: two devices with one place in the boot order.
void libvirt_check_boot_order(struct libvirt *libvirt);

// Reads all words of an item, and reports those that have no row.
void libvirt_read_words(struct builder *builder, const struct libvirt_word *words,
                        struct libvirt_item *item);

// Read the USB controllers, and then the devices, into the config.
void libvirt_read_controllers(struct libvirt *libvirt);
void libvirt_read_devices(struct libvirt *libvirt);
// Adds the controller that libvirt adds to an emulated PC without one; `why` needs it.
void libvirt_add_default(struct libvirt *libvirt, struct span why);
// Whether an element of that name can be a device on USB.
bool libvirt_is_device(const char *name);

// The place of a start tag.
struct span libvirt_place(const struct xml_element *element);
// Whether an attribute has that value.
bool libvirt_is(const struct xml_element *element, const char *attribute, const char *value);
// Report something that a config cannot express: an error if the guest would be another without
// it, or else a warning that it is ignored.
void libvirt_refuse(struct builder *builder, struct libvirt_item *item,
                    const struct libvirt_value *value, const char *hint);
void libvirt_ignore(struct builder *builder, const struct libvirt_value *value, const char *hint);

// parse_libvirt() with other rows than libvirt_words.
struct document libvirt_parse(struct arena *arena, struct diags *diags, const struct source *source,
                              const struct libvirt_word *words);

#endif
