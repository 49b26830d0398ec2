// SPDX-License-Identifier: MIT
// Shared by the fuzz targets whose input is compiled.
#ifndef XENUSB_TESTS_FUZZ_WRITTEN_H
#define XENUSB_TESTS_FUZZ_WRITTEN_H

#include "../trial.h"
#include "fuzz.h"

// Writes what compiled as a config in our own dialect, and reads that again into *again: it must
// ask for the same. False if it cannot be written, which leaves *again undefined.
static inline bool fuzz_write_and_read(struct trial *trial, struct trial *again)
{
    trial_translate(trial, "xenusb", false);
    if (!trial->done)
        return false;
    trial_compile(again, trial->arena, "again", trial->out, parse_document);
    fuzz_check(again->compiled, "as a config it has errors",
               diags_reason(&again->diags, "none is kept"));
    const char *wrong =
        trial_difference(trial->arena, trial->document.config, again->document.config, TRIAL_ALL);
    fuzz_check(!wrong, "as a config it is something else", wrong);
    return true;
}

#endif
