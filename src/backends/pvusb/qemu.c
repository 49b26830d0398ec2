// SPDX-License-Identifier: MIT
// What the QEMU tells that serves a domain's qusb controllers.
#include "../../arena.h"
#include "../../qmp_client.h"
#include "../../xen.h"
#include "handle.h"

enum { FIRST_WITHOUT_HOTPLUG = 9 }; // from this major version on "xen-backend" is not hot-pluggable

struct qmp_client *pvusb_qemu(const struct pvusb_handle *handle)
{
    return handle->session->qemu ? handle->session->qemu : handle->own;
}

static bool is_there(const struct pvusb_handle *handle, const char *format)
{
    struct text value;
    struct session *session = handle->session;
    const char *path = arena_printf(session->arena, "/local/domain/0/device-model/%d/%s",
                                    session->domain->id, format);
    return xen_read(session->xen, NULL, path, &value) == XEN_OK;
}

const char *pvusb_why_no_qemu(const struct pvusb_handle *handle, const char **advice)
{
    struct session *session = handle->session;
    const char *name = session->domain->name;
    const struct qmp_client *qemu = pvusb_qemu(handle);
    uint64_t major = 0;
    *advice = arena_printf(
        session->arena, "restart %s with usbctrl=['type=qusb,...'] in its config%s", name,
        session->domain->type == DOMAIN_HVM ? ", or use emulated controllers: type=emul" : "");
    if (!session->domain->qmp_socket)
        return arena_printf(session->arena, "%s has no QEMU that serves it", name);
    if (!is_there(handle, "backends/qusb"))
        return arena_printf(session->arena, "the QEMU of %s does not know PVUSB", name);
    if (!qemu)
        return arena_printf(session->arena, "the QEMU of %s cannot be asked for its version: %s",
                            name, handle->silent ? handle->silent : "nobody answers");
    struct text version = text_of(qmp_version(qemu));
    if (text_number(text_part(version, 0, text_find(version, '.', 0)), 10, 1, UINT16_MAX, &major) !=
        NUMBER_OK)
        return arena_printf(session->arena, "the QEMU of %s does not tell its version", name);
    if (major < FIRST_WITHOUT_HOTPLUG)
        return NULL;
    return arena_printf(session->arena,
                        "QEMU %s ends itself when a PVUSB controller comes while it runs, and %s "
                        "depends on it",
                        version.at, name);
}

enum qemu_answer pvusb_ask_qemu(const struct pvusb_handle *handle, int index, unsigned port)
{
    struct qmp_client *qemu = pvusb_qemu(handle);
    struct arena *arena = handle->session->arena;
    if (!qemu || qmp_broken(qemu))
        return QEMU_SILENT;
    // The id that QEMU gives to what it makes for a port (hw/usb/xen-usb.c, usbback_portid_add).
    const char *arguments = arena_printf(
        arena, "{\"path\":\"/machine/peripheral/xen-qusb-%d-%u\",\"property\":\"attached\"}", index,
        port);
    const struct qmp_command *command = qmp_submit(qemu, "qom-get", text_of(arguments));
    if (!qmp_await(qemu))
        return QEMU_SILENT;
    if (command->error)
        return strcmp(command->error_class, "DeviceNotFound") == 0 ? QEMU_NOTHING : QEMU_SILENT;
    return json_is_true(command->value) ? QEMU_HOLDS : QEMU_WAITING;
}
