// SPDX-License-Identifier: MIT
// Runs a PVUSB QEMU in the way libxl does for a guest without an emulated machine
// (libxl__spawn_local_dm in libxl_dm.c). The process outlives xenusb.
#ifndef XENUSB_BACKENDS_PVUSB_PROCESS_H
#define XENUSB_BACKENDS_PVUSB_PROCESS_H

#include "plan/topology.h"

#include <sys/types.h>

// A QEMU that this process has started.
struct qemu_process {
    pid_t pid;           // our child; 0: not running
    const char *program; // that it runs
    const char *log;     // the file for its output
    off_t log_from;      // the size of the log before it was started
    bool waiting;        // it has not been told to run the program yet
    int gate, report;    // while it waits: what tells it, and what it reports
};

// The QMP socket that libxl uses for that domain's QEMU (libxl__qemu_qmp_path).
const char *process_monitor(struct arena *arena, const struct domain *domain);

// Creates the process that is to run the program for the domain, so that its id can be recorded
// before it does anything: if xenusb dies before process_run(), so does this process. Returns NULL,
// or why it failed. `program` must outlive the process.
const char *process_prepare(struct arena *arena, const struct domain *domain, const char *program,
                            struct qemu_process *process);
// Lets it run the program. Returns NULL, or why it failed.
const char *process_run(struct arena *arena, struct qemu_process *process);

// Whether it is not running: it exited or was never started.
bool process_exited(struct qemu_process *process);

// Sends SIGTERM, then SIGKILL after that many seconds. False if it is still running after twice
// that time: it may be blocked in the kernel.
bool process_terminate(struct qemu_process *process, double seconds);

// The last line of its output; NULL if there is none or the log cannot be read.
const char *process_last_line(struct arena *arena, const struct qemu_process *process);

#endif
