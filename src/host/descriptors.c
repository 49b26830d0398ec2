// SPDX-License-Identifier: MIT
#include "descriptors.h"

#include "base/arena.h"
#include "base/scope.h"

#include <libusb.h>

enum { CONFIGS_MAX = 16 };

static void context_scope(libusb_context **context)
{
    if (*context)
        libusb_exit(*context);
}

struct device_list {
    libusb_device **at;
    ssize_t count;
};

static void device_list_scope(struct device_list *list)
{
    if (list->at)
        libusb_free_device_list(list->at, 1);
}

// MaxStreams of a bulk endpoint; 0 if it has no SuperSpeed companion descriptor.
static unsigned streams_of(libusb_context *context,
                           const struct libusb_endpoint_descriptor *endpoint)
{
    enum { MAX_STREAMS_MASK = 0x1f };
    struct libusb_ss_endpoint_companion_descriptor *companion = NULL;
    if (libusb_get_ss_endpoint_companion_descriptor(context, endpoint, &companion) != 0)
        return 0;
    unsigned streams = companion->bmAttributes & MAX_STREAMS_MASK;
    libusb_free_ss_endpoint_companion_descriptor(companion);
    return streams;
}

static void check_config(libusb_context *context, const struct libusb_config_descriptor *config,
                         struct host_fit *fit)
{
    for (unsigned i = 0; i < config->bNumInterfaces; i++) {
        const struct libusb_interface *interface = &config->interface[i];
        for (int a = 0; a < interface->num_altsetting; a++) {
            const struct libusb_interface_descriptor *setting = &interface->altsetting[a];
            if (host_fit_skips(setting->bInterfaceClass, setting->bInterfaceSubClass))
                break;
            for (unsigned e = 0; e < setting->bNumEndpoints; e++) {
                const struct libusb_endpoint_descriptor *endpoint = &setting->endpoint[e];
                host_fit_endpoint(fit, endpoint->bmAttributes, endpoint->wMaxPacketSize,
                                  streams_of(context, endpoint));
            }
        }
    }
}

// QEMU checks all configurations for compatible speeds. Whether the device is isochronous depends
// on the active one.
static void check_endpoints(libusb_context *context, libusb_device *usb, struct descriptors *found)
{
    struct libusb_config_descriptor *config = NULL;
    found->all = found->active = HOST_FIT_START;
    for (unsigned i = 0; i < CONFIGS_MAX; i++) {
        if (libusb_get_config_descriptor(usb, (uint8_t)i, &config) != 0)
            break;
        check_config(context, config, &found->all);
        libusb_free_config_descriptor(config);
    }
    if (libusb_get_active_config_descriptor(usb, &config) == 0) {
        check_config(context, config, &found->active);
        libusb_free_config_descriptor(config);
    } else {
        found->active = found->all;
    }
}

const struct descriptors *descriptors_read(struct arena *arena, const char **why)
{
    const struct descriptors *first = NULL;
    cleanup_with(context_scope) libusb_context *context = NULL;
    int result = libusb_init(&context);
    cleanup_with(device_list_scope) struct device_list list = { NULL, result };
    if (result == 0)
        list.count = libusb_get_device_list(context, &list.at);
    if (list.count < 0)
        *why = arena_printf(arena, "libusb cannot list the devices: %s",
                            libusb_strerror((enum libusb_error)list.count));
    for (ssize_t i = 0; list.at && i < list.count; i++) {
        struct libusb_device_descriptor descriptor;
        if (libusb_get_device_descriptor(list.at[i], &descriptor) != 0)
            continue;
        struct descriptors *found = arena_new_of(arena, struct descriptors);
        found->next = first;
        found->bus = libusb_get_bus_number(list.at[i]);
        found->address = libusb_get_device_address(list.at[i]);
        found->vendor = descriptor.idVendor;
        found->product = descriptor.idProduct;
        check_endpoints(context, list.at[i], found);
        first = found;
    }
    return first;
}
