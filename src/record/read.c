// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/name_map.h"
#include "journal.h"
#include "recording.h"
#include "xen/xen.h"

// Reads in passes: each notes what it lacks, which is then asked for together. A pass that lacks
// nothing is complete, unless it stopped at a failure other than XEN_ABSENT.
struct record_reader {
    const struct session *session;
    enum xen_result result;
    struct xen_query *queries; // an array that grows
    size_t count, capacity;
    size_t answered;         // of the queries; the pass lacks the others
    struct name_map *values; // the number of the query for a path, as a size_t
    struct name_map *lists;  // the same for a path's children
};

static bool failed(const struct record_reader *reader)
{
    return reader->result != XEN_OK;
}

static void ask_later(struct record_reader *reader, const char *path, bool list)
{
    if (reader->count == reader->capacity) {
        reader->capacity = reader->capacity ? 2 * reader->capacity : 32;
        struct xen_query *more =
            arena_array_of(reader->session->arena, struct xen_query, reader->capacity);
        if (reader->count)
            memcpy(more, reader->queries, reader->count * sizeof *more);
        reader->queries = more;
    }
    size_t *number = arena_new_of(reader->session->arena, size_t);
    *number = reader->count;
    name_map_add(list ? reader->lists : reader->values, text_of(path), number);
    reader->queries[reader->count++] = (struct xen_query){ .path = path, .list = list };
}

// The answer about a node; an empty one if there is no such node or it was not asked for yet.
static struct xen_query answer_about(struct record_reader *reader, const char *path, bool list)
{
    if (failed(reader))
        return (struct xen_query){ .result = XEN_ABSENT };
    const size_t *number = name_map_get(list ? reader->lists : reader->values, text_of(path));
    if (!number)
        ask_later(reader, path, list);
    if (!number || *number >= reader->answered)
        return (struct xen_query){ .result = XEN_ABSENT };
    const struct xen_query *query = &reader->queries[*number];
    if (query->result != XEN_OK && query->result != XEN_ABSENT)
        reader->result = query->result;
    return *query;
}

// Asks for what the pass lacks; false if that is nothing, or useless after a failure.
static bool ask_for_rest(struct record_reader *reader)
{
    if (failed(reader) || reader->count == reader->answered)
        return false;
    (void)xen_ask(reader->session->xen, reader->queries + reader->answered,
                  reader->count - reader->answered);
    reader->answered = reader->count;
    return true;
}

// The value of a node; TEXT_EMPTY if there is none.
static struct text value_of(struct record_reader *reader, const char *directory, const char *name)
{
    const char *path = arena_printf(reader->session->arena, "%s/%s", directory, name);
    return answer_about(reader, path, false).value;
}

static const char *string_of(struct record_reader *reader, const char *directory, const char *name)
{
    struct text value = value_of(reader, directory, name);
    return value.at ? value.at : "";
}

// The number in a node; `max` if it is larger, 0 if it is not a number.
static unsigned number_of(struct record_reader *reader, const char *directory, const char *name,
                          unsigned max)
{
    uint64_t number = 0;
    struct text value = value_of(reader, directory, name);
    enum number_result result = text_number(value, 10, 0, max, &number);
    return result == NUMBER_OUT_OF_RANGE ? max : (unsigned)number;
}

static size_t children_of(struct record_reader *reader, const char *directory,
                          const char *const **names)
{
    const struct xen_query answer = answer_about(reader, directory, true);
    *names = answer.names;
    return answer.count;
}

static enum record_kind kind_of_type(struct text type)
{
    static const char *const names[] = {
        [RECORD_EMULATED] = "devicemodel", [RECORD_KERNEL] = "pv", [RECORD_QEMU] = "qusb"
    };
    for (size_t kind = 0; kind < sizeof names / sizeof *names; kind++)
        if (text_is(type, names[kind]))
            return (enum record_kind)kind;
    return RECORD_UNKNOWN;
}

// The directory with a controller's version and ports. For PVUSB that is its backend; NULL if the
// backend's path is not the one that libxl uses for this controller.
static const char *ports_directory(struct record_reader *reader, const char *directory,
                                   struct record_controller *controller)
{
    static const char domains[] = "/local/domain/";
    struct arena *arena = reader->session->arena;
    if (controller->kind == RECORD_EMULATED)
        return directory;
    struct text path = value_of(reader, directory, "backend");
    if (!text_starts(path, domains))
        return NULL;
    size_t slash = text_find(path, '/', sizeof domains - 1);
    uint64_t id;
    if (text_number(text_part(path, sizeof domains - 1, slash), 10, 0, UINT16_MAX, &id) !=
        NUMBER_OK)
        return NULL;
    const char *rest =
        arena_printf(arena, "/backend/%s/%d/%u", controller->kind == RECORD_QEMU ? "qusb" : "vusb",
                     reader->session->domain->id, controller->index);
    controller->backend_domain = (unsigned)id;
    return text_is(text_part(path, slash, path.size), rest) ? path.at : NULL;
}

