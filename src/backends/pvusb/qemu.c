// SPDX-License-Identifier: MIT
// The PVUSB QEMU of a domain: whether it runs, what it supports, and which devices it has.
#include "base/arena.h"
#include "handle.h"
#include "pvusb.h"
#include "qemu/qmp_client.h"
#include "record/change.h"
#include "xen/toolstack.h"

// The first major version whose "xen-backend" device cannot be hotplugged.
enum { FIRST_WITHOUT_HOTPLUG = 9 };

struct qmp_client *pvusb_client(const struct pvusb_handle *handle)
{
    return handle->session->qemu ? handle->session->qemu : handle->client;
}

unsigned pvusb_process(const struct pvusb_handle *handle)
{
    const struct qmp_client *qemu = pvusb_client(handle);
    return qemu ? (unsigned)qmp_process(qemu) : 0;
}

enum status pvusb_connect(struct pvusb_handle *handle)
{
    struct session *session = handle->session;
    const struct domain *domain = session->domain;
    bool pv_guest = !domain_has_machine(domain->type);
    handle->no_listener = !domain->qmp_socket || domain->qemu_exited;
    if (session->qemu || !pv_guest || !domain->qmp_socket)
        return STATUS_OK;
    handle->why_no_client = domain->qemu_silent;
    if (domain->qemu_silent)
        return STATUS_OK;
    enum status status = lock_libxl(session, LOCK_LIBXL_QMP, &handle->lock);
    if (status != STATUS_OK)
        return status;
    status = qmp_connect(session, domain->qmp_socket, &handle->client, &handle->why_no_client);
    handle->no_listener = status == STATUS_FAILED || status == STATUS_REQUEST;
    if (status != STATUS_OK) {
        handle->client = NULL;
        lock_release(&handle->lock);
    }
    return STATUS_OK;
}

static bool node_exists(const struct session *session, const char *path)
{
    struct text value;
    return xen_read(session->xen, NULL, path, &value) == XEN_OK;
}

// Its major version, or 0.
static uint64_t major_version(const struct pvusb_handle *handle)
{
    const struct qmp_client *qemu = pvusb_client(handle);
    struct text version = text_of(qemu ? qmp_version(qemu) : "");
    uint64_t major = 0;
    (void)text_number(text_part(version, 0, text_find(version, '.', 0)), 10, 1, UINT16_MAX, &major);
    return major;
}

enum verdict pvusb_is_cold_only(const struct pvusb_handle *handle)
{
    const uint64_t major = major_version(handle);
    if (!major)
        return VERDICT_UNKNOWN;
    return major >= FIRST_WITHOUT_HOTPLUG ? VERDICT_YES : VERDICT_NO;
}

// Why the QEMU that runs, or should run, accepts no new controllers; NULL if it does.
static const char *why_no_new_controller(const struct pvusb_handle *handle)
{
    const struct session *session = handle->session;
    const char *name = session->domain->name;
    const struct qmp_client *qemu = pvusb_client(handle);
    const char *offer = arena_printf(
        session->arena, "/local/domain/0/device-model/%d/backends/qusb", session->domain->id);
    if (!node_exists(session, offer))
        return arena_printf(session->arena, "the QEMU of %s does not support PVUSB", name);
    if (!qemu)
        return arena_printf(session->arena, "could not get the version of the QEMU of %s: %s", name,
                            handle->why_no_client ? handle->why_no_client : "no answer");
    if (!major_version(handle))
        return arena_printf(session->arena, "the QEMU of %s does not report its version", name);
    if (pvusb_is_cold_only(handle) == VERDICT_NO)
        return NULL;
    return arena_printf(session->arena,
                        "QEMU %s aborts if a PVUSB controller is hotplugged, and %s depends on it",
                        qmp_version(qemu), name);
}

// Why no QEMU serves the domain; NULL if one does or may.
static const char *why_no_qemu(const struct pvusb_handle *handle)
{
    const struct session *session = handle->session;
    const struct domain *domain = session->domain;
    const char *pid =
        arena_printf(session->arena, "/local/domain/%d/image/device-model-pid", domain->id);
    if (pvusb_client(handle))
        return NULL;
    if (session->xen && xen_qemu_exited(session->xen, domain))
        return arena_printf(session->arena, "the QEMU of %s has exited", domain->name);
    if (handle->no_listener && !node_exists(session, pid))
        return arena_printf(session->arena, "%s has no QEMU", domain->name);
    return NULL;
}

// Looks for what is installed when that is first needed: it reads large files.
static const struct toolstack *toolstack_of(const struct pvusb_handle *handle)
{
    struct session *session = handle->session;
    if (!session->toolstack) {
        struct toolstack *found = arena_new_of(session->arena, struct toolstack);
        toolstack_find(session->arena, found);
        session->toolstack = found;
    }
    return session->toolstack;
}

// Sets the QEMU that can be started. Only for PV and PVH guests: an HVM guest dies with its QEMU.
static void offer_qemu(struct pvusb_handle *handle, struct topology *topology)
{
    struct arena *arena = handle->session->arena;
    if (domain_has_machine(handle->session->domain->type) || !handle->session->need_supply)
        return;
    const struct toolstack *toolstack = toolstack_of(handle);
    if (toolstack->qemu_has_pvusb != VERDICT_YES) {
        topology->pvusb.advice =
            arena_printf(arena, "xenusb cannot start one: %s", toolstack->qemu_why);
        return;
    }
    topology->pvusb_qemu = arena_new_of(arena, struct pvusb_qemu);
    *topology->pvusb_qemu = (struct pvusb_qemu){ .program = toolstack->qemu };
    topology->pvusb.advice = "--start-backend starts one";
}

