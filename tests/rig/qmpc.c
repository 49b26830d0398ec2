// SPDX-License-Identifier: MIT
//
// qmpc [-t SECONDS] [-e] SOCKET COMMAND...   speak QMP, including greeting and capabilities
// qmpc [-t SECONDS] -q SOCKET LINE...        speak the qtest protocol: each line gets one answer
//
// A COMMAND is a JSON object, or just the name of a command. Each answer is printed as QEMU sends
// it, one per line; with -e, so are the events in between. Waits for the socket if it does not
// exist yet. Exit status: 0 all answers were received (an error is an answer), 1 not all, 2 usage.
//
// No JSON is parsed here: QEMU sends one message per line, and an event has a "timestamp" beside
// "event".

#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int fail(const char *what)
{
    fprintf(stderr, "qmpc: %s: %s\n", what, strerror(errno));
    return 1;
}

// Connect to the socket at path, waiting some seconds for it to appear. Returns a stream, or NULL.
static FILE *connect_to(const char *path, long seconds)
{
    const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval limit = { .tv_sec = seconds };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
        return NULL;
    memcpy(address.sun_path, path, strlen(path) + 1);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    for (long turn = 0; connect(fd, (struct sockaddr *)&address, sizeof(address)); turn++) {
        if ((errno != ENOENT && errno != ECONNREFUSED) || turn >= seconds * 100)
            return NULL;
        nanosleep(&pause, NULL);
    }
    return fdopen(fd, "r");
}

static bool is_event(const char *line)
{
    return strstr(line, "\"timestamp\"") && strstr(line, "\"event\"") &&
           strncmp(line, "{\"return\"", 9) && strncmp(line, "{\"error\"", 8);
}

static bool send_line(FILE *stream, const char *text)
{
    char *line;
    int length = asprintf(&line, "%s\n", text);
    bool sent = length > 0 && send(fileno(stream), line, (size_t)length, MSG_NOSIGNAL) == length;

    if (length > 0)
        free(line);
    return sent;
}

// Read up to the next answer, and print it if show; print events before it if show_events.
static bool take_answer(FILE *stream, bool show, bool show_events)
{
    char *line = NULL;
    size_t size = 0;
    bool event;

    do {
        if (getline(&line, &size, stream) < 0) {
            free(line);
            return false;
        }
        line[strcspn(line, "\r\n")] = '\0';
        event = is_event(line);
        if (event ? show_events : show)
            puts(line);
    } while (event);
    free(line);
    return true;
}

// Send a command, wrapping a bare name.
static bool send_command(FILE *stream, const char *command)
{
    char *json;
    bool sent;

    if (command[0] == '{')
        return send_line(stream, command);
    if (asprintf(&json, "{\"execute\": \"%s\"}", command) < 0)
        return false;
    sent = send_line(stream, json);
    free(json);
    return sent;
}

int main(int argc, char **argv)
{
    bool qtest = false, events = false;
    long seconds = 10;
    FILE *stream;
    int option;

    while ((option = getopt(argc, argv, "+eqt:")) != -1) {
        switch (option) {
        case 'e': events = true; break;
        case 'q': qtest = true; break;
        case 't': seconds = strtol(optarg, NULL, 10); break;
        default: return 2;
        }
    }
    if (argc - optind < 2 || seconds < 1) {
        fprintf(stderr, "usage: qmpc [-t SECONDS] [-e] [-q] SOCKET COMMAND...\n");
        return 2;
    }
    stream = connect_to(argv[optind], seconds);
    if (!stream)
        return fail(argv[optind]);
    if (!qtest && !(take_answer(stream, false, false) && send_command(stream, "qmp_capabilities") &&
                    take_answer(stream, false, false)))
        return fail("no greeting");
    for (int i = optind + 1; i < argc; i++) {
        if (!(qtest ? send_line(stream, argv[i]) : send_command(stream, argv[i])))
            return fail("send");
        if (!take_answer(stream, true, events))
            return fail("no answer");
    }
    fclose(stream);
    return fflush(stdout) ? fail("stdout") : 0;
}
