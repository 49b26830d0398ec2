// SPDX-License-Identifier: MIT
#include "fake_qemu.h"

#include "base/arena.h"
#include "base/buffer.h"

#include <stdlib.h>

struct property {
    struct property *next;
    const char *name, *type, *json;
};

struct object {
    struct object *next;
    const char *path, *type;
    struct property *properties;
    unsigned children; // of a bus: the number of the next child[N]
    bool pending;      // waiting for the guest to eject it
};

struct instead {
    struct instead *next;
    const char *command, *holding, *member;
};

struct seen {
    struct seen *next;
    const char *command, *arguments;
};

struct fake_qemu {
    struct arena *arena;
    struct fake_peer *peer;
    struct object *objects;
    struct instead *instead;
    struct seen *seen;
    const char *report, *blocks;
    struct seen *backs; // block nodes and character devices, by their names in `command`
    enum fake_eject eject;
    bool has_list_get;
};

// ---- the tree ----

static struct object *object_at(const struct fake_qemu *qemu, const char *path)
{
    for (struct object *at = qemu->objects; at; at = at->next)
        if (strcmp(at->path, path) == 0)
            return at;
    return NULL;
}

static struct property *property_of(const struct object *object, const char *name)
{
    for (struct property *at = object ? object->properties : NULL; at; at = at->next)
        if (strcmp(at->name, name) == 0)
            return at;
    return NULL;
}

bool fake_has(const struct fake_qemu *qemu, const char *path)
{
    return object_at(qemu, path) != NULL;
}

void fake_object(struct fake_qemu *qemu, const char *path, const char *type)
{
    struct object *object = arena_new_of(qemu->arena, struct object);
    object->path = arena_strdup(qemu->arena, path);
    object->type = arena_strdup(qemu->arena, type);
    object->next = qemu->objects;
    qemu->objects = object;
    fake_property(qemu, path, "type", "string", arena_printf(qemu->arena, "\"%s\"", type));
}

void fake_property(struct fake_qemu *qemu, const char *path, const char *name, const char *type,
                   const char *json)
{
    struct object *object = object_at(qemu, path);
    struct property *property = property_of(object, name);
    if (!property) {
        property = arena_new_of(qemu->arena, struct property);
        property->next = object->properties;
        object->properties = property;
    }
    property->name = arena_strdup(qemu->arena, name);
    property->type = arena_strdup(qemu->arena, type);
    property->json = arena_strdup(qemu->arena, json);
}

void fake_link(struct fake_qemu *qemu, const char *bus, const char *path)
{
    struct object *object = object_at(qemu, bus);
    fake_property(qemu, bus, arena_printf(qemu->arena, "child[%u]", object->children++),
                  arena_printf(qemu->arena, "link<%s>", object_at(qemu, path)->type),
                  arena_printf(qemu->arena, "\"%s\"", path));
}

void fake_pci(struct fake_qemu *qemu, const char *bus, const char *path, const char *type,
              unsigned slot)
{
    fake_object(qemu, path, type);
    fake_property(qemu, path, "addr", "int32", arena_printf(qemu->arena, "%u", slot * 8));
    fake_property(qemu, path, "parent_bus", "link<bus>", arena_printf(qemu->arena, "\"%s\"", bus));
    fake_link(qemu, bus, path);
}

void fake_controller(struct fake_qemu *qemu, const char *bus, const char *path, const char *type,
                     unsigned slot, const char *usb_bus)
{
    fake_pci(qemu, bus, path, type, slot);
    fake_object(qemu, arena_printf(qemu->arena, "%s/%s", path, usb_bus), "usb-bus");
    if (strstr(type, "xhci")) {
        fake_property(qemu, path, "p2", "uint32", "4");
        fake_property(qemu, path, "p3", "uint32", "4");
    }
}

