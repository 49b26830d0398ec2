// SPDX-License-Identifier: MIT
#include "client_state.h"

#include "answer.h"
#include "base/arena.h"
#include "base/scope.h"

#include <inttypes.h>

void client_close_passed(struct qmp_client *client)
{
    scope_close(&client->passed);
    client->passed = -1;
}

void client_clear_out(struct qmp_client *client)
{
    for (struct qmp_command *at = client->waiting; at; at = at->next)
        at->end = 0;
    buffer_clear(&client->out);
    client->out_sent = 0;
    client_close_passed(client);
}

void client_mark_unsent(struct qmp_client *client)
{
    for (struct qmp_command *at = client->waiting; at; at = at->next)
        at->unsent |= at->end > client->out_sent;
}

// Stops waiting for what could not be sent; returns the first of it, or NULL.
static const struct qmp_command *drop_unsent(struct qmp_client *client)
{
    const struct qmp_command *first = NULL;
    struct qmp_command **at = &client->waiting;
    while (*at)
        if ((*at)->unsent) {
            first = first ? first : *at;
            *at = (*at)->next;
        } else {
            at = &(*at)->next;
        }
    client->waiting_last = at;
    return first;
}

void client_fail_to_send(struct qmp_client *client, int error)
{
    // QEMU has all of the commands before this one, with their newlines, or else a part of one.
    client->cut = client->out_sent && buffer_text(&client->out).at[client->out_sent - 1] != '\n';
    client_mark_unsent(client);
    const struct qmp_command *first = drop_unsent(client);
    client_clear_out(client);
    if (!first)
        return;
    client->unsent = true;
    client->why = arena_printf(client->arena, "could not send %s to %s: %s", first->name,
                               client->peer, strerror(error));
    if (first == client->capabilities)
        client_fail(client, "could not be sent qmp_capabilities: %s", strerror(error));
}

void client_fail(struct qmp_client *client, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *what = arena_vprintf(client->arena, format, args);
    va_end(args);
    client->why = arena_printf(client->arena, "%s %s", client->peer, what);
    client->broken = true;
    client_mark_unsent(client);
    client->waiting = NULL;
    client->waiting_last = &client->waiting;
    client_clear_out(client);
}

static const char *as_string(struct arena *arena, struct text text)
{
    return arena_copy(arena, text.at, text.size);
}

static void handle_greeting(struct qmp_client *client, const struct json *greeting)
{
    const struct json *qemu = json_member(json_member(greeting, "version"), "qemu");
    int64_t major = json_member_integer(qemu, "major", -1);
    int64_t minor = json_member_integer(qemu, "minor", -1);
    int64_t micro = json_member_integer(qemu, "micro", -1);
    if (client->greeted || greeting->type != JSON_OBJECT) {
        client_fail(client,
                    client->greeted ? "sent a second greeting" : "sent an invalid greeting");
        return;
    }
    client->greeted = true;
    if (major >= 0 && minor >= 0 && micro >= 0)
        client->version =
            arena_printf(client->arena, "%" PRId64 ".%" PRId64 ".%" PRId64, major, minor, micro);
}

static void copy_truncated(char *to, size_t capacity, struct text from)
{
    size_t size = from.size < capacity ? from.size : capacity - 1;
    if (size)
        memcpy(to, from.at, size);
    to[size] = 0;
}

static void handle_event(struct qmp_client *client, const struct json *message)
{
    struct text name = json_member_text(message, "event");
    const struct json *data = json_member(message, "data");
    bool deleted = text_is(name, "DEVICE_DELETED");
    if (!deleted && !text_is(name, "DEVICE_UNPLUG_GUEST_ERROR"))
        return;
    if (client->event_count == QMP_EVENTS_KEPT) {
        client->event_first = (client->event_first + 1) % QMP_EVENTS_KEPT;
        client->event_count--;
    }
    struct qmp_event *event =
        &client->events[(client->event_first + client->event_count++) % QMP_EVENTS_KEPT];
    event->kind = deleted ? QMP_DEVICE_DELETED : QMP_DEVICE_UNPLUG_GUEST_ERROR;
    copy_truncated(event->device, sizeof event->device, json_member_text(data, "device"));
    copy_truncated(event->path, sizeof event->path, json_member_text(data, "path"));
}

// Removes the command with that id from those that wait, and returns it; NULL if there is none.
static struct qmp_command *remove_waiting(struct qmp_client *client, const struct json *id)
{
    for (struct qmp_command **at = &client->waiting; id && *at; at = &(*at)->next)
        if (id->type == JSON_INTEGER && (*at)->id == id->integer) {
            struct qmp_command *command = *at;
            *at = command->next;
            if (!command->next)
                client->waiting_last = at;
            command->next = NULL;
            return command;
        }
    return NULL;
}

// Stores the answer in the command. All answers are kept as long as the session, so what QEMU can
// make xenusb keep is limited.
static void keep_answer(struct qmp_client *client, struct qmp_command *command,
                        const struct json *value, const struct json *error)
{
    size_t before = arena_used(client->arena);
    if (value)
        command->value = json_copy(client->arena, value);
    if (error) {
        command->error_class = as_string(client->arena, json_member_text(error, "class"));
        command->error = as_string(client->arena, json_member_text(error, "desc"));
    }
    command->answered = true;
    client->kept += arena_used(client->arena) - before;
    if (client->kept > QMP_KEPT_MAX)
        client_fail(client, "sent more than %d MiB in its answers", QMP_KEPT_MAX >> 20);
}

static void handle_answer(struct qmp_client *client, const struct json *message,
                          const struct json *value, const struct json *error)
{
    struct text words = json_member_text(error, "desc");
    struct text class = json_member_text(error, "class");
    const struct json *id = json_member(message, "id");
    if (error && (!words.at || !class.at)) {
        client_fail(client, "sent an error without a class or description");
        return;
    }
    if (error && !id) {
        client_fail(client, "could not parse a command; QEMU says: %s",
                    as_string(client->arena, words));
        return;
    }
    struct qmp_command *command = remove_waiting(client, id);
    if (!command) {
        client_fail(client, "sent a response that matches no pending command");
        return;
    }
    client->answers++;
    if (command->abandoned)
        return;
    keep_answer(client, command, value, error);
    if (value && !answer_is_valid(command->name, value))
        client_fail(client, "answered %s with a value of the wrong type", command->name);
    if (error && command == client->capabilities)
        client_fail(client, "refused qmp_capabilities; QEMU says: %s", command->error);
}

void client_take(struct qmp_client *client, const struct json *message)
{
    const struct json *greeting = json_member(message, "QMP");
    const struct json *value = json_member(message, "return");
    const struct json *error = json_member(message, "error");
    const bool event = json_member_text(message, "event").at;
    // An event before the greeting was for the client before.
    if (event && !client->greeted)
        return;
    if (greeting)
        handle_greeting(client, greeting);
    else if (!client->greeted)
        client_fail(client, "did not send a QMP greeting; is it a QMP monitor?");
    else if (event)
        handle_event(client, message);
    else if (!value != !error)
        handle_answer(client, message, value, error);
    else
        client_fail(client, "sent an invalid QMP message");
}
