// SPDX-License-Identifier: MIT
#include "handover.h"

#include "base/arena.h"
#include "handle.h"
#include "host/bind.h"
#include "host/host.h"
#include "nodes.h"
#include "record/change.h"
#include "xen/xen.h"

#include <errno.h>

// ---- what is saved ----

// The busid that a node below /libxl/usbback is for; NULL if it is none.
static const char *decoded(struct arena *arena, const char *name)
{
    char busid[BUSID_SIZE];
    char *copy = arena_strdup(arena, name);
    for (char *at = copy; *at; at++)
        if (*at == '_')
            *at = '.';
    return busid_read(text_of(copy), busid) && strcmp(copy, busid) == 0 ? copy : NULL;
}

enum status pvusb_saved_read(const struct session *session, struct pvusb_saved *saved)
{
    const char *const *names;
    size_t count;
    *saved = (struct pvusb_saved){ .count = 0 };
    if (!session->xen)
        return STATUS_OK;
    enum xen_result result =
        change_ignore_absent(xen_list(session->xen, NULL, nodes_all_drivers(), &names, &count));
    const char **busids = arena_array_of(session->arena, const char *, count);
    for (size_t i = 0; i < count; i++) {
        busids[saved->count] = decoded(session->arena, names[i]);
        saved->count += busids[saved->count] != NULL;
    }
    saved->busid = busids;
    return xen_status(session->xen, result);
}

// The saved driver of an interface; NULL if none was saved.
static const char *saved_driver(const struct session *session, const char *busid,
                                const struct host_interface *interface)
{
    struct text path = TEXT_EMPTY;
    (void)xen_read(session->xen, NULL, nodes_driver(session->arena, busid, interface->name), &path);
    return path.at ? host_driver_of_path(path.at) : NULL;
}

// ---- what is unfinished ----

static bool has_usbback(const struct host_interface *interface)
{
    return interface->driver && strcmp(interface->driver, DRIVER_USBBACK) == 0;
}

// Whether usbback has all interfaces of a device; false for one without interfaces.
static bool is_whole(const struct host_device *device)
{
    const struct host_interface *at = device ? device->interfaces : NULL;
    while (at && has_usbback(at))
        at = at->next;
    return device && device->interfaces && !at;
}

bool pvusb_saved_suspicious(const struct pvusb_saved *saved, const struct host *host)
{
    size_t whole = 0;
    while (whole < saved->count && is_whole(host_device_busid(host, saved->busid[whole])))
        whole++;
    return whole < saved->count;
}

// The claims of dying domains, whose devices the toolstack is about to release.
static enum status claims_of_dying(const struct session *session,
                                   const struct handover_facts *facts, struct record_claim **claims)
{
    size_t count = 0;
    struct domain *dying = arena_array_of(session->arena, struct domain, facts->domain_count);
    for (size_t i = 0; i < facts->domain_count; i++)
        if (facts->domains[i].dying)
            dying[count++] = facts->domains[i];
    for (size_t i = 0; i < count; i++)
        dying[i].dying = false;
    *claims = NULL;
    return count ? record_claims_of(session, dying, NULL, count, claims) : STATUS_OK;
}

static const struct record_claim *claim_of(const struct record_claim *claims, const char *busid)
{
    const struct record_claim *at = claims;
    while (at && (at->backend_domain || strcmp(at->busid, busid) != 0))
        at = at->next;
    return at;
}

// Whether the claim is for a port of usbback.
static bool is_usbback(const struct session *session, const struct record_claim *claim)
{
    struct text type = TEXT_EMPTY;
    if (claim->index < 0)
        return false;
    const char *path = record_libxl_path(session->arena, claim->domain, claim->index);
    (void)xen_read(session->xen, NULL, arena_printf(session->arena, "%s/type", path), &type);
    return text_is(type, "pv");
}

// Interfaces of a recorded device that usbback should have and does not: NULL if it has all, or if
// nothing shows that it had begun. A device that was plugged in again has its own drivers.
static const char *missing(const struct session *session, const struct host_device *device)
{
    struct arena *arena = session->arena;
    const char *names = NULL;
    bool begun = false;
    for (const struct host_interface *at = device->interfaces; at; at = at->next) {
        if (has_usbback(at)) {
            begun = true;
            continue;
        }
        begun |= !at->driver && saved_driver(session, device->busid, at);
        names = names ? arena_printf(arena, "%s, %s", names, at->name) : at->name;
    }
    return begun ? names : NULL;
}

