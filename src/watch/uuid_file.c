// SPDX-License-Identifier: MIT
#include "uuid_file.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/scope.h"
#include "base/source_read.h"
#include "config/check.h"
#include "host/host.h"
#include "parser/parser.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

bool uuid_file_is_uuid(const char *word, size_t size)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (size != sizeof form - 1)
        return false;
    for (size_t i = 0; i < size; i++)
        if (form[i] == '-' ? word[i] != '-' : !strchr("0123456789abcdef", word[i]))
            return false;
    return true;
}

const char *uuid_file_path(struct arena *arena, const struct uuid_files *files,
                           const struct domain *domain)
{
    const char *uuid = domain->uuid;
    return uuid_file_is_uuid(uuid, strlen(uuid))
               ? arena_printf(arena, "%s/%s" UUID_FILE_SUFFIX, files->directory, uuid)
               : NULL;
}

// ---- reading ----

const struct config *uuid_file_compile(struct arena *arena, struct diags *diags,
                                       const struct source *source)
{
    struct config *config = parse_config(arena, diags, source);
    config->from_command_line = true;
    if (!diags->errors && config->domain.type != DOMAIN_UNKNOWN)
        (void)check_config(arena, diags, config);
    return diags->errors ? NULL : config;
}

const struct config *uuid_file_read(struct arena *arena, struct diags *diags, const char *path)
{
    const struct source *source = source_read(arena, diags, path);
    return source ? uuid_file_compile(arena, diags, source) : NULL;
}

enum status uuid_file_find(struct arena *arena, struct diags *diags, const struct uuid_files *files,
                           const char *path, const struct config **config)
{
    struct diags found;
    diags_init(&found, arena);
    *config = NULL;
    if (!path || (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)))
        return STATUS_OK;
    *config = uuid_file_read(arena, &found, path);
    if (*config)
        return STATUS_OK;
    diag_hint(diags,
              complain_error(diags, CODE_UNREADABLE,
                             "cannot read %s, which remembers what is %s: %s", path, files->what,
                             diags_reason(&found, "no reason given")),
              "correct it, or remove it if nothing of it is to stay %s", files->what);
    return STATUS_FAILED;
}

// ---- writing ----

void uuid_file_head(struct buffer *text, const struct domain *domain)
{
    buffer_printf(text, "name='%s'\nuuid='%s'\n", domain->name, domain->uuid);
    if (domain->type != DOMAIN_UNKNOWN)
        buffer_printf(text, "type='%s'\n", domain_type_name(domain->type));
}

enum status uuid_file_complain(const struct session *session, const struct uuid_files *files,
                               const char *path)
{
    const int error = errno;
    complain_error(session->diags, CODE_UNWRITABLE,
                   "cannot write %s, which remembers what is %s: %s", path, files->what,
                   strerror(error));
    return error == EACCES || error == EPERM || error == EROFS ? STATUS_REFUSED : STATUS_FAILED;
}

static enum status make_directory(const struct session *session, const struct uuid_files *files,
                                  const char *path)
{
    struct stat info;
    if ((mkdir(path, 0700) != 0 && errno != EEXIST) || lstat(path, &info) != 0)
        return uuid_file_complain(session, files, path);
    if (S_ISDIR(info.st_mode) && info.st_uid == geteuid() && !(info.st_mode & (S_IWGRP | S_IWOTH)))
        return STATUS_OK;
    diag_hint(session->diags,
              complain_error(session->diags, CODE_REFUSED,
                             "%s is not a directory that only this user can write to", path),
              "what is %s is remembered there", files->what);
    return STATUS_REFUSED;
}

enum status uuid_file_write(const struct session *session, const struct uuid_files *files,
                            const char *next, struct text text)
{
    enum status status = make_directory(session, files, UUID_FILE_PARENT);
    if (status == STATUS_OK)
        status = make_directory(session, files, files->directory);
    if (status != STATUS_OK)
        return status;
    if (unlink(next) != 0 && errno != ENOENT)
        return uuid_file_complain(session, files, next);
    cleanup_close int fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || !write_all(fd, text) || fsync(fd) != 0)
        return uuid_file_complain(session, files, next);
    return STATUS_OK;
}

enum status uuid_file_put(const struct session *session, const struct uuid_files *files,
                          const char *next, const char *path)
{
    if (next ? rename(next, path) != 0 : unlink(path) != 0 && errno != ENOENT)
        return uuid_file_complain(session, files, path);
    cleanup_close int fd = open(files->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return uuid_file_complain(session, files, path);
    return STATUS_OK;
}

const char *uuid_file_next(struct arena *arena, const char *path)
{
    return arena_printf(arena, "%s.new", path);
}

enum status uuid_file_replace(const struct session *session, const struct uuid_files *files,
                              const char *path, struct text text)
{
    const char *next = text.size ? uuid_file_next(session->arena, path) : NULL;
    enum status status = next ? uuid_file_write(session, files, next, text) : STATUS_OK;
    return status == STATUS_OK ? uuid_file_put(session, files, next, path) : status;
}

// ---- selecting ----

// A serial number is the device's own: only one that can be nothing else is written to a file.
static bool is_plain(const char *serial)
{
    for (const char *at = serial; *at; at++)
        if (!(*at >= 'a' && *at <= 'z') && !(*at >= 'A' && *at <= 'Z') &&
            !strchr("0123456789-_.:", *at))
            return false;
    return *serial;
}

void uuid_file_select(const struct host *host, const struct host_device *device,
                      struct selector *selector)
{
    const struct host_device *found;
    host_read_strings(device, HOST_SERIAL);
    selector->criteria &= ~(unsigned)(SELECT_BUS | SELECT_ADDRESS);
    selector->criteria |= SELECT_VENDOR | SELECT_PRODUCT;
    selector->vendor = device->vendor;
    selector->product = device->product;
    if (is_plain(device->serial)) {
        selector->criteria |= SELECT_SERIAL;
        selector->serial = text_of(device->serial);
        if (!host || host_select(host, selector, &found) == 1)
            return;
        selector->criteria &= ~(unsigned)SELECT_SERIAL;
    }
    selector->criteria |= SELECT_BUSID;
    memcpy(selector->busid, device->busid, sizeof selector->busid);
}
