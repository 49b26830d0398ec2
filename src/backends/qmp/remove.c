// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "run.h"

// Seconds, before they are scaled: for a guest to eject a controller, or one that is spare; and for
// QEMU to release the block node or character device of a removed device.
#define EJECT_SECONDS   10.0
#define SPARE_SECONDS   3.0
#define BACKING_SECONDS 2.0

// How long to keep QEMU's monitor meanwhile.
#define HOLD_SECONDS 0.5

// Polling interval in seconds.
#define FIRST_PAUSE 0.01
#define LAST_PAUSE  0.5

struct qmp_command *run_submit(struct qmp_handle *handle, struct wire_command command)
{
    return qmp_submit(handle->client, command.name, command.arguments);
}

const char *run_why(struct qmp_handle *handle, const struct qmp_command *command)
{
    if (command->error)
        return arena_printf(handle->session->arena, "QEMU says: %s", command->error);
    if (command->unsent)
        return qmp_why(handle->client);
    return arena_printf(handle->session->arena, "%s; it is unknown whether the command took effect",
                        qmp_why(handle->client));
}

bool run_timed_out(const struct qmp_handle *handle)
{
    return !qmp_broken(handle->client) && !session_interrupted(handle->session);
}

static void finish_removal(struct qmp_removal *removal, enum step_state state, const char *words)
{
    removal->state = state;
    removal->words = words;
}

// Evaluates the answer to device_del. Without one, the object may or may not be removed.
static void take_answer(struct qmp_handle *handle, struct qmp_removal *removal)
{
    const struct qmp_command *command = removal->command;
    if (!command)
        return;
    if (command->unsent) {
        finish_removal(removal, STEP_FAILED, run_why(handle, command));
        return;
    }
    if (!command->answered) {
        removal->timed_out = run_timed_out(handle);
        finish_removal(removal, STEP_LEFT, run_why(handle, command));
        return;
    }
    if (!command->error)
        return;
    switch (wire_removal_error(command->error_class, command->error)) {
    case WIRE_ABSENT: removal->gone = true; break;
    case WIRE_ASKED: break;
    case WIRE_REFUSED: finish_removal(removal, STEP_FAILED, run_why(handle, command)); break;
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
                finish_removal(&removals[i], STEP_FAILED, "the guest refused to eject it");
        }
}

// Checks which objects still exist: nec-usb-xhci and qemu-xhci are removed without an event, and an
// event can be missed. False if QEMU does not answer.
static bool poll_objects(struct qmp_handle *handle, struct qmp_removal *removals, size_t count)
{
    struct arena *arena = handle->session->arena;
    struct qmp_command **asked = arena_array_of(arena, struct qmp_command *, count);
    for (size_t i = 0; i < count; i++)
        if (is_open(&removals[i]))
            asked[i] = run_submit(handle, wire_get(arena, removals[i].path, "type"));
    bool answers = qmp_await(handle->client) || !qmp_broken(handle->client);
    for (size_t i = 0; i < count; i++) {
        if (!asked[i])
            continue;
        if (asked[i]->error)
            removals[i].gone =
                wire_removal_error(asked[i]->error_class, asked[i]->error) == WIRE_ABSENT;
        // What could not be sent is asked again.
        answers = answers && (asked[i]->answered || asked[i]->unsent);
    }
    return answers;
}

static size_t count_open(const struct qmp_removal *removals, size_t count)
{
    size_t open = 0;
    for (size_t i = 0; i < count; i++)
        open += is_open(&removals[i]);
    return open;
}

// For all removals of a batch, which are all spare or none.
static double eject_seconds(const struct session *session, const struct qmp_removal *removals)
{
    return (removals->spare ? SPARE_SECONDS : EJECT_SECONDS) * session->timeout_scale;
}

// Why the wait for a removal ended without it. The request stays pending in the guest: QEMU has no
// command to cancel it.
static const char *why_not_gone(const struct session *session, const struct qmp_removal *removal)
{
    const bool interrupted = session_interrupted(session);
    const double limit = eject_seconds(session, removal);
    if (!removal->by_guest)
        return interrupted ? "interrupted; QEMU still has it"
                           : arena_printf(session->arena, "QEMU still has it after %g s", limit);
    const char *what =
        interrupted ? "interrupted; the guest did not eject it"
                    : arena_printf(session->arena, "the guest did not eject it within %g s", limit);
    return arena_printf(session->arena,
                        "%s; the request stays pending: it is removed when the guest releases it, "
                        "or at the guest's next reset",
                        what);
}

// Fails the removals that are not finished.
static void give_up(struct qmp_handle *handle, struct qmp_removal *removals, size_t count,
                    bool answers)
{
    struct arena *arena = handle->session->arena;
    for (size_t i = 0; i < count; i++) {
        struct qmp_removal *removal = &removals[i];
        if (!is_open(removal))
            continue;
        removal->timed_out = run_timed_out(handle);
        removal->pending = removal->by_guest;
        if (answers)
            finish_removal(removal, STEP_FAILED, why_not_gone(handle->session, removal));
        else
            finish_removal(removal, STEP_LEFT,
                           arena_printf(arena, "%s; it is unknown whether it was removed",
                                        qmp_why(handle->client)));
    }
}

