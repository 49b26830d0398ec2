// SPDX-License-Identifier: MIT
// The verbs that take the configs of several domains.
#ifndef XENUSB_CLI_FILES_H
#define XENUSB_CLI_FILES_H

#include "job.h"

// Compiles all files of the command line, then runs the verb for each that has no error, in the
// order given. What fails for one file does not keep the others from being run, but for an
// interrupt; the status is the worst. STATUS_REQUEST, before anything is run, if two of several
// files are for the same domain, or with options that are for one.
enum status files_run(const struct invocation *invocation, enum status (*run)(struct job *job));

#endif
