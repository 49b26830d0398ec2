// SPDX-License-Identifier: MIT
#include "kept_file.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "parser/translate.h"
#include "plan/plan.h"
#include "plan/presence.h"
#include "xen/xen.h"

#include <unistd.h>

// ---- items ----

// The items of usbdevice=[], as text.
struct items {
    const char **at;
    size_t count;
};

static struct items items_of(struct arena *arena, size_t most)
{
    return (struct items){ arena_array_of(arena, const char *, most), 0 };
}

static bool add_item(struct items *items, const char *item)
{
    for (size_t i = 0; i < items->count; i++)
        if (strcmp(items->at[i], item) == 0)
            return false;
    items->at[items->count++] = item;
    return true;
}

static struct text text_of_items(const struct session *session, const struct items *items)
{
    struct buffer text = buffer_in(session->arena);
    buffer_add_string(&text, "# What was attached with --keep. It is kept until it is detached.\n");
    uuid_file_head(&text, session->domain);
    buffer_add_string(&text, "usbdevice=[\n");
    for (size_t i = 0; i < items->count; i++)
        buffer_printf(&text, "    '%s',\n", items->at[i]);
    buffer_add_string(&text, "]\n");
    return buffer_text(&text);
}

// Whether the file says what it is to say: quotes in a name or a serial could make it say anything.
static bool reads_back(const struct session *session, const char *path, struct text text,
                       const struct items *items)
{
    struct diags diags;
    struct arena *arena = session->arena;
    diags_init(&diags, arena);
    const struct config *config =
        uuid_file_compile(arena, &diags, source_from_bytes(arena, path, text.at, text.size));
    if (!config || !text_is(config->domain.name.text, session->domain->name) ||
        config->device_count != items->count || config->controllers)
        return false;
    size_t i = 0;
    for (const struct config_device *at = config->devices; at; at = at->next)
        if (strcmp(config_device_item(arena, at), items->at[i++]) != 0)
            return false;
    return true;
}

static enum status prepare(const struct session *session, struct kept_change *change,
                           const struct items *items)
{
    if (!change->count || !items->count)
        return STATUS_OK;
    const struct text text = text_of_items(session, items);
    const char *next = uuid_file_next(session->arena, change->path);
    if (!reads_back(session, change->path, text, items)) {
        diag_hint(session->diags,
                  complain_error(session->diags, CODE_UNSUPPORTED,
                                 "this cannot be kept: it cannot be written to %s", change->path),
                  "a quote or a backslash in the name of the domain or of a serial number?");
        return STATUS_REFUSED;
    }
    enum status status = uuid_file_write(session, &kept_files, next, text);
    if (status == STATUS_OK)
        change->next = next;
    return status;
}

// Reads what is kept now: *kept is NULL if nothing is.
static enum status begin(const struct session *session, struct kept_change *change,
                         const struct config **kept)
{
    struct arena *arena = session->arena;
    *change = (struct kept_change){ .path = uuid_file_path(arena, &kept_files, session->domain) };
    // What a killed command has left.
    if (change->path)
        (void)unlink(uuid_file_next(arena, change->path));
    enum status status = uuid_file_find(arena, session->diags, &kept_files, change->path, kept);
    change->before = *kept ? (*kept)->source->text : TEXT_EMPTY;
    return status;
}

// ---- adding ----

// An address lasts only until the next replug.
static struct config_device lasting(const struct session *session,
                                    const struct config_device *device)
{
    const unsigned address = SELECT_BUS | SELECT_ADDRESS;
    struct config_device lasting = *device;
    struct selector *selector = &lasting.selector;
    const struct host_device *host = NULL;
    if (!(selector->criteria & address) || !session->host ||
        host_select(session->host, &device->selector, &host) != 1)
        return lasting;
    uuid_file_select(session->host, host, selector);
    return lasting;
}

