// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "record.h"
#include "xen/xen.h"

// One reading; it ends at the first failure that is not a missing node.
struct record_reader {
    const struct session *session;
    enum xen_result result;
};

static bool failed(const struct record_reader *record_reader)
{
    return record_reader->result != XEN_OK;
}

static const char *path_of(struct record_reader *record_reader, const char *directory,
                           const char *name)
{
    return arena_printf(record_reader->session->arena, "%s/%s", directory, name);
}

// A node's value; at is NULL where there is none.
static struct text value_of(struct record_reader *record_reader, const char *directory,
                            const char *name)
{
    struct text value = TEXT_EMPTY;
    if (failed(record_reader))
        return value;
    enum xen_result result = xen_read(record_reader->session->xen, NULL,
                                      path_of(record_reader, directory, name), &value);
    if (result != XEN_OK && result != XEN_ABSENT)
        record_reader->result = result;
    return value;
}

static const char *string_of(struct record_reader *record_reader, const char *directory,
                             const char *name)
{
    struct text value = value_of(record_reader, directory, name);
    return value.at ? value.at : "";
}

// A number in a node; what is too large counts as `max`, what is no number as 0.
static unsigned number_of(struct record_reader *record_reader, const char *directory,
                          const char *name, unsigned max)
{
    uint64_t number = 0;
    struct text value = value_of(record_reader, directory, name);
    enum number_result result = text_number(value, 10, 0, max, &number);
    return result == NUMBER_OUT_OF_RANGE ? max : (unsigned)number;
}

