// SPDX-License-Identifier: MIT
// Calls the QMP backend without a plan, to test what it sees and does on a real QEMU.
//
//     qemuc SOCKET|DOMAIN WORD...
//
//     look                          print the controllers and devices
//     +c:NAME:MODEL[:PORTS[:INDEX]] add a controller; INDEX is that of libxl
//     -c:NAME                       remove a controller
//     +KIND:NAME.PORT[=WHAT]        add a device; WHAT is a busid, an image (with the prefix "ro:",
//                                   read-only; "qcow2:", in that format), a character device, or an
//                                   audio device
//     -NAME.PORT                    remove a device
//
// Consecutive words of the same sort are one batch. A step prints "done ID", "failed ID: WORDS" or
// "left ID: WORDS". The exit status is the worst of all. QEMUC_PATIENCE sets the time limits, in
// tenths of the usual ones.
#include "backends/qmp/qmp.h"
#include "base/arena.h"
#include "plan/presence.h"
#include "xen/xen.h"

#include <stdlib.h>

enum { BATCH_MAX = 64, FIELDS_MAX = 5 };

static struct arena *arena;
static struct diags diags;
static struct host host;
static struct session session;
static struct topology topology;
static void *handle;
static struct step steps[BATCH_MAX];
static size_t step_count;

static const char *shown(const char *string)
{
    return string ? text_show(arena, text_of(string), 4096) : "-";
}

static void die(const char *word)
{
    fprintf(stderr, "qemuc: no sense in '%s'\n", word);
    exit(STATUS_REQUEST);
}

static unsigned number(struct text text, unsigned otherwise)
{
    uint64_t value;
    return text_number(text, 10, 0, INT16_MAX, &value) == NUMBER_OK ? (unsigned)value : otherwise;
}

static const char *copy(struct text text)
{
    return arena_copy(arena, text.at, text.size);
}

// ---- look ----

static void show_controller(const struct controller *at)
{
    char room[PORT_TEXT_SIZE];
    printf("%s %s id=[%s] bus=%s index=%d ports=%u/%u/%u companions=%x%s\n", shown(at->name),
           shown(at->driver), shown(at->id), shown(at->bus), at->index, at->ports, at->ports_usb2,
           at->ports_usb3, at->companion_ports, at->has_unplaced ? " unplaced" : "");
    for (const struct device *device = at->devices; device; device = device->next)
        printf("%s.%s %s id=[%s] %s %s file=%s host=%s\n", shown(at->name),
               device->port.depth ? port_write(device->port, room) : "?", shown(device->driver),
               shown(device->id), device_state_name(device->state), speed_name(device->speed),
               shown(device->file), device->host ? device->host->busid : "-");
}

static enum status look(bool show)
{
    topology = (struct topology){ .domain = session.domain };
    enum status status = qmp_backend.look(handle, &topology);
    if (status == STATUS_OK)
        status = qmp_backend.supply(handle, &topology);
    if (status == STATUS_OK)
        presence_find(&session, &topology);
    if (status != STATUS_OK || !show)
        return status;
    printf("%s%s, slots=%u why=%s\n", shown(topology.qemu),
           session.domain->paused ? ", paused" : "", topology.plugging.slots,
           shown(topology.plugging.why_not));
    for (size_t i = 0; controller_models[i].name; i++)
        if (topology.plugging.models >> i & 1)
            printf("plugs %s\n", controller_models[i].driver);
    for (const struct controller *at = topology.controllers; at; at = at->next)
        show_controller(at);
    return STATUS_OK;
}

// ---- steps ----

static enum status run_batch(void)
{
    static const char *const states[] = {
        [STEP_DONE] = "done", [STEP_FAILED] = "failed", [STEP_LEFT] = "left"
    };
    struct step *pointers[BATCH_MAX];
    for (size_t i = 0; i < step_count; i++)
        pointers[i] = &steps[i];
    enum status status = step_count ? qmp_backend.run(handle, pointers, step_count) : STATUS_OK;
    for (size_t i = 0; i < step_count; i++) {
        const struct step *step = &steps[i];
        printf("%s %s%s%s\n", states[step->state],
               shown(step->device ? step->device->id : step->controller->id),
               step->words ? ": " : "", step->words ? shown(step->words) : "");
    }
    step_count = 0;
    return status;
}

static void add_step(enum step_op op, struct controller *controller, struct device *device)
{
    if (step_count == BATCH_MAX)
        die("so many steps");
    steps[step_count++] = (struct step){ .op = op, .controller = controller, .device = device };
}

static struct controller *controller_named(struct text name, const char *word)
{
    struct controller *controller = topology_controller_named(&topology, name);
    if (!controller)
        die(word);
    return controller;
}

static void add_controller(const char *word)
{
    struct text fields[FIELDS_MAX] = { { 0 } }, text = text_of(word);
    for (size_t from = 0, i = 0; i < FIELDS_MAX && from <= text.size; i++) {
        size_t to = text_find(text, ':', from);
        fields[i] = text_part(text, from, to);
        from = to + 1;
    }
    struct controller *controller = arena_new_of(arena, struct controller);
    controller->model = controller_model_named(fields[2]);
    if (!controller->model)
        die(word);
    controller->driver = controller->model->driver;
    controller->name = copy(fields[1]);
    controller->id = controller->path = controller->bus = "";
    controller->ports = number(fields[3], controller->model->ports);
    controller->ports_usb2 = controller->ports_usb3 = controller->ports;
    controller->index = fields[4].size ? (int)number(fields[4], 0) : -1;
    topology_add_controller(&topology, controller);
    add_step(STEP_ADD, controller, NULL);
}

