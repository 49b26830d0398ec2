// SPDX-License-Identifier: MIT
// A QEMU as a process: started as libxl starts that of a guest without a machine
// (libxl__spawn_local_dm in libxl_dm.c), seen to end, and ended. It outlives the process that
// started it.
#ifndef XENUSB_BACKENDS_PVUSB_PROCESS_H
#define XENUSB_BACKENDS_PVUSB_PROCESS_H

#include "plan/topology.h"

#include <sys/types.h>

struct qemu_process {
    pid_t pid;       // a child of this process; 0: none runs
    const char *log; // the file that it writes what it has to say to
    off_t log_from;  // how much of that somebody else had written before
};

// Where libxl has the monitor of that domain's QEMU (libxl__qemu_qmp_path).
const char *process_monitor(struct arena *arena, const struct domain *domain);

// Starts the program for the domain. NULL if it runs; else why it does not.
const char *process_start(struct arena *arena, const struct domain *domain, const char *program,
                          struct qemu_process *process);

// Whether it has ended, or never began.
bool process_exited(struct qemu_process *process);

// Asks it to end, and kills it if it does not within that many seconds. False if it does not even
// then, within as many more: the kernel may be holding on to it.
bool process_terminate(struct qemu_process *process, double seconds);

// The last line that it wrote; NULL if it wrote none, or that cannot be read.
const char *process_last_line(struct arena *arena, const struct qemu_process *process);

#endif
