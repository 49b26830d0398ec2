// SPDX-License-Identifier: MIT
// --to json: the compiled config, with the place of each controller and device.
#include "write.h"

#include "base/arena.h"
#include "base/json.h"

// The keys that controllers and devices of an origin come from.
static const struct {
    const char *controller, *device;
} origin_keys[] = {
    [ORIGIN_USBCTRL] = { "usbctrl", "usbdev" },
    [ORIGIN_USBCONTROLLER] = { "usbcontroller", "usbdevice" },
    [ORIGIN_VUSB] = { "vusb", "vusb" },
    [ORIGIN_USB] = { "usb", "usbdevice" },
    [ORIGIN_USBVERSION] = { "usbversion", "spiceusbredirection" },
    [ORIGIN_QEMU] = { "device_model_args", "device_model_args" },
};

// Turns offsets into lines and columns. Counts on from the last offset, since places are mostly
// ascending: a large file is walked about once.
struct places {
    struct json_writer *json;
    struct arena *arena;
    const struct source *source;
    bool foreign; // not a domain config: there are no keys to report
    uint32_t offset;
    uint32_t line_from;
    unsigned line;
    unsigned column;
};

static void walk_to(struct places *places, uint32_t offset)
{
    struct text text = places->source->text;
    if (offset < places->offset && offset >= places->line_from) {
        places->offset = places->line_from;
        places->column = 1;
    } else if (offset < places->offset) {
        places->offset = places->line_from = 0;
        places->line = places->column = 1;
    }
    for (; places->offset < offset && places->offset < text.size; places->offset++) {
        unsigned char byte = (unsigned char)text.at[places->offset];
        if (byte == '\n') {
            places->line++;
            places->column = 1;
            places->line_from = places->offset + 1;
        } else if ((byte & 0xc0) != 0x80) {
            places->column++;
        }
    }
}

// Writes the key and the place that a controller or device comes from.
static void put_origin(struct places *places, const char *key, struct span at)
{
    walk_to(places, at.from);
    if (!places->foreign) {
        json_add_string(places->json, "from", key);
    }
    json_key(places->json, "place");
    json_open_object(places->json);
    json_add_integer(places->json, "line", places->line);
    json_add_integer(places->json, "column", places->column);
    json_add_integer(places->json, "from", at.from);
    json_add_integer(places->json, "to", at.to);
    json_close(places->json);
}

static void put_given(struct json_writer *json, const char *key, const struct config_text *text)
{
    if (GIVEN(*text))
        json_add_text(json, key, text->text);
}

// A vendor or product id, in the form of lsusb.
static void put_id(struct json_writer *json, const char *key, uint16_t id)
{
    char digits[sizeof "ffff"];
    snprintf(digits, sizeof digits, "%04x", id);
    json_add_string(json, key, digits);
}

static void put_properties(struct json_writer *json, struct arena *arena,
                           const struct config_property *at)
{
    if (!at)
        return;
    json_key(json, "qemu");
    json_open_object(json);
    for (; at; at = at->next)
        json_add_text(json, arena_copy(arena, at->name.at, at->name.size), at->value.text);
    json_close(json);
}

static void put_controller(struct places *places, const struct config_controller *controller)
{
    static const char *const types[] = { "auto", "pv", "emul" };
    static const char *const backends[] = { NULL, "vusb", "qusb" };
    struct json_writer *json = places->json;
    json_open_object(json);
    json_add_integer(json, "index", controller->index);
    json_add_string(json, "name", controller->name);
    json_add_string(json, "type", types[controller->type]);
    if (controller->pvusb != PVUSB_ANY)
        json_add_string(json, "pvusb", backends[controller->pvusb]);
    if (controller->version.value)
        json_add_integer(json, "usbversion", controller->version.value);
    if (controller->ports.value)
        json_add_integer(json, "numports", controller->ports.value);
    if (controller->model)
        json_add_string(json, "model", controller->model->name);
    put_given(json, "backend", &controller->backend);
    put_properties(json, places->arena, controller->properties);
    put_given(json, "qemu_id", &controller->qemu_id);
    json_add_bool(json, "at_creation", controller->at_creation);
    put_origin(places, origin_keys[controller->origin].controller, controller->why);
    json_close(json);
}

