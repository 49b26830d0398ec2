// SPDX-License-Identifier: MIT
// What QEMU was started with: its command line tells that of everything with an id, or that a user
// added without one. The machine's own objects are there from the start.
#include "base/arena.h"
#include "handle.h"
#include "host/holders.h"
#include "qemu/command_line.h"
#include "walk_usb.h"

static const char peripherals[] = "/machine/peripheral/";
static const char anonymous[] = "/machine/peripheral-anon/";
static const char unattached[] = "/machine/unattached/";

// One look at the command line, which is read when it is needed.
struct start {
    struct walk *walk;
    const struct session *session;
    struct topology *topology;
    bool read, partial;
    struct text arguments;
    unsigned unnamed; // devices without an id
};

// Something that was there at the start, unless it has been removed and added again since.
struct suspect {
    struct suspect *next;
    enum verdict *at_start, then;
    struct qmp_command *hotplugged;
};

static void read_arguments(struct start *start)
{
    if (start->read)
        return;
    const struct host_arguments arguments =
        host_arguments_of(start->session, (unsigned)qmp_process(start->walk->client));
    start->read = true;
    start->arguments = arguments.text;
    start->partial = command_line_is_partial(arguments.text);
    start->unnamed = command_line_unnamed(start->walk->arena, arguments.text);
    if (part_is_unreadable(&arguments.part))
        start->topology->why_no_start = arguments.part.why;
    else if (start->partial)
        start->topology->why_no_start = "its QEMU has read a file of options";
}

static bool is_given(const struct start *start, struct text name, const char *driver)
{
    uint64_t number;
    if (text_starts(name, anonymous))
        return walk_numbered(text_part(name, sizeof anonymous - 1, name.size), "device", &number) &&
               number < start->unnamed;
    const char *id = walk_copy(start->walk, text_part(name, sizeof peripherals - 1, name.size));
    return text_is(command_line_driver(start->walk->arena, start->arguments, id), driver);
}

static enum verdict was_there(struct start *start, const char *path, const char *driver)
{
    struct text name = text_of(path);
    if (!text_starts(name, peripherals) && !text_starts(name, anonymous))
        return VERDICT_YES;
    read_arguments(start);
    if (is_given(start, name, driver))
        return VERDICT_YES;
    return start->topology->why_no_start ? VERDICT_UNKNOWN : VERDICT_NO;
}

// Asks about what may be there again, and about hubs, which QEMU itself adds where ports run out.
static void suspect(struct start *start, const char *path, const char *driver,
                    enum verdict *at_start, struct suspect **suspects)
{
    bool hub = text_starts(text_of(path), unattached) && strcmp(driver, "usb-hub") == 0;
    *at_start = was_there(start, path, driver);
    if (*at_start != VERDICT_YES || !(hub || text_starts(text_of(path), peripherals)))
        return;
    struct suspect *new = arena_new_of(start->walk->arena, struct suspect);
    new->next = *suspects;
    new->at_start = at_start;
    new->then = hub ? VERDICT_NO : VERDICT_UNKNOWN;
    new->hotplugged = walk_get(start->walk, path, "hotplugged");
    *suspects = new;
}

bool walk_usb_find_start(const struct walk_usb *usb, struct topology *own,
                         struct topology *topology)
{
    struct start start = { .walk = usb->walk, .session = usb->session, .topology = topology };
    struct suspect *suspects = NULL;
    if (usb->session->domain->id < 0)
        return true;
    for (struct controller *at = own->controllers; at; at = at->next) {
        suspect(&start, at->path, at->driver, &at->at_start, &suspects);
        for (struct device *device = at->devices; device; device = device->next)
            suspect(&start, device->path, device->driver, &device->at_start, &suspects);
    }
    if (suspects && !walk_await(usb->walk))
        return false;
    for (const struct suspect *at = suspects; at; at = at->next)
        if (walk_bool(at->hotplugged))
            *at->at_start = at->then;
    return true;
}
