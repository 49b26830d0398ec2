// SPDX-License-Identifier: MIT
// The QEMU that serves the qusb controllers of a PV or PVH guest, where libxl started none.
//
// The order is the safety here. QEMU 9 and later takes a controller only when it starts, in state
// Initialising, and ends itself if one comes later; so all of them are there before it is.
#include "../../arena.h"
#include "../../qmp_client.h"
#include "../../recording.h"
#include "../../saved.h"
#include "../../scope.h"
#include "handle.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

enum { WORDS_MAX = 2048 }; // bytes of a log's end that are looked at

// ---- the process ----

// The file that libxl gives to the QEMU of a domain for what it says (libxl__create_qemu_logfile).
// A name with a slash in it is no name of a file.
static const char *log_of(const struct pvusb_handle *handle)
{
    const struct domain *domain = handle->session->domain;
    bool plain = *domain->name && !strchr(domain->name, '/');
    return arena_printf(handle->session->arena, "/var/log/xen/qemu-dm-%s.log",
                        plain ? domain->name
                              : arena_printf(handle->session->arena, "%d", domain->id));
}

static int open_log(const struct pvusb_handle *handle)
{
    int fd = open(log_of(handle), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    return fd >= 0 ? fd : open("/dev/null", O_RDWR | O_CLOEXEC);
}

// The last line of what was written to that file since it had `from` bytes; NULL if none was.
static const char *last_words(struct arena *arena, int log, off_t from)
{
    struct stat info;
    if (log < 0 || fstat(log, &info) != 0 || info.st_size <= from)
        return NULL;
    off_t start = info.st_size - from > WORDS_MAX ? info.st_size - WORDS_MAX : from;
    char *bytes = arena_alloc(arena, WORDS_MAX + 1);
    ssize_t got = pread(log, bytes, WORDS_MAX, start);
    size_t end = got > 0 ? (size_t)got : 0;
    while (end && (bytes[end - 1] == '\n' || bytes[end - 1] == '\r'))
        end--;
    size_t line = end;
    while (line && bytes[line - 1] != '\n')
        line--;
    return line < end ? arena_copy(arena, bytes + line, end - line) : NULL;
}

// A comma would end the name (QEMU: docs/system/qemu-manpage.rst, -name); doubled it does not.
static char *escape_commas(struct arena *arena, const char *name)
{
    char *escaped = arena_alloc(arena, 2 * strlen(name) + 1), *to = escaped;
    for (; *name; name++) {
        *to++ = *name;
        if (*name == ',')
            *to++ = ',';
    }
    return escaped;
}

static const char *socket_of(const struct pvusb_handle *handle, const char *whose)
{
    return arena_printf(handle->session->arena, "/var/run/xen/qmp-%s-%d", whose,
                        handle->session->domain->id);
}

static char *monitor(struct arena *arena, const char *id, const char *path)
{
    return arena_printf(arena, "socket,id=%s,path=%s,server=on,wait=off", id, path);
}

// What libxl__build_device_model_args_new (libxl_dm.c) makes for a guest without a machine.
static char *const *arguments_of(const struct pvusb_handle *handle, const char *program)
{
    struct arena *arena = handle->session->arena;
    const struct domain *domain = handle->session->domain;
    char *const arguments[] = {
        arena_strdup(arena, program),
        "-xen-domid",
        arena_printf(arena, "%d", domain->id),
        "-no-shutdown",
        "-chardev",
        monitor(arena, "libxl-cmd", socket_of(handle, "libxl")),
        "-mon",
        "chardev=libxl-cmd,mode=control",
        "-chardev",
        monitor(arena, "libxenstat-cmd", socket_of(handle, "libxenstat")),
        "-mon",
        "chardev=libxenstat-cmd,mode=control",
        "-nodefaults",
        "-no-user-config",
        "-xen-attach",
        "-name",
        escape_commas(arena, domain->name),
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

// In a session of its own, so that it outlives this one, and with no signal blocked or ignored.
static int spawn(const struct pvusb_handle *handle, const char *program, int log, pid_t *pid)
{
    sigset_t none, all;
    cleanup_with(actions_scope) posix_spawn_file_actions_t actions;
    cleanup_with(attributes_scope) posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    sigfillset(&all);
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
        rc = posix_spawn_file_actions_addchdir_np(&actions, "/");
    return rc ? rc
              : posix_spawn(pid, program, &actions, &attributes, arguments_of(handle, program),
                            environ);
}

// Whether the one that was started has ended; then it is waited for, and is no more.
static bool has_ended(struct pvusb_handle *handle, const struct controller *controller,
                      const struct device *device)
{
    (void)controller;
    (void)device;
    if (handle->server && waitpid(handle->server, NULL, WNOHANG) == handle->server)
        handle->server = 0;
    return !handle->server;
}

static void end_process(struct pvusb_handle *handle)
{
    if (has_ended(handle, NULL, NULL))
        return;
    kill(handle->server, SIGTERM);
    // Not pvusb_wait, which an interrupt of the user ends.
    double until = qmp_clock() + PVUSB_STOP_SECONDS * handle->session->patience;
    while (!has_ended(handle, NULL, NULL) && qmp_clock() < until)
        poll(NULL, 0, 10);
    if (handle->server) {
        kill(handle->server, SIGKILL);
        waitpid(handle->server, NULL, 0);
        handle->server = 0;
    }
}

// ---- what xenstore says of it ----

static const char *model_path(const struct change *change)
{
    return arena_printf(change->session->arena, "/local/domain/0/device-model/%d",
                        change->session->domain->id);
}

static const char *image_path(const struct change *change)
{
    return arena_printf(change->session->arena, "/local/domain/%d/image",
                        change->session->domain->id);
}

// A directory for what it says itself, without what a former one said there.
static enum xen_result prepare(struct change *change)
{
    struct xen_permission rights[] = { { 0, 'n' }, { (unsigned)change->session->domain->id, 'r' } };
    const char *path = model_path(change);
    enum xen_result result = change_check_domain(change);
    if (result == XEN_OK)
        result = xen_remove(change->xen, change->in, path);
    if (result == XEN_OK)
        result = xen_make_directory(change->xen, change->in, path);
    return result == XEN_OK ? xen_set_permissions(change->xen, change->in, path, rights, 2)
                            : result;
}

// By this node libxl knows that the domain has a QEMU (libxl__dm_active), and which process to end
// with the domain (libxl__destroy_device_model).
static enum xen_result announce(struct change *change)
{
    enum xen_result result = change_check_domain(change);
    return result == XEN_OK
               ? change_write(change, image_path(change), "device-model-pid", change->value)
               : result;
}

static enum xen_result withdraw(struct change *change)
{
    enum xen_result result =
        xen_remove(change->xen, change->in,
                   arena_printf(change->session->arena, "%s/device-model-pid", image_path(change)));
    return result == XEN_OK ? xen_remove(change->xen, change->in, model_path(change)) : result;
}

static struct change change_of(const struct pvusb_handle *handle)
{
    return (struct change){ .session = handle->session, .xen = handle->session->xen };
}

// ---- starting ----

static bool has_connected(struct pvusb_handle *handle, const struct controller *controller,
                          const struct device *device)
{
    const char *socket = handle->session->domain->qmp_socket;
    if (has_ended(handle, controller, device))
        return true;
    return access(socket, F_OK) == 0 &&
           qmp_connect(handle->session->arena, socket, handle->session->patience, &handle->own,
                       &handle->silent) == STATUS_OK;
}

// Takes libxl's turn with the monitor that is to be, whose name a former one may have left.
static enum status launch(struct pvusb_handle *handle, const char *program, int log,
                          const char **why)
{
    struct session *session = handle->session;
    struct change change = change_of(handle);
    session->domain->qmp_socket = socket_of(handle, "libxl");
    session->domain->ours_to_lock = true;
    *why = "libxl's lock for its monitor was not to be had";
    enum status status = lock_libxl(session, LOCK_LIBXL_QMP, &handle->lock);
    if (status == STATUS_OK)
        status = change_attempt(&change, prepare, why);
    if (status != STATUS_OK)
        return status;
    (void)unlink(session->domain->qmp_socket);
    int rc = spawn(handle, program, log, &handle->server);
    if (rc) {
        handle->server = 0;
        *why = arena_printf(session->arena, "cannot run %s: %s", program, strerror(rc));
        return STATUS_FAILED;
    }
    change.value = arena_printf(session->arena, "%d", (int)handle->server);
    return change_attempt(&change, announce, why);
}

static enum status await_answer(struct pvusb_handle *handle, const char **why)
{
    struct arena *arena = handle->session->arena;
    bool in_time = pvusb_wait(handle, PVUSB_START_SECONDS, has_connected, NULL, NULL);
    *why = "it has ended";
    if (!handle->server)
        return STATUS_FAILED;
    *why = "interrupted";
    if (handle->session->interrupted && *handle->session->interrupted)
        return STATUS_FAILED;
    *why = arena_printf(arena, "it did not answer within %g s%s%s",
                        PVUSB_START_SECONDS * handle->session->patience, handle->silent ? ": " : "",
                        handle->silent ? handle->silent : "");
    return in_time ? STATUS_OK : STATUS_TIMEOUT;
}

// It ends while it takes one up, or does not take it up: both are seen here.
static enum status await_controllers(struct pvusb_handle *handle, const char **why)
{
    for (struct controller *at = handle->topology->controllers; at; at = at->next) {
        if (!at->present || !pvusb_is_its_qemus(at))
            continue;
        bool in_time = pvusb_wait(handle, PVUSB_STATE_SECONDS, pvusb_is_taken_up, at, NULL);
        *why = "it has ended";
        if (has_ended(handle, NULL, NULL))
            return STATUS_FAILED;
        *why = arena_printf(handle->session->arena, "controller %s: %s", at->name,
                            pvusb_did_not_come(handle, at));
        if (!in_time)
            return STATUS_TIMEOUT;
    }
    return STATUS_OK;
}

static enum status renew_controllers(struct pvusb_handle *handle, const char **why)
{
    for (struct controller *at = handle->topology->controllers; at; at = at->next)
        if (at->present && at->unserved && !pvusb_renew_controller(handle, at, why))
            return STATUS_FAILED;
    return STATUS_OK;
}

// What depended on which QEMU it would be. Only those that this run made are not in libxl's saved
// configuration yet.
static void settle_controllers(struct pvusb_handle *handle)
{
    handle->unserved = NULL;
    for (struct controller *at = handle->topology->controllers; at; at = at->next) {
        if (!at->present || !pvusb_is_its_qemus(at))
            continue;
        bool fresh = !at->unserved;
        at->unserved = NULL;
        at->cold_only = pvusb_is_cold_only(handle);
        if (fresh)
            (void)saved_controller_added(handle->session, at);
    }
}

static void give_up(struct pvusb_handle *handle)
{
    const char *unheard;
    struct change change = change_of(handle);
    qmp_close(handle->own);
    handle->own = NULL;
    end_process(handle);
    lock_release(&handle->lock);
    (void)change_attempt(&change, withdraw, &unheard);
}

void pvusb_start_server(struct pvusb_handle *handle, struct step *step)
{
    const char *why = NULL;
    struct stat before = { .st_size = 0 };
    struct arena *arena = handle->session->arena;
    cleanup_close int log = open_log(handle);
    if (log >= 0)
        (void)fstat(log, &before);
    enum status status = renew_controllers(handle, &why);
    if (status == STATUS_OK)
        status = launch(handle, step->server->program, log, &why);
    if (status == STATUS_OK)
        status = await_answer(handle, &why);
    if (status == STATUS_OK)
        status = await_controllers(handle, &why);
    if (status != STATUS_OK) {
        const char *words = last_words(arena, log, before.st_size);
        give_up(handle);
        pvusb_fail(
            step, STEP_FAILED, status,
            words ? arena_printf(arena, "%s; its last words in %s: %s", why, log_of(handle), words)
                  : why);
        return;
    }
    settle_controllers(handle);
    step->state = STEP_DONE;
    if (pvusb_is_cold_only(handle))
        step->remark =
            arena_printf(arena, "QEMU %s; after a reboot of %s --start-backend starts the next",
                         qmp_version(handle->own), handle->session->domain->name);
}

void pvusb_stop_server(struct pvusb_handle *handle, struct step *step)
{
    if (!handle->server) {
        pvusb_fail(step, STEP_FAILED, STATUS_FAILED, "it was not started by this run");
        return;
    }
    give_up(handle);
    handle->unserved = "its QEMU was stopped again";
    step->state = STEP_DONE;
}
