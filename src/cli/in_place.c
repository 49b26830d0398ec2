// SPDX-License-Identifier: MIT
#include "in_place.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

// The file, by its name in its directory.
struct replaced {
    struct diags *diags;
    const char *path;
    const char *name;
    const char *beside; // the new file, until it is renamed to `name`
    const char *second; // a second link to the old file, until it becomes the backup
    const char *backup;
    int folder;
    struct stat state;
};

static enum status refuse(const struct replaced *file, const char *why, const char *hint)
{
    diag_hint(file->diags,
              complain_error(file->diags, CODE_REFUSED, "%s %s: not changed", file->path, why),
              "%s", hint);
    return STATUS_REFUSED;
}

static enum status fail(const struct replaced *file, const char *what)
{
    complain_error(file->diags, CODE_UNWRITABLE, "%s: cannot %s: %s; the file is unchanged",
                   file->path, what, strerror(errno));
    return STATUS_FAILED;
}

static enum status open_folder(struct arena *arena, struct replaced *file)
{
    const char *slash = strrchr(file->path, '/');
    const char *folder = ".";
    if (slash)
        folder =
            slash == file->path ? "/" : arena_copy(arena, file->path, (size_t)(slash - file->path));
    file->name = slash ? slash + 1 : file->path;
    file->beside = arena_printf(arena, ".%s.xenusb-new", file->name);
    file->second = arena_printf(arena, ".%s.xenusb-old", file->name);
    file->backup = arena_printf(arena, "%s.bak", file->name);
    file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return file->folder < 0 ? fail(file, "open its directory") : STATUS_OK;
}

// Removes what a killed run left behind: temporary names, and a backup that is a link to the file
// itself. The directory's lock keeps other runs out.
static enum status tidy(const struct replaced *file)
{
    struct stat name, backup;
    if (flock(file->folder, LOCK_EX) < 0)
        return fail(file, "lock its directory");
    unlinkat(file->folder, file->beside, 0);
    unlinkat(file->folder, file->second, 0);
    if (fstatat(file->folder, file->name, &name, AT_SYMLINK_NOFOLLOW) == 0 &&
        fstatat(file->folder, file->backup, &backup, AT_SYMLINK_NOFOLLOW) == 0 &&
        name.st_dev == backup.st_dev && name.st_ino == backup.st_ino)
        unlinkat(file->folder, file->backup, 0);
    return STATUS_OK;
}

static enum status check_file(struct replaced *file)
{
    if (fstatat(file->folder, file->name, &file->state, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(file, "stat it");
    if (S_ISLNK(file->state.st_mode))
        return refuse(file, "is a symbolic link", "name the file it points to");
    if (!S_ISREG(file->state.st_mode))
        return refuse(file, "is not a regular file", "name a file");
    if (file->state.st_nlink > 1)
        return refuse(file, "has other hard links",
                      "they would keep the old text; print the translation and copy it");
    return STATUS_OK;
}

// Whether the file still has the content that was translated.
static bool holds(struct arena *arena, const struct replaced *file, struct text old)
{
    cleanup_close int fd = openat(file->folder, file->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    char *bytes = arena_alloc(arena, old.size + 1);
    size_t size;
    return fd >= 0 && read_up_to(fd, bytes, old.size + 1, &size) &&
           text_same((struct text){ bytes, size }, old);
}

// Writes the new file next to the old one and syncs it, so that it is on disk before the rename.
// The owner is set before the mode, since chown clears mode bits.
static enum status write_beside(const struct replaced *file, struct text text)
{
    cleanup_close int fd = openat(file->folder, file->beside,
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(file, "create a new file next to it");
    if (fchown(fd, file->state.st_uid, file->state.st_gid) < 0)
        return fail(file, "keep its owner");
    if (fchmod(fd, file->state.st_mode & 07777) < 0)
        return fail(file, "keep its mode");
    if (!write_all(fd, text) || fsync(fd) < 0)
        return fail(file, "write the new text");
    return STATUS_OK;
}

// The old file is linked as the backup, then the new file is renamed over it. Nothing is copied,
// and the name refers to a complete file at every instant.
static enum status swap(const struct replaced *file)
{
    if (linkat(file->folder, file->name, file->folder, file->second, 0) < 0)
        return fail(file, "keep the old text");
    if (renameat(file->folder, file->second, file->folder, file->backup) < 0) {
        enum status status = fail(file, "keep the old text");
        unlinkat(file->folder, file->second, 0);
        return status;
    }
    if (fsync(file->folder) < 0)
        return fail(file, "keep the old text");
    if (renameat(file->folder, file->beside, file->folder, file->name) < 0)
        return fail(file, "put the new file in its place");
    if (fsync(file->folder) == 0)
        return STATUS_OK;
    diag_hint(file->diags,
              complain_error(file->diags, CODE_UNWRITABLE,
                             "%s: cannot sync its directory: %s; the file is translated, but a "
                             "crash may bring the old one back",
                             file->path, strerror(errno)),
              "the old file is %s.bak", file->path);
    return STATUS_LEFTOVER;
}

enum status in_place_write(struct arena *arena, struct diags *diags, const char *path,
                           struct text old, struct text text)
{
    struct replaced file = { .diags = diags, .path = path, .folder = -1 };
    enum status status = open_folder(arena, &file);
    cleanup_close int folder = file.folder;
    if (status == STATUS_OK)
        status = tidy(&file);
    if (status == STATUS_OK)
        status = check_file(&file);
    if (status == STATUS_OK && !holds(arena, &file, old))
        return refuse(&file, "changed during the translation", "translate it again");
    if (status != STATUS_OK)
        return status;
    status = write_beside(&file, text);
    if (status == STATUS_OK)
        status = swap(&file);
    if (status != STATUS_OK)
        unlinkat(folder, file.beside, 0);
    return status;
}
