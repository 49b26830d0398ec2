// SPDX-License-Identifier: MIT
#include "lock.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/session.h"
#include "base/waiting.h"
#include "domain.h"
#include "xen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

void lock_release(struct lock *lock)
{
    if (lock->fd < 0)
        return;
    unlink(lock->path);
    close(lock->fd);
    *lock = LOCK_NONE;
}

enum attempt { TAKEN, HELD, FAILED };

// Tries once to lock an open file, as libxl__lock_file (libxl_internal.c) does but without waiting.
// The previous holder may have unlinked the file, so the lock only counts if the path still refers
// to it.
static enum attempt lock_open_file(int fd, const char *path)
{
    struct stat locked, named;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK || errno == EINTR ? HELD : FAILED;
    if (fstat(fd, &locked) != 0)
        return FAILED;
    if (stat(path, &named) != 0)
        return errno == ENOENT ? HELD : FAILED;
    return locked.st_dev == named.st_dev && locked.st_ino == named.st_ino ? TAKEN : HELD;
}

static enum attempt try_lock(struct lock *lock)
{
    int fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return FAILED;
    enum attempt attempt = lock_open_file(fd, lock->path);
    if (attempt == TAKEN) {
        lock->fd = fd;
        return TAKEN;
    }
    int why = errno;
    close(fd);
    errno = why;
    return attempt;
}

// Removes the next word from a line.
static struct text next_word(struct text *line)
{
    *line = text_trim(*line);
    size_t end = text_find(*line, ' ', 0);
    struct text word = text_part(*line, 0, end);
    *line = text_part(*line, end, line->size);
    return word;
}

// The process that holds a lock on the file, from /proc/locks (proc(5)), whose lines look like
// "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF". 0 if it is not listed.
static unsigned holder_of(struct arena *arena, const char *path)
{
    char line[256];
    struct stat info;
    cleanup_fclose FILE *table = fopen("/proc/locks", "re");
    if (!table || stat(path, &info) != 0)
        return 0;
    const char *file = arena_printf(arena, "%02x:%02x:%lu", major(info.st_dev), minor(info.st_dev),
                                    (unsigned long)info.st_ino);
    while (fgets(line, sizeof line, table)) {
        struct text rest = text_of(line), words[6];
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            words[i] = next_word(&rest);
        uint64_t pid;
        if (text_is(words[1], "FLOCK") && text_is(words[5], file) &&
            text_number(words[4], 10, 1, UINT32_MAX, &pid) == NUMBER_OK)
            return (unsigned)pid;
    }
    return 0;
}

// "xl (process 811)".
static const char *holder_name(struct arena *arena, const char *path)
{
    unsigned pid = holder_of(arena, path);
    char name[32] = "";
    if (pid) {
        cleanup_fclose FILE *comm = fopen(arena_printf(arena, "/proc/%u/comm", pid), "re");
        if (comm && fgets(name, sizeof name, comm))
            name[strcspn(name, "\n")] = '\0';
    }
    return pid && name[0] ? arena_printf(arena, "%s (process %u)", name, pid)
           : pid          ? arena_printf(arena, "process %u", pid)
                          : "another process";
}

static enum status complain_held(const struct session *session, const char *path, const char *what,
                                 double limit)
{
    const char *holder = holder_name(session->arena, path);
    diag_hint(session->diags,
              complain_error(session->diags, CODE_LOCKED,
                             "could not take %s within %g s: %s holds it", what, limit, holder),
              "wait for that process to finish, or wait longer with --timeout; the lock is %s",
              path);
    return STATUS_TIMEOUT;
}

// The status if a file or directory cannot be created.
static enum status status_without_lock(int error)
{
    return error == EACCES || error == EPERM || error == EROFS ? STATUS_REFUSED : STATUS_FAILED;
}

enum status lock_file(const struct session *session, const char *path, const char *what,
                      struct lock *lock)
{
    const double pause = 0.02, limit = LOCK_SECONDS * session->timeout_scale;
    cleanup_waiting struct waiting waiting = waiting_until(deadline_in(limit), NULL);
    *lock = (struct lock){ -1, path };
    for (;;) {
        enum attempt attempt = try_lock(lock);
        if (attempt == TAKEN)
            return STATUS_OK;
        if (attempt == FAILED) {
            int why = errno;
            complain_error(session->diags, CODE_UNWRITABLE, "cannot take %s: %s: %s", what, path,
                           strerror(why));
            return status_without_lock(why);
        }
        if (!waiting.what)
            waiting.what = arena_printf(session->arena, "%s to release %s",
                                        holder_name(session->arena, path), what);
        bool in_time = session_pause(session, &waiting, pause);
        if (session_interrupted(session)) {
            complain_error(session->diags, CODE_INTERRUPTED, "interrupted while waiting for %s",
                           what);
            return STATUS_FAILED;
        }
        if (!in_time)
            return complain_held(session, path, what, limit);
    }
}

// The directory for xenusb's own locks. A user other than root can only work on a QEMU of their
// own, and so has a directory of their own.
static const char *lock_directory(struct arena *arena)
{
    const char *home = getenv("XDG_RUNTIME_DIR");
    if (geteuid() == 0)
        return "/run/xenusb";
    return home && home[0] == '/' ? arena_printf(arena, "%s/xenusb", home)
                                  : arena_printf(arena, "/tmp/xenusb-%u", (unsigned)geteuid());
}

