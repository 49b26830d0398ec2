// SPDX-License-Identifier: MIT
#include "label.h"

#include "base/arena.h"
#include "base/buffer.h"

enum {
    LABELS_MAX = 3500, // bytes of a node: with its path they fit into XEN_VALUE_MAX
    LABEL_SHOWN = 100,
};

// ---- the value of a node ----

static struct text take_word(struct text *rest)
{
    size_t blank = text_find(*rest, ' ', 0);
    struct text word = text_part(*rest, 0, blank);
    *rest = text_part(*rest, blank + 1, rest->size);
    return word;
}

static bool read_number(struct text text, uint64_t most, uint64_t *number)
{
    return text_number(text, 10, 1, most, number) == NUMBER_OK;
}

static bool read_line(struct text line, struct label *label)
{
    uint64_t port, bus, address;
    struct text rest = line;
    if (!read_number(take_word(&rest), RECORD_PORTS_MAX, &port) ||
        !busid_read(take_word(&rest), label->busid))
        return false;
    struct text place = take_word(&rest);
    size_t dot = text_find(place, '.', 0);
    if (!read_number(text_part(place, 0, dot), UINT8_MAX, &bus) ||
        !read_number(text_part(place, dot + 1, place.size), UINT8_MAX, &address) ||
        !host_label_read(rest, &label->vendor, &label->product))
        return false;
    label->port = (unsigned)port;
    label->bus = (uint8_t)bus;
    label->address = (uint8_t)address;
    label->shown = rest;
    label->line = line;
    return true;
}

bool label_find(struct text labels, unsigned port, struct label *label)
{
    for (size_t from = 0, to; from < labels.size; from = to + 1) {
        to = text_find(labels, '\n', from);
        if (read_line(text_part(labels, from, to), label) && label->port == port)
            return true;
    }
    return false;
}

const char *label_of(struct arena *arena, unsigned port, const struct host_device *host)
{
    return arena_printf(arena, "%u %s %u.%u %s", port, host->busid, host->bus, host->address,
                        host_device_label(arena, host));
}

static void add_line(struct buffer *labels, struct text line)
{
    if (!line.size || labels->size + 1 + line.size > LABELS_MAX)
        return;
    if (labels->size)
        buffer_add_string(labels, "\n");
    buffer_add(labels, line);
}

struct text label_replace(struct arena *arena, struct text labels, unsigned port, const char *line)
{
    struct buffer replaced = buffer_in(arena);
    for (unsigned at = 1; at <= RECORD_PORTS_MAX; at++) {
        struct label label = { .line = TEXT_EMPTY };
        if (at == port)
            label.line = text_of(line);
        else if (!label_find(labels, at, &label))
            continue;
        add_line(&replaced, label.line);
    }
    return buffer_text(&replaced);
}

static bool is_of(const struct label *label, const struct host_device *host)
{
    return label->vendor == host->vendor && label->product == host->product &&
           label->bus == host->bus && label->address == host->address &&
           strcmp(label->busid, host->busid) == 0;
}

struct text label_correct(struct arena *arena, struct text labels,
                          const struct controller *controller,
                          const struct record_controller *recorded)
{
    struct buffer correct = buffer_in(arena);
    for (unsigned port = 1; recorded && port <= recorded->ports; port++) {
        const char *busid = recorded->port[port];
        struct label label;
        const struct device *device =
            controller_device_at(controller, (struct port){ 1, { (uint8_t)port } });
        const struct host_device *host =
            device && device->state == DEVICE_ATTACHED ? device->host : NULL;
        bool has = label_find(labels, port, &label);
        if (!busid || !*busid || (host && strcmp(host->busid, busid) != 0))
            continue;
        if (host && !(has && is_of(&label, host)))
            add_line(&correct, text_of(label_of(arena, port, host)));
        else if (has && strcmp(label.busid, busid) == 0)
            add_line(&correct, label.line);
    }
    return buffer_text(&correct);
}

// ---- transactions ----

static const char *path_of(const struct change *change, const struct controller *controller)
{
    struct arena *arena = change->session->arena;
    return arena_printf(arena, "%s/label/%s", note_root(change), record_key(arena, controller->id));
}

// Writes the labels that were changed, before the commit or those of another controller.
static enum xen_result flush(struct change *change)
{
    struct change_labels *labels = &change->known.labels;
    if (!labels->controller || !labels->changed)
        return XEN_OK;
    labels->changed = false;
    const char *path = path_of(change, labels->controller);
    if (labels->text.size)
        return xen_write(change->xen, change->in, path, labels->text);
    change->known.finish = note_clean_up;
    return xen_remove(change->xen, change->in, path);
}

// Reads the labels of change->controller, once for all its devices.
static enum xen_result begin(struct change *change)
{
    struct change_labels *labels = &change->known.labels;
    if (labels->controller == change->controller)
        return XEN_OK;
    enum xen_result result = flush(change);
    *labels = (struct change_labels){ .controller = change->controller };
    if (result == XEN_OK)
        result = change_ignore_absent(
            xen_read(change->xen, change->in, path_of(change, change->controller), &labels->text));
    change->known.flush = flush;
    return result;
}

static void replace(struct change *change, struct text text)
{
    struct change_labels *labels = &change->known.labels;
    labels->changed |= !text_same(labels->text, text);
    labels->text = text;
}

enum xen_result label_put(struct change *change)
{
    const struct device *device = change->device;
    struct arena *arena = change->session->arena;
    unsigned port = device->port.number[0];
    if (!device->host)
        return XEN_OK;
    enum xen_result result = note_start(change);
    if (result == XEN_OK)
        result = begin(change);
    if (result == XEN_OK)
        replace(change, label_replace(arena, change->known.labels.text, port,
                                      label_of(arena, port, device->host)));
    return result;
}

