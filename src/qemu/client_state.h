// SPDX-License-Identifier: MIT
// The state of a connection to QEMU, and what each of its messages does to it. Private to
// qmp_client.c, which sends, receives and waits.
#ifndef XENUSB_QEMU_CLIENT_STATE_H
#define XENUSB_QEMU_CLIENT_STATE_H

#include "base/buffer.h"
#include "qmp_client.h"

enum { CHUNK = 64 * 1024 };

struct qmp_client {
    const struct session *session;
    struct arena *arena;        // the session's
    const char *peer, *awaited; // for messages, and for its waits
    int fd;
    bool changes; // a command was submitted that may change something
    struct json_stream *stream;
    bool greeted;
    pid_t process; // of QEMU, before it was paused
    const char *version;
    const char *why;
    bool broken;
    bool unsent; // a command could not be sent since the last qmp_await()
    bool cut;    // and a part of it was, so no other can be sent
    int64_t last_id;
    unsigned answers;                 // received so far
    size_t kept;                      // bytes of memory that they use
    struct qmp_command *capabilities; // without it QEMU takes no other command
    struct qmp_command *waiting;
    struct qmp_command **waiting_last;
    struct buffer out; // the first `out_sent` bytes are sent already
    size_t out_sent;
    int passed;       // a descriptor that is sent with byte `passed_at` of `out`; -1: none
    size_t passed_at; // the first of its command
    struct qmp_event events[QMP_EVENTS_KEPT]; // a ring buffer
    unsigned event_first;
    unsigned event_count;
    char in[CHUNK];
};

// Closes the descriptor that was to be sent, if there is one.
void client_close_passed(struct qmp_client *client);
// Drops what has not been sent.
void client_clear_out(struct qmp_client *client);
// Marks the commands that have not been sent completely.
void client_mark_unsent(struct qmp_client *client);
// Drops them, since sending has failed with that error, and waits for the others only.
void client_fail_to_send(struct qmp_client *client, int error);

// Marks the connection as broken, for this reason. Pending commands stay unanswered.
void client_fail(struct qmp_client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Takes a message of QEMU's: its greeting, an event, or the answer to a command that waits. Fails
// the connection if the protocol does not allow it (QEMU: docs/interop/qmp-spec.rst).
void client_take(struct qmp_client *client, const struct json *message);

#endif
