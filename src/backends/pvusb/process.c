// SPDX-License-Identifier: MIT
#include "process.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/waiting.h"
#include "qemu/words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

static void close_pipes(struct qemu_process *process)
{
    if (!process->waiting)
        return;
    scope_close(&process->gate);
    scope_close(&process->report);
    process->waiting = false;
}

// The descriptors of the child while it waits. All others are closed: an inherited lock would stay
// locked.
enum { CHILD_GATE = 3, CHILD_REPORT, CHILD_DESCRIPTORS };

// What the child needs, prepared before the fork: after it, only functions that are safe in a
// signal handler may be called.
struct child {
    const char *program;
    char *const *arguments;
    int log, gate, report;
};

// In its own session, so that it survives the terminal, and with default signal handling. *report
// is where to report a failure: all other descriptors are closed last.
static bool set_up_child(const struct child *child, int *report)
{
    sigset_t none;
    for (int signal = 1; signal < NSIG; signal++)
        (void)sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
    sigemptyset(&none);
    // Beyond the descriptors that are about to be replaced.
    int moved = fcntl(child->report, F_DUPFD, CHILD_DESCRIPTORS);
    *report = moved < 0 ? child->report : moved;
    if (moved < 0)
        return false;
    int null = open("/dev/null", O_RDONLY);
    int gate = fcntl(child->gate, F_DUPFD, CHILD_DESCRIPTORS);
    int log = fcntl(child->log, F_DUPFD, CHILD_DESCRIPTORS);
    bool all = dup2(null, STDIN_FILENO) >= 0 && dup2(log, STDOUT_FILENO) >= 0 &&
               dup2(log, STDERR_FILENO) >= 0 && dup3(gate, CHILD_GATE, O_CLOEXEC) >= 0 &&
               dup3(moved, CHILD_REPORT, O_CLOEXEC) >= 0;
    return all && setsid() > 0 && chdir("/") == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0 &&
           close_range(CHILD_DESCRIPTORS, ~0U, 0) == 0;
}

// Waits for the byte that lets it run the program, and reports errno if that fails. If xenusb dies
// first, so does this.
__attribute__((noreturn)) static void run_child(const struct child *child)
{
    char byte;
    int report;
    bool ready = set_up_child(child, &report);
    if (ready && read(CHILD_GATE, &byte, 1) == 1)
        (void)execve(child->program, child->arguments, environ);
    const int reason = errno;
    (void)!write(ready ? CHILD_REPORT : report, &reason, sizeof reason);
    _exit(127);
}

static const char *cannot_run(struct arena *arena, const char *program, int reason)
{
    return arena_printf(arena, "cannot run %s: %s", program, strerror(reason));
}

const char *process_prepare(struct arena *arena, const struct domain *domain, const char *program,
                            struct qemu_process *process)
{
    int gate[2] = { -1, -1 }, report[2] = { -1, -1 };
    *process = (struct qemu_process){ .log = log_of(arena, domain), .program = program };
    cleanup_close int log = open_log(process);
    int rc = pipe2(gate, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0 ? errno : 0;
    cleanup_close int child_gate = gate[0], child_report = report[1];
    const struct child child = { program, arguments_of(arena, domain, program), log, child_gate,
                                 child_report };
    pid_t pid = rc ? -1 : fork();
    if (pid == 0)
        run_child(&child);
    process->gate = gate[1];
    process->report = report[0];
    process->waiting = true;
    if (pid > 0) {
        process->pid = pid;
        return NULL;
    }
    rc = rc ? rc : errno;
    close_pipes(process);
    return cannot_run(arena, program, rc);
}

const char *process_run(struct arena *arena, struct qemu_process *process)
{
    int reason = 0;
    bool sent = write(process->gate, "", 1) == 1;
    // The report ends without a reason once the program runs.
    ssize_t got = sent ? read(process->report, &reason, sizeof reason) : -1;
    close_pipes(process);
    if (got == 0)
        return NULL;
    (void)process_terminate(process, 1);
    return cannot_run(arena, process->program, got == sizeof reason ? reason : EIO);
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
    close_pipes(process);
    static const int ways[] = { SIGTERM, SIGKILL };
    for (size_t i = 0; i < sizeof ways / sizeof *ways && !process_exited(process); i++) {
        cleanup_waiting struct waiting waiting =
            waiting_until(deadline_in(seconds), "the PVUSB QEMU to exit");
        kill(process->pid, ways[i]);
        while (!process_exited(process) && waiting_pause(&waiting, pause))
            ;
    }
    return !process->pid;
}
