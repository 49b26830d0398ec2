// SPDX-License-Identifier: MIT
// The order in which steps run. Private to plan/.
#ifndef XENUSB_PLAN_PHASE_H
#define XENUSB_PLAN_PHASE_H

#include "plan.h"

// It matters: a controller can be removed only after its devices, and a device needs its controller
// and its hub; removals free ports and slots for additions. A PVUSB QEMU starts after all its
// controllers were created, since some versions accept none later, and stops after they are
// removed. What cannot be recreated is removed last, when no later step can fail; only what the
// guest may refuse to release without harm comes after it. Undoing uses the same order, in which
// each inverse step has its own phase.
enum phase {
    PHASE_REMOVE_DEVICES,
    PHASE_REMOVE_CONTROLLERS,
    PHASE_STOP_PVUSB_QEMU,
    PHASE_ADD_CONTROLLERS,
    PHASE_START_PVUSB_QEMU,
    PHASE_ADD_DEVICES,
    PHASE_REMOVE_FOR_GOOD,
    PHASE_REMOVE_SPARE,
    PHASE_STOP_SPARE_QEMU,
    PHASES
};

// The phase of a step, or of its inverse, depending on `op`.
enum phase phase_of(const struct step *step, enum step_op op);

// Splits a phase into waves of independent steps, of 0 to PORT_DEPTH_MAX: hubs are added before the
// devices behind them, and removed after those.
unsigned phase_wave_of(const struct step *step, enum step_op op);

#endif
