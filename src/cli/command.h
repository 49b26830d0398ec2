// SPDX-License-Identifier: MIT
// Each verb is a file that ends with its card: its name, its arguments, its help, the options it
// takes, and the function that runs it. Options are rows of a table in options.c.
#ifndef XENUSB_CLI_COMMAND_H
#define XENUSB_CLI_COMMAND_H

#include "world/world.h"

struct envelope;

// Every option of every verb, as bits of a card's `options`.
enum option {
    OPTION_ALL = 1 << 0,
    OPTION_DOMAIN = 1 << 1,
    OPTION_DRY_RUN = 1 << 2,
    OPTION_EXIT_CODE = 1 << 3,
    OPTION_FORCE = 1 << 4,
    OPTION_JSON = 1 << 5,
    OPTION_NO_SAVE = 1 << 13,
    OPTION_PRUNE = 1 << 6,
    OPTION_QMP = 1 << 7,
    OPTION_TIMEOUT = 1 << 8,
    OPTION_TREE = 1 << 9,
    OPTION_TO = 1 << 10,
    OPTION_USB_ONLY = 1 << 11,
    OPTION_NO_COMMENTS = 1 << 12,
    OPTION_IN_PLACE = 1 << 17,
    OPTION_FROM = 1 << 18,
    OPTION_RESOLVE = 1 << 14,
    OPTION_HYPERVISOR = 1 << 15,
    OPTION_COMMAND = 1 << 16,
    OPTION_START_BACKEND = 1 << 19,
    OPTION_REQUIRE_GUEST = 1 << 20,
    OPTION_POLICY = 1 << 21,
    OPTION_UDEV = 1 << 22,
    OPTION_FORGET = 1 << 23,
    OPTION_ONCE = 1 << 24,
    OPTION_KEEP = 1 << 25,
    OPTION_QUIET = 1 << 26,
    OPTION_HELP = 1 << 27,    // every verb takes it
    OPTION_VERSION = 1 << 28, // and this one
    OPTION_SKIP_MISSING = 1 << 29,
    OPTION_NOHEADINGS = 1 << 30,
    OPTION_OUTPUT = 1ULL << 31,
    OPTION_RAW = 1ULL << 32,
    OPTION_COLOR = 1ULL << 33, // every verb takes it
    OPTION_AS_CONFIG = 1ULL << 34,
    OPTION_VERBOSE = 1ULL << 35,
    OPTION_CONTROLLERS = 1ULL << 37,
    OPTION_DEVICES = 1ULL << 36,
    OPTIONS_OF_TABLES = OPTION_NOHEADINGS | OPTION_OUTPUT | OPTION_RAW,
};

// The parsed command line.
struct invocation {
    struct arena *arena;
    struct diags *diags;
    struct envelope *envelope;     // for --json; NULL: the run prints none
    const struct command *command; // NULL until it is known
    bool ran;                      // the verb was started
    uint64_t given;                // enum option, or'ed
    const char *domain;            // --domain
    const char *qmp;               // --qmp
    const char *from;              // --from
    const char *to;                // --to
    const char *controllers;       // --controllers
    const char *devices;           // --devices
    const char *hypervisor;        // --hypervisor
    const char *old_command;       // --command
    const char *policy;            // --policy
    const char *udev;              // --udev
    const char *output;            // --output
    double timeout_scale;          // --timeout, as a factor of all time limits; 1.0 by default
    double undo_scale;             // the same for what is undone, which --timeout does not shorten
    bool color;                    // colour the diagnostics
    bool color_output;             // and what is on standard output
    const struct world_known *known; // what the watcher knows; NULL: nothing
    const char *const *words;        // the arguments, without the verb and the options
    size_t count;
    const char *const *typed; // all words as they were typed
    size_t typed_count;
};

struct command {
    const char *name;      // "attach"; "controller add"
    const char *arguments; // "DOMAIN SPEC..."
    const char *summary;   // one line
    const char *details;   // further lines of --help, or NULL
    uint64_t options;      // enum option, or'ed
    const char *json;      // the members of its JSON, between blanks: one that it has not added is
                           // null, or empty if "[]" follows its name. NULL: it prints no envelope
    size_t least;          // how many arguments it takes
    size_t most;
    enum status (*run)(const struct invocation *invocation);
};

extern const struct command check_command;
extern const struct command plan_command;
extern const struct command apply_command;
extern const struct command attach_command;
extern const struct command detach_command;
extern const struct command move_command;
extern const struct command controller_add_command;
extern const struct command controller_remove_command;
extern const struct command list_command;
extern const struct command devices_command;
extern const struct command doctor_command;
extern const struct command repair_command;
extern const struct command translate_command;
extern const struct command watch_command;
extern const struct command park_command;
extern const struct command unpark_command;
extern const struct command explain_command;

enum { COMMANDS = 17 };
// All verbs in the order of the help; ends with NULL.
extern const struct command *const commands[COMMANDS + 1];

// The verb at the start of the arguments, of which *used are its own words; or NULL.
const struct command *command_find(const char *const *words, size_t count, size_t *used);

// Reads the words after "xenusb" into *invocation: the verb, and its options and arguments.
// STATUS_REQUEST after reporting an error. Else `given` has OPTION_HELP or OPTION_VERSION if that
// was asked for, and then the arguments may be wrong. Without a verb `command` is NULL, and `words`
// are all that are no options.
enum status options_read(struct invocation *invocation, const char *const *words, size_t count);

// What the command line decides about the world that the verb opens.
struct world_options options_for_world(const struct invocation *invocation);

// A row of the table of options.
struct option_about {
    const char *name;     // without the dashes
    char letter;          // of its short form; 0: none
    const char *argument; // "FILE"; NULL: it takes none
    const char *help;
};
// The option of the verb with that number, from 0; false if it has no more.
bool options_about(const struct command *command, size_t number, struct option_about *about);

// Prints what can be typed in place of the last of these words, which follow "xenusb" and may be
// incomplete or empty: lines of a word, a tab and what it is. Nothing if that can be a file. Called
// by the shells (completions/), so it reports no errors.
void complete_print(struct arena *arena, const char *const *words, size_t count, FILE *stream);

// Prints what --version says: the version and the commit, whether this was built with Xen's
// libraries, and the versions of all libraries it was built with.
void version_print(FILE *stream);

// Prints a verb's help from its card.
void options_print_help(const struct command *command, FILE *stream);

#endif