// The USB version of a controller; 0 if the record has none or one that does not exist.
static unsigned version_of(struct record_reader *reader, const char *base)
{
    enum { NEWEST = 3 };
    unsigned version = number_of(reader, base, "usb-ver", NEWEST + 1);
    return version <= NEWEST ? version : 0;
}

const char *record_port_value(struct text value)
{
    char busid[BUSID_SIZE];
    if (!value.at || value.size == 0)
        return value.at;
    // Accept only the kernel's own spelling.
    return busid_read(value, busid) && text_is(value, busid) ? value.at : RECORD_GARBAGE;
}

static struct record_controller *read_controller(struct record_reader *reader, unsigned index)
{
    struct arena *arena = reader->session->arena;
    struct record_controller *controller = arena_new_of(arena, struct record_controller);
    const char *directory = record_libxl_path(arena, reader->session->domain->id, (int)index);
    controller->index = index;
    controller->kind = kind_of_type(value_of(reader, directory, "type"));
    if (controller->kind == RECORD_UNKNOWN)
        return controller;
    const char *base = ports_directory(reader, directory, controller);
    if (!base)
        return controller;
    controller->version = version_of(reader, base);
    controller->ports = number_of(reader, base, "num-ports", RECORD_PORTS_MAX);
    for (unsigned port = 1; port <= controller->ports; port++)
        controller->port[port] =
            record_port_value(value_of(reader, base, arena_printf(arena, "port/%u", port)));
    return controller;
}

static void read_controllers(struct record_reader *reader, struct record *record)
{
    const char *const *names;
    const char *directory =
        record_libxl_directory(reader->session->arena, reader->session->domain->id);
    size_t count = children_of(reader, directory, &names);
    struct record_controller **last = &record->controllers;
    for (size_t i = 0; i < count && !failed(reader); i++) {
        uint64_t index;
        // libxl would never use another spelling ("007").
        if (text_number(text_of(names[i]), 10, 0, RECORD_INDEX_MAX, &index) != NUMBER_OK ||
            (names[i][0] == '0' && names[i][1]))
            continue;
        *last = read_controller(reader, (unsigned)index);
        last = &(*last)->next;
    }
}

static struct record_note *read_note(struct record_reader *reader, const char *directory,
                                     const char *key, bool of_device)
{
    struct arena *arena = reader->session->arena;
    const char *at = arena_printf(arena, "%s/%s", directory, key);
    struct record_note *note = arena_new_of(arena, struct record_note);
    note->of_device = of_device;
    note->key = key;
    note->id = string_of(reader, at, "id");
    note->name = note->busid = note->controller = note->port = note->leaving = "";
    if (!of_device) {
        note->name = string_of(reader, at, "name");
        note->as_needed = value_of(reader, at, "as-needed").size;
        note->leaving = string_of(reader, at, "leaving");
        return note;
    }
    const char *busid = record_port_value(text_of(string_of(reader, at, "busid")));
    if (strcmp(busid, RECORD_GARBAGE) != 0)
        note->busid = busid;
    note->controller = string_of(reader, at, "controller");
    note->port = string_of(reader, at, "port");
    return note;
}

// The path of the notes from before a reboot; NULL if there are none. `xl reboot` gives a domain a
// new id, but keeps its UUID and its controllers with their indexes, so the notes are still valid.
// NULL also if the pass lacks what decides it.
static const char *former_notes(struct record_reader *reader, const struct record *record)
{
    const struct domain *domain = reader->session->domain;
    struct arena *arena = reader->session->arena;
    const char *own = arena_printf(arena, "%d", domain->id);
    const char *own_vm = arena_printf(arena, "/vm/%s", domain->uuid);
    const size_t lacked = reader->count;
    for (size_t i = 0; i < record->noted_count && *domain->uuid && !failed(reader); i++) {
        const char *name = record->noted[i];
        const char *root = arena_printf(arena, "/xenusb/%s", name);
        const char *living = arena_printf(arena, "/local/domain/%s", name);
        if (strcmp(name, own) != 0 && text_is(value_of(reader, root, "uuid"), domain->uuid) &&
            !text_is(value_of(reader, living, "vm"), own_vm))
            return reader->count > lacked ? NULL : root;
    }
    return NULL;
}

