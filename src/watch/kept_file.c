// SPDX-License-Identifier: MIT
#include "kept_file.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/scope.h"
#include "base/source_read.h"
#include "config/check.h"
#include "parser/parser.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_PARENT    "/var/lib/xenusb"
#define KEPT_DIRECTORY KEPT_PARENT "/kept"
const char kept_directory[] = KEPT_DIRECTORY;

bool kept_is_uuid(const char *word, size_t size)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (size != sizeof form - 1)
        return false;
    for (size_t i = 0; i < size; i++)
        if (form[i] == '-' ? word[i] != '-' : !strchr("0123456789abcdef", word[i]))
            return false;
    return true;
}

const char *kept_uuid(const char *path)
{
    const char *name = path + sizeof kept_directory;
    const size_t size = strlen(path), end = sizeof KEPT_SUFFIX - 1;
    return strncmp(path, KEPT_DIRECTORY "/", sizeof kept_directory) == 0 &&
                   kept_is_uuid(name, size - sizeof kept_directory - end)
               ? name
               : NULL;
}

bool kept_any(void)
{
    bool any = false;
    DIR *directory = opendir(kept_directory);
    for (const struct dirent *at; directory && !any && (at = readdir(directory));)
        any = kept_is_uuid(at->d_name, strcspn(at->d_name, ".")) &&
              strcmp(at->d_name + strcspn(at->d_name, "."), KEPT_SUFFIX) == 0;
    if (directory)
        closedir(directory);
    return any;
}

const struct config *kept_compile(struct arena *arena, struct diags *diags,
                                  const struct source *source)
{
    struct config *config = parse_config(arena, diags, source);
    config->from_command_line = true;
    if (!diags->errors && config->domain.type != DOMAIN_UNKNOWN)
        (void)check_config(arena, diags, config);
    return diags->errors ? NULL : config;
}

const struct config *kept_read(struct arena *arena, struct diags *diags, const char *path)
{
    const struct source *source = source_read(arena, diags, path);
    return source ? kept_compile(arena, diags, source) : NULL;
}

static enum status complain_file(const struct session *session, const char *path)
{
    const int error = errno;
    complain_error(session->diags, "cannot write %s, which remembers what is kept: %s", path,
                   strerror(error));
    return error == EACCES || error == EPERM || error == EROFS ? STATUS_REFUSED : STATUS_FAILED;
}

static enum status make_directory(const struct session *session, const char *path)
{
    struct stat info;
    if ((mkdir(path, 0700) != 0 && errno != EEXIST) || lstat(path, &info) != 0)
        return complain_file(session, path);
    if (S_ISDIR(info.st_mode) && info.st_uid == geteuid() && !(info.st_mode & (S_IWGRP | S_IWOTH)))
        return STATUS_OK;
    diag_hint(session->diags,
              complain_error(session->diags,
                             "%s is not a directory that only this user can write to", path),
              "what is kept is remembered there");
    return STATUS_REFUSED;
}

void kept_make_directory(void)
{
    if (mkdir(KEPT_PARENT, 0700) == 0 || errno == EEXIST)
        (void)mkdir(kept_directory, 0700);
}

enum status kept_write_next(const struct session *session, const char *next, struct text text)
{
    enum status status = make_directory(session, KEPT_PARENT);
    if (status == STATUS_OK)
        status = make_directory(session, kept_directory);
    if (status != STATUS_OK)
        return status;
    if (unlink(next) != 0 && errno != ENOENT)
        return complain_file(session, next);
    cleanup_close int fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || !write_all(fd, text) || fsync(fd) != 0)
        return complain_file(session, next);
    return STATUS_OK;
}

const char *kept_next(const struct session *session, const struct kept_change *change)
{
    return arena_printf(session->arena, "%s.new", change->path);
}

// NULL: there will be no file.
static enum status put_in_place(const struct session *session, const char *next, const char *path)
{
    if (next ? rename(next, path) != 0 : unlink(path) != 0 && errno != ENOENT)
        return complain_file(session, path);
    cleanup_close int fd = open(kept_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return complain_file(session, path);
    return STATUS_OK;
}

enum status kept_commit(const struct session *session, struct kept_change *change)
{
    if (!change->count)
        return STATUS_OK;
    change->done = true;
    return put_in_place(session, change->next, change->path);
}

enum status kept_cancel(const struct session *session, struct kept_change *change)
{
    if (!change->count)
        return STATUS_OK;
    const char *next = kept_next(session, change);
    if (!change->done)
        return !change->next || unlink(next) == 0 || errno == ENOENT ? STATUS_OK
                                                                     : complain_file(session, next);
    enum status status =
        change->before.size ? kept_write_next(session, next, change->before) : STATUS_OK;
    return status == STATUS_OK
               ? put_in_place(session, change->before.size ? next : NULL, change->path)
               : status;
}
