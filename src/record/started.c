// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/scope.h"
#include "recording.h"

// From field 22 of /proc/PID/stat (proc(5)).
const char *note_process_start(struct arena *arena, const char *pid)
{
    enum { AFTER_NAME = 20 }; // words between the name in parentheses and that field
    char line[1024];
    cleanup_fclose FILE *stream = fopen(arena_printf(arena, "/proc/%s/stat", pid), "re");
    char *at = stream && fgets(line, sizeof line, stream) ? strrchr(line, ')') : NULL;
    if (at && (text_starts(text_of(at), ") Z") || text_starts(text_of(at), ") X")))
        return NULL;
    for (int i = 0; at && i < AFTER_NAME; i++)
        at = strchr(at + 1, ' ');
    return at ? arena_copy(arena, at + 1, strcspn(at + 1, " \n")) : NULL;
}
