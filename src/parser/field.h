// SPDX-License-Identifier: MIT
// Readers of single values, shared by the dialects: each complains at the value's place.
#ifndef XENUSB_PARSER_FIELD_H
#define XENUSB_PARSER_FIELD_H

#include "spec.h"

// --- values of keys ---

// A setting that is a number, or a string that holds one: false if it is not given or, after a
// complaint, not usable. True is 1, False is 0.
bool setting_number(struct builder *builder, enum key key, uint64_t min, uint64_t max,
                    struct config_number *number);

// A setting that is one string; false as above.
bool setting_text(struct builder *builder, enum key key, struct config_text *text);

// What a toolstack does with a single string where it wants a list.
enum single { SINGLE_ACCEPTED, SINGLE_IGNORED_BY_XL, SINGLE_REFUSED_BY_XM, SINGLE_REFUSED_BY_XL };

// Calls `read` for each string of a setting that is a list of strings, or one string.
typedef void (*string_reader)(struct builder *builder, const struct literal *literal);
void setting_strings(struct builder *builder, enum key key, enum single single, string_reader read);

// --- values inside a spec ---

struct field {
    struct builder *builder;
    const char *spec; // what is being read, for sentences: "usbctrl"
    const struct spec_pair *pair;
};

// One key that a kind of spec has. Aliases share their reader; without a reader the key is only
// known, and somebody else reads it.
struct spec_key {
    const char *name;
    void (*read)(const struct field *field, void *into);
};

// Reads all pairs of a spec by a table that ends with a NULL name. Unknown keys are errors.
void fields_read(struct builder *builder, const struct spec *spec, const char *what,
                 const struct spec_key *keys, void *into);

// An error if the spec begins with a word that is no pair.
void spec_refuse_head(struct builder *builder, const struct spec *spec);

// The pair is one that says which host device is meant.
void field_selects(const struct field *field, struct config_device *device);

enum zero {
    ZERO_PLAIN, // every toolstack reads a leading zero as decimal
    ZERO_OCTAL, // xl reads octal there, and libvirt hexadecimal
};

// A number, decimal or behind 0x. False after a complaint.
bool number_read(struct builder *builder, const char *what, struct text text, struct span at,
                 uint64_t min, uint64_t max, enum zero zero, struct config_number *number);
bool field_number(const struct field *field, uint64_t min, uint64_t max, enum zero zero,
                  struct config_number *number);

// Four hexadecimal digits, or fewer, with or without 0x.
bool hex_read(struct builder *builder, const char *what, struct text text, struct span at,
              uint16_t *value);

// vvvv:pppp into a selector.
bool id_read(struct builder *builder, struct text text, struct span at, struct selector *selector);

enum { ADDRESS_MAX = 127 }; // USB 2.0, 9.4.6

// Whether a text is B.A, both in range; then *selector holds it.
bool address_is(struct text text, struct selector *selector);

// B.A into a selector. `what` names the value.
bool address_read(struct builder *builder, const char *what, struct text text, struct span at,
                  struct selector *selector);

// A port, dotted behind hubs; 0 is any.
void field_port(const struct field *field, struct port *port, struct span *at);

// yes, no, 1, 0, true, false, on, off.
void field_flag(const struct field *field, struct config_flag *flag);

// Any text but the empty one.
void field_text(const struct field *field, struct config_text *text);

// One word of a table that ends with a NULL name, without regard to case; false after a complaint.
struct choice {
    const char *name;
    int value;
};
bool field_choice(const struct field *field, const struct choice *choices, int *value);

#endif
