// SPDX-License-Identifier: MIT
#include "state.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/scope.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    STATE_VERSION = 1,
    STATE_MAX = WATCH_REPORT_MAX + 4 * PATH_MAX, // bytes
    NAME_PLAIN_MAX = 200, // bytes of a file's name; of a longer one, the rest is a hash
};

// The directory of the directory, and the file that is then renamed. The watcher's lock is held, so
// that nobody else writes it.
#define STATE_PARENT "/run/xenusb"
#define STATE_NEW    WATCH_STATE_DIRECTORY "/.new"

static const char state_suffix[] = ".json";

const struct watch_report *watch_state_of(const struct watch_known *known, const char *domain)
{
    for (; known; known = known->next)
        if (strcmp(known->domain, domain) == 0)
            return &known->report;
    return NULL;
}

// ---- paths ----

// FNV-1a.
static uint64_t hash_of(const char *bytes)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *bytes; bytes++)
        hash = (hash ^ (unsigned char)*bytes) * 0x100000001b3;
    return hash;
}

// The name of the domain, with %XX for what is not plain, so that each has a file of its own.
static const char *path_of(struct arena *arena, const char *domain)
{
    static const char hex[] = "0123456789abcdef", plain[] = "0123456789_-.";
    char *name = arena_alloc(arena, NAME_PLAIN_MAX + 3), *at = name;
    const char *byte = domain;
    for (; *byte && at - name < NAME_PLAIN_MAX; byte++) {
        const bool letter = (*byte >= 'a' && *byte <= 'z') || (*byte >= 'A' && *byte <= 'Z');
        if (letter || (strchr(plain, *byte) && !(byte == domain && *byte == '.'))) {
            *at++ = *byte;
            continue;
        }
        *at++ = '%';
        *at++ = hex[(unsigned char)*byte >> 4];
        *at++ = hex[(unsigned char)*byte & 15];
    }
    *at = '\0';
    const char *rest =
        *byte ? arena_printf(arena, "%%%016llx", (unsigned long long)hash_of(byte)) : "";
    return arena_printf(arena, "%s/%s%s%s", WATCH_STATE_DIRECTORY, name, rest, state_suffix);
}

static int is_state(const struct dirent *entry)
{
    const size_t size = strlen(entry->d_name), suffix = sizeof state_suffix - 1;
    return entry->d_name[0] != '.' && size > suffix &&
           strcmp(entry->d_name + size - suffix, state_suffix) == 0;
}

static const char *reason(struct arena *arena, const char *path, const char *why)
{
    return arena_printf(arena, "%s: %s", path, why);
}

// ---- reading ----

// All of the file, which need not exist: TEXT_EMPTY. The same with *why if it cannot be read, or is
// not our own.
static struct text read_file(struct arena *arena, const char *path, const char **why)
{
    struct stat info;
    size_t size = 0;
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    *why = NULL;
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return TEXT_EMPTY;
    if (fd < 0 || fstat(fd, &info) != 0) {
        *why = reason(arena, path, strerror(errno));
        return TEXT_EMPTY;
    }
    if (!S_ISREG(info.st_mode) || info.st_uid != geteuid() || info.st_size > STATE_MAX) {
        *why = reason(arena, path, "it is not a file that xenusb has written");
        return TEXT_EMPTY;
    }
    char *bytes = arena_alloc(arena, (size_t)info.st_size + 1);
    if (!read_up_to(fd, bytes, (size_t)info.st_size, &size))
        *why = reason(arena, path, strerror(errno));
    else if (size == 0)
        *why = reason(arena, path, "it is damaged");
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

// NULL, with *why, if the text is not what is written for the domain whose file that is.
static struct watch_known *take_known(struct arena *arena, const char *path, struct text text,
                                      const char **why)
{
    const char *bad;
    struct watch_known *known = arena_new_of(arena, struct watch_known);
    const struct json *json = json_read(arena, text, &bad);
    *why = NULL;
    if (json && json_member_integer(json, "xenusb", STATE_VERSION) != STATE_VERSION) {
        *why = reason(arena, path, "another version of xenusb has written it");
        return NULL;
    }
    known->file = json ? string_of(arena, json, "file") : NULL;
    known->domain = json ? string_of(arena, json, "domain") : NULL;
    if (known->file && known->domain && strcmp(path_of(arena, known->domain), path) == 0 &&
        watch_report_take(arena, json_member(json, "report"), &known->report))
        return known;
    *why = reason(arena, path, "it is damaged");
    return NULL;
}

static struct watch_known *read_known(struct arena *arena, const char *path, const char **why)
{
    struct text text = read_file(arena, path, why);
    return text.size ? take_known(arena, path, text, why) : NULL;
}

struct watch_known *watch_state_read_of(struct arena *arena, const char *domain, const char **why)
{
    return read_known(arena, path_of(arena, domain), why);
}

struct watch_known *watch_state_read(struct arena *arena, const char **why)
{
    struct dirent **entries;
    struct watch_known *first = NULL, **last = &first;
    const int count = scandir(WATCH_STATE_DIRECTORY, &entries, is_state, alphasort);
    *why =
        count < 0 && errno != ENOENT ? reason(arena, WATCH_STATE_DIRECTORY, strerror(errno)) : NULL;
    for (int i = 0; i < count; i++) {
        const char *bad;
        *last = read_known(
            arena, arena_printf(arena, "%s/%s", WATCH_STATE_DIRECTORY, entries[i]->d_name), &bad);
        free(entries[i]);
        if (!*why)
            *why = bad;
        if (*last)
            last = &(*last)->next;
    }
    if (count >= 0)
        free(entries);
    return first;
}

// ---- writing ----

static struct text state_text(struct arena *arena, const struct watch_known *known)
{
    struct json_writer *json = json_writer_new(arena, false);
    json_open_object(json);
    json_add_integer(json, "xenusb", STATE_VERSION);
    json_add_string(json, "file", known->file);
    json_add_string(json, "domain", known->domain);
    json_key(json, "report");
    watch_report_put(json, &known->report);
    json_close(json);
    return json_writer_end(json);
}

static bool make_directory(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

// Sets errno on failure.
static bool replace_file(const char *path, struct text text)
{
    if (!make_directory(STATE_PARENT) || !make_directory(WATCH_STATE_DIRECTORY) ||
        (unlink(STATE_NEW) != 0 && errno != ENOENT))
        return false;
    cleanup_close int fd = open(STATE_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && write_all(fd, text) && rename(STATE_NEW, path) == 0)
        return true;
    const int error = errno;
    unlink(STATE_NEW);
    errno = error;
    return false;
}

const char *watch_state_write(struct arena *arena, const struct watch_known *known)
{
    const char *path = path_of(arena, known->domain), *why;
    const struct text text = state_text(arena, known), there = read_file(arena, path, &why);
    if (text_same(there, text))
        return NULL;
    return replace_file(path, text) ? NULL : reason(arena, path, strerror(errno));
}

void watch_state_remove(struct arena *arena, const char *domain)
{
    const char *path = path_of(arena, domain), *why;
    if (read_known(arena, path, &why))
        (void)unlink(path);
}