// Parses "NAME.PORT": returns the controller, and the port in *port.
static struct controller *read_place(struct text text, struct port *port, const char *word)
{
    size_t dot = text_find(text, '.', 0);
    if (!port_read(text_part(text, dot + 1, text.size), port))
        die(word);
    return controller_named(text_part(text, 0, dot), word);
}

static void read_host_device(struct device *device, struct text busid, const char *word)
{
    device->host = host_device_busid(&host, copy(busid));
    if (!device->host)
        die(word);
    device->selector.criteria = SELECT_BUS | SELECT_ADDRESS;
    device->selector.bus = device->host->bus;
    device->selector.address = device->host->address;
}

static void read_image(struct device *device, struct config_device *wanted, struct text what)
{
    if (text_starts(what, "ro:")) {
        wanted->readonly.value = true;
        what = text_part(what, 3, what.size);
    }
    if (text_starts(what, "qcow2:")) {
        wanted->format.text = text_part(what, 0, 5);
        what = text_part(what, 6, what.size);
    }
    device->file = copy(what);
}

static void add_device(const char *word)
{
    struct text text = text_of(word);
    size_t colon = text_find(text, ':', 0), equals = text_find(text, '=', 0);
    const struct device_model *model = device_model_named(text_part(text, 1, colon));
    struct device *device = arena_new_of(arena, struct device);
    struct config_device *wanted = arena_new_of(arena, struct config_device);
    struct text what = text_part(text, equals + 1, text.size);
    if (!model)
        die(word);
    device->wanted = wanted;
    device->kind = model->kind;
    device->driver = model->driver;
    device->id = device->path = "";
    struct controller *controller =
        read_place(text_part(text, colon + 1, equals), &device->port, word);
    if (device->kind == DEVICE_HOSTDEV)
        read_host_device(device, what, word);
    if (device->kind == DEVICE_DISK)
        read_image(device, wanted, what);
    wanted->chardev.text = wanted->audiodev.text = what;
    controller_add_device(controller, device);
    add_step(STEP_ADD, controller, device);
}

static void remove_device(const char *word)
{
    struct port port;
    struct text text = text_of(word);
    struct controller *controller = read_place(text_part(text, 1, text.size), &port, word);
    struct device *device = controller_device_at(controller, port);
    if (!device)
        die(word);
    add_step(STEP_REMOVE, controller, device);
}

// Returns the kind of batch that a word belongs to.
static const char *sort_of(const char *word)
{
    static const char *const sorts[] = { "look", "+c:", "-c:", "+", "-" };
    for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++)
        if (text_starts(text_of(word), sorts[i]))
            return sorts[i];
    die(word);
    return NULL;
}

static enum status do_words(char **words)
{
    enum status status = STATUS_OK;
    for (const char *before = "look"; *words; words++) {
        const char *sort = sort_of(*words);
        if (sort != before)
            status = status_worse(status, run_batch());
        before = sort;
        if (strcmp(sort, "look") == 0)
            status = status_worse(status, look(true));
        else if (strcmp(sort, "+c:") == 0)
            add_controller(*words);
        else if (strcmp(sort, "-c:") == 0)
            add_step(STEP_REMOVE, controller_named(text_of(*words + 3), *words), NULL);
        else if (strcmp(sort, "+") == 0)
            add_device(*words);
        else
            remove_device(*words);
    }
    return status_worse(status, run_batch());
}

static enum status find(char *target)
{
    if (!strchr(target, '/')) {
        enum status status = xen_open(arena, &diags, 5, &session.xen);
        return status == STATUS_OK ? xen_find_domain(session.xen, &diags, target, &session.domain)
                                   : status;
    }
    session.domain = arena_new_of(arena, struct domain);
    *session.domain = (struct domain){
        .id = -1, .name = "vm", .type = DOMAIN_HVM, .uuid = "", .qmp_socket = target
    };
    return STATUS_OK;
}

int main(int count, char **words)
{
    const char *timeout_scale = getenv("QEMUC_PATIENCE");
    arena = arena_new(65536);
    if (!arena || count < 3)
        return STATUS_REQUEST;
    diags_init(&diags, arena);
    session = (struct session){ .arena = arena, .diags = &diags, .host = &host };
    session.timeout_scale = timeout_scale ? number(text_of(timeout_scale), 10) / 10.0 : 1;
    enum status status = find(words[1]);
    if (status == STATUS_OK)
        status = host_look(arena, &diags, &host);
    if (status == STATUS_OK)
        status = qmp_backend.open(&session, &handle);
    if (status == STATUS_OK && strcmp(words[2], "look") != 0)
        status = look(false);
    if (status == STATUS_OK)
        status = do_words(words + 2);
    qmp_backend.close(handle);
    diags_print(&diags, stderr, false);
    xen_close(session.xen);
    arena_free(arena);
    return (int)status;
}
