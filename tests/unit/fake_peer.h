// SPDX-License-Identifier: MIT
// The other end of a QMP connection, for what a real QEMU does not do: stall, send garbage, answer
// out of order, hang up in the middle of a message. A thread that executes a script, on a socket
// pair.
#ifndef XENUSB_TESTS_UNIT_FAKE_PEER_H
#define XENUSB_TESTS_UNIT_FAKE_PEER_H

#include "base/json.h"

struct arena;
struct fake_peer;

// What the peer does; the socket is closed when it returns.
typedef void (*fake_script)(struct fake_peer *peer, void *context);

// Starts a peer; *fd is the client's end. With `packets` the socket keeps the boundaries of each
// send, so that fake_rounds() counts round trips exactly.
struct fake_peer *fake_start(fake_script script, void *context, bool packets, int *fd);
// Waits until the script has ended and frees the peer. The client's end must be closed, unless the
// script ends by itself.
void fake_end(struct fake_peer *peer);

// ---- for scripts ----

void fake_say(struct fake_peer *peer, const char *words);
void fake_say_bytes(struct fake_peer *peer, const char *bytes, size_t size);
// The greeting of a QEMU 7.2.22, or of MAJOR.MINOR.22, and the answer to qmp_capabilities.
void fake_greet_as(struct fake_peer *peer, unsigned major, unsigned minor);
void fake_greet(struct fake_peer *peer);
// Returns the next command; NULL when the client has hung up. Valid until the script ends.
const struct json *fake_command(struct fake_peer *peer);
// Waits for data, and leaves it unread.
void fake_wait(struct fake_peer *peer);
void fake_answer(struct fake_peer *peer, const struct json *command, const char *value);
void fake_fail(struct fake_peer *peer, const struct json *command, const char *error_class,
               const char *words);
// Answers every command, until the client hangs up, with what `answers` returns for it: the member
// of an answer ("\"return\":{}" or "\"error\":{...}"), or NULL for no answer.
typedef const char *(*fake_answers)(void *context, struct arena *arena, const struct json *command);
void fake_serve(struct fake_peer *peer, fake_answers answers, void *context);
// Reads until the client hangs up, without answering.
void fake_stall(struct fake_peer *peer);

// ---- for tests and scripts: after the peer has finished, or in its script ----

// How many commands were received, and in how many packets: a packet is a round trip.
unsigned fake_commands(const struct fake_peer *peer);
unsigned fake_rounds(const struct fake_peer *peer);
// Waits until the script has ended, without freeing the peer.
void fake_join(struct fake_peer *peer);

#endif
