// SPDX-License-Identifier: MIT
// What the grammar of a domain config calls: each of its actions is one call. These functions turn
// the file into values and keep those of the keys that the dialects read.
#ifndef XENUSB_PARSER_BUILD_H
#define XENUSB_PARSER_BUILD_H

#include "base/diag.h"
#include "config/config.h"
#include "document.h"

enum value_kind {
    VALUE_BROKEN, // already reported
    VALUE_STRING,
    VALUE_NUMBER,   // the text at its place; may have a sign or a fraction
    VALUE_TRUTH,    // True or False
    VALUE_NONE,     // None
    VALUE_WORD,     // a name without quotes
    VALUE_LIST,     // or a tuple
    VALUE_COMPUTED, // an expression that only Python can evaluate
};

// A value as written in the file. `first` and `last` are the literals of a string that consists of
// several, or the items of a list; they are not kept for foreign keys.
struct value {
    enum value_kind kind;
    bool truth;
    bool adjacent; // a literal that follows another one without a '+'
    struct span at;
    struct span computed; // the first part that only Python can evaluate; none if all of it is data
    struct cell *first, *last;
};

// One literal or item of a value.
struct cell {
    struct cell *next;
    struct value value;
};

// The value of a key, after all its assignments. Not set while key_at is none.
struct setting {
    struct span key_at;
    struct value value;
};

// A value of a USB key that a later assignment replaces.
struct overridden {
    struct overridden *next;
    enum key key;
    struct setting setting;
};

// The option before the current item of device_model_args, whose value that item is.
enum argument { ARGUMENT_NONE, ARGUMENT_DEVICE, ARGUMENT_USBDEVICE };

// The state of one run of the parser. All of it lives in `arena`.
struct builder {
    struct arena *arena;
    struct diags *diags;
    const struct source *source;
    struct config *config;
    struct config_controller **controllers_end;
    struct config_device **devices_end;
    struct setting settings[KEY_COUNT];
    struct overridden *overridden; // the last one first; at most OVERRIDDEN_MAX
    unsigned overridden_count;
    struct statement *statements, **statements_end;
    enum key key; // the key whose value is being read; KEY_FOREIGN between statements
    enum argument argument;
    struct span argument_at;
    struct config_number usbversion; // default for controllers without a version; 0 if not set
    struct name_map *buses;          // controllers by the names of their QEMU buses
    const struct config_controller *named; // the last controller whose bus is in `buses`
    unsigned cells;                        // number of cells so far
};

// The left side of an assignment.
struct assignment {
    struct span at; // the key
    bool append;    // `+=`, not `=`
};

// Starts a run with an empty config. The arena, diags and source must outlive it.
void builder_init(struct builder *builder, struct arena *arena, struct diags *diags,
                  const struct source *source);

// The bytes of a span of the source.
struct text builder_text(const struct builder *builder, struct span at);

// Report a diagnostic at a place in the source. Never NULL: the return value is for diag_hint() and
// diag_also().
struct diag *builder_error(struct builder *builder, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *builder_warning(struct builder *builder, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *builder_note(struct builder *builder, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// --- values ---

// A value without parts.
struct value value_plain(enum value_kind kind, struct span at);
struct value value_truth(struct span at, bool truth);
// A string literal directly after another one: Python joins them.
struct value value_concat(struct builder *builder, struct value left, struct value right);
// `left operators right`: a sum of strings or of lists is data, anything else is computed. `at` is
// the whole expression.
struct value value_apply(struct builder *builder, struct span at, struct value left,
                         struct span operators, struct value right);
// `operators operand`: a number with its sign is data, anything else is computed.
struct value value_sign(struct builder *builder, struct span at, struct span operators,
                        struct value operand);
struct value value_computed(struct span at);
// An empty list; value_item() appends to it, value_close() sets its place.
struct value value_list(void);
struct value value_item(struct builder *builder, struct value list, struct value item);
// A list of two items.
struct value value_pair(struct builder *builder, struct value first, struct value second);
// An item in parentheses: its value is that of the item.
struct value value_group(struct builder *builder, struct value item);
struct value value_close(struct value list, struct span at);

// --- statements ---

// `key =` or `key +=`: the value that follows belongs to that key.
struct assignment build_target(struct builder *builder, struct span at, bool append);
// A whole assignment. `at` is the value with any parentheses around it.
void build_assign(struct builder *builder, struct assignment target, struct value value,
                  struct span at);
// Records a Python statement that was skipped.
void build_python(struct builder *builder, struct span at);

// Reports a syntax error: `wanted` was expected at `at`.
void build_unexpected(struct builder *builder, struct span at, const char *wanted);

// --- for the dialects ---

// The value of a key, or NULL if the file does not set it.
const struct setting *builder_setting(const struct builder *builder, enum key key);

// Append to the config and number what they append. It is zeroed, except for its place and origin
// and a device's `required`, which is true. Never NULL.
struct config_controller *builder_controller(struct builder *builder, enum origin origin,
                                             struct span why);
struct config_device *builder_device(struct builder *builder, enum origin origin, struct span why);

#endif
