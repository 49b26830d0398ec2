// SPDX-License-Identifier: MIT
#include "source.h"

#include "arena.h"
#include "diag.h"
#include "scope.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { TRAILING_NULS = 2 };

const struct source *source_from_bytes(struct arena *arena, const char *name, const char *bytes,
                                       size_t length)
{
    struct source *source = arena_new_of(arena, struct source);
    char *copy = arena_alloc(arena, length + TRAILING_NULS);
    if (length)
        memcpy(copy, bytes, length);
    source->name = arena_strdup(arena, name);
    source->text = (struct text){ copy, length };
    return source;
}

const struct source *source_from_words(struct arena *arena, const char *name,
                                       const char *const *words, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += strlen(words[i]) + 1;
    char *joined = arena_alloc(arena, length + TRAILING_NULS);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(words[i]);
        if (i)
            joined[used++] = ' ';
        memcpy(joined + used, words[i], size);
        used += size;
    }
    struct source *source = arena_new_of(arena, struct source);
    source->name = arena_strdup(arena, name);
    source->text = (struct text){ joined, used };
    return source;
}

static bool complain_unreadable(struct diags *diags, const char *path, int error)
{
    complain_error(diags, "cannot read '%s': %s", path, strerror(error));
    return false;
}

// Reads into `bytes` until the end or until more than SOURCE_MAX came.
static bool read_all(int fd, const char *path, struct diags *diags, char *bytes, size_t *length)
{
    *length = 0;
    for (;;) {
        ssize_t got = read(fd, bytes + *length, SOURCE_MAX + 1 - *length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return complain_unreadable(diags, path, errno);
        *length += (size_t)got;
        if (got == 0)
            return true;
        if (*length > SOURCE_MAX) {
            complain_error(diags, "'%s' is larger than %d MiB: that is no domain config", path,
                           SOURCE_MAX / 1024 / 1024);
            return false;
        }
    }
}

// Only regular files, pipes and sockets are read: a device node may never end, or act on being
// opened, so it is not even opened.
static bool is_readable_kind(const char *path, struct diags *diags)
{
    struct stat facts;
    if (stat(path, &facts))
        return complain_unreadable(diags, path, errno);
    if (S_ISREG(facts.st_mode) || S_ISFIFO(facts.st_mode))
        return true;
    complain_error(diags, "'%s' is %s, not a file", path,
                   S_ISDIR(facts.st_mode) ? "a directory" : "a device or a socket");
    return false;
}

const struct source *source_read(struct arena *arena, struct diags *diags, const char *path)
{
    bool standard_input = strcmp(path, "-") == 0;
    const char *name = standard_input ? "<stdin>" : path;
    cleanup_close int opened = -1;
    if (!standard_input) {
        if (!is_readable_kind(path, diags))
            return NULL;
        opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (opened < 0)
            return complain_unreadable(diags, path, errno), NULL;
    }
    cleanup_free char *bytes = malloc(SOURCE_MAX + 1);
    if (!bytes)
        arena_give_up();
    size_t length = 0;
    if (!read_all(standard_input ? STDIN_FILENO : opened, name, diags, bytes, &length))
        return NULL;
    const struct source *source = source_from_bytes(arena, name, bytes, length);
    size_t nul = text_find(source->text, '\0', 0);
    if (nul == length)
        return source;
    struct span at = { (uint32_t)nul, (uint32_t)nul + 1 };
    diag_hint(diags, complain(diags, SEVERITY_ERROR, source, at, "NUL byte in the file"),
              "a domain config is text");
    return NULL;
}

struct position source_position(const struct source *source, uint32_t offset)
{
    struct text text = source->text;
    if (offset > text.size)
        offset = (uint32_t)text.size;
    struct position position = { 1, 1, TEXT_EMPTY };
    size_t start = 0;
    for (size_t i = text_find(text, '\n', 0); i < offset; i = text_find(text, '\n', start)) {
        position.line++;
        start = i + 1;
    }
    size_t end = text_find(text, '\n', start);
    if (end > start && text.at[end - 1] == '\r')
        end--;
    if (end < offset)
        end = offset;
    position.line_text = text_part(text, start, end);
    for (size_t i = start; i < offset; i++)
        position.column += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    return position;
}
