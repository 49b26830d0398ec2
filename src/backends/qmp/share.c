// SPDX-License-Identifier: MIT
// QEMU serves one client of its monitor at a time, and xl waits for its lock as long as xenusb
// holds it. So neither is kept while a guest is waited for.
#include "base/session.h"
#include "handle.h"
#include "xen/domain.h"

void qmp_share(struct qmp_handle *handle)
{
    if (handle->shared || !handle->session->domain->qmp_socket || qmp_broken(handle->client))
        return;
    qmp_pause(handle->client);
    lock_release(&handle->lock);
    handle->shared = true;
}

bool qmp_unshare(struct qmp_handle *handle)
{
    const struct session *session = handle->session;
    const struct domain *domain = session->domain;
    if (!handle->shared)
        return !qmp_broken(handle->client);
    handle->shared = false;
    // The order of locks allows that only while the host's is not held.
    if (domain->shared_socket && lock_libxl(session, LOCK_LIBXL_QMP, &handle->lock) != STATUS_OK)
        qmp_break(handle->client, "its monitor could not be used again");
    else
        qmp_resume(handle->client, domain->qmp_socket);
    return !qmp_broken(handle->client);
}