static size_t children_of(struct record_reader *record_reader, const char *directory,
                          const char *const **names)
{
    size_t count = 0;
    *names = NULL;
    if (failed(record_reader))
        return 0;
    enum xen_result result = xen_list(record_reader->session->xen, NULL, directory, names, &count);
    if (result != XEN_OK && result != XEN_ABSENT)
        record_reader->result = result;
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
static const char *home_of(struct record_reader *record_reader, const char *directory,
                           struct record_controller *controller)
{
    static const char domains[] = "/local/domain/";
    struct arena *arena = record_reader->session->arena;
    if (controller->kind == RECORD_EMULATED)
        return directory;
    struct text path = value_of(record_reader, directory, "backend");
    if (!text_starts(path, domains))
        return NULL;
    size_t slash = text_find(path, '/', sizeof domains - 1);
    uint64_t id;
    if (text_number(text_part(path, sizeof domains - 1, slash), 10, 0, UINT16_MAX, &id) !=
        NUMBER_OK)
        return NULL;
    const char *rest =
        arena_printf(arena, "/backend/%s/%d/%u", controller->kind == RECORD_QEMU ? "qusb" : "vusb",
                     record_reader->session->domain->id, controller->index);
    controller->backend_domain = (unsigned)id;
    return text_is(text_part(path, slash, path.size), rest) ? path.at : NULL;
}

// The USB version of a controller; 0 if the record gives none that exists.
static unsigned version_of(struct record_reader *record_reader, const char *home)
{
    enum { NEWEST = 3 };
    unsigned version = number_of(record_reader, home, "usb-ver", NEWEST + 1);
    return version <= NEWEST ? version : 0;
}

static const char *port_value(struct text value)
{
    char busid[BUSID_SIZE];
    if (!value.at || value.size == 0)
        return value.at;
    // Only the form that the kernel writes: what would have to be normalised is no bus id.
    return busid_read(value, busid) && text_is(value, busid) ? value.at : RECORD_GARBAGE;
}

static struct record_controller *read_controller(struct record_reader *record_reader,
                                                 unsigned index)
{
    struct arena *arena = record_reader->session->arena;
    struct record_controller *controller = arena_new_of(arena, struct record_controller);
    const char *directory =
        arena_printf(arena, "/libxl/%d/device/vusb/%u", record_reader->session->domain->id, index);
    controller->index = index;
    controller->kind = kind_named(value_of(record_reader, directory, "type"));
    if (controller->kind == RECORD_STRANGE)
        return controller;
    const char *home = home_of(record_reader, directory, controller);
    if (!home)
        return controller;
    controller->version = version_of(record_reader, home);
    controller->ports = number_of(record_reader, home, "num-ports", RECORD_PORTS_MAX);
    for (unsigned port = 1; port <= controller->ports; port++)
        controller->port[port] =
            port_value(value_of(record_reader, home, arena_printf(arena, "port/%u", port)));
    return controller;
}

static void read_controllers(struct record_reader *record_reader, struct record *record)
{
    const char *const *names;
    const char *directory = arena_printf(record_reader->session->arena, "/libxl/%d/device/vusb",
                                         record_reader->session->domain->id);
    size_t count = children_of(record_reader, directory, &names);
    struct record_controller **last = &record->controllers;
    for (size_t i = 0; i < count && !failed(record_reader); i++) {
        uint64_t index;
        // Written otherwise ("007") it is a node of nobody.
        if (text_number(text_of(names[i]), 10, 0, RECORD_INDEX_MAX, &index) != NUMBER_OK ||
            (names[i][0] == '0' && names[i][1]))
            continue;
        *last = read_controller(record_reader, (unsigned)index);
        last = &(*last)->next;
    }
}

// ---- our own notes ----

static struct record_note *read_note(struct record_reader *record_reader, const char *directory,
                                     const char *key, bool of_device)
{
    struct arena *arena = record_reader->session->arena;
    const char *at = arena_printf(arena, "%s/%s", directory, key);
    struct record_note *note = arena_new_of(arena, struct record_note);
    note->of_device = of_device;
    note->key = key;
    note->id = string_of(record_reader, at, "id");
    note->name = string_of(record_reader, at, "name");
    const char *busid = port_value(text_of(string_of(record_reader, at, "busid")));
    note->busid = strcmp(busid, RECORD_GARBAGE) == 0 ? "" : busid;
    note->controller = string_of(record_reader, at, "controller");
    note->port = string_of(record_reader, at, "port");
    return note;
}

// xl reboot gives a domain another id and lets it keep its UUID, its controllers and their numbers:
// what was noted of them before is true still. NULL if nothing was.
static const char *former_notes(struct record_reader *record_reader)
{
    const struct domain *domain = record_reader->session->domain;
    struct arena *arena = record_reader->session->arena;
    const char *const *names;
    size_t count = *domain->uuid ? children_of(record_reader, "/xenusb", &names) : 0;
    for (size_t i = 0; i < count && !failed(record_reader); i++) {
        const char *root = arena_printf(arena, "/xenusb/%s", names[i]);
        const char *living = arena_printf(arena, "/local/domain/%s", names[i]);
        if (text_is(value_of(record_reader, root, "uuid"), domain->uuid) &&
            !value_of(record_reader, living, "vm").at)
            return root;
    }
    return NULL;
}

static void read_notes(struct record_reader *record_reader, struct record *record)
{
    static const char *const kinds[] = { "controller", "device" };
    const struct domain *domain = record_reader->session->domain;
    struct arena *arena = record_reader->session->arena;
    const char *root = arena_printf(arena, "/xenusb/%d", domain->id);
    struct text uuid = value_of(record_reader, root, "uuid");
    const char *const *any;
    if (!text_is(uuid, domain->uuid)) {
        record->foreign = uuid.at || children_of(record_reader, root, &any);
        root = record->former = former_notes(record_reader);
        if (!root)
            return;
    }
    struct record_note **last = &record->notes;
    for (int kind = 0; kind < 2; kind++) {
        const char *const *keys;
        const char *directory = arena_printf(arena, "%s/%s", root, kinds[kind]);
        size_t count = children_of(record_reader, directory, &keys);
        for (size_t i = 0; i < count && !failed(record_reader); i++) {
            *last = read_note(record_reader, directory, keys[i], kind == 1);
            last = &(*last)->next;
        }
    }
}

enum status record_read(const struct session *session, struct record *record)
{
    struct record_reader record_reader = { session, XEN_OK };
    *record = (struct record){ NULL, NULL, false, NULL };
    if (!session->xen || session->domain->id < 0)
        return STATUS_OK;
    read_controllers(&record_reader, record);
    read_notes(&record_reader, record);
    if (failed(&record_reader))
        complain_error(session->diags, "cannot read what xenstore holds of domain %s (%d): %s",
                       session->domain->name, session->domain->id, xen_why(session->xen));
    return xen_status(session->xen, record_reader.result);
}
