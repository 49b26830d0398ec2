// SPDX-License-Identifier: MIT
#include "list_watch.h"

#include "base/arena.h"

static bool is_device(struct arena *arena, const struct device *device,
                      const struct watch_entry *entry)
{
    char port[PORT_TEXT_SIZE];
    const char *name = device->controller->name;
    const char *place = device->port.depth
                            ? arena_printf(arena, "%s.%s", name, port_write(device->port, port))
                            : name;
    return !entry->controller &&
           strcmp(text_show(arena, text_of(place), WATCH_TEXT_MAX), entry->place) == 0 &&
           strcmp(entry->busid, device->kind == DEVICE_HOSTDEV ? device_busid(device) : "") == 0;
}

// Whether the watcher has found a device in the guest that has been lost since.
static bool is_lost(const struct device *device, const struct watch_entry *entry)
{
    return entry->verdict == WATCH_THERE && device->state != DEVICE_ATTACHED &&
           device->state != DEVICE_PRESENT && device->state != DEVICE_WAITING;
}

const char *wanted_words(struct arena *arena, const struct watch_view *view,
                         const struct device *device, struct wanted wanted)
{
    if (!wanted.entry || is_lost(device, wanted.entry))
        return NULL;
    return watch_view_words(arena, view, wanted.entry);
}

struct wanted wanted_of(struct arena *arena, const struct watch_view *view,
                        const struct domain *domain, const struct device *device)
{
    for (const struct watch_known *known = NULL; (known = watch_view_next(view, domain, known));)
        for (const struct watch_entry *at = known->report.entries; at; at = at->next)
            if (is_device(arena, device, at))
                return (struct wanted){ known, at };
    return (struct wanted){ NULL, NULL };
}

// A controller that the domain has is a row, whatever the watcher has found.
static bool has_row(struct arena *arena, const struct topology *topology,
                    const struct watch_entry *entry)
{
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        if (entry->controller && strcmp(at->name, entry->place) == 0)
            return true;
        for (const struct device *device = at->devices; device; device = device->next)
            if (is_device(arena, device, entry))
                return true;
    }
    return false;
}

struct wanted wanted_next(struct arena *arena, const struct watch_view *view,
                          const struct topology *topology, struct wanted last)
{
    const struct watch_known *known =
        last.known ? last.known : watch_view_next(view, topology->domain, NULL);
    const struct watch_entry *at = last.entry ? last.entry->next
                                   : known    ? known->report.entries
                                              : NULL;
    while (known) {
        for (; at; at = at->next)
            if (!has_row(arena, topology, at) &&
                (at->verdict != WATCH_THERE || view->runs != VERDICT_YES))
                return (struct wanted){ known, at };
        known = watch_view_next(view, topology->domain, known);
        at = known ? known->report.entries : NULL;
    }
    return (struct wanted){ NULL, NULL };
}

const char *wanted_label(const struct watch_entry *entry)
{
    return *entry->label ? entry->label : entry->text;
}

const char *watcher_line(struct arena *arena, const struct watch_view *view)
{
    const char *unread =
        view->unread ? arena_printf(arena, "\nSome of what it has found cannot be read: %s.",
                                    text_show(arena, text_of(view->unread), 300))
                     : "";
    switch (view->runs) {
    case VERDICT_YES:
        return arena_printf(arena, "A watcher runs (process %u).%s", view->process, unread);
    case VERDICT_UNKNOWN:
        return arena_printf(arena, "It is not known whether a watcher runs: %s.", view->why);
    case VERDICT_NO: break;
    }
    return view->known || view->keeps || view->unread
               ? arena_printf(arena, "No watcher runs.%s", unread)
               : NULL;
}
