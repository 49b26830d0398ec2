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

enum status kept_commit(const struct session *session, struct kept_change *change)
{
    if (!change->count)
        return STATUS_OK;
    change->done = true;
    return uuid_file_put(session, &kept_files, change->next, change->path);
}

enum status kept_cancel(const struct session *session, struct kept_change *change)
{
    if (!change->count)
        return STATUS_OK;
    if (change->done)
        return uuid_file_replace(session, &kept_files, change->path, change->before);
    return !change->next || unlink(change->next) == 0 || errno == ENOENT
               ? STATUS_OK
               : uuid_file_complain(session, &kept_files, change->next);
}
