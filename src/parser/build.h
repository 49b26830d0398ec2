// SPDX-License-Identifier: MIT
// The verbs that the grammar of the file speaks: each of its actions is one call of them. They turn
// what stands in the file into values, and keep those of the keys that the dialects read.
#ifndef XENUSB_PARSER_BUILD_H
#define XENUSB_PARSER_BUILD_H

#include "base/diag.h"
#include "config/config.h"
#include "document.h"

enum value_kind {
    VALUE_BROKEN, // complained of already
    VALUE_STRING,
    VALUE_NUMBER, // the text at its place; may have a sign or a fraction
    VALUE_TRUTH,
    VALUE_NONE,
    VALUE_WORD, // a name without quotes
    VALUE_LIST, // or a tuple
    VALUE_COMPUTED,
};

// A value as it stands in the file. `first` and `last` are the literals of a string that has more
// than one, or the items of a list; values of foreign keys keep neither.
struct value {
    enum value_kind kind;
    bool truth;
    bool adjoined; // a literal with only blanks between it and the one before it: no '+'
    struct span at;
    struct span computed; // the part that only Python could compute; none where all is data
    struct cell *first, *last;
};

struct cell {
    struct cell *next;
    struct value value;
};

// What the file says of one key in the end. Not given while key_at is none.
struct setting {
    struct span key_at;
    struct value value;
};

// What the next item of device_model_args is.
enum argument { ARGUMENT_NONE, ARGUMENT_DEVICE, ARGUMENT_USBDEVICE };

// Everything that one run of the parser makes.
struct builder {
    struct arena *arena;
    struct diags *diags;
    const struct source *source;
    struct config *config;
    struct config_controller **controllers_end;
    struct config_device **devices_end;
    struct setting settings[KEY_COUNT];
    struct statement *statements, **statements_end;
    enum key key; // whose value is being read
    enum argument argument;
    struct span argument_at;
    struct config_number usbversion; // for controllers that give none; value 0 if it is not set
    struct name_map *buses;          // of the controllers, as QEMU names them
    const struct config_controller *named; // up to this one their buses have their names
    unsigned cells;
};

// How a key is assigned: `=` or `+=`.
struct assignment {
    struct span at;
    bool append;
};

void builder_init(struct builder *builder, struct arena *arena, struct diags *diags,
                  const struct source *source);

// The bytes at a place of the source.
struct text builder_text(const struct builder *builder, struct span at);

// Complaints at a place of the source that is being read. They return what complain() does.
struct diag *builder_error(struct builder *builder, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *builder_warning(struct builder *builder, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *builder_note(struct builder *builder, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// --- values ---

struct value value_plain(enum value_kind kind, struct span at);
struct value value_truth(struct span at, bool truth);
// A string directly after another one: they are one string.
struct value value_adjoin(struct builder *builder, struct value left, struct value right);
// `left operators right`: a sum of strings or of lists is data, anything else is computed. `at` is
// the whole.
struct value value_apply(struct builder *builder, struct span at, struct value left,
                         struct span operators, struct value right);
// `operators operand`: a number with its sign is data, anything else is computed.
struct value value_sign(struct builder *builder, struct span at, struct span operators,
                        struct value operand);
struct value value_computed(struct span at);
struct value value_list(void);
struct value value_item(struct builder *builder, struct value list, struct value item);
struct value value_pair(struct builder *builder, struct value first, struct value second);
// An item in parentheses, which has the item's value.
struct value value_group(struct builder *builder, struct value item);
struct value value_close(struct value list, struct span at);

// --- statements ---

// `key =` or `key +=`: what follows is that key's value.
struct assignment build_target(struct builder *builder, struct span at, bool append);
// `at` is the whole value, with the parentheses around it if there are any.
void build_assign(struct builder *builder, struct assignment target, struct value value,
                  struct span at);
// A statement of Python that is skipped.
void build_python(struct builder *builder, struct span at);

// Something stands where the grammar wants something else.
void build_unexpected(struct builder *builder, struct span at, const char *wanted);

// --- what the dialects ask ---

// The value of a key, or NULL if the file does not give it.
const struct setting *builder_setting(const struct builder *builder, enum key key);

// Appends to the config, and numbers it. The new one is zeroed but for its place and origin.
struct config_controller *builder_controller(struct builder *builder, enum origin origin,
                                             struct span why);
struct config_device *builder_device(struct builder *builder, enum origin origin, struct span why);

#endif
