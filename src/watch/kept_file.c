// SPDX-License-Identifier: MIT
#include "kept_file.h"

#include "base/arena.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_DIRECTORY UUID_FILE_PARENT "/kept"
const char kept_directory[] = KEPT_DIRECTORY;
const struct uuid_files kept_files = { kept_directory, "kept" };

const char *kept_uuid(const char *path)
{
    const char *name = path + sizeof kept_directory;
    const size_t size = strlen(path), end = sizeof UUID_FILE_SUFFIX - 1;
    return strncmp(path, KEPT_DIRECTORY "/", sizeof kept_directory) == 0 &&
                   uuid_file_is_uuid(name, size - sizeof kept_directory - end)
               ? name
               : NULL;
}

bool kept_any(void)
{
    bool any = false;
    DIR *directory = opendir(kept_directory);
    for (const struct dirent *at; directory && !any && (at = readdir(directory));)
        any = uuid_file_is_uuid(at->d_name, strcspn(at->d_name, ".")) &&
              strcmp(at->d_name + strcspn(at->d_name, "."), UUID_FILE_SUFFIX) == 0;
    if (directory)
        closedir(directory);
    return any;
}

const struct config *kept_read(struct arena *arena, struct diags *diags, const char *path)
{
    return uuid_file_read(arena, diags, path);
}

void kept_make_directory(void)
{
    if (mkdir(UUID_FILE_PARENT, 0700) == 0 || errno == EEXIST)
        (void)mkdir(kept_directory, 0700);
}

enum status kept_write_next(const struct session *session, const char *next, struct text text)
{
    return uuid_file_write(session, &kept_files, next, text);
}

const char *kept_next(const struct session *session, const struct kept_change *change)
{
    return arena_printf(session->arena, "%s.new", change->path);
}

static enum status put_in_place(const struct session *session, const char *next, const char *path)
{
    return uuid_file_put(session, &kept_files, next, path);
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
        return !change->next || unlink(next) == 0 || errno == ENOENT
                   ? STATUS_OK
                   : uuid_file_complain(session, &kept_files, next);
    enum status status =
        change->before.size ? kept_write_next(session, next, change->before) : STATUS_OK;
    return status == STATUS_OK
               ? put_in_place(session, change->before.size ? next : NULL, change->path)
               : status;
}
