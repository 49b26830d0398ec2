// SPDX-License-Identifier: MIT
#include "process.h"

#include "base/arena.h"
#include "base/deadline.h"
#include "base/scope.h"
#include "qemu/words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

// Where libxl logs (libxl__create_qemu_logfile); by id if the name contains a slash.
static const char *log_of(struct arena *arena, const struct domain *domain)
{
    const char *name = *domain->name && !strchr(domain->name, '/')
                           ? domain->name
                           : arena_printf(arena, "%d", domain->id);
    return arena_printf(arena, "/var/log/xen/qemu-dm-%s.log", name);
}

static int open_log(struct qemu_process *process)
{
    struct stat info;
    int fd = open(process->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    process->log_from = fd >= 0 && fstat(fd, &info) == 0 ? info.st_size : 0;
    return fd >= 0 ? fd : open("/dev/null", O_WRONLY | O_CLOEXEC);
}

const char *process_last_line(struct arena *arena, const struct qemu_process *process)
{
    enum { ROOM = 2048 };
    struct stat info;
    cleanup_close int fd = open(process->log, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &info) != 0 || info.st_size <= process->log_from)
        return NULL;
    bool all = info.st_size - process->log_from <= ROOM;
    char *bytes = arena_alloc(arena, ROOM);
    ssize_t got = pread(fd, bytes, ROOM, all ? process->log_from : info.st_size - ROOM);
    size_t end = got > 0 ? (size_t)got : 0;
    while (end && (bytes[end - 1] == '\n' || bytes[end - 1] == '\r'))
        end--;
    size_t line = end;
    while (line && bytes[line - 1] != '\n')
        line--;
    return line < end ? arena_copy(arena, bytes + line, end - line) : NULL;
}

static const char *socket_of(struct arena *arena, const struct domain *domain, const char *whose)
{
    return arena_printf(arena, "/var/run/xen/qmp-%s-%d", whose, domain->id);
}

const char *process_monitor(struct arena *arena, const struct domain *domain)
{
    return socket_of(arena, domain, "libxl");
}

static char *monitor(struct arena *arena, const struct domain *domain, const char *whose)
{
    return arena_printf(arena, "socket,id=%s-cmd,path=%s,server=on,wait=off", whose,
                        socket_of(arena, domain, whose));
}

// As libxl__build_device_model_args_new (libxl_dm.c) for a guest without an emulated machine.
static char *const *arguments_of(struct arena *arena, const struct domain *domain,
                                 const char *program)
{
    char *const arguments[] = {
        arena_strdup(arena, program),
        "-xen-domid",
        arena_printf(arena, "%d", domain->id),
        "-no-shutdown",
        "-chardev",
        monitor(arena, domain, "libxl"),
        "-mon",
        "chardev=libxl-cmd,mode=control",
        "-chardev",
        monitor(arena, domain, "libxenstat"),
        "-mon",
        "chardev=libxenstat-cmd,mode=control",
        "-nodefaults",
        "-no-user-config",
        "-xen-attach",
        "-name",
        arena_strdup(arena, qemu_escape_commas(arena, text_of(domain->name))),
        "-vnc",
        "none",
        "-display",
        "none",
        "-machine",
        "xenpv",
        "-m",
        "256",
        NULL,
    };
    char **copy = arena_array_of(arena, char *, sizeof arguments / sizeof *arguments);
    memcpy(copy, arguments, sizeof arguments);
    return copy;
}

static void actions_scope(posix_spawn_file_actions_t *actions)
{
    posix_spawn_file_actions_destroy(actions);
}

static void attributes_scope(posix_spawnattr_t *attributes)
{
    posix_spawnattr_destroy(attributes);
}

const char *process_start(struct arena *arena, const struct domain *domain, const char *program,
                          struct qemu_process *process)
{
    sigset_t none, all;
    cleanup_with(actions_scope) posix_spawn_file_actions_t actions;
    cleanup_with(attributes_scope) posix_spawnattr_t attributes;
    *process = (struct qemu_process){ .log = log_of(arena, domain) };
    cleanup_close int log = open_log(process);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    sigfillset(&all);
    // In its own session, so that it survives the terminal, and with default signal handling. All
    // other descriptors are closed: an inherited lock would stay locked.
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int rc = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2(&actions, log, STDOUT_FILENO);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO);
    if (!rc)
        rc = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (!rc)
        rc = posix_spawn_file_actions_addchdir_np(&actions, "/");
    if (!rc)
        rc = posix_spawn(&process->pid, program, &actions, &attributes,
                         arguments_of(arena, domain, program), environ);
    if (!rc)
        return NULL;
    process->pid = 0;
    return arena_printf(arena, "cannot run %s: %s", program, strerror(rc));
}

bool process_exited(struct qemu_process *process)
{
    if (process->pid && waitpid(process->pid, NULL, WNOHANG) == process->pid)
        process->pid = 0;
    return !process->pid;
}

bool process_terminate(struct qemu_process *process, double seconds)
{
    const double pause = 0.01;
    static const int ways[] = { SIGTERM, SIGKILL };
    for (size_t i = 0; i < sizeof ways / sizeof *ways && !process_exited(process); i++) {
        const struct deadline deadline = deadline_in(seconds);
        kill(process->pid, ways[i]);
        while (!process_exited(process) && deadline_pause(deadline, pause))
            ;
    }
    return !process->pid;
}
