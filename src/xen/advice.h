// SPDX-License-Identifier: MIT
// The commands that messages suggest. No other file has the text of a command that a user might
// run: `make check-layers` reports one, and advice.test of the rig runs each row of the table.
#ifndef XENUSB_XEN_ADVICE_H
#define XENUSB_XEN_ADVICE_H

#include "domain.h"

enum advice_kind {
    ADVICE_LIST,
    ADVICE_DEVICES,           // without a domain
    ADVICE_ADD_CONTROLLER,    // a controller, as "controller add" takes it
    ADVICE_DETACH,            // a device, as detach takes it
    ADVICE_REMOVE_CONTROLLER, // a controller, by name or index
    ADVICE_REMOVE_RECORD,     // the same, for one that only libxl's record has
    ADVICE_UNPAUSE,           // not for a QEMU that --qmp names
    ADVICE_REPAIR,
    ADVICE_REPAIR_HOST,  // without a domain
    ADVICE_FORGET,       // a journal that cannot be read
    ADVICE_RESTORE,      // a device, as attach takes it
    ADVICE_ATTACH,       // a device that is gone, as attach takes it
    ADVICE_MOVE,         // a device of the domain, and a place, as move takes them
    ADVICE_RETURN,       // what is plugged in now where a device was, as attach takes it
    ADVICE_START_QEMU,   // a PVUSB QEMU, for a domain without PVUSB controllers
    ADVICE_SERVE,        // the same, for a controller that has none, as "controller add" takes it
    ADVICE_DOMAINS,      // without a domain
    ADVICE_HELP,         // of a verb
    ADVICE_VERBS,        // without an argument
    ADVICE_FROM_LIBVIRT, // a file
    ADVICE_FROM_SXP,
    ADVICE_APPLY,
    ADVICE_CHECK_POLICY, // a policy file
    ADVICE_EXPLAIN,      // the code of an error
    ADVICE_PARK,         // not for a QEMU that --qmp names
    ADVICE_KINDS
};

// What a row prints: "PURPOSE: COMMAND". In `command`, %d is the domain, %1 the argument and %2 the
// second one.
struct advice_row {
    const char *name;    // of the row, for tests
    const char *purpose; // what the command does: the promise that advice.test checks
    const char *command; // words separated by single blanks
};

extern const struct advice_row advice_rows[ADVICE_KINDS];

enum { ADVICE_WORDS_MAX = 8 };

// A command as its words.
struct advice_command {
    const char *words[ADVICE_WORDS_MAX];
    size_t count; // 0: no command
};

// The words of that row. `domain` may be NULL if the row names none, `argument` if it has none. A
// domain without id and socket is one that the user named.
struct advice_command advice_words(struct arena *arena, enum advice_kind kind,
                                   const struct domain *domain, const char *argument);

// A command of the user's, with other arguments or in another order, as a line for a shell.
const char *advice_retyped(struct arena *arena, const char *verb, const char *const *words,
                           size_t count);

// The words as a line for a shell.
const char *advice_line(struct arena *arena, const struct advice_command *command);

// "to remove it: xenusb controller remove 'my guest' hci0", with the command quoted for a shell up
// to the end of the string. A domain is named by its id where its name would be taken for something
// else or cannot be printed; one that --qmp replaces by that option. NULL if `argument` is NULL but
// the row needs one: then the caller knows no word that can only mean this thing.
const char *advice(struct arena *arena, enum advice_kind kind, const struct domain *domain,
                   const char *argument);

// The same for a row with two arguments.
const char *advice_of_two(struct arena *arena, enum advice_kind kind, const struct domain *domain,
                          const char *first, const char *second);

// The same for a row with a file that a message is about: its name, or "<stdin>".
const char *advice_for_file(struct arena *arena, enum advice_kind kind, const char *name);

// Adds it to a diagnostic as its hint, unless it is NULL.
void advise(struct diags *diags, struct diag *diag, enum advice_kind kind,
            const struct domain *domain, const char *argument);

#endif
