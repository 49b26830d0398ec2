// SPDX-License-Identifier: MIT
#include "given.h"
#include "base/arena.h"
#include "verify.h"

static uint16_t number_within(const struct qmp_command *command, int64_t most)
{
    int64_t number = walk_number(command, 0);
    return (uint16_t)(number > 0 && number <= most ? number : 0);
}

// "/dev/bus/usb/001/004": the hostdevice= property of usb-host.
static void read_device_node(const char *path, struct selector *selector)
{
    static const char directory[] = "/dev/bus/usb/";
    struct text text = text_of(path);
    uint64_t bus, address;
    if (!text_starts(text, directory))
        return;
    text = text_part(text, sizeof directory - 1, text.size);
    size_t slash = text_find(text, '/', 0);
    if (text_number(text_part(text, 0, slash), 10, 1, UINT8_MAX, &bus) != NUMBER_OK ||
        text_number(text_part(text, slash + 1, text.size), 10, 1, 127, &address) != NUMBER_OK)
        return;
    selector->criteria |= SELECT_BUS | SELECT_ADDRESS;
    selector->bus = (uint8_t)bus;
    selector->address = (uint8_t)address;
}

// Reads the properties by which usb-host selects its device.
static void read_selector(struct walk *walk, const struct walk_device *found,
                          struct selector *selector)
{
    struct qmp_command *const *asked = found->properties;
    if (found->given) {
        selector->criteria = SELECT_BUS | SELECT_ADDRESS;
        selector->bus = found->given->bus;
        selector->address = found->given->address;
        return;
    }
    const char *port = walk_text(walk, asked[WALK_HOSTPORT]);
    selector->bus = (uint8_t)number_within(asked[WALK_HOSTBUS], UINT8_MAX);
    selector->address = (uint8_t)number_within(asked[WALK_HOSTADDR], 127);
    selector->vendor = number_within(asked[WALK_VENDORID], UINT16_MAX);
    selector->product = number_within(asked[WALK_PRODUCTID], UINT16_MAX);
    selector->criteria =
        (selector->bus ? SELECT_BUS : 0u) | (selector->address ? SELECT_ADDRESS : 0u) |
        (selector->vendor ? SELECT_VENDOR : 0u) | (selector->product ? SELECT_PRODUCT : 0u);
    const char *busid = arena_printf(walk->arena, "%u-%s", selector->bus, port);
    if (selector->bus && *port && busid_read(text_of(busid), selector->busid))
        selector->criteria |= SELECT_BUSID;
    read_device_node(walk_text(walk, asked[WALK_HOSTDEVICE]), selector);
}

// The host device that matches the selector. If several match, the only one that QEMU may have
// open; NULL if there is none or the match is ambiguous.
static const struct host_device *host_device_of(const struct host *host,
                                                const struct selector *selector, bool *ambiguous)
{
    const struct host_device *open = NULL, *only = NULL;
    unsigned matching = 0, opened = 0;
    *ambiguous = false;
    for (const struct host_device *at = NULL; host && (at = host_next(host, selector, at));) {
        if (at->hub)
            continue;
        only = at;
        matching++;
        if (verify_may_be_open(at)) {
            open = at;
            opened++;
        }
    }
    if (matching == 1)
        return only;
    *ambiguous = matching > 1 && opened != 1;
    return opened == 1 ? open : NULL;
}

void given_read(struct walk *walk, const struct host *host, const struct walk_device *found,
                struct device *device)
{
    bool ambiguous, open = found->open || walk_bool(found->properties[WALK_ATTACHED]);
    read_selector(walk, found, &device->selector);
    const struct host_device *there = host_device_of(host, &device->selector, &ambiguous);
    // QEMU waits for a matching device, unless only an address was given. Its "attached" alone may
    // be stale: a device selected by address stays attached after it is unplugged.
    if (!open)
        device->state = device->selector.criteria == (SELECT_BUS | SELECT_ADDRESS) ? DEVICE_GONE
                                                                                   : DEVICE_WAITING;
    else if (ambiguous || !device->selector.criteria || !host)
        device->state = DEVICE_UNKNOWN;
    else if (!there || !verify_may_be_open(there))
        device->state = DEVICE_GONE;
    else
        device->state = DEVICE_ATTACHED;
    if (device->state == DEVICE_ATTACHED) {
        device->host = there;
        device->speed = there->speed;
    }
}

// Whether a device of the topology is that host device.
static bool is_known(const struct topology *topology, const struct host_device *host)
{
    for (const struct controller *at = topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            if (device->host == host)
                return true;
    return false;
}

// A host device that matches, that this QEMU has open, and that no other device here is; NULL if
// there is none.
static const struct host_device *find_open(const struct walk *walk, const struct host *host,
                                           const struct topology *topology,
                                           const struct device *device)
{
    const unsigned process = (unsigned)qmp_process(walk->client);
    const struct host_device *at = host_next(host, &device->selector, NULL);
    while (at && (at->hub || is_known(topology, at) || !verify_may_be_open(at) ||
                  host_process_holds(walk->arena, process, at) != VERDICT_YES))
        at = host_next(host, &device->selector, at);
    return at;
}

void given_tell_apart(const struct walk *walk, const struct host *host, struct topology *topology)
{
    for (struct controller *at = topology->controllers; at && host; at = at->next)
        for (struct device *device = at->devices; device; device = device->next) {
            if (device->kind != DEVICE_HOSTDEV || device->state != DEVICE_UNKNOWN)
                continue;
            device->host = find_open(walk, host, topology, device);
            if (!device->host)
                continue;
            device->state = DEVICE_ATTACHED;
            device->speed = device->host->speed;
        }
}
