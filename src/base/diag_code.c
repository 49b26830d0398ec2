// SPDX-License-Identifier: MIT
#include "diag_code.h"

static const char *const names[DIAG_CODES] = {
    [CODE_NOTE] = "note",
    [CODE_WARNING] = "warning",
    [CODE_INVALID] = "invalid",
    [CODE_FAILED] = "failed",
    [CODE_USAGE] = "usage",
    [CODE_UNREADABLE] = "unreadable",
    [CODE_UNWRITABLE] = "unwritable",
    [CODE_UNKNOWN_KEY] = "unknown-key",
    [CODE_NO_DOMAIN] = "no-domain",
    [CODE_NO_SUCH_DOMAIN] = "no-such-domain",
    [CODE_WRONG_TYPE] = "wrong-type",
    [CODE_PAUSED] = "paused",
    [CODE_NO_SUCH_CONTROLLER] = "no-such-controller",
    [CODE_NOT_ATTACHED] = "not-attached",
    [CODE_NOT_PLUGGED_IN] = "not-plugged-in",
    [CODE_AMBIGUOUS] = "ambiguous",
    [CODE_IN_USE] = "in-use",
    [CODE_HOST_NEEDS_IT] = "host-needs-it",
    [CODE_DENIED] = "denied",
    [CODE_CONFLICT] = "conflict",
    [CODE_NO_PORT] = "no-port",
    [CODE_NO_BACKEND] = "no-backend",
    [CODE_UNSUPPORTED] = "unsupported",
    [CODE_REFUSED] = "refused",
    [CODE_NO_XEN] = "no-xen",
    [CODE_NO_PERMISSION] = "no-permission",
    [CODE_NO_ANSWER] = "no-answer",
    [CODE_LOCKED] = "locked",
    [CODE_INTERRUPTED] = "interrupted",
    [CODE_UNFINISHED] = "unfinished",
    [CODE_UNSAVED] = "unsaved",
    [CODE_NOT_RESTORABLE] = "not-restorable",
    [CODE_NO_WATCHER] = "no-watcher",
    [CODE_INCOMPLETE] = "incomplete",
    [CODE_LEFT_OVER] = "left-over",
};

const char *diag_code_name(enum diag_code code)
{
    return names[code];
}

enum diag_code diag_code_of(enum status status)
{
    switch (status) {
    case STATUS_REQUEST: return CODE_INVALID;
    case STATUS_REFUSED: return CODE_REFUSED;
    case STATUS_LEFTOVER: return CODE_LEFT_OVER;
    case STATUS_TIMEOUT: return CODE_NO_ANSWER;
    default: return CODE_FAILED;
    }
}
