// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "handle.h"
#include "host/bind.h"
#include "host/holders.h"
#include "nodes.h"
#include "qemu/qmp_client.h"
#include "record/record.h"
#include "xen/xen.h"

// A guest may write anything there: an invalid state counts as unknown.
static enum xenbus_state read_state(const struct pvusb_handle *handle, const char *directory)
{
    const struct session *session = handle->session;
    uint64_t state = XENBUS_UNKNOWN;
    const char *path = arena_printf(session->arena, "%s/state", directory);
    if (xen_read_number(session->xen, NULL, path, XENBUS_STATES - 1, &state) != XEN_OK)
        return XENBUS_UNKNOWN;
    return (enum xenbus_state)state;
}

enum xenbus_state pvusb_backend_state(const struct pvusb_handle *handle,
                                      const struct controller *controller)
{
    const struct session *session = handle->session;
    return read_state(handle, nodes_backend(session->arena, session->domain->id, controller));
}

enum xenbus_state pvusb_frontend_state(const struct pvusb_handle *handle,
                                       const struct controller *controller)
{
    const struct session *session = handle->session;
    return read_state(handle, nodes_frontend(session->arena, session->domain->id, controller));
}

void pvusb_read_states(const struct pvusb_handle *handle, struct controller *controller)
{
    controller->backend_state = pvusb_backend_state(handle, controller);
    controller->frontend_state = pvusb_frontend_state(handle, controller);
}

bool pvusb_is_connected(struct pvusb_handle *handle, const struct controller *controller,
                        const struct device *device)
{
    (void)device;
    return pvusb_frontend_state(handle, controller) == XENBUS_CONNECTED;
}

// Gives the driver of a running guest time to connect; only once if the guest has no driver.
static bool connects(struct pvusb_handle *handle, const struct controller *controller)
{
    if (handle->frontend_timed_out || handle->session->domain->paused)
        return pvusb_is_connected(handle, controller, NULL);
    const struct waiting waiting = pvusb_waiting(
        handle, PVUSB_CONNECT_SECONDS,
        arena_printf(handle->session->arena, "the guest's frontend to connect to controller %s",
                     controller->name));
    handle->frontend_timed_out = !pvusb_wait(handle, waiting, pvusb_is_connected, controller, NULL);
    return !handle->frontend_timed_out;
}

const char *pvusb_frontend_remark(struct pvusb_handle *handle, struct controller *controller)
{
    controller->frontend_state =
        connects(handle, controller) ? XENBUS_CONNECTED : pvusb_frontend_state(handle, controller);
    if (controller->frontend_state == XENBUS_CONNECTED)
        return NULL;
    return arena_printf(handle->session->arena,
                        "the guest's frontend is not connected (state: %s): %s",
                        xenbus_state_name(controller->frontend_state),
                        xenbus_frontend_meaning(controller->frontend_state));
}

// How many interfaces `driver` has; *others is how many another driver has.
static unsigned count_drivers(const struct host_interface *interfaces, const char *driver,
                              unsigned *others)
{
    unsigned count = 0;
    *others = 0;
    for (const struct host_interface *at = interfaces; at; at = at->next) {
        bool its = at->driver && strcmp(at->driver, driver) == 0;
        count += its;
        *others += at->driver && !its;
    }
    return count;
}

// Whether usbback or QEMU has all interfaces of the device. QEMU detaches the kernel's drivers when
// it opens a device, but claims the interfaces only when the guest configures it
// (hw/usb/host-libusb.c).
static bool has_interfaces(const struct device *device, const struct host_device *now)
{
    unsigned others;
    bool kernel = device->controller->pvusb == PVUSB_KERNEL;
    unsigned its = count_drivers(now->interfaces, kernel ? DRIVER_USBBACK : DRIVER_USBFS, &others);
    return (its || !kernel) && !others;
}

enum device_state pvusb_device_state(const struct pvusb_handle *handle, const struct device *device)
{
    const struct controller *controller = device->controller;
    enum verdict reported = VERDICT_YES;
    struct host_device now;
    if (controller->backend_domain || !handle->session->host)
        return DEVICE_UNKNOWN;
    if (device->host && controller->pvusb == PVUSB_QEMU)
        reported = pvusb_port_has(handle, device);
    if (!device->host || controller->no_backend || reported == VERDICT_NO ||
        !host_look_again(handle->session->arena, device->host, &now) ||
        now.address != device->host->address || !has_interfaces(device, &now))
        return DEVICE_GONE;
    return reported == VERDICT_YES ? DEVICE_ATTACHED : DEVICE_UNKNOWN;
}

static bool is_configured(struct pvusb_handle *handle, const struct controller *controller,
                          const struct device *device)
{
    unsigned others;
    (void)controller;
    return count_drivers(host_interfaces(handle->session->arena, device->host->busid), DRIVER_USBFS,
                         &others) > 0;
}

bool pvusb_is_configured(struct pvusb_handle *handle, const struct controller *controller,
                         const struct device *device)
{
    return controller->pvusb == PVUSB_KERNEL || handle->session->domain->paused ||
           is_configured(handle, controller, device);
}

const char *pvusb_why_not_connected(struct pvusb_handle *handle, struct controller *controller)
{
    const struct session *session = handle->session;
    if (session_interrupted(session))
        return "interrupted";
    pvusb_read_states(handle, controller);
    return arena_printf(
        session->arena, "the guest's frontend did not connect within %g s (state: %s): %s",
        PVUSB_STATE_SECONDS * session->timeout_scale, xenbus_state_name(controller->frontend_state),
        xenbus_frontend_meaning(controller->frontend_state));
}