static enum status make_lock_directory(const struct session *session, const char **made)
{
    struct stat info;
    const char *directory = lock_directory(session->arena);
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        const int why = errno;
        complain_error(session->diags, CODE_UNWRITABLE, "cannot create %s for xenusb's locks: %s",
                       directory, strerror(why));
        return status_without_lock(why);
    }
    if (lstat(directory, &info) != 0) {
        const int why = errno;
        complain_error(session->diags, CODE_UNREADABLE,
                       "cannot examine %s, where xenusb's locks are: %s", directory, strerror(why));
        return status_without_lock(why);
    }
    if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() ||
        (info.st_mode & (S_IWGRP | S_IWOTH))) {
        diag_hint(session->diags,
                  complain_error(session->diags, CODE_REFUSED,
                                 "%s is not a directory that only this user can write to",
                                 directory),
                  "remove it; xenusb keeps its locks there and recreates it");
        return STATUS_REFUSED;
    }
    *made = directory;
    return STATUS_OK;
}

static enum status lock_own_file(const struct session *session, const char *name, const char *what,
                                 struct lock *lock)
{
    const char *directory;
    *lock = LOCK_NONE;
    enum status status = make_lock_directory(session, &directory);
    if (status != STATUS_OK)
        return status;
    return lock_file(session, arena_printf(session->arena, "%s/%s", directory, name), what, lock);
}

enum status lock_host(const struct session *session, struct lock *lock)
{
    return lock_own_file(session, "host", "xenusb's lock for host devices", lock);
}

static const char *name_of_domain(const struct session *session)
{
    const struct domain *domain = session->domain;
    struct stat info;
    if (domain->id >= 0)
        return arena_printf(session->arena, "domain-%d", domain->id);
    if (domain->qmp_socket && stat(domain->qmp_socket, &info) == 0)
        return arena_printf(session->arena, "qemu-%lx-%lx", (unsigned long)info.st_dev,
                            (unsigned long)info.st_ino);
    return "qemu";
}

enum status lock_domain(const struct session *session, struct lock *lock)
{
    const struct domain *domain = session->domain;
    const char *what = arena_printf(session->arena, "xenusb's lock for %s%s",
                                    domain->id >= 0 ? "domain " : "the QEMU at ", domain->name);
    return lock_own_file(session, name_of_domain(session), what, lock);
}

const char *lock_domain_path(const struct session *session)
{
    return arena_printf(session->arena, "%s/%s", lock_directory(session->arena),
                        name_of_domain(session));
}

// Once, without waiting. STATUS_TIMEOUT, without reporting it, if another process holds it.
static enum status try_own_file(const struct session *session, const char *path, struct lock *lock)
{
    const char *directory;
    *lock = LOCK_NONE;
    enum status status = make_lock_directory(session, &directory);
    if (status != STATUS_OK)
        return status;
    lock->path = path;
    switch (try_lock(lock)) {
    case TAKEN: return STATUS_OK;
    case HELD: return STATUS_TIMEOUT;
    case FAILED: break;
    }
    const int why = errno;
    complain_error(session->diags, CODE_UNWRITABLE, "cannot lock %s: %s", path, strerror(why));
    return status_without_lock(why);
}

enum status lock_try_domain(const struct session *session, struct lock *lock)
{
    return try_own_file(session, lock_domain_path(session), lock);
}

static const char *watcher_path(struct arena *arena)
{
    return arena_printf(arena, "%s/watcher", lock_directory(arena));
}

enum status lock_watcher(const struct session *session, struct lock *lock)
{
    const char *path = watcher_path(session->arena);
    enum status status = try_own_file(session, path, lock);
    if (status != STATUS_TIMEOUT)
        return status;
    const unsigned pid = holder_of(session->arena, path);
    complain_error(session->diags, CODE_LOCKED, "another watcher runs on this host%s",
                   pid ? arena_printf(session->arena, ": process %u", pid) : "");
    return STATUS_REFUSED;
}

// A lock that is tried could be in the way of a watcher that starts.
enum verdict lock_watcher_runs(struct arena *arena, unsigned *process, const char **why)
{
    static const char table[] = "/proc/locks";
    const char *path = watcher_path(arena);
    *process = 0;
    *why = NULL;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return VERDICT_NO;
    if (access(path, F_OK) == 0 && access(table, R_OK) == 0) {
        *process = holder_of(arena, path);
        return *process ? VERDICT_YES : VERDICT_NO;
    }
    const int error = errno;
    *why = arena_printf(arena, "cannot read %s: %s", access(path, F_OK) == 0 ? table : path,
                        strerror(error));
    return VERDICT_UNKNOWN;
}

static const struct {
    const char *name; // libxl__ev_qmplock_init, libxl__lock_domain_userdata
    const char *what;
} libxl_locks[] = {
    [LOCK_LIBXL_QMP] = { "qmp-socket-lock", "libxl's lock for the QMP socket" },
    [LOCK_LIBXL_USERDATA] = { "domain-userdata-lock", "libxl's lock for the saved configuration" },
};

const char *lock_libxl_path(const struct session *session, enum libxl_lock which)
{
    return arena_printf(session->arena, "/var/lib/xen/userdata-l.%d.%s.%s", session->domain->id,
                        session->domain->uuid, libxl_locks[which].name);
}

enum status lock_libxl(const struct session *session, enum libxl_lock which, struct lock *lock)
{
    const struct domain *domain = session->domain;
    const char *what = arena_printf(session->arena, "%s of domain %s (%d)", libxl_locks[which].what,
                                    domain->name, domain->id);
    enum status status = lock_file(session, lock_libxl_path(session, which), what, lock);
    if (status == STATUS_OK && session->xen)
        status = xen_check_alive(session->xen, session->diags, domain);
    if (status != STATUS_OK)
        lock_release(lock);
    return status;
}
