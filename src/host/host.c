// SPDX-License-Identifier: MIT
#include "host.h"

#include "base/arena.h"
#include "base/scope.h"
#include "busy.h"
#include "fit.h"
#include "sysfs.h"

#include <libusb.h>

#define USB_DEVICES "/sys/bus/usb/devices"
#define USB_DRIVERS "/sys/bus/usb/drivers"

enum { PORT_PATH_MAX = 7, CONFIGS_MAX = 16, DRIVERS_SHOWN = 8 };

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

static enum speed speed_of(libusb_device *device)
{
    int speed = libusb_get_device_speed(device);
    switch (speed) {
    case LIBUSB_SPEED_LOW: return SPEED_LOW;
    case LIBUSB_SPEED_FULL: return SPEED_FULL;
    case LIBUSB_SPEED_HIGH: return SPEED_HIGH;
    default: return speed >= LIBUSB_SPEED_SUPER ? SPEED_SUPER : SPEED_UNKNOWN;
    }
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

static void check_descriptors(libusb_context *context,
                              const struct libusb_config_descriptor *config, struct host_fit *fit)
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
// on the active one; without one, assume that any may become active.
static void check_endpoints(libusb_context *context, libusb_device *usb, struct host_device *device)
{
    struct libusb_config_descriptor *config = NULL;
    struct host_fit fit = HOST_FIT_START, active = HOST_FIT_START;
    for (unsigned i = 0; i < CONFIGS_MAX; i++) {
        if (libusb_get_config_descriptor(usb, (uint8_t)i, &config) != 0)
            break;
        check_descriptors(context, config, &fit);
        libusb_free_config_descriptor(config);
    }
    if (libusb_get_active_config_descriptor(usb, &config) == 0) {
        check_descriptors(context, config, &active);
        libusb_free_config_descriptor(config);
    } else {
        active = fit;
    }
    device->isochronous = active.isochronous;
    device->fits_high_speed = device->speed == SPEED_SUPER && fit.high;
    device->fits_full_speed = device->speed >= SPEED_HIGH && fit.full;
}

// Sets the kernel's name of the device: "usb1" for a root hub, "1-1.2" for any other.
static bool name_device(libusb_device *usb, struct host_device *device)
{
    uint8_t ports[PORT_PATH_MAX];
    int depth = libusb_get_port_numbers(usb, ports, PORT_PATH_MAX);
    if (depth < 0)
        return false;
    const char *form = depth == 0 ? "usb%u" : "%u";
    int used = snprintf(device->busid, sizeof device->busid, form, (unsigned)device->bus);
    for (int i = 0; i < depth && used > 0 && (size_t)used < sizeof device->busid; i++)
        used += snprintf(device->busid + used, sizeof device->busid - (size_t)used, "%c%u",
                         i ? '.' : '-', (unsigned)ports[i]);
    return used > 0 && (size_t)used < sizeof device->busid;
}

static bool is_listed(struct text list, const char *word)
{
    while (list.size) {
        size_t end = text_find(list, ',', 0);
        if (text_is(text_part(list, 0, end), word))
            return true;
        list = text_part(list, end + 1, list.size);
    }
    return false;
}

// Sets the drivers of the device's interfaces, and how the host uses it.
static void read_interfaces(struct arena *arena, const struct host_tables *tables,
                            const char *directory, struct host_device *device)
{
    struct name_list names = sysfs_names(arena, directory);
    unsigned shown = 0;
    device->drivers = "";
    for (size_t i = 0; i < names.count; i++) {
        if (!strchr(names.name[i], ':'))
            continue;
        const char *interface = arena_printf(arena, "%s/%s", directory, names.name[i]);
        const char *driver = sysfs_link(arena, interface, "driver");
        if (driver && strcmp(driver, "usbfs") == 0)
            device->held = true;
        if (driver && !is_listed(text_of(device->drivers), driver) && shown++ < DRIVERS_SHOWN)
            device->drivers =
                device->drivers[0] ? arena_printf(arena, "%s,%s", device->drivers, driver) : driver;
        if (!device->busy)
            device->busy = host_busy(arena, tables, interface);
    }
}

// NULL if the device has just been unplugged.
static struct host_device *read_device(struct arena *arena, const struct host_tables *tables,
                                       libusb_context *context, libusb_device *usb)
{
    struct libusb_device_descriptor descriptor;
    struct host_device *device = arena_new_of(arena, struct host_device);
    device->bus = libusb_get_bus_number(usb);
    device->address = libusb_get_device_address(usb);
    if (libusb_get_device_descriptor(usb, &descriptor) != 0 || !name_device(usb, device))
        return NULL;
    const char *directory = arena_printf(arena, USB_DEVICES "/%s", device->busid);
    if (sysfs_number(arena, directory, "devnum", UINT8_MAX) != device->address)
        return NULL;
    device->vendor = descriptor.idVendor;
    device->product = descriptor.idProduct;
    device->speed = speed_of(usb);
    device->hub = descriptor.bDeviceClass == LIBUSB_CLASS_HUB;
    device->manufacturer = sysfs_value(arena, directory, "manufacturer");
    device->name = sysfs_value(arena, directory, "product");
    device->serial = sysfs_value(arena, directory, "serial");
    check_endpoints(context, usb, device);
    read_interfaces(arena, tables, directory, device);
    return device;
}

// By bus, then by port path; a hub before the devices behind it.
static bool comes_before(const struct host_device *a, const struct host_device *b)
{
    if (a->bus != b->bus)
        return a->bus < b->bus;
    bool root_a = a->busid[0] == 'u', root_b = b->busid[0] == 'u';
    return root_a || root_b ? root_a && !root_b : strverscmp(a->busid, b->busid) < 0;
}

static void add_device(struct host *host, struct host_device *device)
{
    struct host_device **at = &host->devices;
    while (*at && !comes_before(device, *at))
        at = &(*at)->next;
    device->next = *at;
    *at = device;
    host->count++;
}

enum status host_look(struct arena *arena, struct diags *diags, struct host *host)
{
    *host = (struct host){ .devices = NULL };
    // libusb_init() fails if the kernel has no USB; such a host just has no devices.
    if (sysfs_names(arena, USB_DEVICES).count == 0)
        return STATUS_OK;

