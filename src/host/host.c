// SPDX-License-Identifier: MIT
#include "host.h"

#include "base/arena.h"
#include "base/session.h"
#include "path.h"
#include "source.h"
#include "sysfs.h"

#include <errno.h>
#include <unistd.h>

#define USB_DRIVERS "/sys/bus/usb/drivers"

enum { UEVENT_MAX = 4096, CLASS_HUB = 9, DRIVERS_SHOWN = 8 };

// ---- the identity ----

// The value of `key` in a file "uevent", which has lines KEY=VALUE; empty if it is not there.
static struct text uevent_value(struct text uevent, const char *key)
{
    size_t length = strlen(key);
    for (size_t from = 0; from < uevent.size;) {
        size_t to = text_find(uevent, '\n', from);
        struct text line = text_part(uevent, from, to);
        if (text_starts(line, key) && length < line.size && line.at[length] == '=')
            return text_part(line, length + 1, line.size);
        from = to + 1;
    }
    return TEXT_EMPTY;
}

// Reads part `index` of a value such as "46d/c52b/1201".
static bool read_part(struct text value, unsigned index, unsigned base, uint64_t most,
                      uint64_t *number)
{
    size_t from = 0;
    while (index-- && from < value.size)
        from = text_find(value, '/', from) + 1;
    struct text part = text_part(value, from, text_find(value, '/', from));
    return text_number(part, base, 0, most, number) == NUMBER_OK;
}

// The keys are those of usb_dev_uevent() and usb_uevent() (Linux: drivers/usb/core/usb.c,
// driver.c). False if some are missing: the kernel does not give them for a device that it is
// removing.
static bool read_uevent(struct arena *arena, struct text uevent, struct host_device *device)
{
    uint64_t bus, address, vendor, product, class;
    struct text ids = uevent_value(uevent, "PRODUCT"), driver = uevent_value(uevent, "DRIVER");
    if (!read_part(uevent_value(uevent, "BUSNUM"), 0, 10, UINT8_MAX, &bus) ||
        !read_part(uevent_value(uevent, "DEVNUM"), 0, 10, UINT8_MAX, &address) ||
        !read_part(ids, 0, 16, UINT16_MAX, &vendor) ||
        !read_part(ids, 1, 16, UINT16_MAX, &product) ||
        !read_part(uevent_value(uevent, "TYPE"), 0, 10, UINT8_MAX, &class))
        return false;
    device->bus = (uint8_t)bus;
    device->address = (uint8_t)address;
    device->vendor = (uint16_t)vendor;
    device->product = (uint16_t)product;
    device->hub = class == CLASS_HUB;
    device->driver = driver.size ? arena_copy(arena, driver.at, driver.size) : NULL;
    return bus && address;
}

// Sets the identity of the device with that busid. False with errno 0 if it was unplugged, else
// with the reason why it cannot be read.
static bool identify(struct arena *arena, const char *busid, struct host_device *device)
{
    const char *path = arena_printf(arena, USB_DEVICES "/%s/uevent", busid);
    struct text uevent = sysfs_file(arena, path, UEVENT_MAX);
    if (!uevent.at && errno != ENOENT && errno != ENODEV)
        return false;
    errno = 0;
    return read_uevent(arena, uevent, device);
}

