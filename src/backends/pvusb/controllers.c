// SPDX-License-Identifier: MIT
// Adds and removes controllers: writes their nodes, then waits for the backend or the frontend.
#include "base/arena.h"
#include "handle.h"
#include "nodes.h"
#include "record/change.h"
#include "record/record.h"
#include "record/saved.h"

static struct change change_of(const struct pvusb_handle *handle,
                               const struct controller *controller, const struct device *device)
{
    return (struct change){ .session = handle->session,
                            .xen = handle->session->xen,
                            .controller = controller,
                            .device = device };
}

static const char *backend_of(const struct change *change)
{
    return nodes_backend(change->session->arena, change->session->domain->id, change->controller);
}

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

// Refuses to remove a controller on which another program has put a device since the last look.
static enum xen_result check_empty(struct change *change)
{
    enum xen_result result = XEN_OK;
    struct arena *arena = change->session->arena;
    const struct controller *controller = change->controller;
    for (unsigned port = 1; port <= controller->ports && result == XEN_OK; port++) {
        struct text value;
        const char *path = nodes_port(arena, change->session->domain->id, controller, port);
        result = change_ignore_absent(xen_read(change->xen, change->in, path, &value));
        if (result == XEN_OK && value.size)
            return change_refuse(change, STATUS_REFUSED,
                                 arena_printf(arena, "%s was attached at port %u meanwhile",
                                              text_show(arena, value, BUSID_SIZE), port));
    }
    return result;
}

static enum xen_result remove_nodes(struct change *change)
{
    struct arena *arena = change->session->arena;
    int domain = change->session->domain->id;
    const struct controller *controller = change->controller;
    enum xen_result result = check_empty(change);
    if (result == XEN_OK)
        result = change_remove_up(change, nodes_frontend(arena, domain, controller));
    if (result == XEN_OK)
        result = change_remove_up(change, nodes_record(arena, domain, controller));
    return result == XEN_OK ? change_remove_up(change, backend_of(change)) : result;
}

static enum xen_result delete (struct change *change) {
    enum xen_result result = remove_nodes(change);
    return result == XEN_OK ? note_drop_controller(change) : result;
}

static enum xen_result request_close(struct change *change)
{
    struct text state;
    const char *backend = backend_of(change);
    struct arena *arena = change->session->arena;
    enum xen_result result = check_empty(change);
    if (result == XEN_OK)
        result =
            xen_read(change->xen, change->in, arena_printf(arena, "%s/state", backend), &state);
    // Without nodes there is nothing to close.
    if (result != XEN_OK)
        return change_ignore_absent(result);
    result = change_write(change, backend, "online", "0");
    if (result != XEN_OK || text_is(state, "6"))
        return result;
    return change_write(change, backend, "state", arena_printf(arena, "%d", XENBUS_CLOSING));
}

// Whether the guest cannot be using it, so that removing it does not need the guest.
static bool is_unused(enum xenbus_state frontend)
{
    return frontend == XENBUS_UNKNOWN || frontend == XENBUS_INITIALISING ||
           frontend == XENBUS_CLOSED;
}

// Both ends have closed; if no backend serves the controller, only the frontend can.
static bool both_closed(struct pvusb_handle *handle, const struct controller *controller,
                        const struct device *device)
{
    (void)device;
    pvusb_answer_requests(handle);
    enum xenbus_state backend = pvusb_backend_state(handle, controller);
    return backend == XENBUS_CLOSED || backend == XENBUS_UNKNOWN ||
           (controller->no_backend && is_unused(pvusb_frontend_state(handle, controller)));
}

// The state of a backend that serves its frontend in this state.
static enum xenbus_state state_beside(struct text frontend)
{
    uint64_t state;
    if (text_number(frontend, 10, 0, XENBUS_CLOSED, &state) != NUMBER_OK)
        state = XENBUS_UNKNOWN;
    return is_unused((enum xenbus_state)state) ? XENBUS_INIT_WAIT : XENBUS_CONNECTED;
}

// Takes back request_close(): the controller stays, so it is online again, and if it has not closed
// yet, it does not have to.
static enum xen_result reopen(struct change *change)
{
    struct text state, frontend;
    const char *backend = backend_of(change);
    struct arena *arena = change->session->arena;
    enum xen_result result =
        xen_read(change->xen, change->in, arena_printf(arena, "%s/state", backend), &state);
    if (result != XEN_OK)
        return change_ignore_absent(result);
    result = change_write(change, backend, "online", "1");
    if (result != XEN_OK || !text_is(state, "5"))
        return result;
    const char *other = nodes_frontend(arena, change->session->domain->id, change->controller);
    result = change_ignore_absent(
        xen_read(change->xen, change->in, arena_printf(arena, "%s/state", other), &frontend));
    return result == XEN_OK ? change_write(change, backend, "state",
                                           arena_printf(arena, "%d", state_beside(frontend)))
                            : result;
}

// Runs `body`, which removes a closed controller. If that fails, the controller is online again;
// unless it is as it was before it was closed, *left is set. `idle`: the guest was not using it.
static enum status remove_closed(struct change *change, change_body *body, bool idle, bool *left,
                                 const char **why)
{
    const char *failure;
    enum status status = change_attempt(change, body, why);
    if (status != STATUS_OK)
        *left = change->unsure || change_attempt(change, reopen, &failure) != STATUS_OK || !idle;
    return status;
}

