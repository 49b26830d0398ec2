// SPDX-License-Identifier: MIT
// Closes a controller: both ends are asked to, then waited for; and takes that back.
#include "close.h"

#include "base/arena.h"
#include "nodes.h"

struct change pvusb_change_of(const struct pvusb_handle *handle,
                              const struct controller *controller)
{
    return (struct change){ .session = handle->session,
                            .xen = handle->session->xen,
                            .controller = controller };
}

const char *pvusb_backend_of(const struct change *change)
{
    return nodes_backend(change->session->arena, change->session->domain->id, change->controller);
}

enum xen_result pvusb_check_empty(struct change *change)
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

bool pvusb_is_unused(enum xenbus_state frontend)
{
    return frontend == XENBUS_UNKNOWN || frontend == XENBUS_INITIALISING ||
           frontend == XENBUS_CLOSED;
}

static enum xen_result request_close(struct change *change)
{
    struct text state;
    const char *backend = pvusb_backend_of(change);
    struct arena *arena = change->session->arena;
    enum xen_result result = pvusb_check_empty(change);
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

// The state of a backend that serves its frontend in this state.
static enum xenbus_state state_beside(struct text frontend)
{
    uint64_t state;
    if (text_number(frontend, 10, 0, XENBUS_CLOSED, &state) != NUMBER_OK)
        state = XENBUS_UNKNOWN;
    return pvusb_is_unused((enum xenbus_state)state) ? XENBUS_INIT_WAIT : XENBUS_CONNECTED;
}

enum xen_result pvusb_reopen(struct change *change)
{
    struct text state, frontend;
    const char *backend = pvusb_backend_of(change);
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

// Both ends have closed; if no backend serves the controller, only the frontend can.
static bool both_closed(struct pvusb_handle *handle, const struct controller *controller,
                        const struct device *device)
{
    (void)device;
    pvusb_answer_requests(handle);
    enum xenbus_state backend = pvusb_backend_state(handle, controller);
    return backend == XENBUS_CLOSED || backend == XENBUS_UNKNOWN ||
           (controller->no_backend && pvusb_is_unused(pvusb_frontend_state(handle, controller)));
}

static double close_seconds(const struct pvusb_handle *handle)
{
    return handle->spare ? PVUSB_SPARE_SECONDS : PVUSB_STATE_SECONDS;
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
                        close_seconds(handle) * handle->session->timeout_scale,
                        xenbus_state_name(controller->frontend_state), meaning);
}

static bool frontend_closed(struct pvusb_handle *handle, const struct controller *controller,
                            const struct device *device)
{
    (void)device;
    return pvusb_is_unused(pvusb_frontend_state(handle, controller));
}

static const char *awaited_guest(const struct pvusb_handle *handle,
                                 const struct controller *controller)
{
    return arena_printf(handle->session->arena, "the guest to close controller %s",
                        controller->name);
}

// Takes back request_close(), unless the guest has seen it: then it closes all the same, and the
// controller is as good as removed. True if it has.
static bool closes_anyway(struct pvusb_handle *handle, const struct controller *controller,
                          struct change *change, bool *left)
{
    const char *failure;
    struct session *session = handle->session;
    const bool finishing = session->finishing;
    *left = change_attempt(change, pvusb_reopen, &failure) != STATUS_OK;
    session->finishing = true;
    const struct waiting waiting =
        waiting_until(deadline_in(PVUSB_NOTICE_SECONDS), awaited_guest(handle, controller));
    bool closed = !*left && pvusb_wait(handle, waiting, frontend_closed, controller, NULL);
    session->finishing = finishing;
    return closed;
}

// Does not wait if the frontend is unused: QEMU's backend closes only after the frontend, and an
// unused one never does.
static enum status close_and_wait(struct pvusb_handle *handle, struct controller *controller,
                                  bool *left, const char **why)
{
    const char *failure;
    struct change change = pvusb_change_of(handle, controller);
    bool idle = pvusb_is_unused(controller->frontend_state);
    change.again = true;
    enum status status = change_attempt(&change, request_close, why);
    if (status != STATUS_OK && change.unsure)
        *left = change_attempt(&change, pvusb_reopen, &failure) != STATUS_OK;
    const struct waiting waiting =
        pvusb_waiting(handle, close_seconds(handle), awaited_guest(handle, controller));
    if (status != STATUS_OK || idle || pvusb_wait(handle, waiting, both_closed, controller, NULL))
        return status;
    controller->frontend_state = pvusb_frontend_state(handle, controller);
    if (pvusb_is_unused(controller->frontend_state))
        return STATUS_OK;
    *why = why_not_closed(handle, controller);
    return closes_anyway(handle, controller, &change, left) ? STATUS_OK : STATUS_TIMEOUT;
}

enum status pvusb_close(struct pvusb_handle *handle, struct controller *controller, bool *left,
                        const char **why)
{
    enum status status = STATUS_OK;
    bool finishing = handle->session->finishing;
    if (controller->no_backend && !pvusb_is_unused(controller->frontend_state))
        status = pvusb_take_over(handle, controller, why);
    // Once the rings are taken over, an interrupt must not leave the guest with open requests.
    handle->session->finishing = finishing || handle->takeover.share;
    if (status == STATUS_OK)
        status = close_and_wait(handle, controller, left, why);
    handle->session->finishing = finishing;
    pvusb_end_takeover(handle);
    return status;
}