enum status kept_prepare_add(const struct session *session, const struct config *config,
                             struct kept_change *change)
{
    const struct config *kept;
    struct arena *arena = session->arena;
    enum status status = begin(session, change, &kept);
    if (status != STATUS_OK)
        return status;
    if (!change->path) {
        complain_error(session->diags, CODE_UNSUPPORTED, "--keep needs a domain with a UUID");
        return STATUS_REQUEST;
    }
    struct items items = items_of(arena, config->device_count + (kept ? kept->device_count : 0));
    struct items added = items_of(arena, config->device_count);
    for (const struct config_device *at = kept ? kept->devices : NULL; at; at = at->next)
        (void)add_item(&items, config_device_item(arena, at));
    for (const struct config_device *at = config->devices; at; at = at->next) {
        const struct config_device device = lasting(session, at);
        const char *item = config_device_item(arena, &device);
        if (add_item(&items, item))
            added.at[added.count++] = item;
    }
    change->items = added.at;
    change->count = added.count;
    return prepare(session, change, &items);
}

// ---- what stays ----

static struct config_text *controllers_of(struct arena *arena, struct kept_change *change,
                                          const struct config *kept)
{
    struct config_text *controllers = arena_array_of(arena, struct config_text, kept->device_count);
    change->controllers = controllers;
    return controllers;
}

void kept_reserve(const struct kept_change *change, const struct topology *topology,
                  struct plan *plan)
{
    for (size_t i = 0; i < change->controller_count; i++) {
        const struct controller *controller =
            topology_find_controller(topology, change->controllers[i].text);
        if (controller)
            plan_keep_controller(plan, controller);
    }
}

// ---- dropping ----

static const struct controller *controller_of(const struct topology *topology,
                                              const struct config_device *wanted)
{
    return topology_find_controller(topology, wanted->controller_name.text);
}

static bool has_place(const struct config_device *wanted)
{
    return wanted->port.depth || GIVEN(wanted->controller_name);
}

// Whether they cannot be at the same place. One that names none can be anywhere.
static bool are_apart(const struct topology *topology, const struct config_device *one,
                      const struct config_device *other)
{
    if (one->port.depth && other->port.depth && !port_same(one->port, other->port))
        return true;
    return GIVEN(one->controller_name) && GIVEN(other->controller_name) &&
           !text_same(one->controller_name.text, other->controller_name.text) &&
           controller_of(topology, one) != controller_of(topology, other);
}

// Whether they can be the same emulated device.
static bool are_alike(const struct topology *topology, const struct config_device *one,
                      const struct config_device *other)
{
    return !are_apart(topology, one, other) && !(GIVEN(one->file) && GIVEN(other->file) &&
                                                 !text_same(one->file.text, other->file.text));
}

// Whether both select the same host device: one that is plugged in, or by bus id or ids.
static bool select_same(const struct session *session, const struct selector *a,
                        const struct selector *b)
{
    const unsigned id = SELECT_VENDOR | SELECT_PRODUCT;
    const unsigned both = a->criteria & b->criteria;
    if (both & SELECT_SERIAL && !text_same(a->serial, b->serial))
        return false;
    if ((both & SELECT_BUSID && selector_agrees(a, b, SELECT_BUSID)) ||
        (both & SELECT_PATH && selector_agrees(a, b, SELECT_PATH)) ||
        ((both & id) == id && selector_agrees(a, b, id)))
        return true;
    const struct host *host = session->host;
    for (const struct host_device *at = NULL; host && (at = host_next(host, a, at));)
        if (selector_matches(b, at))
            return true;
    return false;
}

// Whether what was asked for may be what is kept. A place alone is that of whatever is kept there.
static bool meet(const struct session *session, const struct topology *topology,
                 const struct config_device *asked, const struct config_device *kept)
{
    if (asked->kind == DEVICE_HOSTDEV && !asked->selector.criteria)
        return asked->port.depth && kept->port.depth && GIVEN(kept->controller_name) &&
               !are_apart(topology, asked, kept);
    if (asked->kind != kept->kind)
        return false;
    return asked->kind == DEVICE_HOSTDEV ? select_same(session, &asked->selector, &kept->selector)
                                         : are_alike(topology, asked, kept);
}

