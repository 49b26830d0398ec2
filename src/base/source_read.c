// SPDX-License-Identifier: MIT
#include "source_read.h"

#include "arena.h"
#include "file.h"
#include "scope.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static bool complain_unreadable(struct diags *diags, const char *path, int error)
{
    complain_error(diags, CODE_UNREADABLE, "cannot read '%s': %s", path, strerror(error));
    return false;
}

// Reads into `bytes` until the end, or until there are more than SOURCE_MAX.
static bool read_all(int fd, const char *path, struct diags *diags, char *bytes, size_t *length)
{
    if (!read_up_to(fd, bytes, SOURCE_MAX + 1, length))
        return complain_unreadable(diags, path, errno);
    if (*length <= SOURCE_MAX)
        return true;
    complain_error(diags, CODE_UNREADABLE,
                   "'%s' is larger than %d MiB, too large for a domain config", path,
                   SOURCE_MAX / 1024 / 1024);
    return false;
}

// By name only regular files and named pipes are read. A device node may never end, or do something
// when it is opened, so it is not even opened; a socket cannot be opened. Standard input may be any
// of them.
static bool is_readable_kind(const char *path, struct diags *diags)
{
    struct stat facts;
    if (stat(path, &facts))
        return complain_unreadable(diags, path, errno);
    if (S_ISREG(facts.st_mode) || S_ISFIFO(facts.st_mode))
        return true;
    complain_error(diags, CODE_UNREADABLE, "'%s' is %s, not a file", path,
                   S_ISDIR(facts.st_mode) ? "a directory" : "a device or a socket");
    return false;
}

// A NUL byte is an error at its place, and the source then none.
static const struct source *without_nul(struct diags *diags, const struct source *source)
{
    size_t nul = text_find(source->text, '\0', 0);
    if (nul == source->text.size)
        return source;
    struct span at = { (uint32_t)nul, (uint32_t)nul + 1 };
    diag_hint(diags,
              complain(diags, SEVERITY_ERROR, CODE_INVALID, source, at, "NUL byte in the file"),
              "it has to be text");
    return NULL;
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
    return without_nul(diags, source_from_bytes(arena, name, bytes, length));
}
