// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "given.h"
#include "handle.h"
#include "ids.h"
#include "record/record.h"
#include "report.h"
#include "walk_usb.h"

// What is in a disk, according to query-block; NULL if nothing is. There, qdev is the path of an
// object below the device.
static const struct json *image_of(const struct qmp_command *images, const char *path)
{
    size_t size = strlen(path);
    for (const struct json *at = json_elements(images->value); at; at = at->next) {
        struct text device = json_member_text(at, "qdev");
        if (text_starts(device, path) && (device.size == size || device.at[size] == '/') &&
            json_member_text(json_member(at, "inserted"), "file").size)
            return json_member(at, "inserted");
    }
    return NULL;
}

static void read_image(const struct walk_usb *usb, struct device *device)
{
    const struct json *image = image_of(usb->images, device->path);
    struct text format = json_member_text(image, "drv");
    if (!image)
        return;
    device->file = walk_copy(usb->walk, json_member_text(image, "file"));
    device->format = format.size && !text_is(format, "raw") ? walk_copy(usb->walk, format) : NULL;
    device->readonly = json_member_is_true(image, "ro");
}

// Whether QEMU has removed it since it listed it.
static bool is_removed(const struct walk_device *found)
{
    const struct qmp_command *asked = found->properties[WALK_PORT];
    return !found->controller ||
           (asked && asked->error_class && strcmp(asked->error_class, "DeviceNotFound") == 0);
}

// The speed of an emulated device: the highest that both it and its port support. A redirected one
// has the speed of the real device.
static enum speed speed_of(const struct device_model *model, const struct controller *controller,
                           struct port port)
{
    speed_mask both = model ? model->speeds & controller_port_speeds(controller, port) : 0;
    enum speed speed = SPEED_SUPER;
    while (speed != SPEED_UNKNOWN && !(both & SPEEDS(speed)))
        speed--;
    return model && model->kind != DEVICE_REDIR ? speed : SPEED_UNKNOWN;
}

static void add_device(struct walk_usb *usb, const struct walk_device *found,
                       struct controller *controller)
{
    const struct device_model *model = device_model_driver(text_of(found->type));
    struct device *device = arena_new_of(usb->walk->arena, struct device);
    device->kind = model ? model->kind : DEVICE_OTHER;
    device->driver = found->type;
    device->path = found->path;
    device->id = found->id;
    device->state = DEVICE_PRESENT;
    device->port = found->port;
    if (device->kind == DEVICE_HOSTDEV)
        given_read(usb->walk, found, device);
    if (device->kind == DEVICE_DISK)
        read_image(usb, device);
    controller_add_device(controller, device);
}

static unsigned port_number(const struct qmp_command *command, unsigned otherwise)
{
    int64_t ports = walk_number(command, otherwise);
    return ports >= 0 && ports <= UINT8_MAX ? (unsigned)ports : otherwise;
}

static void count_ports(const struct walk_controller *found, struct controller *controller)
{
    unsigned otherwise = found->model ? found->model->ports : 0;
    if (found->recorded_ports)
        otherwise = found->recorded_ports;
    controller->ports = port_number(found->ports, otherwise);
    controller->ports_usb2 = port_number(found->ports_usb2, controller->ports);
    controller->ports_usb3 = port_number(found->ports_usb3, controller->ports);
    if (found->ports_usb2 && found->ports_usb3)
        controller->ports = controller->ports_usb2 > controller->ports_usb3
                                ? controller->ports_usb2
                                : controller->ports_usb3;
}

static void add_controller(struct walk_usb *usb, const struct walk_controller *found,
                           struct topology *topology)
{
    struct controller *controller = arena_new_of(usb->walk->arena, struct controller);
    controller->model = found->model;
    controller->driver = found->type;
    controller->path = found->path;
    controller->id = found->id;
    controller->bus = found->bus;
    controller->present = true;
    controller->name = ids_controller_name(usb->walk->arena, controller->id, &controller->index);
    count_ports(found, controller);
    for (const struct walk_device *device = usb->devices; device; device = device->next)
        if (device->controller == found && !is_removed(device))
            add_device(usb, device, controller);
    topology_add_controller(topology, controller);
}

// Marks the ports of its master that a companion controller serves. `firstport` counts from 0.
static void add_companion(const struct walk *walk, const struct walk_controller *found,
                          struct topology *topology)
{
    const char *master = walk_text(walk, found->master);
    unsigned first = port_number(found->first_port, 0);
    unsigned count = port_number(found->ports, found->model ? found->model->ports : 0);
    for (struct controller *at = topology->controllers; at; at = at->next)
        for (unsigned i = first;
             i < first + count && i < 32 && at->bus && strcmp(at->bus, master) == 0; i++)
            at->companion_ports |= UINT32_C(1) << i;
}