static void put_selector(struct json_writer *json, const struct selector *selector)
{
    if (!selector->criteria)
        return;
    json_key(json, "host");
    json_open_object(json);
    if (selector->criteria & SELECT_BUS)
        json_add_integer(json, "bus", selector->bus);
    if (selector->criteria & SELECT_ADDRESS)
        json_add_integer(json, "address", selector->address);
    if (selector->criteria & SELECT_BUSID)
        json_add_string(json, "busid", selector->busid);
    if (selector->criteria & SELECT_VENDOR)
        put_id(json, "vendor", selector->vendor);
    if (selector->criteria & SELECT_PRODUCT)
        put_id(json, "product", selector->product);
    if (selector->criteria & SELECT_SERIAL)
        json_add_text(json, "serial", selector->serial);
    if (selector->criteria & SELECT_PATH)
        json_add_text(json, "path", selector->path);
    if (selector->criteria & SELECT_BEHIND)
        json_add_string(json, "behind", selector->behind);
    json_close(json);
}

static void put_device(struct places *places, const struct config_device *device)
{
    char buf[PORT_TEXT_SIZE];
    struct json_writer *json = places->json;
    const struct device_model *model = device_model_of(device->kind);
    json_open_object(json);
    json_add_string(json, "type", model ? model->name : "other");
    put_selector(json, &device->selector);
    if (device->controller)
        json_add_integer(json, "controller", device->controller->index);
    if (device->port.depth)
        json_add_string(json, "port", port_write(device->port, buf));
    put_given(json, "file", &device->file);
    put_given(json, "format", &device->format);
    if (device->kind == DEVICE_DISK)
        json_add_bool(json, "readonly", device->readonly.value);
    put_given(json, "chardev", &device->chardev);
    put_given(json, "audiodev", &device->audiodev);
    put_properties(json, places->arena, device->properties);
    put_given(json, "qemu_id", &device->qemu_id);
    if (device->count.value)
        json_add_integer(json, "count", device->count.value);
    if (device->all.value)
        json_add_bool(json, "all", true);
    json_add_bool(json, "required", device->required.value);
    json_add_bool(json, "at_creation", device->at_creation);
    put_origin(places, origin_keys[device->origin].device, device->why);
    json_close(json);
}

static void put_domain(struct json_writer *json, const struct config_domain *domain)
{
    json_key(json, "domain");
    json_open_object(json);
    put_given(json, "name", &domain->name);
    put_given(json, "uuid", &domain->uuid);
    json_add_string(json, "type", domain_type_name(domain->type));
    json_add_bool(json, "stub_domain", !span_is_none(domain->stubdom_at));
    json_add_bool(json, "qemu_traditional", !span_is_none(domain->traditional_at));
    json_close(json);
}

void write_json(struct writing *writing)
{
    const struct config *config = writing->document->config;
    struct json_writer *json = json_writer_to(writing->arena, writing->out, true);
    struct places places = { .json = json,
                             .arena = writing->arena,
                             .source = writing->document->source,
                             .foreign = writing->document->foreign,
                             .line = 1,
                             .column = 1 };
    json_open_object(json);
    json_add_string(json, "source", config->source->name);
    put_domain(json, &config->domain);
    json_key(json, "controllers");
    json_open_array(json);
    for (const struct config_controller *at = config->controllers; at; at = at->next)
        put_controller(&places, at);
    json_close(json);
    json_key(json, "devices");
    json_open_array(json);
    for (const struct config_device *at = config->devices; at; at = at->next)
        put_device(&places, at);
    json_close(json);
    json_close(json);
    json_writer_end(json);
}
