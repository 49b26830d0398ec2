// SPDX-License-Identifier: MIT
// --to qemu and --to qmp: the arguments for the start of QEMU, or the QMP commands for a running
// one. Both are printed from the same objects.
#include "write.h"

#include "arrange.h"
#include "base/arena.h"
#include "base/name_map.h"
#include "object.h"
#include "qemu/drivers.h"
#include "qemu/words.h"
#include "xen/advice.h"

struct qemu {
    struct writing *writing;
    struct arrangement arrangement;
    bool running;             // write QMP commands
    struct span skipped;      // the place that skip() noted last
    struct name_map *printed; // the arguments of backings
};

static void print_argument(struct qemu *qemu, const char *option, const struct object *object)
{
    object_print_argument(qemu->writing->out, qemu->writing->arena, option, object);
}

static void print_command(struct qemu *qemu, const char *command, const struct object *object)
{
    object_print_command(qemu->writing->out, qemu->writing->arena, command, object);
}

static void print_device(struct qemu *qemu, const struct object *object)
{
    if (qemu->running)
        print_command(qemu, "device_add", object);
    else
        print_argument(qemu, "device", object);
}

// --- controllers ---

// Whether it is the controller of -usb.
static bool is_machine(const struct config_controller *controller)
{
    return controller->origin == ORIGIN_USB && controller->at_creation;
}

static const char *controller_id(const struct qemu *qemu, const struct arranged_controller *at)
{
    if (at->wanted && GIVEN(at->wanted->qemu_id))
        return arena_copy(qemu->writing->arena, at->wanted->qemu_id.text.at,
                          at->wanted->qemu_id.text.size);
    return at->name;
}

static const char *bus_of(const struct qemu *qemu, const struct arranged_controller *at)
{
    if (at->wanted && is_machine(at->wanted))
        return "usb-bus.0";
    return arena_printf(qemu->writing->arena, "%s.0", controller_id(qemu, at));
}

// Places the ICH9 family of usbversion=2 where libxl does (libxl_dm.c): in one PCI device with four
// functions.
static void add_ich9(struct object *object, const struct config_controller *controller)
{
    static const char *const addresses[] = { "0x1d.0x7", "0x1d.0x0", "0x1d.0x1", "0x1d.0x2" };
    if (controller->origin != ORIGIN_USBVERSION || controller->version.value == 3)
        return;
    uint32_t companion = 0;
    if (controller->model->companion) {
        companion = (uint32_t)(controller->model->name[strlen("ich9-uhci")] - '0') & 3;
        object_string(object, "masterbus", "usb.0");
        object_number(object, "firstport", 2 * ((int64_t)companion - 1));
    } else if (strcmp(controller->model->name, "ich9-ehci1") != 0) {
        return;
    }
    object_string(object, "addr", addresses[companion]);
    object_flag(object, "multifunction", true);
}

static void refuse_controller(const struct qemu *qemu, const struct arranged_controller *at)
{
    struct span place = at->why;
    if (!at->model)
        diag_hint(qemu->writing->diags,
                  write_error(qemu->writing, place, "cannot determine the type of this controller"),
                  "set type=emul, or the type of the guest: type=\"hvm\"");
    else if (!at->model->driver)
        diag_hint(
            qemu->writing->diags,
            write_error(qemu->writing, place, "PVUSB is not configured by QEMU arguments or QMP"),
            "it is configured in xenstore; %s; or use --to xl",
            advice_for_file(qemu->writing->arena, ADVICE_APPLY,
                            qemu->writing->document->source->name));
    else
        diag_hint(qemu->writing->diags,
                  write_error(qemu->writing, place, "QEMU cannot add a %s while the guest runs",
                              at->model->name),
                  "use --to qemu, or usbversion=1, 2 or 3 without a model");
}

