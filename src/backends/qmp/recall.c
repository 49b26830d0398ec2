// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "ids.h"
#include "record/record.h"
#include "walk_usb.h"

static struct walk_controller *controller_with_id(const struct walk_usb *usb, const char *id)
{
    struct walk_controller *at = usb->controllers;
    while (at && (!*id || strcmp(at->id, id) != 0))
        at = at->next;
    return at;
}

static struct walk_device *device_with_id(const struct walk_usb *usb, const char *id)
{
    struct walk_device *at = usb->devices;
    while (at && (!*id || strcmp(at->id, id) != 0))
        at = at->next;
    return at;
}

static void place(struct walk_device *device, struct walk_controller *controller, struct port port)
{
    device->controller = controller;
    device->port = port;
    device->has_port = true;
}

static struct walk_controller *recall_controller(const struct walk_usb *usb,
                                                 const struct record_controller *record)
{
    const char *id = arena_printf(usb->walk->arena, "xenusb-%u", record->index);
    struct walk_controller *controller = controller_with_id(usb, id);
    if (!controller || !controller->model || controller->model->libxl_version != record->version)
        return NULL;
    controller->recorded = true;
    if (record->version == 3)
        controller->recorded_ports = record->ports;
    return controller;
}

// The device that libxl's record has at a port: the id that it got contains the address that its
// host device had then. NULL unless that is the present address.
static struct walk_device *recorded_device(const struct walk_usb *usb, const char *busid)
{
    const struct host_device *host = host_device_busid(usb->session->host, busid);
    if (!host || host->hub)
        return NULL;
    struct walk_device *device = device_with_id(
        usb, arena_printf(usb->walk->arena, "xenusb-%u-%u", host->bus, host->address));
    if (!device || device->given || strcmp(device->type, "usb-host") != 0)
        return NULL;
    device->given = host;
    return device;
}

static bool recall_ports(const struct walk_usb *usb, const struct record_controller *record)
{
    struct walk_controller *controller = recall_controller(usb, record);
    for (unsigned port = 1; port <= record->ports; port++) {
        const char *busid = record->port[port];
        if (!busid || !*busid)
            continue;
        struct walk_device *device = controller ? recorded_device(usb, busid) : NULL;
        if (!device)
            return false;
        place(device, controller, (struct port){ 1, { (uint8_t)port } });
    }
    return true;
}

// Whether libxl's record explains every host device that has an id as libxl forms it. If it does
// not, devices were replugged or changed by hand, and another device can have an address by which
// an id was formed.
static bool recall_libxl(const struct walk_usb *usb)
{
    bool explained = true;
    for (const struct record_controller *at = usb->session->record->controllers; at; at = at->next)
        if (at->kind == RECORD_EMULATED)
            explained &= recall_ports(usb, at);
    for (const struct walk_device *at = usb->devices; at; at = at->next)
        explained &= at->given || !ids_has_address(at->id);
    return explained;
}

static void forget_devices(const struct walk_usb *usb)
{
    for (struct walk_device *at = usb->devices; at; at = at->next) {
        at->controller = NULL;
        at->port = PORT_ANY;
        at->has_port = false;
        at->given = NULL;
    }
}

void walk_usb_recall(struct walk_usb *usb)
{
    const struct record *record = usb->session->record;
    struct port port;
    if (!record || !usb->session->host)
        return;
    if (!recall_libxl(usb))
        forget_devices(usb);
    for (const struct record_note *at = record->foreign ? NULL : record->notes; at; at = at->next) {
        struct walk_device *device = at->of_device ? device_with_id(usb, at->id) : NULL;
        struct walk_controller *controller = controller_with_id(usb, at->controller);
        if (device && !device->has_port && controller && port_read(text_of(at->port), &port))
            place(device, controller, port);
    }
}
