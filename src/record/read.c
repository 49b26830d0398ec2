// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "record.h"
#include "xen/xen.h"

// One reading; it ends at the first failure that is not a missing node.
struct reading {
    const struct session *session;
    enum xen_result result;
};

static bool failed(const struct reading *reading)
{
    return reading->result != XEN_OK;
}

static const char *path_of(struct reading *reading, const char *directory, const char *name)
{
    return arena_printf(reading->session->arena, "%s/%s", directory, name);
}

// A node's value; at is NULL where there is none.
static struct text value_of(struct reading *reading, const char *directory, const char *name)
{
    struct text value = TEXT_EMPTY;
    if (failed(reading))
        return value;
    enum xen_result result =
        xen_read(reading->session->xen, NULL, path_of(reading, directory, name), &value);
    if (result != XEN_OK && result != XEN_ABSENT)
        reading->result = result;
    return value;
}

static const char *string_of(struct reading *reading, const char *directory, const char *name)
{
    struct text value = value_of(reading, directory, name);
    return value.at ? value.at : "";
}

// A number in a node; what is too large counts as `max`, what is no number as 0.
static unsigned number_of(struct reading *reading, const char *directory, const char *name,
                          unsigned max)
{
    uint64_t number = 0;
    struct text value = value_of(reading, directory, name);
    enum number_result result = text_number(value, 10, 0, max, &number);
    return result == NUMBER_OUT_OF_RANGE ? max : (unsigned)number;
}

static size_t children_of(struct reading *reading, const char *directory, const char *const **names)
{
    size_t count = 0;
    *names = NULL;
    if (failed(reading))
        return 0;
    enum xen_result result = xen_list(reading->session->xen, NULL, directory, names, &count);
    if (result != XEN_OK && result != XEN_ABSENT)
        reading->result = result;
    return count;
}

// ---- libxl's records ----

static enum record_kind kind_named(struct text type)
{
    static const char *const names[] = {
        [RECORD_EMULATED] = "devicemodel", [RECORD_KERNEL] = "pv", [RECORD_QEMU] = "qusb"
    };
    for (size_t kind = 0; kind < sizeof names / sizeof *names; kind++)
        if (text_is(type, names[kind]))
            return (enum record_kind)kind;
    return RECORD_STRANGE;
}

// Where a controller's ports are: for PVUSB below its backend, whose path must be the one that
// libxl gives to a backend of this very controller.
static const char *home_of(struct reading *reading, const char *directory,
                           struct record_controller *controller)
{
    static const char domains[] = "/local/domain/";
    struct arena *arena = reading->session->arena;
    if (controller->kind == RECORD_EMULATED)
        return directory;
    struct text path = value_of(reading, directory, "backend");
    if (!text_starts(path, domains))
        return NULL;
    size_t slash = text_find(path, '/', sizeof domains - 1);
    uint64_t id;
    if (text_number(text_part(path, sizeof domains - 1, slash), 10, 0, UINT16_MAX, &id) !=
        NUMBER_OK)
        return NULL;
    const char *rest =
        arena_printf(arena, "/backend/%s/%d/%u", controller->kind == RECORD_QEMU ? "qusb" : "vusb",
                     reading->session->domain->id, controller->index);
    controller->backend_domain = (unsigned)id;
    return text_is(text_part(path, slash, path.size), rest) ? path.at : NULL;
}

static const char *port_value(struct text value)
{
    char busid[BUSID_SIZE];
    if (!value.at || value.size == 0)
        return value.at;
    // Only the form that the kernel writes: what would have to be normalised is no bus id.
    return busid_read(value, busid) && text_is(value, busid) ? value.at : RECORD_GARBAGE;
}

static struct record_controller *read_controller(struct reading *reading, unsigned index)
{
    struct arena *arena = reading->session->arena;
    struct record_controller *controller = arena_new_of(arena, struct record_controller);
    const char *directory =
        arena_printf(arena, "/libxl/%d/device/vusb/%u", reading->session->domain->id, index);
    controller->index = index;
    controller->kind = kind_named(value_of(reading, directory, "type"));
    if (controller->kind == RECORD_STRANGE)
        return controller;
    const char *home = home_of(reading, directory, controller);
    if (!home)
        return controller;
    controller->version = number_of(reading, home, "usb-ver", 3);
    controller->ports = number_of(reading, home, "num-ports", RECORD_PORTS_MAX);
    for (unsigned port = 1; port <= controller->ports; port++)
        controller->port[port] =
            port_value(value_of(reading, home, arena_printf(arena, "port/%u", port)));
    return controller;
}

