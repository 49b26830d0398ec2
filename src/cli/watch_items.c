// SPDX-License-Identifier: MIT
#include "watch_items.h"

#include "base/arena.h"
#include "show.h"

static struct text unquote(struct text text)
{
    if (text.size < 2 || (*text.at != '\'' && *text.at != '"') ||
        text.at[text.size - 1] != *text.at)
        return text;
    return text_part(text, 1, text.size - 1);
}

// What identifies an entry: its text in the file. Bounded, so that it is the same when it was read
// from a report.
static const char *text_of_entry(const struct watch_items *items, struct span why)
{
    enum { SHOWN = 200 }; // bytes; escaped, up to five times that
    struct text whole = items->request->config->source->text;
    return text_show(items->arena, unquote(text_trim(text_part(whole, why.from, why.to))), SHOWN);
}

static void add_item(struct watch_items *items, bool controller, struct span why)
{
    struct watch_item *item = &items->items[items->count++];
    item->entry = (struct watch_entry){ .text = text_of_entry(items, why),
                                        .controller = controller,
                                        .busid = "",
                                        .place = "",
                                        .label = "",
                                        .why = "" };
    for (const struct watch_item *at = items->items; at < item; at++)
        item->entry.nth +=
            at->entry.controller == controller && strcmp(at->entry.text, item->entry.text) == 0;
    const struct watch_report *last = items->request->last;
    item->last = last ? watch_report_same(last, &item->entry) : NULL;
}

void watch_items_init(struct watch_items *items, struct arena *arena,
                      const struct watch_request *request)
{
    const struct config *config = request->config;
    *items = (struct watch_items){ .arena = arena, .request = request };
    items->items = arena_array_of(arena, struct watch_item,
                                  config->controller_count + (size_t)config->device_count + 1);
    for (const struct config_controller *at = config->controllers; at; at = at->next)
        add_item(items, true, at->why);
    for (const struct config_device *at = config->devices; at; at = at->next)
        add_item(items, false, at->why);
}

void watch_items_link(struct watch_items *items, const struct config *copy)
{
    struct watch_item *item = items->items;
    for (struct config_controller *at = copy->controllers; at; at = at->next)
        item++->controller = at;
    for (struct config_device *at = copy->devices; at; at = at->next)
        item++->device = at;
    for (size_t i = 0; i < items->count; i++)
        items->items[i].gone = NULL;
}

struct watch_item *watch_item_of_controller(const struct watch_items *items,
                                            const struct config_controller *wanted)
{
    for (size_t i = 0; wanted && i < items->count; i++)
        if (items->items[i].controller == wanted)
            return &items->items[i];
    return NULL;
}

struct watch_item *watch_item_of_device(const struct watch_items *items,
                                        const struct config_device *wanted)
{
    if (wanted && wanted->group)
        wanted = wanted->group;
    for (size_t i = 0; wanted && i < items->count; i++)
        if (items->items[i].device == wanted)
            return &items->items[i];
    return NULL;
}

static void decide(struct watch_item *item, enum watch_verdict verdict, const char *why)
{
    item->left_out = true;
    item->entry.verdict = verdict;
    item->entry.why = why ? why : "";
}

void watch_item_leave_out(const struct watch_items *items, struct watch_item *item,
                          enum watch_verdict verdict, const char *why)
{
    decide(item, verdict, why);
    for (size_t i = 0; item->controller && i < items->count; i++) {
        struct watch_item *at = &items->items[i];
        if (at->left_out || !at->device || at->device->controller != item->controller)
            continue;
        if (verdict == WATCH_AWAY)
            decide(at, WATCH_AWAY, NULL);
        else
            decide(at, WATCH_REFUSED, "its controller is not available");
        at->status = item->status;
    }
}

static const char *place_of(struct arena *arena, const struct device *device)
{
    char port[PORT_TEXT_SIZE];
    const char *controller = device->controller->name;
    return device->port.depth
               ? arena_printf(arena, "%s.%s", controller, port_write(device->port, port))
               : controller;
}

void watch_item_describe(const struct watch_items *items, struct watch_item *item,
                         const struct device *device, const struct host_device *host)
{
    struct watch_entry *entry = &item->entry;
    if (device && device->controller)
        entry->place = text_show(items->arena, text_of(place_of(items->arena, device)), 200);
    if (device && !host)
        entry->label = text_show(items->arena, text_of(device_label(items->arena, device)), 200);
    if (device && !host && device->kind == DEVICE_HOSTDEV)
        entry->busid = device_busid(device);
    if (!host)
        return;
    entry->label = host_device_label(items->arena, host);
    entry->busid = host->busid;
    entry->bus = host->bus;
    entry->address = host->address;
}

void watch_item_describe_controller(const struct watch_items *items, struct watch_item *item,
                                    const struct controller *controller)
{
    item->entry.place = text_show(items->arena, text_of(controller->name), 200);
    item->entry.label = show_controller(items->arena, controller);
}

struct watch_entry *watch_items_entries(const struct watch_items *items)
{
    struct watch_entry *first = NULL;
    for (size_t i = items->count; i-- > 0;) {
        items->items[i].entry.next = first;
        first = &items->items[i].entry;
    }
    return first;
}
