// SPDX-License-Identifier: MIT
// Adds and removes controllers: writes their nodes, then waits for the backend or the frontend.
#include "base/arena.h"
#include "close.h"
#include "nodes.h"
#include "record/change.h"
#include "record/record.h"
#include "record/saved.h"

static enum xen_result apply_node(struct change *change, const struct node *node)
{
    struct xen_permission rights[] = { { node->owner, 'n' }, { node->reader, 'r' } };
    enum xen_result result = XEN_OK;
    switch (node->op) {
    case NODE_REMOVE: return xen_remove(change->xen, change->in, node->path);
    case NODE_WRITE: return xen_write(change->xen, change->in, node->path, text_of(node->value));
    case NODE_MAKE:
        result = xen_make_directory(change->xen, change->in, node->path);
        return result == XEN_OK
                   ? xen_set_permissions(change->xen, change->in, node->path, rights, 2)
                   : result;
    }
    return result;
}

static enum xen_result write_nodes(struct change *change)
{
    struct text type;
    struct arena *arena = change->session->arena;
    int domain = change->session->domain->id;
    const char *record = nodes_record(arena, domain, change->controller);
    if (!change->controller->model)
        return change_refuse(change, STATUS_FAILED, "its nodes do not contain its USB version");
    enum xen_result result = change_check_domain(change);
    if (result == XEN_OK)
        result = xen_read(change->xen, change->in, record, &type);
    if (result == XEN_OK && change->unsure)
        return XEN_OK; // an earlier attempt has written them
    if (result == XEN_OK)
        return change_refuse(change, STATUS_REFUSED,
                             "xl has taken its index for another controller");
    result = change_ignore_absent(result);
    struct nodes nodes = nodes_of_controller(arena, domain, change->controller);
    for (size_t i = 0; i < nodes.count && result == XEN_OK; i++)
        result = apply_node(change, &nodes.at[i]);
    return result;
}

// Also notes its name.
static enum xen_result create(struct change *change)
{
    enum xen_result result = write_nodes(change);
    return result == XEN_OK ? note_controller(change) : result;
}

// Does not require a frontend: a guest may load its driver at any time.
bool pvusb_backend_ready(struct pvusb_handle *handle, const struct controller *controller,
                         const struct device *device)
{
    (void)device;
    enum xenbus_state state = pvusb_backend_state(handle, controller);
    return state == XENBUS_INIT_WAIT || state == XENBUS_CONNECTED;
}

static const char *backend_name(const struct pvusb_handle *handle,
                                const struct controller *controller)
{
    struct arena *arena = handle->session->arena;
    const char *what = controller->pvusb == PVUSB_KERNEL ? "usbback" : "QEMU";
    if (controller->backend_domain)
        return arena_printf(arena, "the backend (%s in domain %u)", what,
                            controller->backend_domain);
    return arena_printf(arena, "the backend (%s)", what);
}

const char *pvusb_not_ready(const struct pvusb_handle *handle, struct controller *controller)
{
    if (session_interrupted(handle->session))
        return "interrupted";
    pvusb_read_states(handle, controller);
    return arena_printf(handle->session->arena, "%s was not ready after %g s (state: %s); %s",
                        backend_name(handle, controller),
                        PVUSB_STATE_SECONDS * handle->session->timeout_scale,
                        xenbus_state_name(controller->backend_state),
                        xenbus_backend_meaning(controller->backend_state));
}

static enum xen_result remove_nodes(struct change *change)
{
    struct arena *arena = change->session->arena;
    int domain = change->session->domain->id;
    const struct controller *controller = change->controller;
    enum xen_result result = pvusb_check_empty(change);
    if (result == XEN_OK)
        result = change_remove_up(change, nodes_frontend(arena, domain, controller));
    if (result == XEN_OK)
        result = change_remove_up(change, nodes_record(arena, domain, controller));
    return result == XEN_OK ? change_remove_up(change, pvusb_backend_of(change)) : result;
}

static enum xen_result delete (struct change *change) {
    enum xen_result result = remove_nodes(change);
    return result == XEN_OK ? note_drop_controller(change) : result;
}

// Runs `body`, which removes a closed controller. If that fails, the controller is online again;
// unless it is as it was before it was closed, *left is set. `idle`: the guest was not using it.
static enum status remove_closed(struct change *change, change_body *body, bool idle, bool *left,
                                 const char **why)
{
    const char *failure;
    enum status status = change_attempt(change, body, why);
    if (status != STATUS_OK)
        *left =
            change->unsure || change_attempt(change, pvusb_reopen, &failure) != STATUS_OK || !idle;
    return status;
}

void pvusb_remove_controller(struct pvusb_handle *handle, struct step *step)
{
    struct controller *controller = step->controller;
    const char *why = NULL;
    bool left = false;
    struct change change = pvusb_change_of(handle, controller);
    change.again = true;
    controller->frontend_state = pvusb_frontend_state(handle, controller);
    bool idle = pvusb_is_unused(controller->frontend_state);
    handle->spare = step->spare;
    enum status status = pvusb_close(handle, controller, &left, &why);
    handle->spare = false;
    if (status != STATUS_OK) {
        pvusb_fail(step, left ? STEP_LEFT : STEP_FAILED, status, why);
        step->pending = status == STATUS_TIMEOUT && !left && !controller->no_backend;
        return;
    }
    status = remove_closed(&change, delete, idle, &left, &why);
    if (status != STATUS_OK) {
        pvusb_fail(step, left ? STEP_LEFT : STEP_FAILED, status, why);
        return;
    }
    saved_controller_removed(handle->session, controller);
    step->state = STEP_DONE;
    if (idle)
        step->remark = "the guest was not using it";
}

