// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/scope.h"
#include "recording.h"

#include <errno.h>

// Whether such a process is missing, after its file could not be opened or read.
static enum verdict is_running(int error)
{
    return error == ENOENT || error == ESRCH ? VERDICT_NO : VERDICT_UNKNOWN;
}

// From field 22 of /proc/PID/stat (proc(5)).
enum verdict note_process_start(struct arena *arena, const char *pid, const char **start)
{
    enum { AFTER_NAME = 20 }; // words between the name in parentheses and that field
    char line[1024];
    *start = "";
    cleanup_fclose FILE *stream = fopen(arena_printf(arena, "/proc/%s/stat", pid), "re");
    if (!stream || !fgets(line, sizeof line, stream))
        return is_running(errno);
    char *at = strrchr(line, ')');
    if (at && (text_starts(text_of(at), ") Z") || text_starts(text_of(at), ") X")))
        return VERDICT_NO;
    for (int i = 0; at && i < AFTER_NAME; i++)
        at = strchr(at + 1, ' ');
    if (!at)
        return VERDICT_UNKNOWN;
    *start = arena_copy(arena, at + 1, strcspn(at + 1, " \n"));
    return VERDICT_YES;
}
