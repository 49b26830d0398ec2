// SPDX-License-Identifier: MIT
#include "qmp_client.h"

#include "base/arena.h"
#include "base/deadline.h"
#include "base/scope.h"
#include "base/session.h"
#include "client_state.h"
#include "passing.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/socket.h>

static void receive(struct qmp_client *client)
{
    const char *why;
    ssize_t size = recv(client->fd, client->in, sizeof client->in, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0) {
        client_fail(client, "closed the connection%s%s%s",
                    client->greeted ? "" : " without a greeting", size < 0 ? ": " : "",
                    size < 0 ? strerror(errno) : "");
        return;
    }
    if (!json_stream_feed(client->stream, (struct text){ client->in, (size_t)size }, &why)) {
        client_fail(client, "sent invalid QMP: %s", why);
        return;
    }
    const struct json *message;
    while (!client->broken && (message = json_stream_next(client->stream)))
        client_take(client, message);
}

static void stop_sending(struct qmp_client *client, int error)
{
    if (error != EPIPE && error != ECONNRESET) {
        client_fail_to_send(client, error);
        return;
    }
    // The peer is gone: receive() reads its last messages and then sees the end of the stream.
    client_mark_unsent(client);
    client_clear_out(client);
}

static void transmit(struct qmp_client *client)
{
    struct text out = text_part(buffer_text(&client->out), client->out_sent, SIZE_MAX);
    const bool passes = client->passed >= 0 && client->passed_at == client->out_sent;
    if (client->passed >= 0 && !passes) // what is before it, without it
        out = text_part(out, 0, client->passed_at - client->out_sent);
    ssize_t sent = passes ? passing_send(client->fd, out, client->passed)
                          : send(client->fd, out.at, out.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0)
        client->out_sent += (size_t)sent;
    if (sent > 0 && passes)
        client_close_passed(client);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        stop_sending(client, errno);
    else if (client->out_sent == client->out.size)
        client_clear_out(client);
}

// The interrupt that ends waits; NULL if nothing may.
static const struct interrupt *interrupt_of(const struct qmp_client *client)
{
    return client->session->finishing ? NULL : client->session->interrupt;
}

// Waits until something can be sent or received, and does so; an interrupt (NULL: none) ends that.
// False, without doing anything, if there is no time left.
static bool exchange(struct qmp_client *client, struct waiting *waiting, double seconds,
                     const struct interrupt *interrupt)
{
    struct pollfd wanted = { .fd = client->fd, .events = POLLIN };
    if (client->out.size)
        wanted.events |= POLLOUT;
    if (seconds <= 0)
        return false;
    interrupt_poll(interrupt, waiting, &wanted, seconds);
    if (wanted.revents & POLLOUT)
        transmit(client);
    if (wanted.revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL))
        receive(client);
    return true;
}

// exchange() for the rest of a wait.
static bool exchange_until(struct qmp_client *client, struct waiting *waiting,
                           const struct interrupt *interrupt)
{
    return exchange(client, waiting, deadline_left(waiting->until), interrupt);
}

// Stops waiting for the pending commands, but keeps them in the list so that late answers are still
// recognized.
static void abandon(struct qmp_client *client)
{
    for (struct qmp_command *at = client->waiting; at; at = at->next)
        at->abandoned = true;
}

static struct qmp_command *first_unanswered(const struct qmp_client *client)
{
    struct qmp_command *at = client->waiting;
    while (at && at->abandoned)
        at = at->next;
    return at;
}

static const char *why_unanswered(const struct qmp_client *client, bool interrupted)
{
    const char *name = first_unanswered(client)->name;
    if (interrupted)
        return arena_printf(client->arena, "%s did not answer %s before xenusb was interrupted",
                            client->peer, name);
    return arena_printf(client->arena, "%s did not answer %s within %g s", client->peer, name,
                        QMP_ANSWER_SECONDS * client->session->timeout_scale);
}

void qmp_send(struct qmp_client *client)
{
    if (!client->broken && client->out.size)
        transmit(client);
}

// Whether all commands since the last one could be sent. With a part of one, no other can be.
static bool all_sent(struct qmp_client *client)
{
    const bool all = !client->unsent;
    client->unsent = false;
    if (client->cut && !client->broken)
        client_fail(client, "received only a part of a command");
    return all;
}

bool qmp_await(struct qmp_client *client)
{
    const double limit = QMP_ANSWER_SECONDS * client->session->timeout_scale;
    cleanup_waiting struct waiting waiting = waiting_until(deadline_in(limit), client->awaited);
    const struct interrupt *interrupt = interrupt_of(client);
    while (!client->broken && first_unanswered(client)) {
        unsigned before = client->answers;
        if (interrupt && interrupt->raised) {
            waiting_renew(&waiting, deadline_in(client->changes ? QMP_INTERRUPTED_SECONDS : 0));
            interrupt = NULL;
        }
        if (!exchange_until(client, &waiting, interrupt)) {
            client->why = why_unanswered(client, interrupt != interrupt_of(client));
            abandon(client);
            return false;
        }
        if (client->answers != before && interrupt == interrupt_of(client))
            waiting_renew(&waiting, deadline_in(limit));
    }
    return !client->broken && all_sent(client);
}

// Whether a command only reads.
static bool only_reads(const char *name)
{
    static const char *const reading[] = { "qom-get",
                                           "qom-list",
                                           "query-",
                                           "qmp_capabilities",
                                           "device-list-properties",
                                           "human-monitor-command" };
    size_t i = 0;
    while (i < sizeof reading / sizeof *reading && !text_starts(text_of(name), reading[i]))
        i++;
    return i < sizeof reading / sizeof *reading;
}

