// SPDX-License-Identifier: MIT
// A QMP connection: socket, greeting, commands and their answers, events, time limits. The protocol
// is in QEMU's docs/interop/qmp-spec.rst.
#ifndef XENUSB_QEMU_QMP_CLIENT_H
#define XENUSB_QEMU_QMP_CLIENT_H

#include "base/diag.h"
#include "base/json.h"
#include "base/waiting.h"

#include <sys/types.h>

struct session;

// Time limits in seconds, before they are scaled.
#define QMP_CONNECT_SECONDS 5.0  // to connect and receive the greeting
#define QMP_ANSWER_SECONDS  10.0 // to the next answer
// Not scaled: to all answers after an interrupt.
#define QMP_INTERRUPTED_SECONDS 1.0

// What a QEMU did that accepted the connection and then was silent, for messages.
#define QMP_NO_GREETING                                                                            \
    "sent no greeting: another client (xl, libvirt, another tool) is using the monitor, which "    \
    "serves one client at a time, or QEMU hangs"

enum {
    QMP_MESSAGE_MAX = 1024 * 1024, // bytes of a message; the same limit as in libxl
    QMP_KEPT_MAX =
        64 * 1024 * 1024,  // bytes of memory for the answers of a connection, all together
    QMP_EVENTS_KEPT = 128, // at most; more events push out the oldest ones
};

// A connection, closed with qmp_close(). Answers and messages are owned by the arena.
struct qmp_client;

// A command and its answer. Owned by the arena.
struct qmp_command {
    struct qmp_command *next; // in the list of those without an answer
    const char *name;
    int64_t id;
    bool answered;  // if false after qmp_await(), it is unknown whether QEMU executed it,
    bool unsent;    // unless it could not be sent
    bool abandoned; // qmp_await() has given up waiting for the answer
    size_t end;     // private: of its text without the newline, in what is to be sent; or 0
    const struct json *value; // what it returned; NULL if it failed or has no answer
    const char *error_class;  // "GenericError", ...; NULL if it did not fail
    const char *error;        // QEMU's description of the failure
};

// The events that are kept; all others are ignored.
enum qmp_event_kind {
    QMP_DEVICE_DELETED,
    QMP_DEVICE_UNPLUG_GUEST_ERROR,
};

// An event. Longer ids and paths are truncated.
struct qmp_event {
    enum qmp_event_kind kind;
    char device[128]; // the device's id, "" if it has none
    char path[256];   // its QOM path
};

// Connects to the monitor at that path, waits for its greeting and negotiates. While QEMU serves
// another client, one can connect but gets no greeting, so the time limit covers the greeting too.
// The session must outlive the client; an interrupt ends all waits but that of qmp_await_end().
// On failure *why is a message with the path, owned by the arena: STATUS_REQUEST if there is no
// such socket, STATUS_REFUSED without permission, STATUS_TIMEOUT, or STATUS_FAILED if no process is
// listening, it does not speak QMP, or after an interrupt.
enum status qmp_connect(const struct session *session, const char *path, struct qmp_client **client,
                        const char **why);
// The same, but after the greeting only queues the negotiation, so that it costs no round trip of
// its own: that QEMU answers is not known before qmp_await().
enum status qmp_begin(const struct session *session, const char *path, struct qmp_client **client,
                      const char **why);

// A connected socket.
struct qmp_socket {
    int fd;
    const char *peer; // its name in messages: "QEMU at /run/vm.sock"; must outlive the client
};
// Do what qmp_connect() and qmp_begin() do after connecting; the greeting must arrive before the
// deadline. Take ownership of socket.fd, and close it at once on failure.
enum status qmp_negotiate(const struct session *session, struct qmp_socket socket,
                          struct deadline deadline, struct qmp_client **client, const char **why);
enum status qmp_greet(const struct session *session, struct qmp_socket socket,
                      struct deadline deadline, struct qmp_client **client, const char **why);
// Closes the connection for a while, so that QEMU serves other clients. Answers and events that
// have not arrived are lost. Until it is resumed, commands must not be submitted.
void qmp_pause(struct qmp_client *client);
// Connects again, as qmp_begin() does with the same path. An interrupt does not end the handshake,
// which is then limited to QMP_INTERRUPTED_SECONDS. On failure, also if another process listens
// now, the connection is broken, with qmp_why().
void qmp_resume(struct qmp_client *client, const char *path);
// What qmp_resume() does with a connected socket, whose ownership it takes.
void qmp_greet_again(struct qmp_client *client, struct qmp_socket socket, struct deadline deadline);
// Marks the connection as broken, for this reason; commands are unsent from then on.
void qmp_break(struct qmp_client *client, const char *why);

// Closes the connection. NULL is a no-op.
void qmp_close(struct qmp_client *client);

// The session that it was given.
const struct session *qmp_session(const struct qmp_client *client);

// QEMU's version from its greeting: "7.2.22"; "" if it gave none.
const char *qmp_version(const struct qmp_client *client);

// The process that listens on the socket, from the kernel (SO_PEERCRED); 0 if unknown.
pid_t qmp_process(const struct qmp_client *client);

// Queues a command, which qmp_await() sends. `name` must outlive the client; `arguments` is a JSON
// object, or empty. Never NULL; on a broken connection the command is unsent.
struct qmp_command *qmp_submit(struct qmp_client *client, const char *name, struct text arguments);

// The same, and passes the descriptor `fd` to QEMU with the command (SCM_RIGHTS). Takes ownership
// of it. Until the next qmp_await() has returned no other can be passed.
struct qmp_command *qmp_submit_passing(struct qmp_client *client, const char *name,
                                       struct text arguments, int fd);

// Sends what can be sent of the queued commands without waiting. What they ask for is then worked
// out while xenusb does something else.
void qmp_send(struct qmp_client *client);

// Sends the queued commands and waits for all answers, in any order: one round trip. Returns false,
// with qmp_why() set, if a command stays unanswered because QEMU exceeded the time limit for the
// next answer, closed the connection or broke the protocol, or because of an interrupt. That ends
// the wait at once; but not until QMP_INTERRUPTED_SECONDS later if a command that changes something
// was ever submitted, so that its outcome is known if QEMU works. Also returns false, after waiting
// for the other answers, if a command could not be sent. After a timeout, an interrupt or that the
// connection can still be used, unless a part of a command was sent.
bool qmp_await(struct qmp_client *client);

// Whether the command succeeded.
static inline bool qmp_succeeded(const struct qmp_command *command)
{
    return command->answered && !command->error;
}

// Waits until there is an event or an interrupt, at most `seconds`, as a part of that wait. False
// only if the connection is broken.
bool qmp_listen(struct qmp_client *client, struct waiting *waiting, double seconds);
// Waits until the peer closes the connection, at most `seconds`; returns whether it did. An
// interrupt does not end that.
bool qmp_await_end(struct qmp_client *client, double seconds);
// Removes the oldest event and stores it in *event; false if there is none.
bool qmp_take_event(struct qmp_client *client, struct qmp_event *event);

// Why the last qmp_await() failed, or why the connection broke: a message that names the peer.
const char *qmp_why(const struct qmp_client *client);
// Whether the connection is lost for good.
bool qmp_broken(const struct qmp_client *client);

#endif