void fake_usb(struct fake_qemu *qemu, const char *bus, const char *path, const char *type,
              const char *port)
{
    static const struct {
        const char *name, *type, *json;
    } host[] = {
        { "hostbus", "uint32", "0" },  { "hostaddr", "uint32", "0" },
        { "hostport", "str", "\"\"" }, { "hostdevice", "str", "\"\"" },
        { "vendorid", "uint32", "0" }, { "productid", "uint32", "0" },
    };
    fake_object(qemu, path, type);
    fake_property(qemu, path, "port", "str", arena_printf(qemu->arena, "\"%s\"", port));
    fake_property(qemu, path, "parent_bus", "link<bus>", arena_printf(qemu->arena, "\"%s\"", bus));
    fake_property(qemu, path, "attached", "bool", "true");
    for (size_t i = 0; strcmp(type, "usb-host") == 0 && i < sizeof host / sizeof *host; i++)
        fake_property(qemu, path, host[i].name, host[i].type, host[i].json);
    fake_link(qemu, bus, path);
}

static struct fake_qemu *new_machine(struct arena *arena, const char *bridge,
                                     const char *bridge_type, const char *bus, const char *type)
{
    struct fake_qemu *qemu = arena_new_of(arena, struct fake_qemu);
    qemu->arena = arena;
    qemu->report = "";
    qemu->blocks = "[]";
    fake_object(qemu, "/machine", "a-machine");
    fake_object(qemu, "/machine/peripheral", "container");
    fake_object(qemu, "/machine/peripheral-anon", "container");
    fake_object(qemu, "/machine/unattached", "container");
    fake_object(qemu, bridge, bridge_type);
    fake_object(qemu, bus, type);
    return qemu;
}

struct fake_qemu *fake_qemu_new(struct arena *arena)
{
    static const char bus[] = "/machine/i440fx/pci.0";
    struct fake_qemu *qemu = new_machine(arena, "/machine/i440fx", "i440FX-pcihost", bus, "PCI");
    fake_property(qemu, bus, "hotplug-handler", "link<hotplug-handler>",
                  "\"/machine/unattached/device[19]\"");
    fake_pci(qemu, bus, "/machine/unattached/device[2]", "i440FX", 0);
    return qemu;
}

struct fake_qemu *fake_qemu_q35(struct arena *arena)
{
    static const char bus[] = "/machine/q35/pcie.0";
    struct fake_qemu *qemu = new_machine(arena, "/machine/q35", "q35-pcihost", bus, "PCIE");
    fake_property(qemu, bus, "hotplug-handler", "link<hotplug-handler>", "\"\"");
    fake_pci(qemu, bus, "/machine/q35/mch", "mch", 0);
    return qemu;
}

void fake_new_qemu(struct fake_qemu *qemu)
{
    qemu->has_list_get = true;
}

void fake_report(struct fake_qemu *qemu, const char *text)
{
    qemu->report = text;
}

void fake_blocks(struct fake_qemu *qemu, const char *json)
{
    qemu->blocks = json;
}

void fake_guest(struct fake_qemu *qemu, enum fake_eject eject)
{
    qemu->eject = eject;
}

void fake_instead(struct fake_qemu *qemu, const char *command, const char *holding,
                  const char *member)
{
    struct instead *instead = arena_new_of(qemu->arena, struct instead);
    *instead = (struct instead){ qemu->instead, command, holding, member };
    qemu->instead = instead;
}

unsigned fake_count(const struct fake_qemu *qemu, const char *command, const char *holding)
{
    unsigned count = 0;
    for (const struct seen *at = qemu->seen; at; at = at->next)
        count += strcmp(at->command, command) == 0 && strstr(at->arguments, holding);
    return count;
}

// ---- answers ----

static const char *error_of(struct fake_qemu *qemu, const char *error_class, const char *words)
{
    return arena_printf(qemu->arena, "\"error\": {\"class\": \"%s\", \"desc\": \"%s\"}",
                        error_class, words);
}

static const char done[] = "\"return\": {}";