static bool is_noted(const struct record *record, const char *id)
{
    for (size_t i = 0; i < record->noted_count; i++)
        if (strcmp(record->noted[i], id) == 0)
            return true;
    return false;
}

bool record_is_noted(const struct session *session)
{
    const char *id = arena_printf(session->arena, "%d", session->domain->id);
    return !session->record || is_noted(session->record, id);
}

static void read_journal(struct record_reader *reader, const char *root, struct record *record)
{
    struct arena *arena = reader->session->arena;
    const struct text header = value_of(reader, root, "journal");
    const char *directory = arena_printf(arena, "%s/journal", root);
    if (!header.at)
        return;
    struct journal *journal = arena_new_of(arena, struct journal);
    journal_read_header(arena, header, journal);
    if (journal->state == JOURNAL_OPEN && strcmp(journal->uuid, reader->session->domain->uuid) != 0)
        return;
    for (unsigned i = 0; i < journal->nodes && journal->state == JOURNAL_OPEN; i++)
        journal_read_node(arena, value_of(reader, directory, arena_printf(arena, "%u", i)), i,
                          journal);
    record->journal = journal;
}

// Without Xen there is nothing else.
static void read_journal_file(const struct session *session, struct record *record)
{
    struct journal *journal = arena_new_of(session->arena, struct journal);
    if (journal_read(session, journal) == STATUS_OK && journal->state != JOURNAL_NONE &&
        journal->state != JOURNAL_FOREIGN)
        record->journal = journal;
}

static void read_notes(struct record_reader *reader, struct record *record)
{
    static const char *const kinds[] = { "controller", "device" };
    const struct domain *domain = reader->session->domain;
    struct arena *arena = reader->session->arena;
    const char *id = arena_printf(arena, "%d", domain->id);
    const char *root = arena_printf(arena, "/xenusb/%s", id);
    record->noted_count = children_of(reader, "/xenusb", &record->noted);
    bool any = is_noted(record, id);
    const size_t lacked = reader->count;
    bool own = any && text_is(value_of(reader, root, "uuid"), domain->uuid);
    if (reader->count > lacked)
        return;
    if (!own) {
        record->foreign = any;
        root = record->former = former_notes(reader, record);
        if (!root)
            return;
    }
    if (!record->former)
        read_journal(reader, root, record);
    struct record_note **last = &record->notes;
    for (int kind = 0; kind < 2; kind++) {
        const char *const *keys;
        const char *directory = arena_printf(arena, "%s/%s", root, kinds[kind]);
        size_t count = children_of(reader, directory, &keys);
        for (size_t i = 0; i < count && !failed(reader); i++) {
            *last = read_note(reader, directory, keys[i], kind == 1);
            last = &(*last)->next;
        }
    }
}

const struct record_controller *record_controller_of(const struct record *record, int64_t index)
{
    const struct record_controller *at = record->controllers;
    while (at && at->index != index)
        at = at->next;
    return at;
}

const char *record_busid_of(const struct record_controller *controller, int64_t port)
{
    bool known = controller && port >= 1 && port <= controller->ports && controller->port[port];
    return known ? controller->port[port] : "";
}

bool record_has_same(const struct record *one, const struct record *other, int64_t index,
                     int64_t port)
{
    const struct record_controller *first = record_controller_of(one, index);
    const struct record_controller *second = record_controller_of(other, index);
    if (!first || !second)
        return first == second;
    return first->kind == second->kind && first->version == second->version &&
           first->ports == second->ports &&
           strcmp(record_busid_of(first, port), record_busid_of(second, port)) == 0;
}

enum status record_read(const struct session *session, struct record *record)
{
    struct record_reader reader = { .session = session,
                                    .values = name_map_new(session->arena),
                                    .lists = name_map_new(session->arena) };
    *record = (struct record){ 0 };
    if (!session->xen || session->domain->id < 0) {
        if (session->domain->id < 0)
            read_journal_file(session, record);
        return STATUS_OK;
    }
    do {
        *record = (struct record){ 0 };
        read_controllers(&reader, record);
        read_notes(&reader, record);
    } while (ask_for_rest(&reader));
    if (failed(&reader))
        complain_error(session->diags, CODE_UNREADABLE,
                       "cannot read the record of domain %s (%d) from xenstore: %s",
                       session->domain->name, session->domain->id, xen_why(session->xen));
    return xen_status(session->xen, reader.result);
}

enum status record_look(struct session *session, const struct record **record)
{
    struct record *read = arena_new_of(session->arena, struct record);
    enum status status = session->record ? STATUS_OK : record_read(session, read);
    if (status == STATUS_OK && !session->record)
        session->record = read;
    *record = session->record ? session->record : read;
    return status;
}
