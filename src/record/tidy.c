// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "recording.h"
#include "saved.h"

bool record_note_holds(const struct topology *topology, const struct record_note *note)
{
    // PVUSB controllers ("vusb-0") are in libxl's record, so they are known without QEMU.
    if (!topology->qemu && !topology->qemu_ended && !text_starts(text_of(note->id), "vusb-"))
        return true;
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        if (!note->of_device && strcmp(at->id, note->id) == 0)
            return true;
        for (const struct device *device = at->devices; device; device = device->next)
            if (note->of_device && strcmp(device->id, note->id) == 0)
                return true;
    }
    return false;
}

// Corrects the node of the port that the device uses.
static enum xen_result tidy_port(struct change *change, const struct device *device)
{
    struct text value;
    unsigned port = device->port.number[0];
    enum xen_result result = change_read_port(change, port, &value);
    // Without a node libxl does not use the port, which is fine.
    if (result != XEN_OK || !value.at)
        return result;
    if (record_hides_port(device))
        return xen_remove(change->xen, change->in, change_port_path(change, port));
    // xl writes "" when it fails to attach to a port that is in use.
    if (value.size == 0 && device->state == DEVICE_ATTACHED)
        return xen_write(change->xen, change->in, change_port_path(change, port),
                         text_of(device->host->busid));
    return XEN_OK;
}

static enum xen_result tidy_controller(struct change *change)
{
    enum xen_result result = XEN_OK;
    if (!record_expresses_controller(change->controller))
        return XEN_OK;
    for (const struct device *at = change->controller->devices; at && result == XEN_OK;
         at = at->next)
        if (at->port.depth == 1)
            result = tidy_port(change, at);
    return result;
}

// Writes the notes from before a reboot again, under the domain's new id.
static enum xen_result adopt_notes(struct change *change)
{
    enum xen_result result = XEN_OK;
    for (const struct record_note *note = change->record->notes; note; note = note->next)
        for (const struct controller *at = change->topology->controllers; at && result == XEN_OK;
             at = at->next) {
            change->controller = at;
            if (!note->of_device && *note->name && strcmp(at->id, note->id) == 0)
                result = note_controller(change);
        }
    return result;
}

// Removes the notes under the id `name` if no domain has that id any longer. Those of a domain that
// was rebooted are its own, which moves them to its new id; unless it is this one, which just has.
static enum xen_result purge_notes_of(struct change *change, const char *name)
{
    struct arena *arena = change->session->arena;
    const char *root = arena_printf(arena, "/xenusb/%s", name);
    struct text vm;
    bool owned = false;
    unsigned process;
    const char *former = change->record->former;
    enum xen_result result =
        xen_read(change->xen, change->in, arena_printf(arena, "/local/domain/%s/vm", name), &vm);
    if (result != XEN_ABSENT)
        return result;
    // Without them nothing would know that QEMU.
    if (record_noted_qemu(change->session, root, &process) != VERDICT_NO)
        return XEN_OK;
    result = XEN_OK;
    if (!former || strcmp(root, former) != 0)
        result = note_is_owned(change, root, &owned);
    return result == XEN_OK && !owned ? change_remove_up(change, root) : result;
}

// Removes the notes of domains that are gone. Nothing else would, since ids are not reused soon.
static enum xen_result purge_notes(struct change *change)
{
    const char *own = arena_printf(change->session->arena, "%d", change->session->domain->id);
    const char *const *names;
    size_t count = 0;
    enum xen_result result = xen_list(change->xen, change->in, "/xenusb", &names, &count);
    for (size_t i = 0; i < count && result == XEN_OK; i++)
        if (strcmp(names[i], own) != 0)
            result = purge_notes_of(change, names[i]);
    return change_ignore_absent(result);
}

// Whether the guest has released it meanwhile, so that QEMU has removed it.
static bool has_left(const struct topology *topology, const struct controller *controller)
{
    return controller->stale && controller->leaving && topology->qemu;
}

// Does what the command would have done that asked the guest to release it.
static enum xen_result drop_left(struct change *change)
{
    struct arena *arena = change->session->arena;
    const char *key = record_key(arena, change->controller->id);
    enum xen_result result = change_remove_up(change, change_libxl_path(change, ""));
    if (result == XEN_OK)
        result = note_drop(change, "controller", key);
    return result == XEN_OK ? xen_remove(change->xen, change->in,
                                         arena_printf(arena, "%s/label/%s", note_root(change), key))
                            : result;
}

static enum xen_result tidy(struct change *change)
{
    enum xen_result result = XEN_OK;
    if (change->record->foreign)
        result = note_drop_foreign(change);
    if (result == XEN_OK && change->record->former)
        result = adopt_notes(change);
    if (result == XEN_OK)
        result = purge_notes(change);
    for (const struct record_note *note = change->record->notes; note && result == XEN_OK;
         note = note->next)
        if (!record_note_holds(change->topology, note))
            result = note_drop(change, note->of_device ? "device" : "controller", note->key);
    if (result == XEN_OK)
        result = adopt_controllers(change);
    for (const struct controller *at = change->topology->controllers; at && result == XEN_OK;
         at = at->next) {
        change->controller = at;
        result = has_left(change->topology, at) ? drop_left(change) : tidy_controller(change);
    }
    return result;
}

