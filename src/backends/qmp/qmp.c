// SPDX-License-Identifier: MIT
#include "qmp.h"

#include "base/arena.h"
#include "handle.h"

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

static enum status open_at(struct qmp_handle *handle)
{
    struct session *session = handle->session;
    const struct domain *domain = session->domain;
    const char *why = "";
    if (domain->qemu_silent) {
        complain_error(session->diags, "%s", domain->qemu_silent);
        return domain->qemu_exited ? STATUS_FAILED : STATUS_TIMEOUT;
    }
    if (domain->shared_socket) {
        enum status status = lock_libxl(session, LOCK_LIBXL_QMP, &handle->lock);
        if (status != STATUS_OK)
            return status;
    }
    enum status status = qmp_connect(session, domain->qmp_socket, &handle->client, &why);
    if (status != STATUS_OK)
        complain_error(session->diags, "%s", why);
    session->qemu = handle->client;
    return status;
}

static enum status qmp_open(struct session *session, void **handle)
{
    if (!session->domain->qmp_socket) {
        complain_error(session->diags, "domain %s (%d) has no QEMU with emulated USB controllers",
                       session->domain->name, session->domain->id);
        return STATUS_REQUEST;
    }
    struct qmp_handle *made = arena_new_of(session->arena, struct qmp_handle);
    made->session = session;
    made->lock = made->host_lock = LOCK_NONE;
    enum status status = open_at(made);
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
