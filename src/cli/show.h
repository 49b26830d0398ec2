// SPDX-License-Identifier: MIT
// Plans and steps as text and as JSON.
#ifndef XENUSB_CLI_SHOW_H
#define XENUSB_CLI_SHOW_H

#include "plan/plan.h"

#include <stdio.h>

struct json_writer;

// "nec-xhci, 8 ports".
const char *show_controller(struct arena *arena, const struct controller *controller);
// "win10 (domain 3, hvm), QEMU 7.2.22 at /run/xen/qmp-libxl-3".
const char *show_domain(struct arena *arena, const struct topology *topology);

// The plan as a diff with a summary; each step with the file and line it comes from.
void show_plan(struct arena *arena, const struct plan *plan, FILE *stream);
// Its steps as objects, elements of an open array.
void show_steps_json(struct arena *arena, const struct plan *plan, struct json_writer *writer);

// One line for a step that was carried out, undone, or failed.
void show_step(struct arena *arena, const struct plan *plan, const struct step *step, bool dry,
               FILE *stream);
// The last line: the overall result.
void show_outcome(struct arena *arena, const struct plan *plan, enum status status, bool dry,
                  FILE *stream);

#endif