// Sets the QEMU that runs if xenusb started it.
static void find_started_qemu(const struct pvusb_handle *handle, struct topology *topology)
{
    const struct qmp_client *qemu = pvusb_client(handle);
    struct arena *arena = handle->session->arena;
    if (!qemu || !record_is_noted(handle->session) ||
        !note_has_qemu(handle->session, qmp_process(qemu)))
        return;
    // To undo a stop, this program would be started.
    const struct toolstack *toolstack = toolstack_of(handle);
    topology->pvusb_qemu = arena_new_of(arena, struct pvusb_qemu);
    *topology->pvusb_qemu = (struct pvusb_qemu){
        .program = toolstack->qemu ? toolstack->qemu : "qemu-system-i386",
        .runs = true,
    };
}

// What to do if a QEMU runs but accepts no controllers. libxl starts its QEMU before it creates the
// controllers, so for QEMU 9 and later usbctrl= in the config does not help.
static const char *advice_for(const struct pvusb_handle *handle)
{
    struct arena *arena = handle->session->arena;
    const struct domain *domain = handle->session->domain;
    if (domain->type == DOMAIN_HVM && pvusb_is_cold_only(handle) == VERDICT_YES)
        return "use emulated controllers: type=emul";
    if (pvusb_is_cold_only(handle) == VERDICT_YES)
        return arena_printf(arena,
                            "restart %s without anything in its config that needs a QEMU (usbctrl, "
                            "vfb); xenusb can then start one",
                            domain->name);
    return arena_printf(
        arena, "restart %s with usbctrl=['type=qusb,...'] in its config%s", domain->name,
        domain->type == DOMAIN_HVM ? ", or use emulated controllers: type=emul" : "");
}

void pvusb_look_at_qemu(struct pvusb_handle *handle, struct topology *topology)
{
    struct pvusb_supply *pvusb = &topology->pvusb;
    const char *none = why_no_qemu(handle);
    pvusb->advice = advice_for(handle);
    if (none)
        offer_qemu(handle, topology);
    else
        find_started_qemu(handle, topology);
    handle->no_backend = none;
    pvusb->no_qemu = handle->no_qemu = none ? none : why_no_new_controller(handle);
}

void pvusb_begin_round(const struct pvusb_handle *handle)
{
    *handle->round = (struct qemu_round){ .listed = false };
}

static void list_objects(const struct pvusb_handle *handle)
{
    struct qmp_client *qemu = pvusb_client(handle);
    *handle->round = (struct qemu_round){ .listed = true };
    if (!qemu || qmp_broken(qemu))
        return;
    const struct qmp_command *command =
        qmp_submit(qemu, "qom-list", text_of("{\"path\":\"/machine/peripheral\"}"));
    if (qmp_await(qemu) && !command->error)
        handle->round->objects = command->value;
}

// The id of QEMU's usb-host object for a port (usbback_portid_add in hw/usb/xen-usb.c).
static const char *object_of(const struct pvusb_handle *handle, int index, unsigned port)
{
    return arena_printf(handle->session->arena, "xen-qusb-%d-%u", index, port);
}

enum verdict pvusb_has_port(const struct pvusb_handle *handle, int index, unsigned port)
{
    const char *name = object_of(handle, index, port);
    if (!handle->round->listed)
        list_objects(handle);
    const struct json *at = json_elements(handle->round->objects);
    if (!handle->round->objects)
        return VERDICT_UNKNOWN;
    while (at && !text_is(json_member_text(at, "name"), name))
        at = at->next;
    return at ? VERDICT_YES : VERDICT_NO;
}

// What QEMU itself reports.
static enum verdict ask_attached(const struct pvusb_handle *handle, const char *object)
{
    struct qmp_client *qemu = pvusb_client(handle);
    const char *arguments =
        arena_printf(handle->session->arena,
                     "{\"path\":\"/machine/peripheral/%s\",\"property\":\"attached\"}", object);
    if (!qemu || qmp_broken(qemu))
        return VERDICT_UNKNOWN;
    const struct qmp_command *command = qmp_submit(qemu, "qom-get", text_of(arguments));
    if (!qmp_await(qemu))
        return VERDICT_UNKNOWN;
    if (command->error)
        return strcmp(command->error_class, "DeviceNotFound") == 0 ? VERDICT_NO : VERDICT_UNKNOWN;
    return json_is_true(command->value) ? VERDICT_YES : VERDICT_NO;
}

static const struct host_nodes *open_nodes(const struct pvusb_handle *handle)
{
    if (!handle->round->nodes) {
        struct host_nodes *nodes = arena_new_of(handle->session->arena, struct host_nodes);
        *nodes = host_nodes_of(handle->session, pvusb_process(handle));
        handle->round->nodes = nodes;
    }
    return handle->round->nodes;
}

enum verdict pvusb_port_has(const struct pvusb_handle *handle, const struct device *device)
{
    int index = device->controller->index;
    unsigned port = device->port.number[0];
    enum verdict has = pvusb_has_port(handle, index, port);
    enum verdict opened = has == VERDICT_NO || !device->host
                              ? VERDICT_NO
                              : host_nodes_have(open_nodes(handle), device->host);
    if (has == VERDICT_NO || opened == VERDICT_NO)
        return VERDICT_NO;
    if (opened == VERDICT_YES)
        return has;
    return ask_attached(handle, object_of(handle, index, port));
}
