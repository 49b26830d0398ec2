// SPDX-License-Identifier: MIT
// What `explain` says of each code of a complaint.
#ifndef XENUSB_CLI_EXPLANATIONS_H
#define XENUSB_CLI_EXPLANATIONS_H

#include "base/diag_code.h"

// Commands that help.
enum help {
    HELP_NONE,
    HELP_DOCTOR,
    HELP_DEVICES,
    HELP_LIST,
    HELP_CHECK,
    HELP_VERBS,
    HELP_OPTIONS,
    HELP_APPLY_TO,
    HELP_DOMAINS,
    HELP_TYPE,
    HELP_UNPAUSE,
    HELP_ADD_CONTROLLER,
    HELP_MOVE,
    HELP_DETACH,
    HELP_FORCE,
    HELP_CHECK_POLICY,
    HELP_ATTACH,
    HELP_START_BACKEND,
    HELP_XEN,
    HELP_VERSION,
    HELP_WORK,
    HELP_REPAIR,
    HELP_FORGET,
    HELP_SAVE,
    HELP_PARK,
    HELP_UNPARK,
    HELP_OBSTACLE,
    HELP_WATCHER,
    HELP_ONCE,
    HELP_FIX,
    HELPS
};

// DOMAIN, OTHER (the domain that has it), DEVICE and FILE stand for what the reader has.
struct explained_command {
    const char *purpose; // "to see who has it"
    const char *command;
};
extern const struct explained_command explained_commands[HELPS];

enum { EXPLAINED_COMMANDS = 3 };
struct explanation {
    const char *summary; // a clause, as in the list of all
    const char *text;    // what it means, why, and what to do; paragraphs end with a newline each
    enum help helps[EXPLAINED_COMMANDS]; // those it has come first
};

extern const struct explanation explanations[DIAG_CODES];

#endif
