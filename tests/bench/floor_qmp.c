// SPDX-License-Identifier: MIT
//
// floor_qmp SOCKET FILE - send the QMP commands in FILE, one a line, to QEMU in one write, and read
// all answers. No program that changes as much can take less. Exit status: 0 if each command
// succeeded.

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char capabilities[] = "{\"execute\": \"qmp_capabilities\"}\n";

static int fail(const char *what)
{
    perror(what);
    return 1;
}

int main(int argc, char **argv)
{
    static char commands[65536], line[65536];
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FILE *from = argc == 3 ? fopen(argv[2], "re") : NULL, *answers = fdopen(fd, "r");
    size_t size = strlen(capabilities);
    int left = 1;

    if (!from || !answers || strlen(argv[1]) >= sizeof(address.sun_path))
        return fail("floor_qmp");
    memcpy(commands, capabilities, size);
    size += fread(commands + size, 1, sizeof(commands) - size, from);
    fclose(from);
    for (size_t i = strlen(capabilities); i < size; i++)
        left += commands[i] == '\n';
    memcpy(address.sun_path, argv[1], strlen(argv[1]));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
        return fail(argv[1]);
    // The greeting.
    if (!fgets(line, sizeof(line), answers) || send(fd, commands, size, 0) != (ssize_t)size)
        return fail(argv[1]);
    while (left && fgets(line, sizeof(line), answers)) {
        if (!strncmp(line, "{\"error\"", 8)) {
            fputs(line, stderr);
            return 1;
        }
        left -= !strncmp(line, "{\"return\"", 9);
    }
    fclose(answers);
    return left ? fail("answers") : 0;
}
