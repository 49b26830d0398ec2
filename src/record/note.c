// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "recording.h"

enum { KEY_MAX = 200 }; // bytes of an id that are used; the length of xenstore paths is limited

const char *record_key(struct arena *arena, const char *id)
{
    static const char hex[] = "0123456789abcdef", plain[] = "0123456789-";
    char *key = arena_alloc(arena, (size_t)KEY_MAX * 3 + 1), *at = key;
    for (size_t i = 0; id[i] && i < KEY_MAX; i++) {
        unsigned char byte = (unsigned char)id[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        if (letter || strchr(plain, byte)) {
            *at++ = id[i];
            continue;
        }
        *at++ = '@';
        *at++ = hex[byte >> 4];
        *at++ = hex[byte & 15];
    }
    return key;
}

const char *note_root(const struct change *change)
{
    return arena_printf(change->session->arena, "/xenusb/%d", change->session->domain->id);
}

// Finds the present id of the domain with that UUID; -1 if there is none. In each domain, libxl
// writes it as the path of its vm.
static enum xen_result find_owner(struct change *change, struct text uuid, int *id)
{
    struct arena *arena = change->session->arena;
    const char *wanted = arena_printf(arena, "/vm/%.*s", (int)uuid.size, uuid.at);
    const char *const *names;
    size_t count = 0;
    uint64_t number;
    struct text vm;
    *id = -1;
    enum xen_result result = xen_list(change->xen, change->in, "/local/domain", &names, &count);
    for (size_t i = 0; i < count && result == XEN_OK; i++) {
        if (text_number(text_of(names[i]), 10, 0, INT32_MAX, &number) != NUMBER_OK)
            continue;
        result = change_ignore_absent(xen_read(
            change->xen, change->in, arena_printf(arena, "/local/domain/%s/vm", names[i]), &vm));
        if (result == XEN_OK && text_is(vm, wanted))
            *id = (int)number;
    }
    return result;
}

// The UUID in the notes under `root`, and the id that its domain has now: -1 if it is gone, or if
// the notes have no UUID.
static enum xen_result read_owner(struct change *change, const char *root, struct text *uuid,
                                  int *id)
{
    *id = -1;
    enum xen_result result = xen_read(change->xen, change->in,
                                      arena_printf(change->session->arena, "%s/uuid", root), uuid);
    if (result == XEN_OK && uuid->size)
        result = find_owner(change, *uuid, id);
    return change_ignore_absent(result);
}

enum xen_result note_is_owned(struct change *change, const char *root, bool *owned)
{
    struct text uuid;
    int id;
    enum xen_result result = read_owner(change, root, &uuid, &id);
    *owned = id >= 0;
    return result;
}

// Copies the notes of controllers.
static enum xen_result copy_notes(struct change *change, const char *from, const char *to)
{
    static const char *const members[] = { "id", "name", "driver", "as-needed" };
    const size_t each = sizeof members / sizeof *members;
    struct arena *arena = change->session->arena;
    const char *const *keys;
    size_t count = 0;
    struct text value;
    enum xen_result result = change_ignore_absent(xen_list(
        change->xen, change->in, arena_printf(arena, "%s/controller", from), &keys, &count));
    for (size_t i = 0; i < count * each && result == XEN_OK; i++) {
        const char *rest =
            arena_printf(arena, "controller/%s/%s", keys[i / each], members[i % each]);
        result =
            xen_read(change->xen, change->in, arena_printf(arena, "%s/%s", from, rest), &value);
        if (result == XEN_OK)
            result =
                xen_write(change->xen, change->in, arena_printf(arena, "%s/%s", to, rest), value);
        result = change_ignore_absent(result);
    }
    return result;
}

// Makes room for this domain's notes: those of an earlier domain with the same id are removed. If
// that one still exists, since it was rebooted, its names are moved to its present id first, unless
// it has notes there already.
static enum xen_result give_room(struct change *change, const char *root)
{
    struct arena *arena = change->session->arena;
    struct text uuid, present;
    int id;
    enum xen_result result = read_owner(change, root, &uuid, &id);
    if (result == XEN_OK && id >= 0 && id != change->session->domain->id) {
        const char *to = arena_printf(arena, "/xenusb/%d", id);
        const char *path = arena_printf(arena, "%s/uuid", to);
        result = xen_read(change->xen, change->in, path, &present);
        if (result == XEN_ABSENT) {
            result = xen_write(change->xen, change->in, path, uuid);
            if (result == XEN_OK)
                result = copy_notes(change, root, to);
        }
    }
    return result == XEN_OK ? xen_remove(change->xen, change->in, root) : result;
}

// Makes sure that the notes are this domain's, with its UUID.
enum xen_result note_start(struct change *change)
{
    struct text uuid;
    const char *root = note_root(change);
    const char *path = arena_printf(change->session->arena, "%s/uuid", root);
    if (change->known.uuid)
        return XEN_OK;
    enum xen_result result = XEN_OK;
    change->known.uuid = true;
    if (!record_is_noted(change->session))
        return xen_write(change->xen, change->in, path, text_of(change->session->domain->uuid));
    result = xen_read(change->xen, change->in, path, &uuid);
    if (result == XEN_OK && text_is(uuid, change->session->domain->uuid))
        return XEN_OK;
    if (result == XEN_OK)
        result = give_room(change, root);
    else if (result == XEN_ABSENT)
        result = xen_remove(change->xen, change->in, root);
    if (result == XEN_OK)
        result = xen_write(change->xen, change->in, path, text_of(change->session->domain->uuid));
    return result;
}

// has_note() is only for the first two.
static const char *const kinds[] = { "controller", "device", "label" };

static bool is_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(name, kinds[i]) == 0)
            return true;
    return false;
}

