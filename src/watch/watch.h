// SPDX-License-Identifier: MIT
// The watcher: one process that keeps what config files ask for true. It only decides when a domain
// is to be brought up to date; each run is a child of its own, so that a run can neither hang nor
// leak nor end it.
#ifndef XENUSB_WATCH_WATCH_H
#define XENUSB_WATCH_WATCH_H

#include "base/diag.h"
#include "report.h"

struct watch_options {
    struct arena *arena;
    struct diags *diags;
    const char *const *words; // files and directories; none: the usual ones
    size_t count;
    bool once; // bring all up to date, then end
    bool start_backend;
    bool json;
    bool color;           // of diagnostics
    double timeout_scale; // factor for every time limit
    double undo_scale;    // the same for what is undone
    watch_act act;
    void *context; // for act
};

// Runs until a signal ends it, and then until the last run has ended. STATUS_OK; STATUS_REFUSED,
// after reporting it, if another watcher runs; STATUS_FAILED, after reporting why, if it cannot
// watch. With `once`, ends after one run for each domain, with the worst status of all: a run's, or
// STATUS_REQUEST for a file with errors.
enum status watch_loop(const struct watch_options *options);

#endif