struct qmp_command *qmp_submit(struct qmp_client *client, const char *name, struct text arguments)
{
    struct qmp_command *command = arena_new_of(client->arena, struct qmp_command);
    command->name = name;
    command->id = ++client->last_id;
    client->changes |= !only_reads(name);
    command->unsent = client->broken || client->cut;
    if (command->unsent)
        return command;
    buffer_printf(&client->out, "{\"execute\":\"%s\",\"id\":%" PRId64 ",\"arguments\":", name,
                  command->id);
    buffer_add(&client->out, arguments.size ? arguments : text_of("{}"));
    buffer_add_string(&client->out, "}\n");
    command->end = client->out.size - 1;
    *client->waiting_last = command;
    client->waiting_last = &command->next;
    return command;
}

struct qmp_command *qmp_submit_passing(struct qmp_client *client, const char *name,
                                       struct text arguments, int fd)
{
    size_t at = client->out.size;
    struct qmp_command *command = qmp_submit(client, name, arguments);
    if (command->unsent) {
        scope_close(&fd);
    } else {
        client->passed = fd;
        client->passed_at = at;
    }
    return command;
}

bool qmp_listen(struct qmp_client *client, struct waiting *waiting, double seconds)
{
    const struct deadline deadline = deadline_in(seconds);
    while (!client->broken && client->event_count == 0 && !session_interrupted(client->session) &&
           exchange(client, waiting, deadline_left(deadline), interrupt_of(client)))
        ;
    return !client->broken;
}

bool qmp_await_end(struct qmp_client *client, double seconds)
{
    cleanup_waiting struct waiting waiting = waiting_until(
        deadline_in(seconds), arena_printf(client->arena, "%s to exit", client->peer));
    while (!client->broken && exchange_until(client, &waiting, NULL))
        ;
    return client->broken;
}

bool qmp_take_event(struct qmp_client *client, struct qmp_event *event)
{
    if (client->event_count == 0)
        return false;
    *event = client->events[client->event_first];
    client->event_first = (client->event_first + 1) % QMP_EVENTS_KEPT;
    client->event_count--;
    return true;
}

const struct session *qmp_session(const struct qmp_client *client)
{
    return client->session;
}

const char *qmp_version(const struct qmp_client *client)
{
    return client->version;
}

pid_t qmp_process(const struct qmp_client *client)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

const char *qmp_why(const struct qmp_client *client)
{
    return client->why;
}

bool qmp_broken(const struct qmp_client *client)
{
    return client->broken;
}

void qmp_close(struct qmp_client *client)
{
    if (!client)
        return;
    scope_close(&client->fd);
    client_close_passed(client);
    json_stream_free(client->stream);
    free(client);
}

// Waits for the greeting, and queues the command that must be the first.
static enum status handshake(struct qmp_client *client, struct deadline deadline,
                             const struct interrupt *interrupt)
{
    cleanup_waiting struct waiting waiting = waiting_until(deadline, client->awaited);
    while (!client->broken && !client->greeted)
        if (interrupt && interrupt->raised) {
            client_fail(client, "sent no greeting before xenusb was interrupted");
            return STATUS_FAILED;
        } else if (!exchange_until(client, &waiting, interrupt)) {
            client_fail(client, "%s", QMP_NO_GREETING);
            return STATUS_TIMEOUT;
        }
    if (client->broken)
        return STATUS_FAILED;
    client->capabilities = qmp_submit(client, "qmp_capabilities", TEXT_EMPTY);
    return STATUS_OK;
}

enum status qmp_greet(const struct session *session, struct qmp_socket socket,
                      struct deadline deadline, struct qmp_client **client, const char **why)
{
    struct qmp_client *made = calloc(1, sizeof *made);
    struct json_stream *stream = json_stream_new(QMP_MESSAGE_MAX);
    if (!made || !stream) {
        scope_close(&socket.fd);
        json_stream_free(stream);
        free(made);
        *why = "out of memory";
        return STATUS_FAILED;
    }
    made->session = session;
    made->arena = session->arena;
    made->out = buffer_in(session->arena);
    made->peer = socket.peer;
    made->awaited = arena_printf(made->arena, "%s to answer", made->peer);
    made->fd = socket.fd;
    made->passed = -1;
    made->stream = stream;
    made->version = "";
    made->why = "";
    made->waiting_last = &made->waiting;
    enum status status = handshake(made, deadline, interrupt_of(made));
    if (status == STATUS_OK) {
        *client = made;
    } else {
        *why = made->why;
        qmp_close(made);
    }
    return status;
}

void qmp_pause(struct qmp_client *client)
{
    client->process = qmp_process(client);
    scope_close(&client->fd);
    client->fd = -1;
    client->waiting = NULL;
    client->waiting_last = &client->waiting;
    client_clear_out(client);
}

void qmp_greet_again(struct qmp_client *client, struct qmp_socket socket, struct deadline deadline)
{
    json_stream_free(client->stream);
    client->stream = json_stream_new(QMP_MESSAGE_MAX);
    client->fd = socket.fd;
    client->greeted = false;
    client->capabilities = NULL;
    if (!client->stream)
        client_fail(client, "cannot be used: out of memory");
    else if (qmp_process(client) != client->process)
        client_fail(client, "is another process now");
    else if (session_interrupted(client->session))
        (void)handshake(client, deadline_in(QMP_INTERRUPTED_SECONDS), NULL);
    else
        (void)handshake(client, deadline, interrupt_of(client));
}

void qmp_break(struct qmp_client *client, const char *why)
{
    client_fail(client, "%s", why);
    client->why = why;
}