// Removes what is empty after notes were dropped: the directories of their kinds, and everything
// that xenusb keeps of the domain if only its UUID is left.
enum xen_result note_clean_up(struct change *change)
{
    const char *const *names, *const *keys;
    size_t count, left = 0, key_count;
    struct arena *arena = change->session->arena;
    const char *root = note_root(change);
    enum xen_result result = xen_list(change->xen, change->in, root, &names, &count);
    for (size_t i = 0; result == XEN_OK && i < count; i++) {
        const char *path = arena_printf(arena, "%s/%s", root, names[i]);
        bool of_kind = is_kind(names[i]);
        key_count = strcmp(names[i], "uuid") != 0;
        if (of_kind)
            result = xen_list(change->xen, change->in, path, &keys, &key_count);
        if (result == XEN_OK && of_kind && key_count == 0)
            result = xen_remove(change->xen, change->in, path);
        left += key_count;
    }
    if (result != XEN_OK || left)
        return change_ignore_absent(result);
    return change_remove_up(change, root);
}

// Whether there is a note with that key; lists those of a kind once for each attempt.
static enum xen_result has_note(struct change *change, const char *kind, const char *key, bool *has)
{
    struct change_known *known = &change->known;
    size_t k = strcmp(kind, kinds[0]) == 0 ? 0 : 1;
    *has = false;
    if (!known->keys_listed[k]) {
        const char *path =
            arena_printf(change->session->arena, "%s/%s", note_root(change), kinds[k]);
        enum xen_result result =
            xen_list(change->xen, change->in, path, &known->keys[k], &known->key_count[k]);
        if (result != XEN_OK && result != XEN_ABSENT)
            return result;
        known->keys_listed[k] = true;
    }
    for (size_t i = 0; i < known->key_count[k]; i++)
        *has |= strcmp(known->keys[k][i], key) == 0;
    return XEN_OK;
}

enum xen_result note_drop(struct change *change, const char *kind, const char *key)
{
    bool has;
    enum xen_result result = has_note(change, kind, key, &has);
    if (result != XEN_OK || !has)
        return result;
    change->known.finish = note_clean_up;
    return xen_remove(
        change->xen, change->in,
        arena_printf(change->session->arena, "%s/%s/%s", note_root(change), kind, key));
}

enum xen_result note_drop_controller(struct change *change)
{
    return note_drop(change, "controller",
                     record_key(change->session->arena, change->controller->id));
}