// The argument as a C string; "" if it is missing.
static const char *argument(struct fake_qemu *qemu, const struct json *arguments, const char *name)
{
    struct text text = json_text(json_member(arguments, name));
    return arena_copy(qemu->arena, text.at, text.size);
}

// The object at a path that can contain links.
static struct object *resolve(struct fake_qemu *qemu, const char *path)
{
    struct object *object = object_at(qemu, path);
    if (object)
        return object;
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return NULL;
    struct object *parent = resolve(qemu, arena_copy(qemu->arena, path, (size_t)(slash - path)));
    struct property *link = property_of(parent, slash + 1);
    if (parent && !link)
        return object_at(qemu, arena_printf(qemu->arena, "%s%s", parent->path, slash));
    if (!link || !text_starts(text_of(link->type), "link<"))
        return NULL;
    return object_at(qemu, arena_copy(qemu->arena, link->json + 1, strlen(link->json) - 2));
}

static void put_member(struct json_writer *writer, const char *name, const char *type)
{
    json_open_object(writer);
    json_key(writer, "name");
    json_put_string(writer, name);
    json_key(writer, "type");
    json_put_string(writer, type);
    json_close(writer);
}

static const char *list_object(struct fake_qemu *qemu, const struct object *object)
{
    struct json_writer *writer = json_writer_new(qemu->arena, false);
    size_t size = strlen(object->path);
    json_open_array(writer);
    for (const struct property *at = object->properties; at; at = at->next)
        put_member(writer, at->name, at->type);
    for (const struct object *at = qemu->objects; at; at = at->next)
        if (strncmp(at->path, object->path, size) == 0 && at->path[size] == '/' &&
            !strchr(at->path + size + 1, '/'))
            put_member(writer, at->path + size + 1,
                       arena_printf(qemu->arena, "child<%s>", at->type));
    json_close(writer);
    return arena_printf(qemu->arena, "\"return\": %s", json_writer_end(writer).at);
}

static const char *answer_qom(struct fake_qemu *qemu, bool list, const struct json *arguments)
{
    const char *path = argument(qemu, arguments, "path");
    struct object *object = resolve(qemu, path);
    if (!object)
        return error_of(qemu, "DeviceNotFound",
                        arena_printf(qemu->arena, "Device '%s' not found", path));
    if (list)
        return list_object(qemu, object);
    struct property *property = property_of(object, argument(qemu, arguments, "property"));
    return property ? arena_printf(qemu->arena, "\"return\": %s", property->json)
                    : error_of(qemu, "GenericError", "Property not found");
}

static const char *answer_list_get(struct fake_qemu *qemu, const struct json *arguments)
{
    struct buffer objects = buffer_in(qemu->arena);
    for (const struct json *path = json_elements(json_member(arguments, "paths")); path;
         path = path->next) {
        struct text text = json_text(path);
        const struct object *object = resolve(qemu, arena_copy(qemu->arena, text.at, text.size));
        if (!object)
            return error_of(qemu, "DeviceNotFound", "a device was not found");
        struct buffer properties = buffer_in(qemu->arena);
        for (const struct property *at = object->properties; at; at = at->next)
            buffer_join(&properties, ", ", "{\"name\": \"%s\", \"type\": \"%s\", \"value\": %s}",
                        at->name, at->type, at->json);
        buffer_join(&objects, ", ", "{\"properties\": [%s]}", buffer_string(&properties));
    }
    return arena_printf(qemu->arena, "\"return\": [%s]", buffer_string(&objects));
}

