// SPDX-License-Identifier: MIT
// What became of the entries of a config that a run of the watcher planned.
#include "watch_items.h"

static void settle_controller(const struct watch_items *items, struct watch_item *item,
                              const struct step *step)
{
    watch_item_describe_controller(items, item, step->controller);
    item->entry.verdict = WATCH_THERE;
    item->entry.changed |= step->op == STEP_ADD;
}

// What is in the guest and need not be added, for whatever state it is in.
static void settle_kept(struct watch_item *item, const struct device *device)
{
    item->entry.why = device->reason ? device->reason : "";
    switch (device->state) {
    case DEVICE_UNKNOWN: item->entry.verdict = WATCH_UNKNOWN; break;
    case DEVICE_GONE:
    case DEVICE_MISFIT:
    case DEVICE_HELD:
    case DEVICE_UNAUTHORIZED:
        item->entry.verdict = WATCH_REFUSED;
        item->status = STATUS_REFUSED;
        break;
    case DEVICE_PLANNED:
    case DEVICE_ATTACHED:
    case DEVICE_PRESENT:
    case DEVICE_WAITING:
        item->entry.verdict = WATCH_THERE;
        item->entry.why = "";
        break;
    }
}

static void settle_device(const struct watch_items *items, struct watch_item *item,
                          const struct step *step)
{
    const struct device *device = step->device;
    // Of a group, what has changed is described.
    if (step->op == STEP_KEEP && item->entry.changed && config_device_is_group(device->wanted))
        return;
    watch_item_describe(items, item, device, device_on_host(device));
    if (step->op == STEP_KEEP) {
        settle_kept(item, device);
        return;
    }
    item->entry.verdict = WATCH_THERE;
    item->entry.changed = true;
}

// What was left of a device and is removed. It may be there again by now.
static void settle_gone(const struct watch_items *items, const struct step *step)
{
    for (size_t i = 0; i < items->count; i++) {
        struct watch_item *item = &items->items[i];
        if (item->gone != step->device)
            continue;
        item->entry.changed = true;
        if (item->entry.verdict != WATCH_THERE)
            watch_item_describe(items, item, step->device, NULL);
    }
}

static void settle_step(struct watch_items *items, const struct step *step)
{
    struct watch_item *item = step->device ? watch_item_of_device(items, step->device->wanted)
                              : step->controller
                                  ? watch_item_of_controller(items, step->controller->wanted)
                                  : NULL;
    if (step->op == STEP_REMOVE && step->device && step->state == STEP_DONE)
        settle_gone(items, step);
    if (!item || item->left_out || (step->op != STEP_KEEP && step->op != STEP_ADD))
        return;
    if (step->device)
        settle_device(items, item, step);
    else
        settle_controller(items, item, step);
}

void watch_settle_done(struct watch_items *items, const struct job *job)
{
    for (const struct step *step = job->plan.first; step; step = step->next)
        if (step->state == STEP_DONE)
            settle_step(items, step);
}

void watch_settle(struct watch_items *items, const struct job *job)
{
    for (size_t i = 0; i < items->count; i++) {
        struct watch_item *item = &items->items[i];
        // A companion is a part of another controller.
        if (item->controller && !item->left_out)
            item->entry.verdict = WATCH_THERE;
    }
    for (const struct step *step = job->plan.first; step; step = step->next)
        settle_step(items, step);
}