// Waits for an event of QEMU; after HOLD_SECONDS without its monitor, which others may need. A
// guest's refusal goes to those that are connected then, but a guest that refuses does so at once.
// Whether an object is gone can be asked at any time. False if the connection is lost.
static bool wait_for_guest(struct qmp_handle *handle, struct waiting *waiting, struct deadline hold,
                           double seconds)
{
    // Only for controllers: with the host's lock held, the other must not be taken.
    if (!deadline_passed(hold) || handle->host_lock.fd >= 0)
        return qmp_listen(handle->client, waiting, seconds);
    qmp_share(handle);
    session_poll(handle->session, waiting, NULL, seconds);
    return qmp_unshare(handle);
}

// The first that is still there, and how many more.
static const char *awaited(struct qmp_handle *handle, const struct qmp_removal *removals,
                           size_t count)
{
    const size_t more = count_open(removals, count) - 1;
    while (!is_open(removals))
        removals++;
    return arena_printf(handle->session->arena, "%s %s%s",
                        removals->by_guest ? "the guest to eject controller" : "QEMU to release",
                        removals->what,
                        more ? arena_printf(handle->session->arena, " and %zu more", more) : "");
}

static void wait_until_gone(struct qmp_handle *handle, struct qmp_removal *removals, size_t count)
{
    const double limit = eject_seconds(handle->session, removals);
    cleanup_waiting struct waiting waiting = waiting_until(deadline_in(limit), NULL);
    const struct deadline hold = deadline_in(HOLD_SECONDS);
    double pause = FIRST_PAUSE;
    bool answers = true;
    take_events(handle, removals, count);
    bool last = false;
    while (count_open(removals, count) && answers && !last) {
        double left = deadline_left(waiting.until);
        waiting.what = awaited(handle, removals, count);
        answers = wait_for_guest(handle, &waiting, hold, pause < left ? pause : left);
        last = deadline_passed(waiting.until) || session_interrupted(handle->session);
        take_events(handle, removals, count);
        if (count_open(removals, count))
            answers = answers && poll_objects(handle, removals, count);
        take_events(handle, removals, count);
        pause = pause * 2 < LAST_PAUSE ? pause * 2 : LAST_PAUSE;
    }
    give_up(handle, removals, count, answers);
}

// Deletes the block nodes and character devices of removed devices. They stay in use until QEMU
// finalizes the device, some time after its removal. A backing that does not exist is not an error:
// xenusb did not create it. An interrupt does not stop it halfway.
static void delete_backings(struct qmp_handle *handle, struct qmp_removal *removals, size_t count)
{
    const bool finishing = handle->session->finishing;
    cleanup_waiting struct waiting waiting =
        waiting_until(deadline_in(BACKING_SECONDS * handle->session->timeout_scale),
                      "QEMU to release what a removed device had open");
    double pause = FIRST_PAUSE;
    struct qmp_command **asked =
        arena_array_of(handle->session->arena, struct qmp_command *, count);
    handle->session->finishing = true;
    for (;;) {
        size_t again = 0;
        for (size_t i = 0; i < count; i++)
            asked[i] = removals[i].gone && removals[i].delete_backing.name
                           ? run_submit(handle, removals[i].delete_backing)
                           : NULL;
        qmp_await(handle->client);
        for (size_t i = 0; i < count; i++) {
            if (!asked[i])
                continue;
            if (asked[i]->unsent || (asked[i]->error && wire_is_in_use(asked[i]->error)))
                again++;
            else if (asked[i]->answered)
                removals[i].delete_backing.name = NULL;
        }
        if (qmp_broken(handle->client) || again == 0 || deadline_passed(waiting.until))
            break;
        qmp_listen(handle->client, &waiting, pause);
        take_events(handle, removals, 0);
        pause *= 2;
    }
    handle->session->finishing = finishing;
}

void run_removals(struct qmp_handle *handle, struct qmp_removal *removals, size_t count)
{
    struct arena *arena = handle->session->arena;
    // What could not be sent is tried once more: most removals undo something.
    for (unsigned tries = 0; tries < 2; tries++) {
        for (size_t i = 0; i < count; i++)
            if (!removals[i].gone && (!removals[i].command || removals[i].command->unsent))
                removals[i].command =
                    run_submit(handle, wire_remove(arena, removals[i].id, removals[i].path));
        qmp_await(handle->client);
    }
    for (size_t i = 0; i < count; i++)
        take_answer(handle, &removals[i]);
    wait_until_gone(handle, removals, count);
    delete_backings(handle, removals, count);
    for (size_t i = 0; i < count; i++) {
        struct qmp_removal *removal = &removals[i];
        if (removal->gone && removal->delete_backing.name)
            finish_removal(
                removal, STEP_LEFT,
                arena_printf(arena, "it was removed, but its backing is still in use: %s %s failed",
                             removal->delete_backing.name, removal->delete_backing.arguments.at));
        else if (removal->gone)
            removal->state = STEP_DONE;
    }
}