enum xen_result label_drop(struct change *change)
{
    enum xen_result result = begin(change);
    if (result == XEN_OK)
        replace(change, label_replace(change->session->arena, change->known.labels.text,
                                      change->device->port.number[0], NULL));
    return result;
}

// ---- all of a domain ----

static bool has_notes(const struct session *session)
{
    return session->record && record_is_noted(session) && !session->record->foreign;
}

static const struct record_controller *recorded(const struct record *record,
                                                const struct controller *controller)
{
    const struct record_controller *at = record_controller_of(record, controller->index);
    if (!at || controller->stale || controller->backend_domain)
        return NULL;
    bool emulated = at->kind == RECORD_EMULATED && record_expresses_controller(controller);
    return emulated || controller->pvusb ? at : NULL;
}

static const struct controller *controller_with_key(const struct change *change, const char *key)
{
    const struct controller *at = change->topology->controllers;
    while (at && strcmp(record_key(change->session->arena, at->id), key) != 0)
        at = at->next;
    return at;
}

// Corrects all labels in a transaction; without one, only finds whether any is wrong.
struct correction {
    struct change change; // the first member is what the body gets
    bool wrong;
};

static enum xen_result write_labels(struct change *change, const char *path, struct text text)
{
    if (!text.size) {
        change->known.finish = note_clean_up;
        return xen_remove(change->xen, change->in, path);
    }
    enum xen_result result = note_start(change);
    return result == XEN_OK ? xen_write(change->xen, change->in, path, text) : result;
}

// `exists`: there is a node with that key. `controller` NULL: the domain does not have it.
static enum xen_result correct(struct correction *correction, const char *key, bool exists,
                               const struct controller *controller)
{
    struct change *change = &correction->change;
    struct arena *arena = change->session->arena;
    struct text labels = TEXT_EMPTY;
    enum xen_result result = XEN_OK;
    const char *path = arena_printf(arena, "%s/label/%s", note_root(change), key);
    if (exists)
        result = change_ignore_absent(xen_read(change->xen, change->in, path, &labels));
    struct text right =
        label_correct(arena, labels, controller,
                      controller ? recorded(change->session->record, controller) : NULL);
    if (result != XEN_OK || text_same(labels, right))
        return result;
    correction->wrong = true;
    return change->in ? write_labels(change, path, right) : XEN_OK;
}

static enum xen_result correct_all(struct change *change)
{
    struct correction *correction = (struct correction *)change;
    struct arena *arena = change->session->arena;
    const char *const *keys = NULL;
    size_t count = 0;
    enum xen_result result = XEN_OK;
    if (has_notes(change->session))
        result = change_ignore_absent(xen_list(change->xen, change->in,
                                               arena_printf(arena, "%s/label", note_root(change)),
                                               &keys, &count));
    for (size_t i = 0; result == XEN_OK && i < count; i++)
        result = correct(correction, keys[i], true, controller_with_key(change, keys[i]));
    for (const struct controller *at = change->topology->controllers; at && result == XEN_OK;
         at = at->next) {
        const char *key = record_key(arena, at->id);
        size_t i = 0;
        while (i < count && strcmp(keys[i], key) != 0)
            i++;
        if (i == count)
            result = correct(correction, key, false, at);
    }
    return result;
}

enum status record_correct_labels(const struct session *session, const struct topology *topology)
{
    struct correction correction = {
        .change = { .session = session, .xen = session->xen, .topology = topology }
    };
    if (!change_has_xen(session))
        return STATUS_OK;
    enum xen_result result = correct_all(&correction.change);
    if (result == XEN_OK && !correction.wrong)
        return STATUS_OK;
    // If it could not be read, this reports why.
    return change_make(&correction.change, "what is attached", correct_all);
}

// ---- recalling them ----

static bool needs_label(const struct device *device)
{
    return device->kind == DEVICE_HOSTDEV && device->state != DEVICE_PLANNED && !device->host &&
           !device->label && device->port.depth == 1 && device->selector.criteria & SELECT_BUSID;
}

static void recall(struct arena *arena, struct device *device, struct text labels)
{
    struct label label;
    const struct selector *given = &device->selector;
    bool has_address = (given->criteria & SELECT_BUS) && (given->criteria & SELECT_ADDRESS);
    if (label_find(labels, device->port.number[0], &label) &&
        strcmp(label.busid, given->busid) == 0 &&
        (!has_address || (label.bus == given->bus && label.address == given->address)))
        device->label = text_show(arena, label.shown, LABEL_SHOWN);
}

enum status record_recall_labels(const struct session *session, struct topology *topology)
{
    struct change change = { .session = session, .xen = session->xen };
    enum xen_result result = XEN_OK;
    if (!change_has_xen(session) || !has_notes(session))
        return STATUS_OK;
    for (struct controller *at = topology->controllers; at && result == XEN_OK; at = at->next) {
        struct text labels = TEXT_EMPTY;
        bool read = at->backend_domain;
        for (struct device *device = at->devices; device && result == XEN_OK;
             device = device->next) {
            if (!needs_label(device))
                continue;
            if (!read)
                result =
                    change_ignore_absent(xen_read(change.xen, NULL, path_of(&change, at), &labels));
            read = true;
            recall(session->arena, device, labels);
        }
    }
    if (result != XEN_OK)
        complain_error(session->diags, CODE_UNREADABLE,
                       "cannot read the record of domain %s (%d) from xenstore: %s",
                       session->domain->name, session->domain->id, xen_why(session->xen));
    return xen_status(session->xen, result);
}
