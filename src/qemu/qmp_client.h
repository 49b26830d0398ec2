// SPDX-License-Identifier: MIT
// A QMP connection: socket, greeting, commands and their answers, events, time limits. It knows
// nothing of USB. (QEMU: docs/interop/qmp-spec.rst.)
#ifndef XENUSB_QMP_CLIENT_H
#define XENUSB_QMP_CLIENT_H

#include "base/deadline.h"
#include "base/diag.h"
#include "base/json.h"

#include <sys/types.h>

// Seconds, before they are scaled.
#define QMP_CONNECT_SECONDS 5.0  // to connect and be greeted
#define QMP_ANSWER_SECONDS  10.0 // to the next answer

enum {
    QMP_MESSAGE_MAX = 1024 * 1024, // bytes of one message; libxl's cap as well
    QMP_EVENTS_KEPT = 128,         // the oldest is forgotten: what it told can be asked for
};

// One connection, with one owner. Memory of its answers is the arena's.
struct qmp_client;

// A command that was sent, and what became of it. Owned by the arena.
struct qmp_command {
    struct qmp_command *next; // among those that wait for their answer
    const char *name;
    int64_t id;
    bool answered;            // false once awaited: nobody knows whether it was carried out
    bool abandoned;           // it was waited for in vain
    const struct json *value; // what it returned; NULL before, and if it failed
    const char *error_class;  // "GenericError", ...; NULL if it did not fail
    const char *error;        // QEMU's words for the failure
    double sent;              // when, by clock_now()
    double seconds;           // until it was answered
};

enum qmp_event_kind {
    QMP_DEVICE_DELETED,
    QMP_DEVICE_UNPLUG_GUEST_ERROR,
};

// Other events are let pass. Longer ids and paths than these come cut.
struct qmp_event {
    enum qmp_event_kind kind;
    char device[128]; // the device's id, "" if it has none
    char path[256];   // its QOM path
};

// Connects to the monitor at that path, is greeted and negotiates. While another client is served,
// QEMU lets one connect but does not greet; so that is waited for within the limit too. On failure
// *why says what happened, with the path, and what may be done. STATUS_REQUEST: there is no such
// socket; STATUS_REFUSED: no permission; STATUS_TIMEOUT: not in time; STATUS_FAILED: nobody
// listens, or it is no QMP.
enum status qmp_connect(struct arena *arena, const char *path, double timeout_scale,
                        struct qmp_client **client, const char **why);
// A socket that is connected to a monitor.
struct qmp_socket {
    int fd;
    const char *peer; // whose it is, for messages: "QEMU at /run/vm.sock"
};
// The same on a socket that is connected already, from the greeting on, which must come before the
// deadline. The socket is closed with the client; at once, if this fails.
enum status qmp_negotiate(struct arena *arena, struct qmp_socket socket, struct deadline deadline,
                          double timeout_scale, struct qmp_client **client, const char **why);
// Closes the connection. NULL is a no-op.
void qmp_close(struct qmp_client *client);

// QEMU's version as it greeted: "7.2.22", or "" if it told none.
const char *qmp_version(const struct qmp_client *client);

// The process that listens at the other end, as the kernel has it; 0 if it does not tell.
pid_t qmp_process(const struct qmp_client *client);

// Queues a command; `arguments` is a JSON object, or empty. Nothing is sent before qmp_await. On a
// connection that is broken it stays unanswered.
struct qmp_command *qmp_submit(struct qmp_client *client, const char *name, struct text arguments);

// Sends what is queued and waits until all is answered, in whatever order: one round trip. False if
// something stays unanswered, because QEMU took longer than its limit for the next answer, hung up,
// or broke the protocol; qmp_why() tells. After a time-out the connection can still be used.
bool qmp_await(struct qmp_client *client);

// Whether that command was answered, and not with an error.
static inline bool qmp_done(const struct qmp_command *command)
{
    return command->answered && !command->error;
}

// Waits until an event is there, at most so many seconds. False if the connection is broken.
bool qmp_listen(struct qmp_client *client, double seconds);
// Waits until the peer hangs up, whatever it says before, at most so many seconds. Whether it did.
bool qmp_await_end(struct qmp_client *client, double seconds);
// Takes the oldest event; false if there is none.
bool qmp_take_event(struct qmp_client *client, struct qmp_event *event);

// Why the last await failed, with the peer named.
const char *qmp_why(const struct qmp_client *client);
// Whether the connection cannot be used any more.
bool qmp_broken(const struct qmp_client *client);

#endif
