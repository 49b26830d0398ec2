// SPDX-License-Identifier: MIT
#include "say.h"

#include "base/arena.h"
#include "base/json.h"
#include "report.h"

#include <stdio.h>

enum {
    SHOWN = 500, // bytes
    RESERVE = 4096,
};

static void say_json(struct arena *arena, struct subject subject, const char *words)
{
    static const char *const none[] = { "entry", "place", "label", "busid" };
    struct json_writer *json = json_writer_to(arena, stdout, false);
    json_open_object(json);
    json_add_integer(json, "version", WATCH_JSON_VERSION);
    json_add_string(json, "event", "note");
    json_add_string(json, "domain", subject.domain);
    json_key(json, "domid");
    if (subject.id < 0)
        json_put_null(json);
    else
        json_put_integer(json, subject.id);
    json_add_string(json, "file", subject.file);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        json_add_string(json, none[i], NULL);
    json_add_string(json, "why", words);
    json_close(json);
    json_writer_end(json);
    fputc('\n', stdout);
}

static void say_text(struct arena *arena, struct subject subject, const char *words)
{
    const char *about = subject.domain ? subject.domain : subject.file ? subject.file : "watch";
    fputs(text_show(arena, text_of(about), SHOWN), stdout);
    if (subject.domain && subject.id >= 0)
        printf(" (%d)", subject.id);
    printf(": %s\n", text_show(arena, text_of(words), SHOWN));
}

void say(bool json, struct subject subject, const char *format, ...)
{
    va_list args;
    cleanup_arena struct arena *arena = arena_new(RESERVE);
    if (!arena)
        arena_give_up();
    va_start(args, format);
    const char *words = arena_vprintf(arena, format, args);
    va_end(args);
    if (json)
        say_json(arena, subject, words);
    else
        say_text(arena, subject, words);
    fflush(stdout);
}
