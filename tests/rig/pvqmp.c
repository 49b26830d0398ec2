// SPDX-License-Identifier: MIT
//
// The QMP socket of the QEMU that pvplay simulates: enough to see which devices PVUSB holds.

#define _GNU_SOURCE
#include "pvplay.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listener = -1, client = -1;
static char greeting[256];
static char received[65536];
static size_t received_size;
static int was_asked, is_quitting;

void pvqmp_open(const char *path, const char *version)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int major = 0, minor = 0, micro = 0;

    sscanf(version, "%d.%d.%d", &major, &minor, &micro);
    snprintf(greeting, sizeof(greeting),
             "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": %d, \"minor\": %d, \"major\": %d}, "
             "\"package\": \"\"}, \"capabilities\": []}}\r\n",
             micro, minor, major);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    unlink(path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
        listen(listener, 1)) {
        perror(path);
        exit(1);
    }
}

static void say(const char *text)
{
    if (send(client, text, strlen(text), MSG_NOSIGNAL) < 0 && errno != EPIPE)
        perror("pvplay: QMP");
}

static void hang_up(void)
{
    close(client);
    client = -1;
    received_size = 0;
}

// The answer to qom-list of /machine/peripheral, in a buffer that the next call overwrites.
static const char *list_objects(void)
{
    static char list[PVPLAY_CONTROLLERS * PVPLAY_PORTS * 64 + 32];
    const char *separator = "";
    size_t size = (size_t)snprintf(list, sizeof(list), "\"return\": [");

    for (int index = 0; index < PVPLAY_CONTROLLERS; index++) {
        for (int port = 1; port < PVPLAY_PORTS; port++) {
            if (pvplay_holds(index, port) < 0)
                continue;
            size +=
                (size_t)snprintf(list + size, sizeof(list) - size,
                                 "%s{\"name\": \"xen-qusb-%d-%d\", \"type\": \"child<usb-host>\"}",
                                 separator, index, port);
            separator = ", ";
        }
    }
    snprintf(list + size, sizeof(list) - size, "]");
    return list;
}

// Answers one command. xenusb and xl send one or several per line, never with a brace inside a
// string.
static void obey(const char *command)
{
    static char answer[PVPLAY_CONTROLLERS * PVPLAY_PORTS * 64 + 64];
    const char *body;
    const char *id = strstr(command, "\"id\"");
    const char *object = strstr(command, "xen-qusb-");
    int index, port, held;

    was_asked = 1;
    if (strstr(command, "\"quit\"")) {
        is_quitting = !getenv("PVPLAY_STAYS");
        body = "\"return\": {}";
    } else if (strstr(command, "qmp_capabilities")) {
        body = "\"return\": {}";
    } else if (strstr(command, "\"qom-list\"") && strstr(command, "\"/machine/peripheral\"")) {
        body = list_objects();
    } else if (strstr(command, "\"qom-get\"") && object &&
               sscanf(object, "xen-qusb-%d-%d", &index, &port) == 2 &&
               (held = pvplay_holds(index, port)) >= 0) {
        body = held ? "\"return\": true" : "\"return\": false";
    } else if (strstr(command, "\"qom-get\"")) {
        body = "\"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"Device not found\"}";
    } else {
        body = "\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"not played\"}";
    }
    id = id ? strchr(id, ':') : NULL;
    if (id)
        snprintf(answer, sizeof(answer), "{%s, \"id\": %ld}\r\n", body, strtol(id + 1, NULL, 10));
    else
        snprintf(answer, sizeof(answer), "{%s}\r\n", body);
    say(answer);
}

// Answers all complete commands that were received.
static void obey_all(void)
{
    size_t from = 0;
    int depth = 0;

    for (size_t i = 0; i < received_size; i++) {
        if (received[i] == '{')
            depth++;
        if (received[i] != '}' || --depth > 0)
            continue;
        char *command = strndup(received + from, i + 1 - from);
        obey(command);
        free(command);
        from = i + 1;
    }
    memmove(received, received + from, received_size - from);
    received_size -= from;
}

static void listen_to_client(void)
{
    ssize_t got = recv(client, received + received_size, sizeof(received) - received_size, 0);

    if (got <= 0 || received_size + (size_t)got == sizeof(received)) {
        hang_up();
        return;
    }
    received_size += (size_t)got;
    obey_all();
}

void pvqmp_deleted(int index, int port)
{
    char event[256];

    snprintf(event, sizeof(event),
             "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 0}, \"event\": "
             "\"DEVICE_DELETED\", \"data\": {\"device\": \"xen-qusb-%d-%d\", \"path\": "
             "\"/machine/peripheral/xen-qusb-%d-%d\"}}\r\n",
             index, port, index, port);
    if (client >= 0)
        say(event);
}

int pvqmp_was_asked(void)
{
    return was_asked;
}

void pvqmp_serve(int milliseconds)
{
    if (is_quitting) // "quit" was answered
        exit(0);
    struct pollfd poll_fd = { .fd = client >= 0 ? client : listener, .events = POLLIN };

    if (poll(&poll_fd, 1, milliseconds) <= 0)
        return;
    if (client >= 0) {
        listen_to_client();
        return;
    }
    client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client >= 0)
        say(greeting);
}
