// SPDX-License-Identifier: MIT
#include "journal_file.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/scope.h"
#include "xen/lock.h"
#include "xen/xen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = (JOURNAL_NODES_MAX + 1) * (XEN_VALUE_MAX + 1) }; // bytes

// The directory of the lock, and the file's name in it.
static const char *directory_of(const struct session *session, const char **name)
{
    struct arena *arena = session->arena;
    const char *lock = lock_domain_path(session), *slash = strrchr(lock, '/');
    *name = arena_printf(arena, "journal-%s", slash + 1);
    return arena_copy(arena, lock, (size_t)(slash - lock));
}

const char *journal_file_path(const struct session *session)
{
    const char *name, *directory = directory_of(session, &name);
    return arena_printf(session->arena, "%s/%s", directory, name);
}

// The name that it is written under.
static const char *unfinished_name(const struct session *session, const char *name)
{
    return arena_printf(session->arena, "%s.new", name);
}

static int open_directory(const struct session *session, const char **name)
{
    return open(directory_of(session, name), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static enum status complain_file(const struct session *session, const char *what, int error)
{
    complain_error(session->diags, CODE_UNWRITABLE, "cannot %s the journal %s: %s", what,
                   journal_file_path(session), strerror(error));
    return error == EACCES || error == EPERM || error == EROFS ? STATUS_REFUSED : STATUS_FAILED;
}

// Sets errno on failure.
static bool write_file(int directory, const char *name, const char *next, struct text text)
{
    cleanup_close int fd =
        openat(directory, next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd >= 0 && write_all(fd, text) && fsync(fd) == 0 &&
           renameat(directory, next, directory, name) == 0 && fsync(directory) == 0;
}

enum status journal_file_write(const struct session *session, const struct journal *journal,
                               const struct text *nodes, size_t count)
{
    const char *name;
    struct buffer buffer = buffer_in(session->arena);
    cleanup_close int directory = open_directory(session, &name);
    buffer_add(&buffer, journal_header(session->arena, journal));
    for (size_t i = 0; i < count; i++) {
        buffer_add_string(&buffer, "\n");
        buffer_add(&buffer, nodes[i]);
    }
    buffer_add_string(&buffer, "\n");
    const char *next = unfinished_name(session, name);
    if (directory >= 0 && write_file(directory, name, next, buffer_text(&buffer)))
        return STATUS_OK;
    const int error = errno;
    if (directory >= 0)
        (void)unlinkat(directory, next, 0);
    // It may be there all the same. The command does nothing, so nothing is open.
    if (directory >= 0 && !journal->undoing)
        (void)unlinkat(directory, name, 0);
    return complain_file(session, "write", error);
}

// NULL, with errno set, on failure. *size is at most FILE_MAX + 1.
static const char *read_file(struct arena *arena, int fd, size_t *size)
{
    struct stat info;
    *size = 0;
    if (fstat(fd, &info) != 0)
        return NULL;
    if (!S_ISREG(info.st_mode) || info.st_size > FILE_MAX)
        return "";
    char *bytes = arena_alloc(arena, (size_t)info.st_size + 1);
    return read_up_to(fd, bytes, (size_t)info.st_size, size) ? bytes : NULL;
}

void journal_file_read(const struct session *session, struct journal *journal)
{
    const char *name;
    size_t size = 0;
    struct arena *arena = session->arena;
    cleanup_close int directory = open_directory(session, &name);
    cleanup_close int fd =
        directory < 0 ? -1
                      : openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return;
    const char *bytes = fd < 0 ? NULL : read_file(arena, fd, &size);
    if (!bytes) {
        const char *why = strerror(errno);
        *journal = (struct journal){ .state = JOURNAL_TORN, .why = why, .verb = "", .command = "" };
        return;
    }
    struct text rest = { bytes, size };
    size_t end = text_find(rest, '\n', 0);
    journal_read_header(arena, text_part(rest, 0, end), journal);
    for (unsigned i = 0; i < journal->nodes && journal->state == JOURNAL_OPEN; i++) {
        size_t from = end + 1;
        end = text_find(rest, '\n', from);
        journal_read_node(arena, text_part(rest, from, end), i, journal);
    }
}

enum status journal_file_remove(const struct session *session)
{
    const char *name;
    cleanup_close int directory = open_directory(session, &name);
    if (directory < 0 && errno == ENOENT)
        return STATUS_OK;
    if (directory >= 0 && (unlinkat(directory, name, 0) == 0 || errno == ENOENT)) {
        (void)fsync(directory);
        return STATUS_OK;
    }
    return complain_file(session, "remove", errno);
}

void journal_remove_unfinished(const struct session *session)
{
    const char *name;
    cleanup_close int directory = open_directory(session, &name);
    if (directory >= 0)
        (void)unlinkat(directory, unfinished_name(session, name), 0);
}
