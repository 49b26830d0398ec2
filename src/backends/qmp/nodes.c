// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "host/holders.h"
#include "walk_usb.h"

static bool is_opened(const struct walk_usb *usb, const struct host_device *host)
{
    size_t i = 0;
    while (i < usb->opened_count && usb->opened[i] != host)
        i++;
    return i < usb->opened_count;
}

void walk_usb_read_nodes(struct walk_usb *usb)
{
    const struct host *host = usb->session->host;
    unsigned process = (unsigned)qmp_process(usb->walk->client);
    const struct walk_device *any = usb->devices;
    while (any && strcmp(any->type, "usb-host") != 0)
        any = any->next;
    if (host && process && any)
        usb->opened = host_process_devices(usb->walk->arena, process, host, &usb->opened_count);
    for (struct walk_device *at = usb->devices; at; at = at->next)
        at->open = at->given && is_opened(usb, at->given);
}

static bool is_taken(const struct walk_usb *usb, const struct host_device *host)
{
    const struct walk_device *at = usb->devices;
    while (at && at->given != host)
        at = at->next;
    return at;
}

// The only device with that address whose node is open and is of no other device here; NULL if
// there is none, or more than one.
static const struct host_device *only_opened(const struct walk_usb *usb, int64_t address)
{
    const struct host_device *only = NULL;
    for (size_t i = 0; i < usb->opened_count; i++) {
        if (usb->opened[i]->address != address || is_taken(usb, usb->opened[i]))
            continue;
        if (only)
            return NULL;
        only = usb->opened[i];
    }
    return only;
}

bool walk_usb_match_nodes(struct walk_usb *usb)
{
    bool all = true;
    for (struct walk_device *at = usb->devices; at; at = at->next)
        if (at->properties[WALK_HOSTADDR]) {
            at->given = only_opened(usb, walk_number(at->properties[WALK_HOSTADDR], 0));
            at->open = at->given;
            all &= at->open;
        }
    for (struct walk_device *at = usb->devices; at && !all; at = at->next)
        if (at->properties[WALK_HOSTADDR]) {
            at->given = NULL;
            at->open = false;
        }
    return all;
}
