// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "run.h"

// Seconds, before they are scaled: for a guest to eject a controller, and for QEMU to clear away
// what stood behind a device once that is gone.
#define EJECT_SECONDS 10.0
#define CLEAR_SECONDS 2.0

// Seconds between two looks whether something is gone.
#define FIRST_PAUSE 0.01
#define LAST_PAUSE  0.5

struct qmp_command *run_ask(struct qmp_handle *handle, struct wire_command command)
{
    return qmp_submit(handle->client, command.name, command.arguments);
}

const char *run_words(struct qmp_handle *handle, const struct qmp_command *command)
{
    if (command->error)
        return arena_printf(handle->session->arena, "QEMU says: %s", command->error);
    return arena_printf(handle->session->arena, "%s; whether it was carried out is not known",
                        qmp_why(handle->client));
}

static void close_removal(struct qmp_removal *removal, enum step_state state, const char *words)
{
    removal->state = state;
    removal->words = words;
}

// What the answer to device_del means. An answer that never came leaves everything open.
static void take_answer(struct qmp_handle *handle, struct qmp_removal *removal)
{
    const struct qmp_command *command = removal->command;
    if (!command)
        return;
    if (!command->answered) {
        removal->timed_out = !qmp_broken(handle->client);
        close_removal(removal, STEP_LEFT, run_words(handle, command));
        return;
    }
    if (!command->error)
        return;
    switch (wire_removal_error(command->error_class, command->error)) {
    case WIRE_ABSENT: removal->gone = true; break;
    case WIRE_ASKED: break;
    case WIRE_REFUSED: close_removal(removal, STEP_FAILED, run_words(handle, command)); break;
    }
}

static bool is_open(const struct qmp_removal *removal)
{
    return !removal->gone && removal->state == STEP_PLANNED;
}

static bool is_about(const struct qmp_event *event, const struct qmp_removal *removal)
{
    return (*removal->id && strcmp(event->device, removal->id) == 0) ||
           strcmp(event->path, removal->path) == 0;
}

static void take_events(struct qmp_handle *handle, struct qmp_removal *removals, size_t count)
{
    struct qmp_event event;
    while (qmp_take_event(handle->client, &event))
        for (size_t i = 0; i < count; i++) {
            if (!is_open(&removals[i]) || !is_about(&event, &removals[i]))
                continue;
            if (event.kind == QMP_DEVICE_DELETED)
                removals[i].gone = true;
            else
                close_removal(&removals[i], STEP_FAILED, "the guest refused to let go of it");
        }
}

// Asks whether those that are open still have their path: nec-usb-xhci and qemu-xhci go without
// any event, and an event can be missed. False if QEMU does not answer.
static bool look_for(struct qmp_handle *handle, struct qmp_removal *removals, size_t count)
{
    struct arena *arena = handle->session->arena;
    struct qmp_command **asked = arena_array_of(arena, struct qmp_command *, count);
    for (size_t i = 0; i < count; i++)
        if (is_open(&removals[i]))
            asked[i] = run_ask(handle, wire_get(arena, removals[i].path, "type"));
    bool answered = qmp_await(handle->client);
    for (size_t i = 0; i < count; i++)
        if (asked[i] && asked[i]->error)
            removals[i].gone =
                wire_removal_error(asked[i]->error_class, asked[i]->error) == WIRE_ABSENT;
    return answered;
}

static size_t count_open(struct qmp_removal *removals, size_t count, double since)
{
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_open(&removals[i]))
            open++;
        else if (removals[i].seconds <= 0)
            removals[i].seconds = clock_now() - since;
    }
    return open;
}

