// SPDX-License-Identifier: MIT
// attach --keep, and detach, which ends that.
#ifndef XENUSB_CLI_KEEP_H
#define XENUSB_CLI_KEEP_H

#include "job.h"

// Runs the plan of a job and keeps what its config asks for. Nothing is changed if that cannot be
// written. Statuses as from job_run().
enum status keep_attached(struct job *job);

// Runs the plan of a job that removes devices, which are no longer kept, nor is what its config
// asks for; `all`: nor anything else of the domain. If it fails, all is kept as before.
enum status keep_no_longer(struct job *job, bool all);

// Runs the plan of a move within the domain, and then changes the place of what is kept.
enum status keep_moved(struct job *job);

// Runs the plan of a move to another domain, for which it is kept from then on if it was kept.
enum status keep_moved_away(struct job *from, struct job *to);

#endif
