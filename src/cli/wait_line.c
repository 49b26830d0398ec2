// SPDX-License-Identifier: MIT
#include "wait_line.h"

#include "base/arena.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "table.h"
#include "terminal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WHAT_MAX = 300, LEAST = 20 };

#define ERASE "\033[K" // to the end of the line

// The shell, or another job of it, has the terminal now.
static bool is_in_background(void)
{
    const pid_t group = tcgetpgrp(STDERR_FILENO);
    return group > 0 && group != getpgrp();
}

// What follows what is waited for.
static const char *time_of(struct arena *arena, const struct waiting *waiting)
{
    return arena_printf(arena, ": %.0f of %.0f s", (double)(long)(clock_now() - waiting->began),
                        waiting->until.at - waiting->began);
}

// A line that is as wide as the terminal would be continued in the next one.
static const char *line_of(struct arena *arena, const struct waiting *waiting, size_t width)
{
    const bool interrupted = interrupt_of_process()->raised;
    const char *before = interrupted ? "interrupted: waiting for " : "waiting for ";
    const char *after = waiting->can_stop && !interrupted ? " (Ctrl-C undoes)" : "";
    const char *time = time_of(arena, waiting);
    const bool ascii = terminal_is_ascii(STDERR_FILENO);
    const char *what = table_show(arena, waiting->what, WHAT_MAX, ascii);
    const size_t others = strlen(before) + strlen(time) + 1;
    if (others + table_width(what) + strlen(after) > width)
        after = "";
    if (others + table_width(what) > width)
        what = text_show(arena, text_of(what), width > others + LEAST ? width - others - 3 : LEAST);
    return arena_printf(arena, "%s%s%s%s", before, what, time, after);
}

static void show(const struct waiting *waiting)
{
    cleanup_arena struct arena *arena = arena_new(0);
    if (!arena || is_in_background())
        return;
    const char *line = waiting ? line_of(arena, waiting, terminal_width(STDERR_FILENO)) : "";
    if (!arena_exhausted(arena))
        fprintf(stderr, "\r%s" ERASE, line);
}

void wait_line_begin(void)
{
    if (terminal_can_erase(STDERR_FILENO))
        waiting_show_with(show);
}
