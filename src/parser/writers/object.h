// SPDX-License-Identifier: MIT
// Things as QEMU is told to make them: as an argument of its command line, or as a command of QMP.
#ifndef XENUSB_PARSER_OBJECT_H
#define XENUSB_PARSER_OBJECT_H

#include "base/text.h"

#include <stdio.h>

struct arena;

enum property_kind { PROPERTY_TEXT, PROPERTY_NUMBER, PROPERTY_ID, PROPERTY_FLAG, PROPERTY_NOTHING };
struct property {
    const char *key; // dotted where QMP nests it
    enum property_kind kind;
    struct text text;
    uint32_t number;
};

enum { PROPERTIES_MAX = 12 };
// Something that QEMU makes: its first property is what it is.
struct object {
    struct property properties[PROPERTIES_MAX];
    unsigned count;
};

// Each adds a property. Texts must outlive the object.
void object_text(struct object *object, const char *key, struct text text);
void object_string(struct object *object, const char *key, const char *string);
void object_number(struct object *object, const char *key, uint32_t number);
// The number of a vendor or a product: as lsusb prints it, where QEMU reads hexadecimal.
void object_id(struct object *object, const char *key, uint16_t id);
void object_flag(struct object *object, const char *key, bool flag);
// An empty object, which only QMP wants.
void object_nothing(struct object *object, const char *key);

// A word for a shell, in quotes where it needs them.
void object_print_word(FILE *stream, struct text word);
// "-option driver,key=value,..." and a line end, for a shell.
void object_print_argument(FILE *stream, struct arena *arena, const char *option,
                           const struct object *object);
// The command as one line of JSON.
void object_print_command(FILE *stream, struct arena *arena, const char *command,
                          const struct object *object);

#endif
