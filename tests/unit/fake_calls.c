// SPDX-License-Identifier: MIT
#include "fake_calls.h"

#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { RULES = 16, PATH_ROOM = 512 };

struct rule {
    char call[16], part[64];
    bool any; // whatever the path is
    int error;
    unsigned nth, seen;
};

struct redirection {
    char from[200], to[128];
};

static struct rule rules[RULES];
static struct redirection redirections[RULES];
static unsigned rule_count, redirection_count;

static void add_rule(const char *call, const char *part, int error, unsigned nth)
{
    assert_true(rule_count < RULES);
    struct rule *rule = &rules[rule_count++];
    *rule = (struct rule){ .any = !part, .error = error, .nth = nth };
    snprintf(rule->call, sizeof rule->call, "%s", call);
    snprintf(rule->part, sizeof rule->part, "%s", part ? part : "");
}

void fail_calls(const char *call, const char *part, int error)
{
    add_rule(call, part, error, 0);
}

void fail_call_nth(const char *call, const char *part, int error, unsigned nth)
{
    add_rule(call, part, error, nth);
}

void fake_redirect(const char *from, const char *to)
{
    assert_true(redirection_count < RULES);
    struct redirection *at = &redirections[redirection_count++];
    snprintf(at->from, sizeof at->from, "%s", from);
    snprintf(at->to, sizeof at->to, "%s", to);
}

void fake_calls_succeed(void)
{
    rule_count = 0;
}

void fake_calls_reset(void)
{
    rule_count = redirection_count = 0;
}

// Whether the call fails; sets errno.
static bool fails(const char *call, const char *path)
{
    for (unsigned i = rule_count; i-- > 0;) {
        struct rule *rule = &rules[i];
        if (strcmp(rule->call, call) != 0 || !(rule->any || (path && strstr(path, rule->part))))
            continue;
        if (rule->nth && ++rule->seen != rule->nth)
            continue;
        errno = rule->error;
        return true;
    }
    return false;
}

// The path where the file is, in one of two buffers.
static const char *real_path(const char *path)
{
    static char buffers[2][PATH_ROOM];
    static unsigned next;
    for (unsigned i = redirection_count; i-- > 0;) {
        const struct redirection *at = &redirections[i];
        size_t size = strlen(at->from);
        if (strncmp(path, at->from, size) != 0 || (path[size] && path[size] != '/'))
            continue;
        char *buffer = buffers[next++ % 2];
        snprintf(buffer, PATH_ROOM, "%s%s", at->to, path + size);
        return buffer;
    }
    return path;
}

// ---- the calls ----

// Defines a call with the real one: FAKE(type, name, parameters, arguments, path, failure).
#define FAKE(type, name, parameters, arguments, path, failure)                                     \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        if (fails(#name, path))                                                                    \
            return errno ? failure : 0;                                                            \
        return __real_##name arguments;                                                            \
    }

FAKE(int, access, (const char *path, int mode), (real_path(path), mode), path, -1)
FAKE(int, stat, (const char *path, struct stat *info), (real_path(path), info), path, -1)
FAKE(int, lstat, (const char *path, struct stat *info), (real_path(path), info), path, -1)
FAKE(int, statx, (int fd, const char *path, int flags, unsigned mask, struct statx *info),
     (fd, real_path(path), flags, mask, info), path, -1)
FAKE(int, fstat, (int fd, struct stat *info), (fd, info), NULL, -1)
FAKE(int, mkdir, (const char *path, mode_t mode), (real_path(path), mode), path, -1)
FAKE(int, rename, (const char *from, const char *to), (real_path(from), real_path(to)), to, -1)
FAKE(int, renameat, (int from, const char *path, int to, const char *name), (from, path, to, name),
     path, -1)
FAKE(int, unlink, (const char *path), (real_path(path)), path, -1)
FAKE(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags), path, -1)
FAKE(ssize_t, readlink, (const char *path, char *buf, size_t size), (real_path(path), buf, size),
     path, -1)
