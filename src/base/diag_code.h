// SPDX-License-Identifier: MIT
// What kind of complaint a diagnostic is, for scripts: messages change, the names of these do not.
#ifndef XENUSB_BASE_DIAG_CODE_H
#define XENUSB_BASE_DIAG_CODE_H

enum diag_code {
    CODE_NOTE,    // a note of no kind below
    CODE_WARNING, // a warning of no kind below
    CODE_INVALID, // an error at its place in a text, of no kind below
    CODE_FAILED,  // any other error of no kind below
    DIAG_CODES
};

// "no-such-domain": lower case, with hyphens.
const char *diag_code_name(enum diag_code code);

#endif
