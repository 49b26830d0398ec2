// SPDX-License-Identifier: MIT
#include "wave.h"

#include "base/arena.h"

struct wave wave_of_steps(struct pvusb_handle *handle, struct step *const *steps, size_t count)
{
    struct arena *arena = handle->session->arena;
    struct attempt *attempts = arena_array_of(arena, struct attempt, count);
    struct wave wave = { .handle = handle,
                         .at = arena_array_of(arena, struct attempt *, count),
                         .count = count };
    for (size_t i = 0; i < count; i++) {
        attempts[i] = (struct attempt){ .step = steps[i], .status = STATUS_OK };
        wave.at[i] = &attempts[i];
    }
    return wave;
}

struct wave wave_part(const struct wave *wave, bool (*condition)(const struct attempt *attempt))
{
    struct wave part = *wave;
    part.at = arena_array_of(wave->handle->session->arena, struct attempt *, wave->count);
    part.count = 0;
    for (size_t i = 0; i < wave->count; i++)
        if (condition(wave->at[i]))
            part.at[part.count++] = wave->at[i];
    return part;
}

bool attempt_succeeds(const struct attempt *attempt)
{
    return attempt->status == STATUS_OK;
}

void wave_fail(struct attempt *attempt, enum status status, const char *why)
{
    attempt->status = status;
    attempt->why = why;
}

void wave_fail_all(const struct wave *wave, enum status status, const char *why)
{
    for (size_t i = 0; i < wave->count; i++)
        if (attempt_succeeds(wave->at[i]))
            wave_fail(wave->at[i], status, why);
}

// What wave_change() runs. The first member is what the body gets.
struct wave_transaction {
    struct change change;
    const struct wave *due;
};

struct attempt *wave_attempt(const struct change *change)
{
    const struct wave *due = ((const struct wave_transaction *)change)->due;
    size_t i = 0;
    while (due->at[i]->step->device != change->device)
        i++;
    return due->at[i];
}

bool wave_change(const struct wave *wave, change_body *body, const char *what)
{
    const char *why = NULL;
    const struct session *session = wave->handle->session;
    const struct wave due = wave_part(wave, attempt_succeeds);
    struct wave_transaction all = { { .session = session, .xen = session->xen }, &due };
    struct change_item *items = arena_array_of(session->arena, struct change_item, due.count);
    if (!due.count)
        return true;
    for (size_t i = 0; i < due.count; i++)
        items[i].step = due.at[i]->step;
    enum status status = change_attempt_all(&all.change, items, due.count, body, &why);
    for (size_t i = 0; i < due.count; i++) {
        bool refused = status == STATUS_OK;
        due.at[i]->unsure = !refused && all.change.unsure;
        if (items[i].status != STATUS_OK)
            wave_fail(due.at[i], items[i].status,
                      refused || !what ? items[i].why
                                       : arena_printf(session->arena, "%s: %s", what, why));
    }
    return status == STATUS_OK;
}

// Evaluates the condition once for each that does not meet it yet; whether there still is one.
static bool is_pending(const struct wave *wave, pvusb_condition *condition)
{
    bool pending = false;
    for (size_t i = 0; i < wave->count; i++) {
        struct attempt *attempt = wave->at[i];
        const struct device *device = attempt->step->device;
        if (!attempt_succeeds(attempt) || attempt->met)
            continue;
        attempt->met = condition(wave->handle, device->controller, device);
        pending |= !attempt->met;
    }
    return pending;
}

static const char *wave_awaited(const struct wave *wave, const char *what)
{
    struct arena *arena = wave->handle->session->arena;
    const struct device *device = wave->count ? wave->at[0]->step->device : NULL;
    return wave->count == 1
               ? arena_printf(arena, "%s %s", what, selector_show(arena, &device->selector))
               : arena_printf(arena, "%s %zu devices", what, wave->count);
}

void wave_wait(const struct wave *wave, double seconds, const char *what,
               pvusb_condition *condition)
{
    double pause = 0;
    cleanup_waiting struct waiting waiting =
        pvusb_waiting(wave->handle, seconds, wave_awaited(wave, what));
    pvusb_begin_round(wave->handle);
    for (size_t i = 0; i < wave->count; i++)
        wave->at[i]->met = false;
    while (is_pending(wave, condition) && pvusb_pause(wave->handle, &waiting, &pause))
        ;
}