// Removes a controller that no frontend uses yet.
static void undo_add(struct pvusb_handle *handle, struct step *step, enum status status,
                     const char *words)
{
    bool left;
    const char *why = NULL;
    struct change change = pvusb_change_of(handle, step->controller);
    change.again = true;
    if (remove_closed(&change, delete, true, &left, &why) == STATUS_OK)
        pvusb_fail(step, STEP_FAILED, status, words);
    else
        pvusb_fail(step, STEP_LEFT, status,
                   arena_printf(handle->session->arena,
                                "%s; its nodes could not be removed either: %s", words, why));
}

// The same after an interrupt, for one that both ends may have connected to by now; it has no
// devices yet. Another interrupt does not stop that halfway.
static void undo_interrupted(struct pvusb_handle *handle, struct step *step)
{
    const char *why = NULL;
    bool left = false;
    struct session *session = handle->session;
    struct controller *controller = step->controller;
    const bool finishing = session->finishing;
    session->finishing = true;
    // A backend that has just found the controller writes to its nodes without looking at them
    // again (xen_be_try_init() in QEMU's hw/xen/xen-legacy-backend.c), and so makes them again.
    pvusb_wait(
        handle,
        waiting_until(deadline_in(PVUSB_NOTICE_SECONDS), pvusb_awaited_backend(handle, controller)),
        pvusb_backend_ready, controller, NULL);
    controller->frontend_state = pvusb_frontend_state(handle, controller);
    if (pvusb_close(handle, controller, &left, &why) == STATUS_OK)
        undo_add(handle, step, STATUS_FAILED, "interrupted");
    else
        pvusb_fail(
            step, STEP_LEFT, STATUS_FAILED,
            arena_printf(session->arena, "interrupted; it could not be removed either: %s", why));
    session->finishing = finishing;
}

void pvusb_add_controller(struct pvusb_handle *handle, struct step *step)
{
    struct session *session = handle->session;
    struct controller *controller = step->controller;
    const char *why = NULL;
    // A QEMU that is started later finds the controller then.
    const struct pvusb_qemu *qemu = handle->topology->pvusb_qemu;
    bool later = controller_uses_pvusb_qemu(controller) && handle->no_backend && qemu;
    if (controller_uses_pvusb_qemu(controller) && handle->no_qemu && !later) {
        pvusb_fail(step, STEP_FAILED, STATUS_FAILED, handle->no_qemu);
        return;
    }
    controller->cold_only = later ? VERDICT_YES : VERDICT_NO;
    controller->id = arena_printf(session->arena, "vusb-%d", controller->index);
    struct change change = pvusb_change_of(handle, controller);
    enum status status = change_attempt(&change, create, &why);
    if (change.unsure) {
        undo_add(handle, step, status, why);
        return;
    }
    if (status != STATUS_OK) {
        step->refused = status == STATUS_REFUSED;
        pvusb_fail(step, STEP_FAILED, status, why);
        return;
    }
    bool ready = later || pvusb_wait(handle,
                                     pvusb_waiting(handle, PVUSB_STATE_SECONDS,
                                                   pvusb_awaited_backend(handle, controller)),
                                     pvusb_backend_ready, controller, NULL);
    if (!ready && !session_interrupted(session)) {
        undo_add(handle, step, STATUS_TIMEOUT, pvusb_not_ready(handle, controller));
        return;
    }
    const char *remark = later || !ready ? NULL : pvusb_frontend_remark(handle, controller);
    if (!later && session_interrupted(session)) {
        undo_interrupted(handle, step);
        return;
    }
    saved_controller_added(session, controller);
    step->state = STEP_DONE;
    step->remark = remark;
}

const char *pvusb_awaited_backend(const struct pvusb_handle *handle,
                                  const struct controller *controller)
{
    return arena_printf(handle->session->arena, "the backend of controller %s", controller->name);
}

static void await_notice(const struct pvusb_handle *handle, const struct controller *controller)
{
    cleanup_waiting struct waiting waiting = waiting_until(
        deadline_in(PVUSB_NOTICE_SECONDS), arena_printf(handle->session->arena,
                                                        "the guest to notice that controller %s "
                                                        "is gone",
                                                        controller->name));
    (void)waiting_pause(&waiting, PVUSB_NOTICE_SECONDS);
}

enum status pvusb_recreate_controller(struct pvusb_handle *handle, struct controller *controller,
                                      bool *left, const char **why)
{
    struct change change = pvusb_change_of(handle, controller);
    pvusb_read_states(handle, controller);
    bool known_to_guest = controller->frontend_state != XENBUS_INITIALISING;
    if (controller->backend_state == XENBUS_INITIALISING && !known_to_guest)
        return STATUS_OK;
    *why = "its nodes do not contain its USB version";
    enum status status = controller->model ? STATUS_OK : STATUS_FAILED;
    if (status == STATUS_OK)
        status = pvusb_close(handle, controller, left, why);
    if (status != STATUS_OK)
        return status;
    status = remove_closed(&change, remove_nodes, !known_to_guest, left, why);
    if (status != STATUS_OK)
        return status;
    // If the nodes reappear before the guest has seen them disappear, it takes the new controller
    // for the old one, which is closed.
    if (known_to_guest && !handle->session->domain->paused)
        await_notice(handle, controller);
    status = change_attempt(&change, write_nodes, why);
    *left = status != STATUS_OK;
    return status;
}
