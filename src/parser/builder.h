// SPDX-License-Identifier: MIT
// The state of one run of the parser: what the grammar fills and the dialects read.
#ifndef XENUSB_PARSER_BUILDER_H
#define XENUSB_PARSER_BUILDER_H

#include "base/diag.h"
#include "config/config.h"
#include "document.h"
#include "value.h"

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

// The latest value of a foreign key.
struct variable {
    struct span at; // the key
    enum value_kind kind;
};

// The option before the current item of device_model_args, whose value that item is.
enum argument {
    ARGUMENT_NONE,
    ARGUMENT_DEVICE,
    ARGUMENT_USBDEVICE,
    ARGUMENT_MACHINE,
    ARGUMENT_DRIVE,
    ARGUMENT_BLOCKDEV,
    ARGUMENT_CHARDEV,
    ARGUMENT_READCONFIG
};

// The state of one run of the parser. All of it lives in `arena`.
struct builder {
    struct arena *arena;
    struct diags *diags;
    const struct source *source;
    struct config *config;
    struct config_controller **controllers_end;
    struct config_device **devices_end;
    struct setting settings[KEY_COUNT];
    struct overridden *overridden; // the latest first
    unsigned overridden_count;
    struct statement *statements, **statements_end;
    enum key key; // the key whose value is being read; KEY_FOREIGN between statements
    enum argument argument;
    struct span argument_at;
    struct config_number usbversion; // default for controllers without a version; 0 if not set
    struct name_map *variables;      // struct variable by the name of a foreign key
    struct name_map *buses;          // controllers by the names of their QEMU buses
    unsigned unnamed_buses;          // how many of them QEMU has numbered
    struct qemu_bus *ports;          // QEMU's buses with their free ports, the last one first
    bool has_bus;                    // `buses` has any
    struct name_map *ids;            // the places of the ids in -device
    struct name_map *drives;         // struct config_backing of -drive and -blockdev, by id
    struct name_map *chardevs;       // struct config_backing of -chardev, by id
    bool devices_only;               // the second time through the arguments: only -device
    bool unread;                     // there may be controllers that the parser does not see
    const struct config_controller *named; // the last controller whose bus is in `buses`
    unsigned cells;                        // number of cells so far
};

// Starts a run with an empty config. The arena, diags and source must outlive it.
void builder_init(struct builder *builder, struct arena *arena, struct diags *diags,
                  const struct source *source);

// A text as the arguments of "%.*s", cut so that a message stays on one line.
#define SHOW(text) (int)((text).size > 40 ? 40 : (text).size), (text).at

// The bytes of a span of the source.
struct text builder_text(const struct builder *builder, struct span at);

// Report a diagnostic at a place in the source, with the code "invalid", "warning" or "note". Never
// NULL: the return value is for diag_is(), diag_hint() and diag_also().
struct diag *builder_error(struct builder *builder, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *builder_warning(struct builder *builder, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
struct diag *builder_note(struct builder *builder, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The value of a key, or NULL if the file does not set it.
const struct setting *builder_setting(const struct builder *builder, enum key key);

// Append to the config and number what they append. It is zeroed, except for its place and origin
// and a device's `required`, which is true. Never NULL.
struct config_controller *builder_controller(struct builder *builder, enum origin origin,
                                             struct span why);
struct config_device *builder_device(struct builder *builder, enum origin origin, struct span why);

#endif
