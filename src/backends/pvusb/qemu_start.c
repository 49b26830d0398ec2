// SPDX-License-Identifier: MIT
// Starts and stops the PVUSB QEMU of a PV or PVH guest for which libxl did not start one.
//
// The order matters. QEMU 9 and later accepts controllers only while it starts, in state
// Initialising, and aborts if one is added later; so all controllers are created before it starts.
#include "base/arena.h"
#include "handle.h"
#include "qemu/qmp_client.h"
#include "record/change.h"
#include "record/saved.h"

#include <errno.h>
#include <signal.h>

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

// Creates the directory that QEMU writes to, without the nodes of an earlier QEMU.
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

// From this node libxl knows that the domain has a QEMU (libxl__dm_active), and which process to
// kill when the domain is destroyed (libxl__destroy_device_model).
static enum xen_result announce(struct change *change)
{
    enum xen_result result = change_check_domain(change);
    if (result == XEN_OK)
        result = change_write(change, image_path(change), "device-model-pid", change->value);
    return result == XEN_OK ? note_qemu(change) : result;
}

static enum xen_result withdraw(struct change *change)
{
    enum xen_result result = change_remove_up(
        change, arena_printf(change->session->arena, "%s/device-model-pid", image_path(change)));
    if (result == XEN_OK)
        result = note_drop_qemu(change);
    return result == XEN_OK ? change_remove_up(change, model_path(change)) : result;
}

// The same, unless a process runs that libxl takes for the domain's QEMU.
static enum xen_result withdraw_dead(struct change *change)
{
    uint64_t pid;
    const char *path =
        arena_printf(change->session->arena, "%s/device-model-pid", image_path(change));
    enum xen_result result = xen_read_number(change->xen, change->in, path, INT32_MAX, &pid);
    if (result != XEN_OK && result != XEN_ABSENT)
        return result;
    bool runs = result == XEN_OK && !(pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH);
    return runs ? XEN_OK : withdraw(change);
}

const char *pvusb_forget_dead_qemu(const struct session *session)
{
    struct change change = { .session = session, .xen = session->xen };
    const char *why = NULL;
    return change_attempt(&change, withdraw_dead, &why) == STATUS_OK ? NULL : why;
}

static struct change change_of(const struct pvusb_handle *handle)
{
    return (struct change){ .session = handle->session, .xen = handle->session->xen };
}

static bool try_connect(struct pvusb_handle *handle, const struct controller *controller,
                        const struct device *device)
{
    (void)controller;
    (void)device;
    const char *socket = handle->session->domain->qmp_socket;
    if (process_exited(&handle->process))
        return true;
    return access(socket, F_OK) == 0 && qmp_connect(handle->session, socket, &handle->client,
                                                    &handle->why_no_client) == STATUS_OK;
}

// Takes libxl's lock for the monitor of the new QEMU.
static enum status lock_monitor(struct pvusb_handle *handle, const char **why)
{
    struct session *session = handle->session;
    session->domain->qmp_socket = process_monitor(session->arena, session->domain);
    session->domain->shared_socket = true;
    *why = "could not take libxl's lock for its QMP socket";
    return lock_libxl(session, LOCK_LIBXL_QMP, &handle->lock);
}

static enum status launch(struct pvusb_handle *handle, const char *program, const char **why)
{
    struct session *session = handle->session;
    struct change change = change_of(handle);
    enum status status = change_attempt(&change, prepare, why);
    if (status != STATUS_OK)
        return status;
    // An earlier QEMU may have left its socket.
    (void)unlink(session->domain->qmp_socket);
    *why = process_prepare(session->arena, session->domain, program, &handle->process);
    if (*why)
        return STATUS_FAILED;
    // A QEMU that xenstore does not name would serve the guest unnoticed, and outlive it.
    change.value = arena_printf(session->arena, "%d", (int)handle->process.pid);
    status = change_attempt(&change, announce, why);
    if (status != STATUS_OK)
        return status;
    *why = process_run(session->arena, &handle->process);
    return *why ? STATUS_FAILED : STATUS_OK;
}

static enum status wait_for_qemu(struct pvusb_handle *handle, const char **why)
{
    struct arena *arena = handle->session->arena;
    const struct waiting waiting =
        pvusb_waiting(handle, PVUSB_START_SECONDS, "the PVUSB QEMU to answer");
    bool in_time = pvusb_wait(handle, waiting, try_connect, NULL, NULL);
    *why = "it exited";
    if (process_exited(&handle->process))
        return STATUS_FAILED;
    *why = "interrupted";
    if (!in_time && session_interrupted(handle->session))
        return STATUS_FAILED;
    *why = arena_printf(arena, "it did not answer within %g s%s%s",
                        PVUSB_START_SECONDS * handle->session->timeout_scale,
                        handle->why_no_client ? ": " : "",
                        handle->why_no_client ? handle->why_no_client : "");
    return in_time ? STATUS_OK : STATUS_TIMEOUT;
}

static bool ready_or_exited(struct pvusb_handle *handle, const struct controller *controller,
                            const struct device *device)
{
    return process_exited(&handle->process) || pvusb_backend_ready(handle, controller, device);
}