    cleanup_with(context_scope) libusb_context *context = NULL;
    int result = libusb_init(&context);
    cleanup_with(device_list_scope) struct device_list list = { NULL, result };
    if (result == 0)
        list.count = libusb_get_device_list(context, &list.at);
    if (list.count < 0) {
        complain_error(diags, "cannot list the host's USB devices: libusb: %s",
                       libusb_strerror((enum libusb_error)list.count));
        return STATUS_FAILED;
    }
    struct host_tables tables;
    host_tables_read(arena, &tables);
    for (ssize_t i = 0; list.at && i < list.count; i++) {
        struct host_device *device = read_device(arena, &tables, context, list.at[i]);
        if (device)
            add_device(host, device);
    }
    return STATUS_OK;
}

const struct host_device *host_device_at(const struct host *host, unsigned bus, unsigned address)
{
    for (const struct host_device *device = host->devices; device; device = device->next)
        if (device->bus == bus && device->address == address)
            return device;
    return NULL;
}

const struct host_device *host_device_busid(const struct host *host, const char *busid)
{
    for (const struct host_device *device = host->devices; device; device = device->next)
        if (strcmp(device->busid, busid) == 0)
            return device;
    return NULL;
}

bool selector_matches(const struct selector *selector, const struct host_device *device)
{
    unsigned criteria = selector->criteria;
    return criteria && (!(criteria & SELECT_BUS) || selector->bus == device->bus) &&
           (!(criteria & SELECT_ADDRESS) || selector->address == device->address) &&
           (!(criteria & SELECT_BUSID) || strcmp(selector->busid, device->busid) == 0) &&
           (!(criteria & SELECT_VENDOR) || selector->vendor == device->vendor) &&
           (!(criteria & SELECT_PRODUCT) || selector->product == device->product) &&
           (!(criteria & SELECT_SERIAL) || text_is(selector->serial, device->serial));
}

unsigned host_select(const struct host *host, const struct selector *selector,
                     const struct host_device **found)
{
    unsigned count = 0;
    *found = NULL;
    for (const struct host_device *device = host->devices; device; device = device->next)
        if (selector_matches(selector, device) && count++ == 0)
            *found = device;
    return count;
}

const char *host_device_show(struct arena *arena, const struct host_device *device)
{
    enum { SHOWN_MAX = 80 };
    const char *maker = text_show(arena, text_trim(text_of(device->manufacturer)), SHOWN_MAX);
    const char *name = text_show(arena, text_trim(text_of(device->name)), SHOWN_MAX);
    // Product names often begin with the manufacturer's name.
    bool twice = maker[0] && text_starts(text_of(name), maker);
    const char *what = arena_printf(arena, "%s%s%s", twice ? "" : maker,
                                    maker[0] && name[0] && !twice ? " " : "", name);
    if (!what[0])
        what = arena_printf(arena, "%04x:%04x", device->vendor, device->product);
    return arena_printf(arena, "%s (%s, %s speed)", what, device->busid, speed_name(device->speed));
}

bool host_has_usbback(void)
{
    return access(USB_DRIVERS "/usbback", F_OK) == 0;
}
