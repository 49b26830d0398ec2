// SPDX-License-Identifier: MIT
#include "fake_peer.h"

#include "base/arena.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 1024 * 1024 };

struct fake_peer {
    pthread_t thread;
    bool joined;
    int fd;
    fake_script script;
    void *context;
    struct arena *arena;
    char *bytes; // received, but not a complete command yet
    size_t size;
    unsigned commands;
    unsigned rounds;
};

static void *follow_script(void *context)
{
    struct fake_peer *peer = context;
    peer->script(peer, peer->context);
    close(peer->fd);
    return NULL;
}

struct fake_peer *fake_start(fake_script script, void *context, bool packets, int *fd)
{
    int ends[2], room = ROOM;
    struct fake_peer *peer = calloc(1, sizeof *peer);
    if (!peer || socketpair(AF_UNIX, packets ? SOCK_SEQPACKET : SOCK_STREAM, 0, ends) < 0)
        abort();
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    peer->fd = ends[1];
    peer->script = script;
    peer->context = context;
    peer->arena = arena_new(0);
    peer->bytes = malloc(ROOM);
    if (!peer->arena || !peer->bytes ||
        pthread_create(&peer->thread, NULL, follow_script, peer) != 0)
        abort();
    *fd = ends[0];
    return peer;
}

void fake_join(struct fake_peer *peer)
{
    if (!peer->joined)
        pthread_join(peer->thread, NULL);
    peer->joined = true;
}

void fake_end(struct fake_peer *peer)
{
    fake_join(peer);
    arena_free(peer->arena);
    free(peer->bytes);
    free(peer);
}

void fake_say_bytes(struct fake_peer *peer, const char *bytes, size_t size)
{
    enum { PACKET = 32 * 1024 }; // at most what a client reads at once
    while (size) {
        ssize_t sent = send(peer->fd, bytes, size < PACKET ? size : PACKET, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        size -= (size_t)sent;
    }
}

void fake_say(struct fake_peer *peer, const char *words)
{
    fake_say_bytes(peer, words, strlen(words));
}

static bool receive_more(struct fake_peer *peer)
{
    ssize_t size = recv(peer->fd, peer->bytes + peer->size, ROOM - peer->size, 0);
    if (size <= 0)
        return false;
    peer->size += (size_t)size;
    peer->rounds++;
    return true;
}

// Each command is one line.
const struct json *fake_command(struct fake_peer *peer)
{
    const char *why;
    char *end;
    while (!(end = memchr(peer->bytes, '\n', peer->size)))
        if (!receive_more(peer))
            return NULL;
    size_t size = (size_t)(end - peer->bytes) + 1;
    const struct json *command = json_read(peer->arena, (struct text){ peer->bytes, size }, &why);
    if (!command)
        abort();
    peer->size -= size;
    memmove(peer->bytes, end + 1, peer->size);
    peer->commands++;
    return command;
}

void fake_wait(struct fake_peer *peer)
{
    struct pollfd wanted = { .fd = peer->fd, .events = POLLIN };
    while (poll(&wanted, 1, -1) <= 0)
        ;
}

void fake_greet(struct fake_peer *peer)
{
    fake_greet_as(peer, 7, 2);
}

void fake_greet_as(struct fake_peer *peer, unsigned major, unsigned minor)
{
    fake_say(peer,
             arena_printf(peer->arena,
                          "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": %u, "
                          "\"major\": %u}, \"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n",
                          minor, major));
    const struct json *command = fake_command(peer);
    if (command)
        fake_answer(peer, command, "{}");
}

static void say_answer(struct fake_peer *peer, const struct json *command, const char *member)
{
    fake_say(peer, arena_printf(peer->arena, "{%s, \"id\": %" PRId64 "}\r\n", member,
                                json_integer(json_member(command, "id"), -1)));
}

void fake_answer(struct fake_peer *peer, const struct json *command, const char *value)
{
    say_answer(peer, command, arena_printf(peer->arena, "\"return\": %s", value));
}

void fake_fail(struct fake_peer *peer, const struct json *command, const char *error_class,
               const char *words)
{
    say_answer(peer, command,
               arena_printf(peer->arena, "\"error\": {\"class\": \"%s\", \"desc\": \"%s\"}",
                            error_class, words));
}

void fake_serve(struct fake_peer *peer, fake_answers answers, void *context)
{
    const struct json *command;
    while ((command = fake_command(peer))) {
        const char *member = answers(context, peer->arena, command);
        if (member)
            say_answer(peer, command, member);
    }
}

void fake_stall(struct fake_peer *peer)
{
    while (fake_command(peer))
        ;
}

unsigned fake_commands(const struct fake_peer *peer)
{
    return peer->commands;
}

unsigned fake_rounds(const struct fake_peer *peer)
{
    return peer->rounds;
}
