// SPDX-License-Identifier: MIT
#include "endpoints.h"

#include "descriptors.h"
#include "source.h"

#include <stddef.h>

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
