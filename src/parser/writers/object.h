// SPDX-License-Identifier: MIT
// Objects that QEMU creates, printed as a command line argument or as a QMP command.
#ifndef XENUSB_PARSER_WRITERS_OBJECT_H
#define XENUSB_PARSER_WRITERS_OBJECT_H

#include "base/text.h"

#include <stdio.h>

struct arena;

enum property_kind { PROPERTY_TEXT, PROPERTY_NUMBER, PROPERTY_ID, PROPERTY_FLAG, PROPERTY_NOTHING };
// One property of an object.
struct property {
    const char *key; // dotted if it is nested in QMP
    enum property_kind kind;
    struct text text;
    int64_t number;
};

enum { PROPERTIES_MAX = 80 }; // more than the words of an item, and what is added to them
// Something that QEMU creates. Its first property is the driver or backend; more than
// PROPERTIES_MAX are not kept.
struct object {
    struct property properties[PROPERTIES_MAX];
    unsigned count;
};

// Each adds a property. Keys and texts are not copied.
void object_text(struct object *object, const char *key, struct text text);
void object_string(struct object *object, const char *key, const char *string);
void object_number(struct object *object, const char *key, int64_t number);
// A vendor or product id: hexadecimal in an argument, a number in QMP.
void object_id(struct object *object, const char *key, uint16_t id);
void object_flag(struct object *object, const char *key, bool flag);
// An empty object; only for QMP.
void object_nothing(struct object *object, const char *key);

// Prints a word for a shell, quoted if necessary.
void object_print_word(FILE *stream, struct text word);
// Prints "-option driver,key=value,..." and a line end, for a shell.
void object_print_argument(FILE *stream, struct arena *arena, const char *option,
                           const struct object *object);
// Prints the command as one line of JSON.
void object_print_command(FILE *stream, struct arena *arena, const char *command,
                          const struct object *object);

#endif
