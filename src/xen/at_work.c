// SPDX-License-Identifier: MIT
#include "base/scope.h"
#include "base/text.h"
#include "toolstack.h"

#include <stdio.h>

enum { PATH_ROOM = 64, ARGUMENTS_ROOM = 4096 };

// The beginning of one of a process's files in /proc, as a string of `size` bytes; "" if it cannot
// be read. Returns its length.
static size_t read_beginning(const char *pid, const char *file, char *buf, size_t size)
{
    char path[PATH_ROOM];
    (void)snprintf(path, sizeof path, "/proc/%.20s/%s", pid, file);
    cleanup_fclose FILE *stream = fopen(path, "re");
    size_t length = stream ? fread(buf, 1, size - 1, stream) : 0;
    buf[length] = '\0';
    return length;
}

// Whether these arguments, each ended by a NUL, have a command that changes drivers of devices.
static bool changes_devices(const char *arguments, size_t length)
{
    static const char *const commands[] = { "usbdev-", "usbctrl-", "destroy" };
    for (size_t at = 0; at < length; at += strlen(arguments + at) + 1)
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
            if (text_starts(text_of(arguments + at), commands[i]))
                return true;
    return false;
}

unsigned toolstack_at_work(void)
{
    char name[32], arguments[ARGUMENTS_ROOM];
    cleanup_closedir DIR *dir = opendir("/proc");
    for (const struct dirent *at; dir && (at = readdir(dir));) {
        uint64_t pid;
        if (text_number(text_of(at->d_name), 10, 1, UINT32_MAX, &pid) != NUMBER_OK)
            continue;
        (void)read_beginning(at->d_name, "comm", name, sizeof name);
        if (strcmp(name, "xl\n") != 0)
            continue;
        size_t length = read_beginning(at->d_name, "cmdline", arguments, sizeof arguments);
        if (changes_devices(arguments, length))
            return (unsigned)pid;
    }
    return 0;
}