// Notes other arguments that this one refers to: they are not in the file.
static void note_references(const struct qemu *qemu, struct text argument, bool has_backing,
                            struct span why)
{
    static const char *const keys[] = { "drive=", "chardev=", "netdev=", "audiodev=" };
    for (size_t from = 0, to; from < argument.size; from = to + 1) {
        to = text_find(argument, ',', from);
        struct text pair = text_part(argument, from, to);
        for (size_t i = has_backing ? 2 : 0; i < sizeof keys / sizeof *keys; i++)
            if (text_starts(pair, keys[i]))
                write_note(qemu->writing, why, "add the argument that defines %.*s", (int)pair.size,
                           pair.at);
    }
}

// Whether a property of an image or character device names what a -object or -chardev defines.
static bool names_object(struct text name)
{
    static const char *const ends[] = { "-secret", "tls-creds", "tls-authz", "throttle-group",
                                        "chardev" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (name.size >= strlen(ends[i]) &&
            text_is(text_part(name, name.size - strlen(ends[i]), name.size), ends[i]))
            return true;
    return false;
}

// Prints an argument that devices refer to, after those that it refers to itself; each once.
static void print_backing(struct qemu *qemu, const struct config_backing *backing)
{
    if (name_map_get(qemu->printed, backing->argument))
        return;
    name_map_add(qemu->printed, backing->argument, qemu);
    for (const struct config_property *at = backing->properties; at; at = at->next) {
        if (at->node)
            print_backing(qemu, at->node);
        else if (at->names_node || names_object(at->name))
            write_note(qemu->writing, at->value.at, "add the argument that defines %s=%s",
                       text_show(qemu->writing->arena, at->name, 40),
                       text_show(qemu->writing->arena, at->value.text, 40));
    }
    fprintf(qemu->writing->out, "-%s ", backing->option);
    object_print_word(qemu->writing->out, backing->argument);
    putc('\n', qemu->writing->out);
}

// Prints an argument of device_model_args unchanged, after the one that it refers to.
static void print_raw(struct qemu *qemu, struct text argument, const struct config_backing *backing,
                      struct span why)
{
    if (backing)
        print_backing(qemu, backing);
    fputs("-device ", qemu->writing->out);
    object_print_word(qemu->writing->out, argument);
    putc('\n', qemu->writing->out);
    note_references(qemu, argument, backing, why);
}

// Notes that something is present already; once if one place of the file asks for several things.
static void skip(struct qemu *qemu, struct span why)
{
    bool noted = why.from == qemu->skipped.from && why.to == qemu->skipped.to;
    qemu->skipped = why;
    if (!noted)
        write_note(qemu->writing, why, "skipped: the guest is created with this");
}

static void write_controller(struct qemu *qemu, const struct arranged_controller *at)
{
    bool initial = at->wanted && at->wanted->at_creation;
    if (initial && qemu->running) {
        skip(qemu, at->why);
        return;
    }
    if (at->wanted && at->wanted->origin == ORIGIN_QEMU) {
        print_raw(qemu, at->wanted->argument, NULL, at->wanted->why);
        return;
    }
    if (at->wanted && is_machine(at->wanted)) {
        fputs("-usb\n", qemu->writing->out);
        return;
    }
    if (!at->model || !at->model->driver || (qemu->running && !at->model->hotplug)) {
        refuse_controller(qemu, at);
        return;
    }
    struct object object = { .count = 0 };
    object_string(&object, "driver", at->model->driver);
    object_string(&object, "id", controller_id(qemu, at));
    if (at->model->version == 3 && at->ports) {
        object_number(&object, "p2", at->ports);
        object_number(&object, "p3", at->ports);
    } else if (strcmp(at->model->driver, "pci-ohci") == 0 && at->ports) {
        object_number(&object, "num-ports", at->ports);
    }
    if (initial)
        add_ich9(&object, at->wanted);
    print_device(qemu, &object);
}

// --- devices ---

// Adds the properties that select the host device; false after reporting an error.
static bool add_host(struct qemu *qemu, struct object *object, const struct arranged_device *at)
{
    const struct selector *selector = &at->wanted->selector;
    if (at->found) {
        object_number(object, "hostbus", at->found->bus);
        object_number(object, "hostaddr", at->found->address);
        return true;
    }
    if (selector->criteria & (SELECT_SERIAL | SELECT_PATH)) {
        diag_hint(qemu->writing->diags,
                  write_error(qemu->writing, at->wanted->why,
                              "QEMU cannot select a device by its %s",
                              selector->criteria & SELECT_SERIAL ? "serial number" : "path"),
                  "use --resolve on the host that has the device");
        return false;
    }
    if (selector->criteria & SELECT_BUSID) {
        struct text busid = text_of(selector->busid);
        size_t dash = text_find(busid, '-', 0);
        uint64_t bus = 0;
        text_number(text_part(busid, 0, dash), 10, 0, UINT8_MAX, &bus);
        object_number(object, "hostbus", (uint32_t)bus);
        object_text(object, "hostport", text_part(busid, dash + 1, busid.size));
    } else if (selector->criteria & SELECT_BUS) {
        object_number(object, "hostbus", selector->bus);
    }
    if (selector->criteria & SELECT_ADDRESS)
        object_number(object, "hostaddr", selector->address);
    if (selector->criteria & SELECT_VENDOR)
        object_id(object, "vendorid", selector->vendor);
    if (selector->criteria & SELECT_PRODUCT)
        object_id(object, "productid", selector->product);
    return true;
}

static void print_image(struct qemu *qemu, const struct config_device *wanted, const char *node)
{
    struct object object = { .count = 0 };
    object_text(&object, "driver", GIVEN(wanted->format) ? wanted->format.text : text_of("raw"));
    object_string(&object, "node-name", node);
    object_flag(&object, "read-only", wanted->readonly.value);
    object_flag(&object, "auto-read-only", false);
    bool block = is_block_device(qemu->writing, wanted->block, wanted->file.text);
    object_string(&object, "file.driver", block ? "host_device" : "file");
    object_text(&object, "file.filename", wanted->file.text);
    if (qemu->running)
        print_command(qemu, "blockdev-add", &object);
    else
        print_argument(qemu, "blockdev", &object);
}

static void print_chardev(struct qemu *qemu, const struct qemu_chardev *row, struct text value,
                          const char *id)
{
    struct object object = { .count = 0 };
    bool is_socket = strcmp(row->type, "socket") == 0;
    if (!qemu->running) {
        object_string(&object, "backend", row->type);
        object_string(&object, "id", id);
        if (row->argument)
            object_text(&object, row->argument, value);
        if (is_socket)
            object_flag(&object, "server", false);
        print_argument(qemu, "chardev", &object);
        return;
    }
    object_string(&object, "id", id);
    object_string(&object, "backend.type", row->type);
    if (is_socket)
        object_string(&object, "backend.data.addr.type", "unix");
    if (row->data)
        object_text(&object, arena_printf(qemu->writing->arena, "backend.data.%s", row->data),
                    value);
    if (is_socket)
        object_flag(&object, "backend.data.server", false);
    if (!row->data)
        object_nothing(&object, "backend.data");
    print_command(qemu, "chardev-add", &object);
}

// Adds the character device of a device: an existing one (id:NAME), or one that is printed first.
// False after reporting an error.
static bool add_chardev(struct qemu *qemu, struct object *object,
                        const struct config_device *wanted, const char *id)
{
    bool is_own = GIVEN(wanted->chardev) && wanted->origin != ORIGIN_USBVERSION;
    struct text words = is_own ? wanted->chardev.text : text_of(qemu_default_chardev(wanted->kind));
    struct text existing = qemu_existing_chardev(words), value;
    if (existing.size) {
        object_text(object, "chardev", existing);
        return true;
    }
    const struct qemu_chardev *row = qemu_chardev(words, &value);
    if (!row) {
        diag_hint(qemu->writing->diags,
                  write_error(qemu->writing, wanted->chardev.at,
                              "unsupported character device '%.*s'", (int)words.size, words.at),
                  "use pty, null, file:PATH, unix:PATH, spicevmc, braille or id:NAME");
        return false;
    }
    const char *chardev = arena_printf(qemu->writing->arena, "%s-chardev", id);
    print_chardev(qemu, row, value, chardev);
    object_string(object, "chardev", chardev);
    return true;
}

// Prints the image or character device that a device needs, and adds it to the device. False after
// reporting an error.
static bool add_backing(struct qemu *qemu, struct object *object,
                        const struct config_device *wanted, const char *id)
{
    const struct device_model *model = device_model_of(wanted->kind);
    if (model->needs_file) {
        const char *node = arena_printf(qemu->writing->arena, "%s-image", id);
        print_image(qemu, wanted, node);
        object_string(object, "drive", node);
    }
    if (GIVEN(wanted->audiodev))
        object_text(object, "audiodev", wanted->audiodev.text);
    return !model->needs_chardev || add_chardev(qemu, object, wanted, id);
}

// Adds the properties that the config gives, each with its type.
static void add_properties(struct object *object, const struct config_device *wanted)
{
    const char *driver = device_model_of(wanted->kind)->driver;
    for (const struct config_property *at = wanted->properties; at; at = at->next) {
        const struct qemu_property *property = qemu_property_named(driver, at->name);
        int64_t number = 0;
        if (!property)
            continue;
        if (property->type == QEMU_BOOL)
            object_flag(object, property->name, qemu_is_on(at->value.text));
        else if (qemu_has_number(property, at->value.text, &number))
            object_number(object, property->name, number);
        else
            object_text(object, property->name, at->value.text);
    }
}

static void write_device(struct qemu *qemu, const struct arranged_device *at, size_t index)
{
    const struct config_device *wanted = at->wanted;
    char buf[PORT_TEXT_SIZE];
    struct object object = { .count = 0 };
    if (at->left_out)
        return;
    if (wanted->at_creation && qemu->running) {
        skip(qemu, wanted->why);
        return;
    }
    if (wanted->argument.size) {
        print_raw(qemu, wanted->argument, wanted->backing, wanted->why);
        return;
    }
    const char *id =
        GIVEN(wanted->qemu_id)
            ? arena_copy(qemu->writing->arena, wanted->qemu_id.text.at, wanted->qemu_id.text.size)
            : arena_printf(qemu->writing->arena, "usbdev%zu", index);
    object_string(&object, "driver", device_model_of(wanted->kind)->driver);
    object_string(&object, "id", id);
    if (wanted->kind == DEVICE_HOSTDEV && !add_host(qemu, &object, at))
        return;
    if (!add_backing(qemu, &object, wanted, id))
        return;
    add_properties(&object, wanted);
    if (at->controller)
        object_string(&object, "bus", bus_of(qemu, at->controller));
    if (at->controller && at->port.depth)
        object_string(&object, "port",
                      arena_strdup(qemu->writing->arena, port_write(at->port, buf)));
    print_device(qemu, &object);
}

// Devices that the guest is created with come first, so that QEMU chooses their ports while all are
// still free. Within both groups, hubs come before the devices behind them, and devices without a
// port come last.
static void write_devices(struct qemu *qemu)
{
    for (int created = 1; created >= 0; created--)
        for (unsigned depth = 1; depth <= PORT_DEPTH_MAX + 1; depth++)
            for (size_t i = 0; i < qemu->arrangement.count; i++) {
                const struct arranged_device *at = &qemu->arrangement.devices[i];
                if (at->wanted->at_creation == (created == 1) &&
                    at->port.depth == depth % (PORT_DEPTH_MAX + 1))
                    write_device(qemu, at, i);
            }
}

static void write_objects(struct writing *writing, bool running)
{
    struct qemu qemu = { .writing = writing,
                         .running = running,
                         .skipped = SPAN_NONE,
                         .printed = name_map_new(writing->arena) };
    arrange(writing, ARRANGE_QEMU, &qemu.arrangement);
    for (const struct arranged_controller *at = qemu.arrangement.controllers; at; at = at->next)
        write_controller(&qemu, at);
    write_devices(&qemu);
}

void write_qemu(struct writing *writing)
{
    write_objects(writing, false);
}

void write_qmp(struct writing *writing)
{
    write_objects(writing, true);
}