FAKE(ssize_t, read, (int fd, void *buf, size_t size), (fd, buf, size), NULL, -1)
FAKE(ssize_t, write, (int fd, const void *buf, size_t size), (fd, buf, size), NULL, -1)
FAKE(ssize_t, send, (int fd, const void *buf, size_t size, int flags), (fd, buf, size, flags), NULL,
     -1)
FAKE(ssize_t, recv, (int fd, void *buf, size_t size, int flags), (fd, buf, size, flags), NULL, -1)
FAKE(int, fsync, (int fd), (fd), NULL, -1)
FAKE(int, flock, (int fd, int operation), (fd, operation), NULL, -1)
FAKE(int, dup2, (int from, int to), (from, to), NULL, -1)
FAKE(int, dup3, (int from, int to, int flags), (from, to, flags), NULL, -1)
FAKE(int, pipe2, (int fds[2], int flags), (fds, flags), NULL, -1)
FAKE(int, chdir, (const char *path), (path), path, -1)
FAKE(pid_t, setsid, (void), (), NULL, -1)
FAKE(ssize_t, pread, (int fd, void *buf, size_t size, off_t at), (fd, buf, size, at), NULL, -1)
FAKE(int, close_range, (unsigned from, unsigned to, int flags), (from, to, flags), NULL, -1)
FAKE(int, socket, (int domain, int type, int protocol), (domain, type, protocol), NULL, -1)
FAKE(int, socketpair, (int domain, int type, int protocol, int fds[2]),
     (domain, type, protocol, fds), NULL, -1)
FAKE(int, connect, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size),
     NULL, -1)
FAKE(int, ppoll,
     (struct pollfd * fds, nfds_t count, const struct timespec *limit, const sigset_t *mask),
     (fds, count, limit, mask), NULL, -1)
FAKE(int, uname, (struct utsname * name), (name), NULL, -1)
FAKE(FILE *, fopen, (const char *path, const char *mode), (real_path(path), mode), path, NULL)
FAKE(DIR *, opendir, (const char *path), (real_path(path)), path, NULL)
FAKE(int, scandir,
     (const char *path, struct dirent ***entries, int (*filter)(const struct dirent *entry),
      int (*compare)(const struct dirent **a, const struct dirent **b)),
     (real_path(path), entries, filter, compare), path, -1)
FAKE(struct dirent *, readdir, (DIR * dir), (dir), NULL, NULL)
FAKE(void *, mmap, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset), NULL, MAP_FAILED)
FAKE(int, glob,
     (const char *pattern, int flags, int (*error)(const char *path, int why), glob_t *found),
     (real_path(pattern), flags, error, found), pattern, GLOB_NOSPACE)

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return fails("open", path) ? -1 : __real_open(real_path(path), flags, mode);
}

int __real_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return fails("openat", path) ? -1 : __real_openat(fd, path, flags, mode);
}

// ---- files ----

static char directory[] = "/tmp/fake_calls.XXXXXX";
static bool made;

const char *fake_directory(void)
{
    if (!made) {
        memcpy(directory + sizeof directory - 7, "XXXXXX", 6);
        assert_non_null(mkdtemp(directory));
    }
    made = true;
    return directory;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

void fake_directory_remove(void)
{
    if (made)
        nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    made = false;
}

static void make_parents(char *path)
{
    for (char *at = path + strlen(directory) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        (void)__real_mkdir(path, 0755);
        *at = '/';
    }
}

const char *fake_path(struct arena *arena, const char *path)
{
    return arena_printf(arena, "%s/%s", fake_directory(), path);
}

void fake_file(const char *path, const char *text)
{
    char whole[PATH_ROOM];
    snprintf(whole, sizeof whole, "%s/%s", fake_directory(), path);
    make_parents(whole);
    FILE *stream = __real_fopen(whole, "we");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

void fake_link_to(const char *path, const char *target)
{
    char whole[PATH_ROOM];
    snprintf(whole, sizeof whole, "%s/%s", fake_directory(), path);
    make_parents(whole);
    assert_int_equal(symlink(target, whole), 0);
}
