// SPDX-License-Identifier: MIT
#include "qmp.h"

#include "base/arena.h"
#include "handle.h"
#include "xen/xen.h"

// PV and PVH guests have no emulated machine, whatever the config wants.
static bool qmp_suits(const struct config_controller *wanted, const struct domain *domain)
{
    bool has_machine = domain_has_machine(domain->type);
    return has_machine && wanted->type != CONTROLLER_PV;
}

static void qmp_close_handle(void *at)
{
    struct qmp_handle *handle = at;
    if (!handle)
        return;
    if (handle->session->qemu == handle->client)
        handle->session->qemu = NULL;
    // Close the connection first: QEMU must be free for the next owner of the lock.
    qmp_close(handle->client);
    lock_release(&handle->lock);
    lock_release(&handle->host_lock);
}

// Whether QEMU has exited for certain: nothing listens for it, and its process does not exist. The
// process alone would not do, since this one may not see QEMU's.
static bool has_ended(const struct session *session)
{
    return session->accept_ended && session->xen && xen_qemu_exited(session->xen, session->domain);
}

static enum status open_at(struct qmp_handle *handle)
{
    struct session *session = handle->session;
    const struct domain *domain = session->domain;
    const char *why = "";
    if (domain->qemu_exited && has_ended(session)) {
        handle->ended = true;
        return STATUS_OK;
    }
    if (domain->qemu_silent) {
        const enum status failure = domain->qemu_exited ? STATUS_FAILED : STATUS_TIMEOUT;
        complain_error(session->diags, diag_code_of(failure), "%s", domain->qemu_silent);
        return failure;
    }
    if (domain->shared_socket) {
        enum status status = lock_libxl(session, LOCK_LIBXL_QMP, &handle->lock);
        if (status != STATUS_OK)
            return status;
    }
    enum status status = qmp_begin(session, domain->qmp_socket, &handle->client, &why);
    if ((status == STATUS_FAILED || status == STATUS_REQUEST) && has_ended(session)) {
        handle->client = NULL;
        handle->ended = true;
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        complain_error(session->diags, diag_code_of(status), "%s", why);
    session->qemu = handle->client;
    if (status == STATUS_OK)
        qmp_begin_look(handle);
    return status;
}

static enum status qmp_open(struct session *session, void **handle)
{
    bool ended = !session->domain->qmp_socket && has_ended(session);
    if (!session->domain->qmp_socket && !ended) {
        complain_error(session->diags, CODE_NO_BACKEND,
                       "domain %s (%d) has no QEMU with emulated USB controllers",
                       session->domain->name, session->domain->id);
        return STATUS_REQUEST;
    }
    struct qmp_handle *made = arena_new_of(session->arena, struct qmp_handle);
    made->session = session;
    made->lock = made->host_lock = LOCK_NONE;
    made->ended = ended;
    enum status status = ended ? STATUS_OK : open_at(made);
    if (status == STATUS_OK)
        *handle = made;
    else
        qmp_close_handle(made);
    return status;
}

const struct backend_ops qmp_backend = {
    .name = "QEMU",
    .suits = qmp_suits,
    .open = qmp_open,
    .look = qmp_look,
    .supply = qmp_supply,
    .run = qmp_run_recorded,
    .close = qmp_close_handle,
};
