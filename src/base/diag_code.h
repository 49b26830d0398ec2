// SPDX-License-Identifier: MIT
// What kind of complaint a diagnostic is, for scripts: messages change, the names of these do not.
#ifndef XENUSB_BASE_DIAG_CODE_H
#define XENUSB_BASE_DIAG_CODE_H

#include "status.h"

// The list is also in docs/json/envelope.json.
enum diag_code {
    CODE_NOTE,               // a note of no kind below
    CODE_WARNING,            // a warning of no kind below
    CODE_INVALID,            // what a config, a policy or an argument says is wrong, or incomplete
    CODE_FAILED,             // an error of no kind below
    CODE_USAGE,              // the command line is wrong
    CODE_UNREADABLE,         // a file, xenstore, or this host's devices cannot be read
    CODE_UNWRITABLE,         // a file, xenstore, or standard output cannot be written
    CODE_UNKNOWN_KEY,        // in a config or a policy
    CODE_NO_DOMAIN,          // it is not said which domain it is for
    CODE_NO_SUCH_DOMAIN,     // or no longer
    CODE_WRONG_TYPE,         // the config is for another type of guest
    CODE_PAUSED,             // so the guest cannot use anything
    CODE_NO_SUCH_CONTROLLER, // the domain has none of that name
    CODE_NOT_ATTACHED,       // the domain does not have that device
    CODE_NOT_PLUGGED_IN,     // no such device is plugged into this host
    CODE_AMBIGUOUS,          // several devices or domains match
    CODE_IN_USE,             // a guest or a program has the device, or that is not known
    CODE_HOST_NEEDS_IT,      // this host uses the device, or that is not known
    CODE_DENIED,             // by the policy
    CODE_CONFLICT,           // with something else in the request or in the domain
    CODE_NO_PORT,            // no such port, none free, or none that suits the device
    CODE_NO_BACKEND,         // none serves such a controller
    CODE_UNSUPPORTED,        // by xenusb, QEMU, PVUSB, or the dialect that is written
    CODE_REFUSED,            // for another reason
    CODE_NO_XEN,             // xenstored does not run, or this was built without Xen
    CODE_NO_PERMISSION,      // to connect to xenstored
    CODE_NO_ANSWER,          // from a daemon, a QEMU or a guest in time
    CODE_LOCKED,             // another command or watcher is at work
    CODE_INTERRUPTED,        // by a signal
    CODE_UNFINISHED,         // a command was killed; the next one completes or undoes it
    CODE_UNSAVED,            // libxl's saved configuration lacks something, or cannot be changed
    CODE_NOT_RESTORABLE,     // the guest cannot be restored if it is saved
    CODE_NO_WATCHER,         // none runs, or that is not known
    CODE_INCOMPLETE,         // not everything could be read
    CODE_LEFT_OVER,          // something could not be undone
    DIAG_CODES
};

// "no-such-domain": lower case, with hyphens.
const char *diag_code_name(enum diag_code code);

// That of a failure with this status of which no more is known.
enum diag_code diag_code_of(enum status status);

#endif