// Those that are still there when the time is over. The request stays with the guest: QEMU has no
// command that takes it back.
static void give_up(struct qmp_handle *handle, struct qmp_removal *removals, size_t count,
                    bool answers)
{
    struct arena *arena = handle->session->arena;
    double limit = EJECT_SECONDS * handle->session->timeout_scale;
    for (size_t i = 0; i < count; i++) {
        struct qmp_removal *removal = &removals[i];
        if (!is_open(removal))
            continue;
        removal->timed_out = !qmp_broken(handle->client);
        if (!answers)
            close_removal(removal, STEP_LEFT,
                          arena_printf(arena, "%s; whether it is gone is not known",
                                       qmp_why(handle->client)));
        else if (removal->by_guest)
            close_removal(removal, STEP_FAILED,
                          arena_printf(arena,
                                       "the guest did not eject it within %g s; the request stays "
                                       "pending: it goes when the guest lets go of it, or at the "
                                       "guest's next reset",
                                       limit));
        else
            close_removal(removal, STEP_FAILED,
                          arena_printf(arena, "QEMU still has it after %g s", limit));
    }
}

static void wait_until_gone(struct qmp_handle *handle, struct qmp_removal *removals, size_t count)
{
    const double since = clock_now();
    const struct deadline deadline = deadline_in(EJECT_SECONDS * handle->session->timeout_scale);
    double pause = FIRST_PAUSE;
    bool answers = true;
    take_events(handle, removals, count);
    while (count_open(removals, count, since) && answers && !deadline_passed(deadline)) {
        double left = deadline_left(deadline);
        answers = qmp_listen(handle->client, pause < left ? pause : left);
        take_events(handle, removals, count);
        if (count_open(removals, count, since))
            answers = answers && look_for(handle, removals, count);
        take_events(handle, removals, count);
        pause = pause * 2 < LAST_PAUSE ? pause * 2 : LAST_PAUSE;
    }
    give_up(handle, removals, count, answers);
}

// Takes away what stood behind the devices that are gone. QEMU clears a device away some time after
// it is gone, and until then what stood behind it is in use. What does not exist was not made by
// xenusb, and is not missed.
static void clear_away(struct qmp_handle *handle, struct qmp_removal *removals, size_t count)
{
    const struct deadline deadline = deadline_in(CLEAR_SECONDS * handle->session->timeout_scale);
    double pause = FIRST_PAUSE;
    struct qmp_command **asked =
        arena_array_of(handle->session->arena, struct qmp_command *, count);
    for (;;) {
        size_t in_use = 0;
        for (size_t i = 0; i < count; i++)
            asked[i] = removals[i].gone && removals[i].delete_backing.name
                           ? run_ask(handle, removals[i].delete_backing)
                           : NULL;
        bool answered = qmp_await(handle->client);
        for (size_t i = 0; i < count; i++) {
            if (!asked[i])
                continue;
            if (asked[i]->error && wire_is_in_use(asked[i]->error))
                in_use++;
            else if (asked[i]->answered)
                removals[i].delete_backing.name = NULL;
        }
        if (!answered || in_use == 0 || deadline_passed(deadline))
            return;
        qmp_listen(handle->client, pause);
        take_events(handle, removals, 0);
        pause *= 2;
    }
}

void remove_all(struct qmp_handle *handle, struct qmp_removal *removals, size_t count)
{
    struct arena *arena = handle->session->arena;
    for (size_t i = 0; i < count; i++)
        if (!removals[i].gone)
            removals[i].command =
                run_ask(handle, wire_remove(arena, removals[i].id, removals[i].path));
    qmp_await(handle->client);
    for (size_t i = 0; i < count; i++)
        take_answer(handle, &removals[i]);
    wait_until_gone(handle, removals, count);
    clear_away(handle, removals, count);
    for (size_t i = 0; i < count; i++) {
        struct qmp_removal *removal = &removals[i];
        if (removal->gone && removal->delete_backing.name)
            close_removal(removal, STEP_LEFT,
                          arena_printf(arena, "it is gone, but %s %s is still to be done",
                                       removal->delete_backing.name,
                                       removal->delete_backing.arguments.at));
        else if (removal->gone)
            removal->state = STEP_DONE;
    }
}