static void forget_object(struct fake_qemu *qemu, const char *path)
{
    size_t size = strlen(path);
    const char *value = arena_printf(qemu->arena, "\"%s\"", path);
    for (struct object **at = &qemu->objects; *at;) {
        for (struct property **link = &(*at)->properties; *link;)
            if (strcmp((*link)->json, value) == 0)
                *link = (*link)->next;
            else
                link = &(*link)->next;
        if (strncmp((*at)->path, path, size) == 0 && strchr("/", (*at)->path[size]))
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
}

static void tell(struct fake_qemu *qemu, const char *event, const char *path)
{
    const char *slash = strrchr(path, '/');
    bool has_id = text_starts(text_of(path), "/machine/peripheral/");
    const char *id = arena_printf(qemu->arena, "\"device\": \"%s\", ", slash + 1);
    fake_say(qemu->peer,
             arena_printf(qemu->arena, "{\"event\": \"%s\", \"data\": {%s\"path\": \"%s\"}}\r\n",
                          event, has_id ? id : "", path));
}

// Finds a bus by name.
static const struct object *bus_named(const struct fake_qemu *qemu, const char *name)
{
    for (const struct object *at = qemu->objects; at; at = at->next)
        if (*name && strcmp(strrchr(at->path, '/') + 1, name) == 0 && !strstr(at->type, "hci"))
            return at;
    return NULL;
}

static const char *answer_add(struct fake_qemu *qemu, const struct json *arguments)
{
    const char *driver = argument(qemu, arguments, "driver"), *id = argument(qemu, arguments, "id");
    const char *path = arena_printf(qemu->arena, "/machine/peripheral/%s", id);
    const struct object *bus = bus_named(qemu, argument(qemu, arguments, "bus"));
    if (object_at(qemu, path))
        return error_of(qemu, "GenericError",
                        arena_printf(qemu->arena, "Duplicate device ID '%s'", id));
    if (!bus)
        return error_of(qemu, "GenericError", "Bus not found");
    if (strcmp(bus->type, "usb-bus") != 0) {
        fake_controller(qemu, bus->path, path, driver, bus->children + 1,
                        arena_printf(qemu->arena, "%s.0", id));
        return done;
    }
    const char *port = arena_printf(qemu->arena, "\"%s\"", argument(qemu, arguments, "port"));
    for (const struct property *at = bus->properties; at; at = at->next) {
        const struct object *there =
            resolve(qemu, arena_printf(qemu->arena, "%s/%s", bus->path, at->name));
        const struct property *taken = there ? property_of(there, "port") : NULL;
        if (taken && strcmp(taken->json, port) == 0)
            return error_of(qemu, "GenericError", "usb port not found (in use?)");
    }
    fake_usb(qemu, bus->path, path, driver, argument(qemu, arguments, "port"));
    return done;
}

static const char *answer_delete(struct fake_qemu *qemu, const struct json *arguments)
{
    const char *id = argument(qemu, arguments, "id");
    const char *path = *id == '/' ? id : arena_printf(qemu->arena, "/machine/peripheral/%s", id);
    struct object *object = object_at(qemu, path);
    if (!object)
        return error_of(qemu, "DeviceNotFound",
                        arena_printf(qemu->arena, "Device '%s' not found", id));
    if (object->pending)
        return error_of(
            qemu, "GenericError",
            arena_printf(qemu->arena, "Device %s is already in the process of unplug", id));
    object->pending = !property_of(object, "port");
    if (object->pending && qemu->eject == FAKE_REFUSES)
        tell(qemu, "DEVICE_UNPLUG_GUEST_ERROR", path);
    if (object->pending && (qemu->eject == FAKE_IGNORES || qemu->eject == FAKE_REFUSES))
        return done;
    if (!object->pending || qemu->eject == FAKE_EJECTS)
        tell(qemu, "DEVICE_DELETED", path);
    forget_object(qemu, path);
    return done;
}

// Block nodes and character devices: only whether they exist.
static const char *answer_back(struct fake_qemu *qemu, const char *name, bool add)
{
    struct seen **at = &qemu->backs;
    while (*at && strcmp((*at)->command, name) != 0)
        at = &(*at)->next;
    if (!*at == !add)
        return error_of(qemu, "GenericError", add ? "Duplicate nodes" : "Failed to find node");
    if (add) {
        *at = arena_new_of(qemu->arena, struct seen);
        (*at)->command = name;
    } else {
        *at = (*at)->next;
    }
    return done;
}

static const char *answer_types(const char *implemented)
{
    if (strcmp(implemented, "usb-device") == 0)
        return "\"return\": [{\"name\": \"usb-host\"}, {\"name\": \"usb-tablet\"}, "
               "{\"name\": \"usb-net\"}, {\"name\": \"usb-bot\"}]";
    if (strcmp(implemented, "base-pci-bridge") == 0)
        return "\"return\": [{\"name\": \"pcie-root-port\"}, {\"name\": \"pci-bridge\"}, "
               "{\"name\": \"pcie-pci-bridge\"}]";
    return "\"return\": [{\"name\": \"piix3-usb-uhci\"}, {\"name\": \"usb-ehci\"}, "
           "{\"name\": \"nec-usb-xhci\"}, {\"name\": \"ich9-usb-ehci1\"}]";
}

static const char *own_answer(struct fake_qemu *qemu, const char *name,
                              const struct json *arguments)
{
    if (strcmp(name, "qom-list") == 0 || strcmp(name, "qom-get") == 0)
        return answer_qom(qemu, strcmp(name, "qom-list") == 0, arguments);
    if (strcmp(name, "qom-list-get") == 0 && qemu->has_list_get)
        return answer_list_get(qemu, arguments);
    if (strcmp(name, "device_add") == 0)
        return answer_add(qemu, arguments);
    if (strcmp(name, "device_del") == 0)
        return answer_delete(qemu, arguments);
    if (strcmp(name, "blockdev-add") == 0 || strcmp(name, "blockdev-del") == 0)
        return answer_back(qemu, argument(qemu, arguments, "node-name"), name[9] == 'a');
    if (strcmp(name, "chardev-add") == 0 || strcmp(name, "chardev-remove") == 0)
        return answer_back(qemu, argument(qemu, arguments, "id"), name[8] == 'a');
    if (strcmp(name, "query-status") == 0)
        return "\"return\": {\"status\": \"running\", \"running\": true}";
    if (strcmp(name, "query-block") == 0)
        return arena_printf(qemu->arena, "\"return\": %s", qemu->blocks);
    if (strcmp(name, "qom-list-types") == 0)
        return answer_types(argument(qemu, arguments, "implements"));
    if (strcmp(name, "x-query-usb") == 0) {
        struct json_writer *writer = json_writer_new(qemu->arena, false);
        json_put_string(writer, qemu->report);
        return arena_printf(qemu->arena, "\"return\": {\"human-readable-text\": %s}",
                            json_writer_end(writer).at);
    }
    return error_of(qemu, "CommandNotFound",
                    arena_printf(qemu->arena, "The command %s has not been found", name));
}

static const char *answer(void *context, struct arena *arena, const struct json *command)
{
    struct fake_qemu *qemu = context;
    const struct json *arguments = json_member(command, "arguments");
    struct json_writer *writer = json_writer_new(arena, false);
    struct seen *seen = arena_new_of(qemu->arena, struct seen);
    json_put_value(writer, arguments);
    *seen = (struct seen){ qemu->seen, argument(qemu, command, "execute"),
                           arena_strdup(qemu->arena, json_writer_end(writer).at) };
    qemu->seen = seen;
    for (const struct instead *at = qemu->instead; at; at = at->next)
        if (strcmp(at->command, seen->command) == 0 && strstr(seen->arguments, at->holding))
            return at->member;
    return own_answer(qemu, seen->command, arguments);
}

void fake_qemu_script(struct fake_peer *peer, void *context)
{
    struct fake_qemu *qemu = context;
    qemu->peer = peer;
    fake_greet_as(peer, qemu->has_list_get ? 10 : 7, qemu->has_list_get ? 1 : 2);
    fake_serve(peer, answer, qemu);
}