static bool is_removed(const struct plan *plan, const struct config_device *wanted)
{
    for (const struct step *step = plan->first; step; step = step->next)
        if (step->op == STEP_REMOVE && step->device && step->why.from == wanted->why.from &&
            step->why.to == wanted->why.to)
            return true;
    return false;
}

// Whether nothing of what is kept rules out that emulated device: neither place nor image.
static bool is_there(const struct device *device, const struct config_device *kept)
{
    if (kept->port.depth && !port_same(kept->port, device->port))
        return false;
    if (GIVEN(kept->controller_name) &&
        controller_of(device->controller->topology, kept) != device->controller)
        return false;
    return !GIVEN(kept->file) || !device->file || text_is(kept->file.text, device->file);
}

// Whether it may be what is kept.
static bool can_be(const struct device *device, const struct config_device *kept)
{
    const struct host_device *host = device->host;
    if (device->kind != kept->kind)
        return false;
    if (device->kind != DEVICE_HOSTDEV)
        return is_there(device, kept);
    return host ? selector_matches(&kept->selector, host)
                : device_may_have_been(&kept->selector, device);
}

static bool is_dropped(const struct session *session, const struct kept_removal *removal,
                       const struct config_device *kept)
{
    if (removal->all)
        return true;
    for (const struct step *step = removal->plan->first; step; step = step->next)
        if (step->op == STEP_REMOVE && step->device && can_be(step->device, kept))
            return true;
    for (const struct config_device *at = removal->config->devices; at; at = at->next)
        if (!is_removed(removal->plan, at) && meet(session, removal->plan->topology, at, kept))
            return true;
    return false;
}

enum status kept_prepare_drop(const struct session *session, const struct kept_removal *removal,
                              struct kept_change *change)
{
    const struct config *kept;
    struct arena *arena = session->arena;
    enum status status = begin(session, change, &kept);
    if (status != STATUS_OK || !kept)
        return status;
    struct items items = items_of(arena, kept->device_count);
    struct items dropped = items_of(arena, kept->device_count);
    struct config_text *controllers = controllers_of(arena, change, kept);
    for (const struct config_device *at = kept->devices; at; at = at->next) {
        const bool drops = is_dropped(session, removal, at);
        (void)add_item(drops ? &dropped : &items, config_device_item(arena, at));
        if (!drops && GIVEN(at->controller_name))
            controllers[change->controller_count++] = at->controller_name;
    }
    change->items = dropped.at;
    change->count = dropped.count;
    return prepare(session, change, &items);
}

// ---- moving ----

// What is kept of a device with its place, at its new place.
static struct config_device kept_at(const struct config_device *kept, const struct device *to)
{
    struct config_device moved = *kept;
    moved.controller = NULL;
    moved.controller_name = (struct config_text){ kept->why, text_of(to->controller->name) };
    moved.port = to->port;
    return moved;
}

enum status kept_prepare_move(const struct session *session, const struct device *from,
                              const struct device *to, struct kept_change *change)
{
    const struct config *kept;
    struct arena *arena = session->arena;
    enum status status = begin(session, change, &kept);
    if (status != STATUS_OK || !kept)
        return status;
    struct items items = items_of(arena, kept->device_count);
    struct items moved = items_of(arena, kept->device_count);
    struct config_text *controllers = controllers_of(arena, change, kept);
    for (const struct config_device *at = kept->devices; at; at = at->next) {
        const bool moves = has_place(at) && can_be(from, at);
        const struct config_device there = moves ? kept_at(at, to) : *at;
        const char *item = config_device_item(arena, &there);
        (void)add_item(&items, item);
        if (GIVEN(there.controller_name))
            controllers[change->controller_count++] = there.controller_name;
        if (moves)
            moved.at[moved.count++] = item;
    }
    change->items = moved.at;
    change->count = moved.count;
    return prepare(session, change, &items);
}