const char *pvusb_why_not_configured(const struct pvusb_handle *handle)
{
    if (session_interrupted(handle->session))
        return "interrupted";
    return arena_printf(handle->session->arena,
                        "the guest's frontend is connected, but did not configure the device "
                        "within %g s",
                        PVUSB_STATE_SECONDS * handle->session->timeout_scale);
}

// When devices that are being attached must be configured. They all started before the look, so
// they share one deadline.
static struct deadline arrival_deadline(struct pvusb_handle *handle)
{
    if (handle->arrivals.at <= 0)
        handle->arrivals = deadline_in(PVUSB_ARRIVAL_SECONDS * handle->session->timeout_scale);
    return handle->arrivals;
}

static bool arrives(struct pvusb_handle *handle, const struct controller *controller,
                    const struct device *device)
{
    const char *what =
        arena_printf(handle->session->arena, "the guest to configure %s", device->host->busid);
    return pvusb_wait(handle, waiting_until(arrival_deadline(handle), what), is_configured,
                      controller, device);
}

// Whether the guest has configured the device, so far as that is expected: QEMU opens a replugged
// device again and reports it as attached, but does not tell the guest. A guest with a working
// frontend configures its devices, and then QEMU claims the interfaces; if it has not claimed them
// in time, the guest has lost the device.
static enum verdict find_configured(struct pvusb_handle *handle, const struct device *device)
{
    const struct controller *controller = device->controller;
    unsigned others;
    if (!device->host || device->report.attached != VERDICT_YES ||
        controller->pvusb != PVUSB_QEMU || controller->frontend_state != XENBUS_CONNECTED ||
        handle->session->domain->paused)
        return VERDICT_UNKNOWN;
    (void)count_drivers(device->host->interfaces, DRIVER_USBFS, &others);
    return others || device->host->held || arrives(handle, controller, device) ? VERDICT_YES
                                                                               : VERDICT_NO;
}

const char *pvusb_why_unknown(const struct pvusb_handle *handle)
{
    return handle->why_no_client ? handle->why_no_client : "its QEMU did not answer";
}

// What the backend reports. usbback reports nothing: it has what is bound to it.
static void report_device(struct pvusb_handle *handle, struct device *device)
{
    const struct controller *controller = device->controller;
    struct device_report *report = &device->report;
    *report = (struct device_report){ .attached = VERDICT_YES, .configured = VERDICT_UNKNOWN };
    if (controller->backend_domain) {
        report->attached = VERDICT_UNKNOWN;
        report->why = "xenusb cannot see the devices of a driver domain";
    } else if (controller->no_backend) {
        report->attached = VERDICT_NO;
        report->ended = controller->no_backend;
    } else if (controller->pvusb == PVUSB_QEMU) {
        report->attached = pvusb_port_has(handle, device);
        report->why = pvusb_why_unknown(handle);
        report->configured = find_configured(handle, device);
    }
}

static void add_device(struct pvusb_handle *handle, struct controller *controller, unsigned port,
                       const char *busid)
{
    const struct session *session = handle->session;
    struct device *device = arena_new_of(session->arena, struct device);
    device->port = (struct port){ 1, { (uint8_t)port } };
    device->kind = DEVICE_HOSTDEV;
    device->driver = "usb-host";
    device->id = device->path = "";
    device->state = DEVICE_UNKNOWN;
    if (busid_read(text_of(busid), device->selector.busid))
        device->selector.criteria = SELECT_BUSID;
    // A driver domain has its own devices: this host's device with the same busid is another one.
    if (session->host && device->selector.criteria && !controller->backend_domain)
        device->host = host_device_busid(session->host, device->selector.busid);
    controller_add_device(controller, device);
    report_device(handle, device);
}

static void add_controller(struct pvusb_handle *handle, const struct record_controller *record,
                           struct topology *topology)
{
    struct arena *arena = handle->session->arena;
    struct controller *controller = arena_new_of(arena, struct controller);
    controller->pvusb = record->kind == RECORD_KERNEL ? PVUSB_KERNEL : PVUSB_QEMU;
    controller->backend_domain = record->backend_domain;
    controller->model = controller_model_pvusb(record->version);
    controller->driver = record->kind == RECORD_KERNEL ? "usbback" : "qusb";
    controller->name = arena_printf(arena, "%u", record->index);
    controller->id = arena_printf(arena, "vusb-%u", record->index);
    controller->path = controller->bus = "";
    controller->index = (int)record->index;
    controller->ports = record->ports;
    controller->present = true;
    if (controller_uses_pvusb_qemu(controller)) {
        controller->no_backend = handle->no_backend;
        controller->cold_only = pvusb_is_cold_only(handle);
    }
    pvusb_read_states(handle, controller);
    topology_add_controller(topology, controller);
    for (unsigned port = 1; port <= record->ports; port++) {
        if (!record->port[port])
            controller->missing_ports |= (uint32_t)1 << (port - 1);
        else if (*record->port[port])
            add_device(handle, controller, port, record->port[port]);
    }
}

enum status pvusb_look(void *at, struct topology *topology)
{
    struct pvusb_handle *handle = at;
    struct session *session = handle->session;
    const struct record *record;
    handle->arrivals = (struct deadline){ 0 };
    enum status status = record_look(session, &record);
    handle->topology = topology;
    pvusb_begin_round(handle);
    pvusb_look_at_qemu(handle, topology);
    if (!topology->qemu_process)
        topology->qemu_process = pvusb_process(handle);
    for (const struct record_controller *found = record->controllers; found; found = found->next)
        if (found->kind == RECORD_KERNEL || found->kind == RECORD_QEMU)
            add_controller(handle, found, topology);
    struct pvusb_supply *pvusb = &topology->pvusb;
    pvusb->known = true;
    pvusb->no_kernel = host_has_usbback() ? NULL : "usbback is not loaded in this host's kernel";
    return status;
}