static const char *why_not_closed(const struct pvusb_handle *handle,
                                  const struct controller *controller)
{
    if (session_interrupted(handle->session))
        return "interrupted";
    struct arena *arena = handle->session->arena;
    // Without a backend, xenbus's "it works" for a connected frontend would be wrong.
    const char *meaning = controller->no_backend
                              ? arena_printf(arena, "none of its requests is open; reboot %s",
                                             handle->session->domain->name)
                              : xenbus_frontend_meaning(controller->frontend_state);
    return arena_printf(arena, "the guest's frontend did not close within %g s (state: %s); %s",
                        PVUSB_STATE_SECONDS * handle->session->timeout_scale,
                        xenbus_state_name(controller->frontend_state), meaning);
}

static bool frontend_closed(struct pvusb_handle *handle, const struct controller *controller,
                            const struct device *device)
{
    (void)device;
    return is_unused(pvusb_frontend_state(handle, controller));
}

// Takes back request_close(), unless the guest has seen it: then it closes all the same, and the
// controller is as good as removed. True if it has.
static bool closes_anyway(struct pvusb_handle *handle, const struct controller *controller,
                          struct change *change, bool *left)
{
    const char *failure;
    struct session *session = handle->session;
    const bool finishing = session->finishing;
    *left = change_attempt(change, reopen, &failure) != STATUS_OK;
    session->finishing = true;
    bool closed = !*left && pvusb_wait_until(handle, deadline_in(PVUSB_NOTICE_SECONDS),
                                             frontend_closed, controller, NULL);
    session->finishing = finishing;
    return closed;
}

// Does not wait if the frontend is unused: QEMU's backend closes only after the frontend, and an
// unused one never does.
static enum status close_and_wait(struct pvusb_handle *handle, struct controller *controller,
                                  bool *left, const char **why)
{
    const char *failure;
    struct change change = change_of(handle, controller, NULL);
    bool idle = is_unused(controller->frontend_state);
    change.again = true;
    enum status status = change_attempt(&change, request_close, why);
    if (status != STATUS_OK && change.unsure)
        *left = change_attempt(&change, reopen, &failure) != STATUS_OK;
    if (status != STATUS_OK || idle ||
        pvusb_wait(handle, PVUSB_STATE_SECONDS, both_closed, controller, NULL))
        return status;
    controller->frontend_state = pvusb_frontend_state(handle, controller);
    if (is_unused(controller->frontend_state))
        return STATUS_OK;
    *why = why_not_closed(handle, controller);
    return closes_anyway(handle, controller, &change, left) ? STATUS_OK : STATUS_TIMEOUT;
}

// Asks both ends to close and waits for them; the frontend's state was read. First completes the
// requests that a dead QEMU left open. On failure the controller is as it was, or *left is set.
static enum status close_both(struct pvusb_handle *handle, struct controller *controller,
                              bool *left, const char **why)
{
    enum status status = STATUS_OK;
    bool finishing = handle->session->finishing;
    if (controller->no_backend && !is_unused(controller->frontend_state))
        status = pvusb_take_over(handle, controller, why);
    // Once the rings are taken over, an interrupt must not leave the guest with open requests.
    handle->session->finishing = finishing || handle->takeover.share;
    if (status == STATUS_OK)
        status = close_and_wait(handle, controller, left, why);
    handle->session->finishing = finishing;
    pvusb_end_takeover(handle);
    return status;
}

void pvusb_remove_controller(struct pvusb_handle *handle, struct step *step)
{
    struct controller *controller = step->controller;
    const char *why = NULL;
    bool left = false;
    struct change change = change_of(handle, controller, NULL);
    change.again = true;
    controller->frontend_state = pvusb_frontend_state(handle, controller);
    bool idle = is_unused(controller->frontend_state);
    enum status status = close_both(handle, controller, &left, &why);
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
    struct change change = change_of(handle, step->controller, NULL);
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
    pvusb_wait_until(handle, deadline_in(PVUSB_NOTICE_SECONDS), pvusb_backend_ready, controller,
                     NULL);
    controller->frontend_state = pvusb_frontend_state(handle, controller);
    if (close_both(handle, controller, &left, &why) == STATUS_OK)
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
    controller->cold_only = later;
    controller->id = arena_printf(session->arena, "vusb-%d", controller->index);
    struct change change = change_of(handle, controller, NULL);
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
    bool ready =
        later || pvusb_wait(handle, PVUSB_STATE_SECONDS, pvusb_backend_ready, controller, NULL);
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

enum status pvusb_recreate_controller(struct pvusb_handle *handle, struct controller *controller,
                                      bool *left, const char **why)
{
    const double notice_seconds = 1;
    struct change change = change_of(handle, controller, NULL);
    pvusb_read_states(handle, controller);
    bool known_to_guest = controller->frontend_state != XENBUS_INITIALISING;
    if (controller->backend_state == XENBUS_INITIALISING && !known_to_guest)
        return STATUS_OK;
    *why = "its nodes do not contain its USB version";
    enum status status = controller->model ? STATUS_OK : STATUS_FAILED;
    if (status == STATUS_OK)
        status = close_both(handle, controller, left, why);
    if (status != STATUS_OK)
        return status;
    status = remove_closed(&change, remove_nodes, !known_to_guest, left, why);
    if (status != STATUS_OK)
        return status;
    // If the nodes reappear before the guest has seen them disappear, it takes the new controller
    // for the old one, which is closed.
    if (known_to_guest && !handle->session->domain->paused)
        clock_sleep(notice_seconds);
    status = change_attempt(&change, write_nodes, why);
    *left = status != STATUS_OK;
    return status;
}