static enum xen_result write_unsaved(struct change *change)
{
    enum xen_result result = change_check_domain(change);
    if (result == XEN_OK)
        result = note_start(change);
    return result == XEN_OK ? change_write(change, note_root(change), "unsaved", "") : result;
}

void record_note_unsaved(const struct session *session)
{
    struct change change = { .session = session, .xen = session->xen };
    const struct domain *domain = session->domain;
    const char *why;
    if (!change_has_xen(session) || note_is_unsaved(session) == VERDICT_YES ||
        change_attempt(&change, write_unsaved, &why) == STATUS_OK)
        return;
    complain(session->diags, SEVERITY_WARNING, CODE_UNSAVED, NULL, SPAN_NONE,
             "cannot record --no-save of domain %s (%d), so the next command will add to libxl's "
             "saved configuration what this one has not: %s",
             domain->name, domain->id, why);
}

enum verdict note_is_unsaved(const struct session *session)
{
    struct text value, uuid;
    struct change change = { .session = session };
    const char *root = note_root(&change);
    enum xen_result result =
        xen_read(session->xen, NULL, arena_printf(session->arena, "%s/unsaved", root), &value);
    if (result == XEN_OK)
        result = xen_read(session->xen, NULL, arena_printf(session->arena, "%s/uuid", root), &uuid);
    if (result == XEN_OK)
        return text_is(uuid, session->domain->uuid) ? VERDICT_YES : VERDICT_NO;
    return result == XEN_ABSENT ? VERDICT_NO : VERDICT_UNKNOWN;
}

const char *note_started_with(struct arena *arena, const struct controller *controller)
{
    const char *start;
    const unsigned process = controller->topology ? controller->topology->qemu_process : 0;
    const char *pid = arena_printf(arena, "%u", process);
    (void)note_process_start(arena, pid, &start);
    return arena_printf(arena, "%s %s", pid, start);
}

enum xen_result note_controller(struct change *change)
{
    const struct controller *controller = change->controller;
    struct arena *arena = change->session->arena;
    const char *at = arena_printf(arena, "%s/controller/%s", note_root(change),
                                  record_key(arena, controller->id));
    enum xen_result result = note_start(change);
    if (result == XEN_OK)
        result = change_write(change, at, "id", controller->id);
    if (result == XEN_OK)
        result = change_write(change, at, "name", controller->name);
    if (result == XEN_OK)
        result = change_write(change, at, "driver", controller->driver);
    if (result == XEN_OK && controller->as_needed)
        result = change_write(change, at, "as-needed", "1");
    return result == XEN_OK && !controller->pvusb && controller->at_start == VERDICT_YES
               ? change_write(change, at, "qemu", note_started_with(arena, controller))
               : result;
}

enum xen_result note_device(struct change *change)
{
    char buf[PORT_TEXT_SIZE];
    const struct device *device = change->device;
    struct arena *arena = change->session->arena;
    const char *at =
        arena_printf(arena, "%s/device/%s", note_root(change), record_key(arena, device->id));
    enum xen_result result = note_start(change);
    if (result == XEN_OK)
        result = change_write(change, at, "id", device->id);
    if (result == XEN_OK)
        result = change_write(change, at, "kind", device_kind_name(device));
    if (result == XEN_OK)
        result = change_write(change, at, "controller", device->controller->id);
    if (result == XEN_OK)
        result = change_write(change, at, "port", port_write(device->port, buf));
    if (result == XEN_OK && device->host)
        result = change_write(change, at, "busid", device->host->busid);
    return result;
}

enum xen_result note_drop_foreign(struct change *change)
{
    struct text uuid;
    const char *root = note_root(change);
    enum xen_result result = xen_read(change->xen, change->in,
                                      arena_printf(change->session->arena, "%s/uuid", root), &uuid);
    if (result == XEN_OK && text_is(uuid, change->session->domain->uuid))
        return XEN_OK;
    if (result == XEN_OK)
        result = give_room(change, root);
    result = change_ignore_absent(result);
    return result == XEN_OK ? change_remove_up(change, root) : result;
}
