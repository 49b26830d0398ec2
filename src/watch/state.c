// SPDX-License-Identifier: MIT
#include "state.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

enum {
    STATE_VERSION = 1,
    STATE_MAX = 64 * 1024 * 1024, // bytes
    KNOWN_MAX = 10000,            // domains
};

#define STATE_DIRECTORY "/run/xenusb"
#define STATE_NEW       WATCH_STATE_PATH ".new"

const struct watch_report *watch_state_of(const struct watch_known *known, const char *domain)
{
    for (; known; known = known->next)
        if (strcmp(known->domain, domain) == 0)
            return &known->report;
    return NULL;
}

// ---- reading ----

// All of the file; TEXT_EMPTY with *why if it cannot be read, or is not our own.
static struct text read_file(struct arena *arena, int fd, const char **why)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        *why = arena_strdup(arena, strerror(errno));
        return TEXT_EMPTY;
    }
    if (!S_ISREG(info.st_mode) || info.st_uid != geteuid() || info.st_size > STATE_MAX) {
        *why = "it is not a file that xenusb has written";
        return TEXT_EMPTY;
    }
    char *bytes = arena_alloc(arena, (size_t)info.st_size + 1);
    size_t size;
    if (!read_up_to(fd, bytes, (size_t)info.st_size, &size))
        *why = arena_strdup(arena, strerror(errno));
    return *why ? TEXT_EMPTY : (struct text){ bytes, size };
}

// A member that is a string without NUL bytes; NULL if it is not.
static const char *string_of(struct arena *arena, const struct json *object, const char *key)
{
    struct text text = json_member_text(object, key);
    if (!text.size || text.size > PATH_MAX || memchr(text.at, '\0', text.size))
        return NULL;
    return arena_copy(arena, text.at, text.size);
}

static struct watch_known *take_known(struct arena *arena, const struct json *json)
{
    struct watch_known *known = arena_new_of(arena, struct watch_known);
    known->file = string_of(arena, json, "file");
    known->domain = string_of(arena, json, "domain");
    const struct json *report = json_member(json, "report");
    bool fine = known->file && known->domain && watch_report_take(arena, report, &known->report);
    return fine ? known : NULL;
}

static struct watch_known *take_all(struct arena *arena, struct text text, const char **why)
{
    struct watch_known *first = NULL, **last = &first;
    size_t count = 0;
    const struct json *json = json_read(arena, text, why);
    if (!json)
        return NULL;
    *why = json_member_integer(json, "xenusb", 0) == STATE_VERSION
               ? NULL
               : "another version of xenusb has written it";
    const struct json *list = *why ? NULL : json_elements(json_member(json, "known"));
    for (const struct json *at = list; at; at = at->next) {
        *last = count++ < KNOWN_MAX ? take_known(arena, at) : NULL;
        if (!*last) {
            *why = "it is damaged";
            return NULL;
        }
        last = &(*last)->next;
    }
    return first;
}

struct watch_known *watch_state_read(struct arena *arena, const char **why)
{
    *why = NULL;
    cleanup_close int fd =
        open(WATCH_STATE_PATH, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno != ENOENT)
        *why = arena_strdup(arena, strerror(errno));
    if (fd < 0)
        return NULL;
    struct text text = read_file(arena, fd, why);
    return *why ? NULL : take_all(arena, text, why);
}

// ---- writing ----

static struct text state_text(struct arena *arena, const struct watch_known *known)
{
    struct json_writer *json = json_writer_new(arena, false);
    json_open_object(json);
    json_add_integer(json, "xenusb", STATE_VERSION);
    json_key(json, "known");
    json_open_array(json);
    for (; known; known = known->next) {
        json_open_object(json);
        json_add_string(json, "file", known->file);
        json_add_string(json, "domain", known->domain);
        json_key(json, "report");
        watch_report_put(json, &known->report);
        json_close(json);
    }
    json_close(json);
    json_close(json);
    return json_writer_end(json);
}

const char *watch_state_write(struct arena *arena, const struct watch_known *known)
{
    struct text text = state_text(arena, known);
    if (mkdir(STATE_DIRECTORY, 0700) != 0 && errno != EEXIST)
        return arena_strdup(arena, strerror(errno));
    if (unlink(STATE_NEW) != 0 && errno != ENOENT)
        return arena_strdup(arena, strerror(errno));
    cleanup_close int fd = open(STATE_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && write_all(fd, text) && rename(STATE_NEW, WATCH_STATE_PATH) == 0)
        return NULL;
    const char *why = arena_strdup(arena, strerror(errno));
    unlink(STATE_NEW);
    return why;
}
