// SPDX-License-Identifier: MIT
#include "phase.h"

enum phase phase_of(const struct step *step, enum step_op op)
{
    const bool spare = step->spare && op == STEP_REMOVE;
    if (step->pvusb_qemu && spare)
        return PHASE_STOP_SPARE_QEMU;
    if (step->pvusb_qemu)
        return op == STEP_REMOVE ? PHASE_STOP_PVUSB_QEMU : PHASE_START_PVUSB_QEMU;
    if (step->device)
        return op == STEP_REMOVE ? PHASE_REMOVE_DEVICES : PHASE_ADD_DEVICES;
    if (op == STEP_ADD)
        return PHASE_ADD_CONTROLLERS;
    if (spare)
        return PHASE_REMOVE_SPARE;
    bool for_good = step->op == STEP_REMOVE && step->controller->cold_only != VERDICT_NO;
    return for_good ? PHASE_REMOVE_FOR_GOOD : PHASE_REMOVE_CONTROLLERS;
}

unsigned phase_wave_of(const struct step *step, enum step_op op)
{
    unsigned depth = step->device ? step->device->port.depth : 0;
    return op == STEP_REMOVE ? PORT_DEPTH_MAX - depth : depth;
}
