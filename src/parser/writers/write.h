// SPDX-License-Identifier: MIT
// What the writers share. Private to the parser; other folders use translate.h.
#ifndef XENUSB_PARSER_WRITE_H
#define XENUSB_PARSER_WRITE_H

#include "parser/translate.h"
#include "rewrite.h"

// --- values of keys ---

// The items of a list that is being written. They live in the arena.
struct items {
    const char **at;
    size_t count;
    size_t capacity;
};
void items_add(struct arena *arena, struct items *items, const char *item);
// "['a', 'b']" as xl and Python read it, over several lines where it is long.
const char *items_value(const struct writing *writing, const struct items *items);

// Adds "key=value" to a spec, behind a comma if there is something before it. Returns the longer
// one. The value must come last, and may be any printf format.
const char *spec_add(struct arena *arena, const char *spec, const char *key, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));

// A change of a key to a list of those items, or to none if it is empty.
struct replacement change_to(const struct writing *writing, const struct items *items);

// Prints the rewritten file, or its USB statements alone. Of another program's form, a config with
// what `changes` has for each key.
void write_rewritten(const struct writing *writing, const struct rewrite *rewrite,
                     const struct replacement changes[KEY_COUNT]);

// Whether a controller comes from the toolstack when the guest is created, and is asked for by a
// statement that every dialect keeps.
bool is_kept(const struct config_controller *controller);
// Whether xl makes a controller of another key than usbctrl. In a file that does not tell the
// guest's type, usbversion is taken for xl's own key.
bool is_left_to_xl(const struct config_controller *controller);

// Complaints at a place of the source.
struct diag *write_error(const struct writing *writing, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *write_note(const struct writing *writing, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *write_warning(const struct writing *writing, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// --- the writers ---

void write_xl(struct writing *writing);
void write_xenusb(struct writing *writing);
void write_qemu(struct writing *writing);
void write_qmp(struct writing *writing);
void write_libvirt(struct writing *writing);
void write_dot(struct writing *writing);
void write_json(struct writing *writing);

#endif