// What of a device that is recorded nowhere was not given back.
static const char *why_left(const struct session *session, const struct host_device *device)
{
    struct arena *arena = session->arena;
    const char *with = NULL, *without = NULL;
    for (const struct host_interface *at = device->interfaces; at; at = at->next) {
        const char **names = has_usbback(at) ? &with : &without;
        if (has_usbback(at) || (!at->driver && saved_driver(session, device->busid, at)))
            *names = *names ? arena_printf(arena, "%s, %s", *names, at->name) : at->name;
    }
    if (with)
        return arena_printf(arena, "usbback still has %s, but no domain has the device", with);
    if (without)
        return arena_printf(arena, "no domain has it, but no driver was bound to %s again",
                            without);
    return arena_printf(arena, "no domain has it, but its drivers are still saved in %s",
                        nodes_drivers(arena, device->busid));
}

static struct pvusb_handover *add(struct arena *arena, struct pvusb_handover ***last,
                                  const char *busid, const struct host_device *device)
{
    struct pvusb_handover *handover = arena_new_of(arena, struct pvusb_handover);
    handover->busid = busid;
    handover->device = (struct host_device *)device;
    **last = handover;
    *last = &handover->next;
    return handover;
}

static void find(const struct session *session, const struct handover_facts *facts,
                 const char *busid, struct pvusb_handover ***last)
{
    struct arena *arena = session->arena;
    const struct host_device *device = host_device_busid(facts->host, busid);
    const struct record_claim *claim = claim_of(facts->claims, busid);
    if (!claim) {
        struct pvusb_handover *left = add(arena, last, busid, device);
        left->why = device ? why_left(session, device)
                           : arena_printf(arena,
                                          "it is not plugged in and no domain has it, but its "
                                          "drivers are still saved in %s",
                                          nodes_drivers(arena, busid));
        return;
    }
    const char *rest =
        device && !is_whole(device) && is_usbback(session, claim) ? missing(session, device) : NULL;
    if (!rest)
        return;
    struct pvusb_handover *given = add(arena, last, busid, device);
    given->domain = claim->domain;
    given->owner = arena_printf(arena, "%s (%d), %s", claim->name, claim->domain, claim->place);
    given->why = arena_printf(arena, "%s has it, but usbback does not have %s", given->owner, rest);
}

enum status pvusb_find_handovers(const struct session *session, const struct pvusb_saved *saved,
                                 const struct handover_facts *facts, struct pvusb_handover **found)
{
    struct record_claim *dying;
    struct pvusb_handover **last = found;
    *found = NULL;
    enum status status = claims_of_dying(session, facts, &dying);
    for (size_t i = 0; status == STATUS_OK && i < saved->count; i++)
        if (!claim_of(dying, saved->busid[i]))
            find(session, facts, saved->busid[i], &last);
    return status;
}

// ---- finishing ----

static bool bind_rest(const struct session *session, const char *busid, const char **why)
{
    struct arena *arena = session->arena;
    const struct host_interface *interfaces = host_interfaces(arena, busid);
    if (errno) {
        *why = arena_printf(arena, "its interfaces could not be read: %s", strerror(errno));
        return false;
    }
    for (const struct host_interface *at = interfaces; at; at = at->next)
        if (at->driver && !has_usbback(at) &&
            xen_write(session->xen, NULL, nodes_driver(arena, busid, at->name),
                      text_of(host_driver_path(arena, at->driver))) != XEN_OK) {
            *why = arena_printf(arena, "its drivers could not be saved: %s", xen_why(session->xen));
            return false;
        }
    return pvusb_bind(arena, interfaces, why);
}

static bool give_back(const struct session *session, const char *busid, const char **why)
{
    struct arena *arena = session->arena;
    if (!pvusb_unbind(session, busid, why) || !pvusb_rebind(session, busid, why))
        return false;
    if (xen_remove(session->xen, NULL, nodes_drivers(arena, busid)) == XEN_OK)
        return true;
    *why = arena_printf(arena, "its saved drivers could not be removed from xenstore: %s",
                        xen_why(session->xen));
    return false;
}

bool pvusb_finish(const struct session *session, const struct pvusb_handover *handover,
                  const char **why)
{
    return (handover->owner ? bind_rest : give_back)(session, handover->busid, why);
}
