// SPDX-License-Identifier: MIT
// Readers of single values, shared by the dialects. Each reports errors at the place of the value.
#ifndef XENUSB_PARSER_FIELD_H
#define XENUSB_PARSER_FIELD_H

#include "number.h"
#include "spec.h"

// --- values of keys ---

// Reads a setting that is a number or a string with a number in it; True is 1, False is 0. False if
// it is not set or, after a report, not usable.
bool setting_number(struct builder *builder, enum key key, uint64_t min, uint64_t max,
                    struct config_number *number);

// Reads a setting that is one string; false as above.
bool setting_text(struct builder *builder, enum key key, struct config_text *text);

// What a toolstack does with a single string in place of a list.
enum single { SINGLE_ACCEPTED, SINGLE_IGNORED_BY_XL, SINGLE_REFUSED_BY_XM, SINGLE_REFUSED_BY_XL };

typedef void (*string_reader)(struct builder *builder, const struct literal *literal);
// Calls `read` for each string of a setting that is a list of strings or one string; not at all if
// it is not set. Anything else in the list is an error.
void setting_strings(struct builder *builder, enum key key, enum single single, string_reader read);

// --- values inside a spec ---

// A pair of a spec, with its context.
struct field {
    struct builder *builder;
    const char *spec; // the name of the spec for messages, such as "usbctrl"
    const struct spec_pair *pair;
    const struct spec_pair *pairs; // all pairs of the spec
};

// A key of a kind of spec. Aliases share a reader. A key without a reader is accepted, and left to
// the caller of fields_read(). A name that ends in a dot is a family: any key that begins with it.
struct spec_key {
    const char *name;
    void (*read)(const struct field *field, void *into);
};

// Whether a row is for that key.
bool spec_key_is(const struct spec_key *row, struct text key);

// Reads all pairs of a spec by a table that ends with a NULL name; `into` is passed to the readers.
// Of a repeated key the last pair is used, with a warning. Unknown keys are errors. `what` names
// the spec.
void fields_read(struct builder *builder, const struct spec *spec, const char *what,
                 const struct spec_key *keys, void *into);

// Reports an error if the spec begins with a bare word, and returns it; otherwise NULL.
struct diag *spec_refuse_head(struct builder *builder, const struct spec *spec);

// Notes that the pair selects the host device: extends device->selector_at to it.
void field_selects(const struct field *field, struct config_device *device);

// Adds the property of QEMU's device that the key names, "guest-reset" or "qemu.guest-reset".
// Whether the device has it is left to check_config().
void field_property(const struct field *field, struct config_property **properties);

// Reads the number of a pair with number_read(), which names it by its key.
bool field_number(const struct field *field, uint64_t min, uint64_t max, enum number_rule rule,
                  struct config_number *number);

// Adds VENDOR:PRODUCT to a selector. False after reporting an error.
bool id_read(struct builder *builder, struct text text, struct span at, struct selector *selector);

// Reads a word that names a host device: a bus id, a path, BUS.ADDRESS, VENDOR:PRODUCT, or what
// other tools print (selector_read_printed()). False if it has none of these forms; *broken is set
// if it has, but an error was reported.
bool host_word_read(struct builder *builder, struct text word, struct span at,
                    struct selector *selector, bool *broken);

// Adds BUS.ADDRESS to a selector. `what` names the value. False after reporting an error.
bool address_read(struct builder *builder, const char *what, struct text text, struct span at,
                  struct selector *selector);

// Reads a port, dotted behind hubs; 0 is PORT_ANY. Sets *at to its place.
void field_port(const struct field *field, struct port *port, struct span *at);

// Reads yes, no, 1, 0, true, false, on or off.
void field_flag(const struct field *field, struct config_flag *flag);

// Reads a text that is not empty.
void field_text(const struct field *field, struct config_text *text);

// A word that a value may be.
struct choice {
    const char *name;
    int value;
};
// Looks the value up in a table that ends with a NULL name, ignoring case. False after reporting an
// error.
bool field_choice(const struct field *field, const struct choice *choices, int *value);

#endif