// The kernel's name of a device: "usb1" for a root hub, "1-1.2" for any other; the rest are
// interfaces.
static bool read_name(const char *name, char busid[BUSID_SIZE])
{
    static const char root[] = "usb";
    uint64_t bus;
    struct text text = text_of(name);
    if (!text_starts(text, root))
        return busid_read(text, busid);
    text = text_part(text, sizeof root - 1, text.size);
    return text_number(text, 10, 1, UINT8_MAX, &bus) == NUMBER_OK &&
           snprintf(busid, BUSID_SIZE, "%s", name) < BUSID_SIZE;
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

static enum status complain_unreadable(struct diags *diags, const char *path, const char *why)
{
    complain_error(diags, CODE_UNREADABLE, "cannot read this host's USB devices: %s: %s", path,
                   why);
    return STATUS_FAILED;
}

enum status host_look(struct arena *arena, struct diags *diags, struct host *host)
{
    *host = (struct host){ .devices = NULL };
    struct name_list names = sysfs_names(arena, USB_DEVICES);
    // A kernel without USB does not have the directory.
    if (names.error == ENOENT && access("/sys/bus", F_OK) != 0)
        return complain_unreadable(diags, USB_DEVICES, "sysfs is not mounted");
    if (names.error && names.error != ENOENT)
        return complain_unreadable(diags, USB_DEVICES, strerror(names.error));
    struct host_source *source = arena_new_of(arena, struct host_source);
    source->arena = arena;
    for (size_t i = 0; i < names.count; i++) {
        struct host_device found = {
            .source = source, .manufacturer = "", .name = "", .serial = "", .drivers = ""
        };
        if (!read_name(names.name[i], found.busid))
            continue;
        if (identify(arena, found.busid, &found)) {
            struct host_device *device = arena_new_of(arena, struct host_device);
            *device = found;
            add_device(host, device);
        } else if (errno) {
            *host = (struct host){ .devices = NULL };
            return complain_unreadable(diags, names.name[i], strerror(errno));
        }
    }
    source->devices = host->devices;
    return STATUS_OK;
}

// ---- the description ----

// The attribute "speed" is in Mbit/s.
static enum speed read_speed(struct text text)
{
    static const char *const speeds[] = {
        [SPEED_LOW] = "1.5", [SPEED_FULL] = "12", [SPEED_HIGH] = "480"
    };
    enum { SUPER_LEAST = 5000 };
    uint64_t number;
    for (enum speed speed = SPEED_LOW; speed <= SPEED_HIGH; speed++)
        if (text_is(text, speeds[speed]))
            return speed;
    return text_number(text, 10, SUPER_LEAST, UINT32_MAX, &number) == NUMBER_OK ? SPEED_SUPER
                                                                                : SPEED_UNKNOWN;
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

static void read_interfaces(struct arena *arena, struct host_device *device)
{
    unsigned shown = 0;
    device->interfaces = host_interfaces(arena, device->busid);
    device->interfaces_error = errno;
    device->drivers = "";
    device->held = false;
    for (const struct host_interface *at = device->interfaces; at; at = at->next) {
        const char *driver = at->driver;
        if (driver && strcmp(driver, DRIVER_USBFS) == 0)
            device->held = true;
        if (driver && !is_listed(text_of(device->drivers), driver) && shown++ < DRIVERS_SHOWN)
            device->drivers =
                device->drivers[0] ? arena_printf(arena, "%s,%s", device->drivers, driver) : driver;
    }
}

void host_describe(struct host_device *device)
{
    if (device->described || !device->source)
        return;
    struct arena *arena = device->source->arena;
    const char *directory = arena_printf(arena, USB_DEVICES "/%s", device->busid);
    device->described = true;
    device->speed = read_speed(text_of(sysfs_value(arena, directory, "speed")));
    read_interfaces(arena, device);
}

void host_read_strings(const struct host_device *device, unsigned strings)
{
    struct host_device *at = source_device(device);
    if (!at || !(strings & ~at->strings))
        return;
    struct arena *arena = at->source->arena;
    const char *directory = arena_printf(arena, USB_DEVICES "/%s", at->busid);
    const struct {
        enum host_string string;
        const char *attribute, **value;
    } all[] = {
        { HOST_MANUFACTURER, "manufacturer", &at->manufacturer },
        { HOST_NAME, "product", &at->name },
        { HOST_SERIAL, "serial", &at->serial },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!(strings & ~at->strings & all[i].string))
            continue;
        errno = 0;
        *all[i].value = sysfs_value(arena, directory, all[i].attribute);
        if (all[i].string == HOST_SERIAL && !*at->serial && errno != ENOENT && errno != ENODEV)
            at->serial_error = errno;
    }
    at->strings |= strings;
}

bool host_look_again(struct arena *arena, const struct host_device *device, struct host_device *now)
{
    *now = *device;
    if (!identify(arena, device->busid, now))
        return false;
    read_interfaces(arena, now);
    return true;
}

// ---- finding one ----

const struct host_device *host_device_at(const struct host *host, unsigned bus, unsigned address)
{
    struct host_device *device = host->devices;
    while (device && (device->bus != bus || device->address != address))
        device = device->next;
    if (device)
        host_describe(device);
    return device;
}

const struct host_device *host_device_busid(const struct host *host, const char *busid)
{
    struct host_device *device = host->devices;
    while (device && strcmp(device->busid, busid) != 0)
        device = device->next;
    if (device)
        host_describe(device);
    return device;
}

static bool has_serial(const struct host_device *device, struct text serial)
{
    host_read_strings(device, HOST_SERIAL);
    return text_is(serial, device->serial);
}

// A device that was not looked for in sysfs may be in the socket if the ports are the same.
static bool is_in_socket(const struct host_device *device, struct text path)
{
    return device->source ? host_socket_is(device->source->arena, device->busid, path)
                          : path_has_ports(path, device->busid);
}

bool selector_matches(const struct selector *selector, const struct host_device *device)
{
    struct selector own = { .bus = device->bus,
                            .address = device->address,
                            .vendor = device->vendor,
                            .product = device->product };
    const unsigned criteria = selector->criteria,
                   own_way = SELECT_SERIAL | SELECT_PATH | SELECT_BEHIND;
    memcpy(own.busid, device->busid, sizeof own.busid);
    return criteria && selector_agrees(selector, &own, criteria & ~own_way) &&
           (!(criteria & SELECT_BEHIND) || busid_is_behind(device->busid, selector->behind)) &&
           (!(criteria & SELECT_SERIAL) || has_serial(device, selector->serial)) &&
           (!(criteria & SELECT_PATH) || is_in_socket(device, selector->path));
}

size_t host_all(struct arena *arena, const struct host *host, struct host_device ***devices)
{
    size_t count = 0;
    *devices = arena_array_of(arena, struct host_device *, host->count);
    for (struct host_device *at = host->devices; at; at = at->next)
        if (!at->hub)
            (*devices)[count++] = at;
    return count;
}

struct host_device *host_next(const struct host *host, const struct selector *selector,
                              const struct host_device *after)
{
    struct host_device *at = after ? after->next : host->devices;
    while (at && !selector_matches(selector, at))
        at = at->next;
    if (at)
        host_describe(at);
    return at;
}

unsigned host_select(const struct host *host, const struct selector *selector,
                     const struct host_device **found)
{
    unsigned count = 0;
    *found = NULL;
    for (const struct host_device *at = NULL; (at = host_next(host, selector, at));)
        if (count++ == 0)
            *found = at;
    return count;
}

const char *host_device_show(struct arena *arena, const struct host_device *device)
{
    enum { SHOWN_MAX = 80 };
    host_read_strings(device, HOST_MANUFACTURER | HOST_NAME);
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

const char *host_device_label(struct arena *arena, const struct host_device *device)
{
    enum { NAME_KEPT = 64 };
    host_read_strings(device, HOST_NAME);
    const char *name = text_show(arena, text_trim(text_of(device->name)), NAME_KEPT);
    return arena_printf(arena, "%04x:%04x%s%s", device->vendor, device->product, *name ? " " : "",
                        name);
}

bool host_label_read(struct text label, uint16_t *vendor, uint16_t *product)
{
    enum { IDS_SIZE = 9, COLON = 4 };
    uint64_t first, second;
    struct text ids = text_part(label, 0, text_find(label, ' ', 0));
    if (ids.size != IDS_SIZE || ids.at[COLON] != ':' ||
        text_number(text_part(ids, 0, COLON), 16, 0, UINT16_MAX, &first) != NUMBER_OK ||
        text_number(text_part(ids, COLON + 1, IDS_SIZE), 16, 0, UINT16_MAX, &second) != NUMBER_OK)
        return false;
    *vendor = (uint16_t)first;
    *product = (uint16_t)second;
    return true;
}

bool host_has_usbback(void)
{
    return access(USB_DRIVERS "/usbback", F_OK) == 0;
}
