// SPDX-License-Identifier: MIT
// What the writers share. Private to the parser; other folders use translate.h.
#ifndef XENUSB_PARSER_WRITERS_WRITE_H
#define XENUSB_PARSER_WRITERS_WRITE_H

#include "parser/translate.h"
#include "rewrite.h"

// --- values of keys ---

// The items of a list. Lives in the arena; zero-initialise it.
struct items {
    const char **at;
    size_t count;
    size_t capacity;
};
// Appends an item, which is not copied.
void items_add(struct arena *arena, struct items *items, const char *item);

// Returns `spec` with "key=value" appended, after a comma if `spec` is not empty. The value is a
// printf format.
const char *spec_add(struct arena *arena, const char *spec, const char *key, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));

// Sets a key to a list of these items, or removes it if there are none.
struct replacement change_to(const struct writing *writing, const struct items *items);

// Prints an assignment of a string in double quotes; nothing if it is empty or would need escapes.
void write_string(FILE *stream, const char *key, struct text text, const char *line_end);

// Prints the rewritten file, or just its USB statements. If the source is in a foreign format,
// prints a new config with the values in `changes`.
void write_rewritten(const struct writing *writing, const struct rewrite *rewrite,
                     const struct replacement changes[KEY_COUNT]);

// Whether a controller is created with the guest, by a statement that every translation keeps.
bool is_kept(const struct config_controller *controller);
// Whether xl creates the controller because of a key other than usbctrl. If the guest's type is
// unknown, usbversion is assumed to be such a key.
bool is_left_to_xl(const struct config_controller *controller);

// Whether an image is a block device: as the config says, or else by its path.
bool is_block_device(const struct writing *writing, struct config_flag block, struct text path);

// Report a diagnostic at a place in the source, with the code "unsupported" (the usual error is
// that the dialect has no words for something), "note" or "warning". Never NULL.
struct diag *write_error(const struct writing *writing, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *write_note(const struct writing *writing, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *write_warning(const struct writing *writing, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// --- the writers, one per row of translations[] ---

void write_xl(struct writing *writing);
void write_xenusb(struct writing *writing);
void write_qemu(struct writing *writing);
void write_qmp(struct writing *writing);
void write_libvirt(struct writing *writing);
void write_dot(struct writing *writing);
void write_json(struct writing *writing);

#endif