// QEMU may exit while it sets up a controller, or not set it up at all.
static enum status wait_for_controllers(struct pvusb_handle *handle, const char **why)
{
    for (struct controller *at = handle->topology->controllers; at; at = at->next) {
        if (!at->present || !controller_uses_pvusb_qemu(at))
            continue;
        const struct waiting waiting =
            pvusb_waiting(handle, PVUSB_STATE_SECONDS, pvusb_awaited_backend(handle, at));
        bool in_time = pvusb_wait(handle, waiting, ready_or_exited, at, NULL);
        *why = "it exited";
        if (process_exited(&handle->process))
            return STATUS_FAILED;
        *why = arena_printf(handle->session->arena, "controller %s: %s", at->name,
                            pvusb_not_ready(handle, at));
        if (!in_time)
            return STATUS_TIMEOUT;
    }
    return STATUS_OK;
}

static enum status recreate_controllers(struct pvusb_handle *handle, bool *left, const char **why)
{
    enum status status = STATUS_OK;
    for (struct controller *at = handle->topology->controllers; at && status == STATUS_OK;
         at = at->next) {
        if (!at->present || !at->no_backend)
            continue;
        status = pvusb_recreate_controller(handle, at, left, why);
        if (status != STATUS_OK)
            *why = arena_printf(handle->session->arena, "controller %s: %s", at->name, *why);
    }
    return status;
}

// Sets what depends on the QEMU's version. Controllers that this run created are not yet in libxl's
// saved config.
static void settle_controllers(struct pvusb_handle *handle)
{
    handle->no_backend = NULL;
    for (struct controller *at = handle->topology->controllers; at; at = at->next) {
        if (!at->present || !controller_uses_pvusb_qemu(at))
            continue;
        bool fresh = !at->no_backend;
        at->no_backend = NULL;
        at->cold_only = pvusb_is_cold_only(handle);
        if (fresh)
            saved_controller_added(handle->session, at);
    }
}

// Terminates it and removes its nodes from xenstore. Returns NULL, or what is left.
static const char *discard_qemu(struct pvusb_handle *handle)
{
    struct arena *arena = handle->session->arena;
    struct change change = change_of(handle);
    const char *why = NULL;
    change.again = true;
    qmp_close(handle->client);
    handle->client = NULL;
    bool ended =
        process_terminate(&handle->process, PVUSB_STOP_SECONDS * handle->session->timeout_scale);
    lock_release(&handle->lock);
    // Keep the nodes, so that libxl kills the process with the domain.
    if (!ended)
        return arena_printf(arena, "process %d was killed but is still running",
                            (int)handle->process.pid);
    if (change_attempt(&change, withdraw, &why) != STATUS_OK)
        return arena_printf(arena, "its nodes in xenstore could not be removed: %s", why);
    return NULL;
}

static void fail_start(struct pvusb_handle *handle, struct step *step, enum status status,
                       const char *why)
{
    struct arena *arena = handle->session->arena;
    const char *left = discard_qemu(handle);
    const char *words = handle->process.log ? process_last_line(arena, &handle->process) : NULL;
    if (words)
        why = arena_printf(arena, "%s; the last line of %s: %s", why, handle->process.log, words);
    if (left)
        why = arena_printf(arena, "%s; %s", why, left);
    pvusb_fail(step, left ? STEP_LEFT : STEP_FAILED, status, why);
}

void pvusb_start_qemu(struct pvusb_handle *handle, struct step *step)
{
    const char *why = NULL;
    bool left = false;
    enum status status = recreate_controllers(handle, &left, &why);
    if (status == STATUS_OK)
        status = lock_monitor(handle, &why);
    if (status != STATUS_OK) {
        pvusb_fail(step, left ? STEP_LEFT : STEP_FAILED, status, why);
        return;
    }
    status = launch(handle, step->pvusb_qemu->program, &why);
    if (status == STATUS_OK)
        status = wait_for_qemu(handle, &why);
    if (status == STATUS_OK)
        status = wait_for_controllers(handle, &why);
    if (status != STATUS_OK) {
        fail_start(handle, step, status, why);
        return;
    }
    settle_controllers(handle);
    handle->topology->qemu_process = pvusb_process(handle);
    step->state = STEP_DONE;
    if (pvusb_is_cold_only(handle) == VERDICT_YES)
        step->remark = arena_printf(handle->session->arena,
                                    "QEMU %s; after a reboot of %s, use --start-backend again",
                                    qmp_version(handle->client), handle->session->domain->name);
}

// For a QEMU that an earlier run started, which is not our child: asks it to quit, and kills it if
// it does not. While its connection is open, its pid cannot belong to another process.
static bool quit_or_kill(struct pvusb_handle *handle)
{
    if (!handle->client)
        return false;
    pid_t pid = qmp_process(handle->client);
    double seconds = PVUSB_STOP_SECONDS * handle->session->timeout_scale;
    (void)qmp_submit(handle->client, "quit", TEXT_EMPTY);
    (void)qmp_await(handle->client);
    if (qmp_await_end(handle->client, seconds))
        return true;
    return pid > 1 && note_has_qemu(handle->session, pid) && kill(pid, SIGKILL) == 0 &&
           qmp_await_end(handle->client, seconds);
}

void pvusb_stop_qemu(struct pvusb_handle *handle, struct step *step)
{
    if (process_exited(&handle->process) && !quit_or_kill(handle)) {
        pvusb_fail(step, STEP_FAILED, STATUS_TIMEOUT, "it did not exit, even when killed");
        return;
    }
    const char *left = discard_qemu(handle);
    handle->no_backend = "its QEMU was stopped";
    if (left)
        pvusb_fail(step, STEP_LEFT, STATUS_FAILED, left);
    else
        step->state = STEP_DONE;
}
