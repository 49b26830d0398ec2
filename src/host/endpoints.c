// SPDX-License-Identifier: MIT
#include "endpoints.h"

#include "base/arena.h"
#include "descriptors.h"
#include "source.h"
#include "sysfs.h"

struct host_endpoints host_endpoints(const struct host_device *device)
{
    struct host_source *source = device->source;
    struct host_endpoints endpoints = { .unread = NULL };
    if (!source)
        return device->endpoints ? *device->endpoints : endpoints;
    if (!source->asked)
        source->descriptors = descriptors_read(source->arena, &source->failure);
    source->asked = true;
    const struct descriptors *at = source->descriptors;
    while (at && (at->bus != device->bus || at->address != device->address))
        at = at->next;
    if (!at || at->vendor != device->vendor || at->product != device->product) {
        endpoints.unread = source->failure ? source->failure : "it was unplugged meanwhile";
        return endpoints;
    }
    endpoints.isochronous = at->active.isochronous;
    endpoints.fits_high_speed = device->speed == SPEED_SUPER && at->all.high;
    endpoints.fits_full_speed = device->speed >= SPEED_HIGH && at->all.full;
    return endpoints;
}

// Classes of interfaces whose specifications (usb.org, "Device Class Specifications") have control,
// bulk and interrupt endpoints only.
static bool is_plain_class(const char *class)
{
    static const char *const plain[] = {
        "03", // human interface device
        "07", // printer
        "08", // mass storage
        "0b", // smart card
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(class, plain[i]) == 0)
            return true;
    return false;
}

static void classify(struct arena *arena, struct host_device *device)
{
    device->classified = true;
    device->plain = device->interfaces;
    for (const struct host_interface *at = device->interfaces; at && device->plain; at = at->next) {
        const char *directory =
            arena_printf(arena, "/sys/bus/usb/devices/%s/%s", device->busid, at->name);
        device->plain = is_plain_class(sysfs_value(arena, directory, "bInterfaceClass"));
    }
}

bool host_may_be_isochronous(const struct host_device *device)
{
    struct host_device *own = source_device(device);
    if (own && !own->classified)
        classify(own->source->arena, own);
    if (device->plain)
        return false;
    struct host_endpoints endpoints = host_endpoints(device);
    return endpoints.isochronous || endpoints.unread;
}
