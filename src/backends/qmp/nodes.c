// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "host/holders.h"
#include "walk_usb.h"

static bool is_opened(const struct walk_usb *usb, const struct host_device *host)
{
    return usb->nodes && host_nodes_have(usb->nodes, host) == VERDICT_YES;
}

void walk_usb_read_nodes(struct walk_usb *usb)
{
    const struct session *session = usb->session;
    const struct walk_device *any = usb->devices;
    while (any && strcmp(any->type, "usb-host") != 0)
        any = any->next;
    if (session->host && any) {
        usb->nodes = arena_new_of(session->arena, struct host_nodes);
        *usb->nodes = host_nodes_of(session, (unsigned)qmp_process(usb->walk->client));
    }
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
    const struct host *host = usb->session->host;
    for (const struct host_device *at = host ? host->devices : NULL; at; at = at->next) {
        if (at->address != address || !is_opened(usb, at) || is_taken(usb, at))
            continue;
        if (only)
            return NULL;
        only = at;
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