// ---- a controller whose record is gone ----

static enum xen_result forget_controller(struct change *change)
{
    struct text uuid;
    struct arena *arena = change->session->arena;
    const char *root = note_root(change);
    enum xen_result result =
        xen_read(change->xen, change->in, arena_printf(arena, "%s/uuid", root), &uuid);
    if (result != XEN_OK || !text_is(uuid, change->session->domain->uuid))
        return change_ignore_absent(result);
    const char *key = record_key(arena, change->controller->id);
    result =
        xen_remove(change->xen, change->in, arena_printf(arena, "%s/controller/%s", root, key));
    if (result == XEN_OK)
        result = xen_remove(change->xen, change->in, arena_printf(arena, "%s/label/%s", root, key));
    change->known.finish = note_clean_up;
    return result;
}

enum status record_forget_controller(const struct session *session, const char *id)
{
    const struct controller controller = { .id = id };
    struct change change = { .session = session, .xen = session->xen, .controller = &controller };
    return change_has_xen(session)
               ? change_make(&change, "the removal of a controller", forget_controller)
               : STATUS_OK;
}

// ---- QEMU processes that have outlived their domains ----

static void stop_left_qemus(const struct session *session, const struct record *record)
{
    struct text vm;
    struct arena *arena = session->arena;
    for (size_t i = 0; i < record->noted_count; i++) {
        const char *name = record->noted[i];
        bool own = text_is(text_of(name), arena_printf(arena, "%d", session->domain->id));
        const char *path = arena_printf(arena, "/local/domain/%s/vm", name);
        if (own ? record->foreign : xen_read(session->xen, NULL, path, &vm) == XEN_ABSENT)
            (void)record_stop_qemu(session, arena_printf(arena, "/xenusb/%s", name));
    }
}

// ---- whether anything needs a change, by what was read before ----

static const struct record_controller *recorded(const struct record *record,
                                                const struct controller *controller)
{
    const struct record_controller *at = record->controllers;
    while (at && (at->kind != RECORD_EMULATED || (int)at->index != controller->index))
        at = at->next;
    return at;
}

static bool is_port_wrong(const struct record_controller *in_record, const struct device *device)
{
    unsigned port = device->port.number[0];
    const char *value = port <= in_record->ports ? in_record->port[port] : NULL;
    if (device->port.depth != 1 || !value)
        return false;
    return record_hides_port(device) || (!*value && device->state == DEVICE_ATTACHED);
}

static bool is_any_port_wrong(const struct record *record, const struct topology *topology)
{
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        const struct record_controller *in_record =
            record_expresses_controller(at) ? recorded(record, at) : NULL;
        for (const struct device *device = at->devices; in_record && device; device = device->next)
            if (is_port_wrong(in_record, device))
                return true;
    }
    return false;
}

// Whether there are notes of domains that are gone; also if that could not be found out.
static bool is_any_note_left(const struct session *session, const struct record *record)
{
    const struct domain *domains;
    size_t domain_count;
    const char *own = arena_printf(session->arena, "%d", session->domain->id);
    if (!record->noted_count || (record->noted_count == 1 && strcmp(record->noted[0], own) == 0))
        return false;
    if (xen_domains(session->xen, session->diags, DOMAIN_ID, &domains, &domain_count) != STATUS_OK)
        return true;
    for (size_t i = 0, next = 0; i < record->noted_count; i++) {
        uint64_t id = 0;
        if (text_number(text_of(record->noted[i]), 10, 0, INT32_MAX, &id) != NUMBER_OK)
            return true;
        // Both are sorted by id.
        while (next < domain_count && domains[next].id < (int)id)
            next++;
        if (next == domain_count || domains[next].id != (int)id)
            return true;
    }
    return false;
}

static bool is_tidy(const struct session *session, const struct record *record,
                    const struct topology *topology)
{
    for (const struct record_note *note = record->notes; note; note = note->next)
        if (!record_note_holds(topology, note))
            return false;
    for (const struct controller *at = topology->controllers; at; at = at->next)
        if (at->adoption == ADOPTION_DUE || has_left(topology, at))
            return false;
    return !record->foreign && !record->former && !is_any_port_wrong(record, topology) &&
           !is_any_note_left(session, record);
}

static void note_saved(const struct session *session, const struct topology *topology)
{
    for (const struct controller *at = topology->controllers; at; at = at->next)
        if (has_left(topology, at))
            saved_controller_removed(session, at);
}

enum status record_tidy(const struct session *session, const struct record *record,
                        const struct topology *topology)
{
    struct change change = {
        .session = session, .xen = session->xen, .record = record, .topology = topology
    };
    if (!change_has_xen(session) || is_tidy(session, record, topology))
        return STATUS_OK;
    stop_left_qemus(session, record);
    enum status status = change_make(&change, "the present state", tidy);
    if (status == STATUS_OK)
        note_saved(session, topology);
    return status;
}