static void note_ids(struct qmp_handle *handle, const struct qmp_command *ids)
{
    struct arena *arena = handle->session->arena;
    handle->taken = NULL;
    for (const struct json *at = walk_first(ids); at; at = at->next) {
        struct text name = walk_name(at);
        struct taken_id *taken = arena_new_of(arena, struct taken_id);
        *taken = (struct taken_id){ handle->taken, arena_copy(arena, name.at, name.size) };
        handle->taken = taken;
    }
}

enum status handle_complain(const struct qmp_handle *handle, const struct walk *walk,
                            const char *what)
{
    const struct session *session = handle->session;
    if (walk->why) {
        complain_error(session->diags, CODE_FAILED, "QEMU at %s %s", session->domain->qmp_socket,
                       walk->why);
        return STATUS_FAILED;
    }
    const enum status status = qmp_broken(handle->client) ? STATUS_FAILED : STATUS_TIMEOUT;
    complain_error(session->diags, diag_code_of(status), "%s, while %s", qmp_why(handle->client),
                   what);
    return status;
}

// Moves the controllers into the topology, with a number appended to names that are already used.
static void merge_topology(struct arena *arena, struct topology *own, struct topology *topology)
{
    for (struct controller *at = own->controllers, *next; at; at = next) {
        const char *name = at->name;
        next = at->next;
        for (unsigned i = 2; topology_controller_named(topology, text_of(at->name)); i++)
            at->name = arena_printf(arena, "%s-%u", name, i);
        topology_add_controller(topology, at);
    }
}

// Sets the ports that QEMU chose. The report is only believed if it has a line for each device.
static void place_chosen(const struct walk_usb *usb, struct topology *own)
{
    struct arena *arena = usb->walk->arena;
    struct text text =
        usb->report ? json_member_text(usb->report->value, "human-readable-text") : TEXT_EMPTY;
    struct report_line *lines = report_read(arena, text);
    size_t count = 0;
    for (const struct report_line *line = lines; line; line = line->next)
        count++;
    report_place(arena, count == usb->device_count ? lines : NULL, own);
}

static void set_speeds(const struct topology *own)
{
    for (struct controller *at = own->controllers; at; at = at->next)
        for (struct device *device = at->devices; device; device = device->next)
            if (device->kind != DEVICE_HOSTDEV && device->speed == SPEED_UNKNOWN)
                device->speed =
                    speed_of(device_model_driver(text_of(device->driver)), at, device->port);
}

// Returns whether QEMU answered.
static bool read_controllers(struct walk_usb *usb, struct topology *topology)
{
    struct topology own = { 0 };
    for (const struct walk_controller *found = usb->controllers; found; found = found->next)
        if (found->bus)
            add_controller(usb, found, &own);
    for (const struct walk_controller *found = usb->controllers; found; found = found->next)
        if (!found->bus)
            add_companion(usb->walk, found, &own);
    place_chosen(usb, &own);
    set_speeds(&own);
    bool answered = walk_usb_find_start(usb, &own, topology);
    if (answered && usb->session->need_details)
        answered = walk_usb_find_details(usb, &own);
    merge_topology(usb->walk->arena, &own, topology);
    return answered;
}

// What a look has asked already.
struct first_look {
    struct walk walk;
    struct walk_usb usb;
    const struct qmp_command *run;
};

void qmp_begin_look(struct qmp_handle *handle)
{
    struct session *session = handle->session;
    struct first_look *look = arena_new_of(session->arena, struct first_look);
    look->walk = walk_with(session->arena, handle->client);
    look->usb = (struct walk_usb){ .walk = &look->walk, .session = session };
    // Xen knows whether its own domain is paused.
    if (session->domain->id < 0)
        look->run = qmp_submit(handle->client, "query-status", TEXT_EMPTY);
    walk_usb_begin(&look->usb);
    handle->begun = look;
}

static enum status look_at_qemu(struct qmp_handle *handle, struct topology *topology)
{
    struct session *session = handle->session;
    if (!handle->begun)
        qmp_begin_look(handle);
    struct first_look *look = handle->begun;
    handle->begun = NULL;
    if (!walk_usb(&look->usb))
        return handle_complain(handle, &look->walk, "xenusb was reading its devices");
    const char *version = qmp_version(handle->client);
    topology->qemu_process = (unsigned)qmp_process(handle->client);
    topology->qemu = *version ? arena_printf(session->arena, "QEMU %s", version) : "QEMU";
    if (look->run)
        session->domain->paused =
            look->run->value && !json_member_is_true(look->run->value, "running");
    topology->nodes = look->usb.nodes;
    note_ids(handle, look->usb.ids);
    return read_controllers(&look->usb, topology)
               ? STATUS_OK
               : handle_complain(handle, &look->walk, "xenusb was reading its devices");
}

enum status qmp_look(void *at, struct topology *topology)
{
    struct qmp_handle *handle = at;
    const struct record *record; // session->record from now on
    enum status status = record_look(handle->session, &record);
    topology->qemu_ended = handle->ended;
    return status == STATUS_OK && !handle->ended ? look_at_qemu(handle, topology) : status;
}
