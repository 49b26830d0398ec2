// SPDX-License-Identifier: MIT
// Hands host devices to a QEMU that may not open their nodes: libxl's dm_restrict and QEMU's -runas
// and -chroot take the rights from it.
#include "run.h"

#include "base/arena.h"
#include "host/node.h"

#include <errno.h>

// QEMU is asked first: one that has the rights costs nothing, and to tell in advance is not certain
// to be right.
static bool is_for_rights(struct qmp_handle *handle, const struct device *device,
                          const struct qmp_command *refused)
{
    return device && device->host && device->selector.criteria & SELECT_ADDRESS && refused->error &&
           wire_is_not_opened(refused->error) &&
           host_node_may_open(handle->session->arena, (unsigned)qmp_process(handle->client),
                              device->host) != VERDICT_YES;
}

// The descriptor that QEMU was given is closed whether it could use it or not, since QEMU opens a
// copy. An interrupt does not stop that halfway.
static struct qmp_command *pass(struct qmp_handle *handle, const struct device *device, int node)
{
    const struct wire_pass wire = wire_pass_device(handle->session->arena, device);
    struct qmp_client *client = handle->client;
    const bool finishing = handle->session->finishing;
    handle->session->finishing = true;
    struct qmp_command *answer =
        qmp_submit_passing(client, wire.fill.name, wire.fill.arguments, node);
    qmp_await(client);
    if (qmp_succeeded(answer)) {
        answer = run_submit(handle, wire.add);
        qmp_await(client);
    }
    for (bool sent = false, again = true; !sent; again = false) {
        const struct qmp_command *empty = run_submit(handle, wire.empty);
        qmp_await(client);
        sent = !empty->unsent || !again;
    }
    handle->session->finishing = finishing;
    return answer;
}

struct qmp_command *run_pass_device(struct qmp_handle *handle, const struct device *device,
                                    struct qmp_command *refused)
{
    if (!is_for_rights(handle, device, refused))
        return refused;
    int node = host_node_open(device->host);
    if (node < 0 && errno == ENOENT) // unplugged: QEMU's own words say that
        return refused;
    if (node < 0) {
        refused->error =
            arena_printf(handle->session->arena, "%s; xenusb cannot open it either: %s",
                         refused->error, strerror(errno));
        return refused;
    }
    return pass(handle, device, node);
}