static void read_controllers(struct reading *reading, struct record *record)
{
    const char *const *names;
    const char *directory = arena_printf(reading->session->arena, "/libxl/%d/device/vusb",
                                         reading->session->domain->id);
    size_t count = children_of(reading, directory, &names);
    struct record_controller **last = &record->controllers;
    for (size_t i = 0; i < count && !failed(reading); i++) {
        uint64_t index;
        // Written otherwise ("007") it is a node of nobody.
        if (text_number(text_of(names[i]), 10, 0, RECORD_INDEX_MAX, &index) != NUMBER_OK ||
            (names[i][0] == '0' && names[i][1]))
            continue;
        *last = read_controller(reading, (unsigned)index);
        last = &(*last)->next;
    }
}

// ---- our own notes ----

static struct record_note *read_note(struct reading *reading, const char *directory,
                                     const char *key, bool of_device)
{
    struct arena *arena = reading->session->arena;
    const char *at = arena_printf(arena, "%s/%s", directory, key);
    struct record_note *note = arena_new_of(arena, struct record_note);
    note->of_device = of_device;
    note->key = key;
    note->id = string_of(reading, at, "id");
    note->name = string_of(reading, at, "name");
    const char *busid = port_value(text_of(string_of(reading, at, "busid")));
    note->busid = strcmp(busid, RECORD_GARBAGE) == 0 ? "" : busid;
    note->controller = string_of(reading, at, "controller");
    note->port = string_of(reading, at, "port");
    return note;
}

// xl reboot gives a domain another id and lets it keep its UUID, its controllers and their numbers:
// what was noted of them before is true still. NULL if nothing was.
static const char *former_notes(struct reading *reading)
{
    const struct domain *domain = reading->session->domain;
    struct arena *arena = reading->session->arena;
    const char *const *names;
    size_t count = *domain->uuid ? children_of(reading, "/xenusb", &names) : 0;
    for (size_t i = 0; i < count && !failed(reading); i++) {
        const char *root = arena_printf(arena, "/xenusb/%s", names[i]);
        const char *living = arena_printf(arena, "/local/domain/%s", names[i]);
        if (text_is(value_of(reading, root, "uuid"), domain->uuid) &&
            !value_of(reading, living, "vm").at)
            return root;
    }
    return NULL;
}

static void read_notes(struct reading *reading, struct record *record)
{
    static const char *const kinds[] = { "controller", "device" };
    const struct domain *domain = reading->session->domain;
    struct arena *arena = reading->session->arena;
    const char *root = arena_printf(arena, "/xenusb/%d", domain->id);
    struct text uuid = value_of(reading, root, "uuid");
    const char *const *any;
    if (!text_is(uuid, domain->uuid)) {
        record->foreign = uuid.at || children_of(reading, root, &any);
        root = record->former = former_notes(reading);
        if (!root)
            return;
    }
    struct record_note **last = &record->notes;
    for (int kind = 0; kind < 2; kind++) {
        const char *const *keys;
        const char *directory = arena_printf(arena, "%s/%s", root, kinds[kind]);
        size_t count = children_of(reading, directory, &keys);
        for (size_t i = 0; i < count && !failed(reading); i++) {
            *last = read_note(reading, directory, keys[i], kind == 1);
            last = &(*last)->next;
        }
    }
}

enum status record_read(const struct session *session, struct record *record)
{
    struct reading reading = { session, XEN_OK };
    *record = (struct record){ NULL, NULL, false, NULL };
    if (!session->xen || session->domain->id < 0)
        return STATUS_OK;
    read_controllers(&reading, record);
    read_notes(&reading, record);
    if (failed(&reading))
        complain_error(session->diags, "cannot read what xenstore holds of domain %s (%d): %s",
                       session->domain->name, session->domain->id, xen_why(session->xen));
    return xen_status(session->xen, reading.result);
}
