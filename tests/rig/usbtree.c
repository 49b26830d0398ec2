// SPDX-License-Identifier: MIT
//
// The mocked USB tree in a umockdev testbed: sysfs as in drivers/usb/core/sysfs.c of Linux, the
// nodes of /dev/bus/usb, and when which uevents are sent.

#define _GNU_SOURCE
#include "usbtree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <umockdev.h>
#include <unistd.h>

#define BUSES      4 // 1 to 3; numbers start at 1
#define CONTROLLER "pci0000:00/0000:00:14.0"

static UMockdevTestbed *testbed;
static char root[PATH_MAX];                // of the tree, no slash at its end
static bool unauthorized[USB_DEVICES_MAX]; // by row of usb_devices[]; also the next
static unsigned devnums[USB_DEVICES_MAX];  // by row of usb_devices[]; 0: not plugged in
static unsigned active[USB_DEVICES_MAX];   // value of the active configuration, by row
static unsigned next_devnum[BUSES];        // the next one that the kernel assigns, by bus
static GSList *texts;                      // of format()

static void die(const char *what)
{
    fprintf(stderr, "usbbed: %s: %s\n", what, strerror(errno));
    exit(1);
}

static char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

// Returns a formatted string that is valid until the end of the call into this file (forget_texts).
static char *format(const char *pattern, ...)
{
    va_list args;
    char *text;

    va_start(args, pattern);
    text = g_strdup_vprintf(pattern, args);
    va_end(args);
    texts = g_slist_prepend(texts, text);
    return text;
}

static void forget_texts(void)
{
    g_slist_free_full(g_steal_pointer(&texts), g_free);
}

static bool is_root_hub(const struct usb_device *device)
{
    return !strncmp(device->name, "usb", 3);
}

static unsigned bus_of(const struct usb_device *device)
{
    return (unsigned)(device->name[is_root_hub(device) ? 3 : 0] - '0');
}

// The prefix of the names of a device's interfaces: "1-0" for a root hub.
static const char *interface_prefix(const struct usb_device *device)
{
    return is_root_hub(device) ? format("%u-0", bus_of(device)) : device->name;
}

// The device that this one is plugged into, or NULL for a root hub.
static const struct usb_device *parent_of(const struct usb_device *device)
{
    const char *dot = strrchr(device->name, '.');
    const char *parent = dot ? format("%.*s", (int)(dot - device->name), device->name)
                             : format("usb%u", bus_of(device));

    if (is_root_hub(device))
        return NULL;
    for (size_t i = 0; i < usb_device_count; i++) {
        if (!strcmp(usb_devices[i].name, parent))
            return &usb_devices[i];
    }
    return NULL;
}

// The path of a device: /sys/devices/...
static const char *syspath(const struct usb_device *device)
{
    const struct usb_device *parent = parent_of(device);

    if (!parent)
        return format("/sys/devices/" CONTROLLER "/%s", device->name);
    return format("%s/%s", syspath(parent), device->name);
}

static void put_file(const char *path, const void *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length || ftruncate(fd, (off_t)length) ||
        close(fd))
        die(path);
}

// Create an attribute with this text and a newline; with NULL, none.
static void put_attribute(const char *dir, const char *name, const char *text)
{
    const char *line = format("%s\n", text ? text : "");

    if (text)
        put_file(format("%s%s/%s", root, dir, name), line, strlen(line));
}

const struct usb_config *usbtree_config(const struct usb_device *device)
{
    const unsigned value = usbtree_config_value(device);

    return value ? &device->configs[value - 1] : NULL;
}

unsigned usbtree_config_value(const struct usb_device *device)
{
    return active[device - usb_devices];
}

static const struct usb_altsetting *next_interface(const struct usb_device *device,
                                                   const struct usb_altsetting *after)
{
    const struct usb_config *config = usbtree_config(device);
    const struct usb_altsetting *end = config ? config->altsettings + config->count : NULL;

    for (const struct usb_altsetting *i = after    ? after + 1
                                          : config ? config->altsettings
                                                   : NULL;
         i < end; i++) {
        if (i->alternate == 0)
            return i;
    }
    return NULL;
}

static const char *interface_path(const struct usb_device *device, unsigned number)
{
    return format("%s/%s:%u.%u", syspath(device), interface_prefix(device),
                  usbtree_config_value(device), number);
}

static char *type_of(const struct usb_device *device)
{
    return format("%u/%u/%u", device->class, device->subclass, device->protocol);
}

// Add a device to the tree. Its name is its whole path, so that umockdev does not need the
// directory of a parent.
static void add_to_testbed(const char *dir, char **attributes, char **properties)
{
    g_free(umockdev_testbed_add_devicev(testbed, "usb", dir + strlen("/sys/devices/"), NULL,
                                        attributes, properties));
}

static void add_interface(const struct usb_device *device, const struct usb_altsetting *setting)
{
    char *no_attributes[] = { NULL };
    char *properties[] = {
        "DEVTYPE",   "usb_interface",
        "PRODUCT",   format("%x/%x/100", device->vendor, device->product),
        "TYPE",      type_of(device),
        "INTERFACE", format("%u/%u/%u", setting->class, setting->subclass, setting->protocol),
        NULL,
    };
    const char *dir = interface_path(device, setting->number);
    unsigned endpoints = 0;

    add_to_testbed(dir, no_attributes, properties);
    while (endpoints < 3 && setting->endpoints[endpoints].address)
        endpoints++;
    put_attribute(dir, "bInterfaceNumber", format("%02x", setting->number));
    put_attribute(dir, "bInterfaceClass", format("%02x", setting->class));
    put_attribute(dir, "bInterfaceSubClass", format("%02x", setting->subclass));
    put_attribute(dir, "bInterfaceProtocol", format("%02x", setting->protocol));
    put_attribute(dir, "bAlternateSetting", " 0");
    put_attribute(dir, "bNumEndpoints", format("%02x", endpoints));
    if (setting->driver)
        usbdrivers_link(dir, setting->driver);
}

// The attributes that depend on the active configuration; without one they are empty lines.
static void put_config_attributes(const struct usb_device *device)
{
    const char *dir = syspath(device);
    const unsigned value = usbtree_config_value(device);
    const struct usb_altsetting *interface = NULL;
    unsigned interfaces = 0;

    while ((interface = next_interface(device, interface)))
        interfaces++;
    put_attribute(dir, "bConfigurationValue", value ? format("%u", value) : "");
    put_attribute(dir, "bNumInterfaces", value ? format("%2u", interfaces) : "");
    put_attribute(dir, "bmAttributes", value ? "80" : "");
    put_attribute(dir, "bMaxPower", value ? "100mA" : "");
}

static void put_device_attributes(const struct usb_device *device, const char *dir, unsigned devnum)
{
    put_attribute(dir, "busnum", format("%u", bus_of(device)));
    put_attribute(dir, "devnum", format("%u", devnum));
    put_attribute(dir, "devpath", is_root_hub(device) ? "0" : device->name + 2);
    put_attribute(dir, "speed", device->speed);
    put_attribute(dir, "version", format("%2x.%02x", device->version >> 8, device->version & 0xff));
    put_attribute(dir, "idVendor", format("%04x", device->vendor));
    put_attribute(dir, "idProduct", format("%04x", device->product));
    put_attribute(dir, "bcdDevice", "0100");
    put_attribute(dir, "bDeviceClass", format("%02x", device->class));
    put_attribute(dir, "bDeviceSubClass", format("%02x", device->subclass));
    put_attribute(dir, "bDeviceProtocol", format("%02x", device->protocol));
    put_attribute(dir, "bNumConfigurations", device->configs[1].count ? "2" : "1");
    put_config_attributes(device);
    put_attribute(dir, "authorized", "1");
    put_attribute(dir, "maxchild", device->class == 9 ? "4" : "0");
    put_attribute(dir, "manufacturer", device->manufacturer);
    put_attribute(dir, "product", device->product_name);
    put_attribute(dir, "serial", device->serial);
}

// The device node that shows in /proc/PID/fd who has the one in /dev/bus/usb open (usbsys.c).
static void put_node(unsigned bus, unsigned devnum, unsigned minor)
{
    const char *path = format("%s/nodes/%03u/%03u", root, bus, devnum);

    if (mknod(path, S_IFCHR | 0666, makedev(189, minor)))
        die(path);
}

// What the path of a socket needs (udev's ID_PATH).
static void put_controller(void)
{
    const char *link = format("%s/sys/devices/" CONTROLLER "/subsystem", root);

    if (symlink("../../../bus/pci", link) && errno != EEXIST)
        die(link);
}

// Add a device with this number, without events.
static void add_device(const struct usb_device *device, unsigned devnum)
{
    const unsigned bus = bus_of(device), minor = (bus - 1) * 128 + devnum - 1;
    const struct usb_altsetting *interface = NULL;
    char *attributes[] = { "dev", format("189:%u", minor), NULL };
    char *properties[] = {
        "DEVTYPE", "usb_device",
        "DRIVER",  "usb",
        "MAJOR",   "189",
        "MINOR",   format("%u", minor),
        "DEVNAME", format("/dev/bus/usb/%03u/%03u", bus, devnum),
        "BUSNUM",  format("%03u", bus),
        "DEVNUM",  format("%03u", devnum),
        "PRODUCT", format("%x/%x/100", device->vendor, device->product),
        "TYPE",    type_of(device),
        NULL,
    };
    const char *dir = syspath(device);
    uint8_t descriptors[1024];
    size_t length = usb_descriptors(device, descriptors);

    active[device - usb_devices] = 1;
    unauthorized[device - usb_devices] = false;
    add_to_testbed(dir, attributes, properties);
    put_controller();
    put_device_attributes(device, dir, devnum);
    put_file(format("%s%s/descriptors", root, dir), descriptors, length);
    put_file(format("%s/dev/bus/usb/%03u/%03u", root, bus, devnum), descriptors, length);
    put_node(bus, devnum, minor);
    usbdrivers_link(dir, "usb");
    while ((interface = next_interface(device, interface)))
        add_interface(device, interface);
    devnums[device - usb_devices] = devnum;
}

static void send_event(const char *dir, const char *action, const char *driver)
{
    struct usb_event properties;

    usbevent_read(root, dir, &properties);
    usbevent_send(&properties, action, driver);
}

static void send_interfaces_come(const struct usb_device *device)
{
    const struct usb_altsetting *interface = NULL;

    while ((interface = next_interface(device, interface))) {
        const char *dir = interface_path(device, interface->number);
        send_event(dir, "add", NULL);
        if (interface->driver)
            send_event(dir, "bind", interface->driver);
    }
}

// The kernel's order: a device is bound when its interfaces are.
static void send_comes(const struct usb_device *device)
{
    send_event(syspath(device), "add", NULL);
    send_interfaces_come(device);
    send_event(syspath(device), "bind", "usb");
}

// When the event is sent, the kernel does not list it any more.
static void remove_with_event(const char *dir)
{
    struct usb_event properties;

    usbdrivers_unbind(dir);
    usbevent_read(root, dir, &properties);
    umockdev_testbed_remove_device(testbed, dir);
    usbevent_send(&properties, "remove", NULL);
}

static void remove_interfaces(const struct usb_device *device)
{
    const struct usb_altsetting *interface = NULL;

    while ((interface = next_interface(device, interface)))
        remove_with_event(interface_path(device, interface->number));
}

static void remove_device(const struct usb_device *device)
{
    remove_interfaces(device);
    remove_with_event(syspath(device));
    devnums[device - usb_devices] = 0;
}

bool usbtree_configure(const struct usb_device *device, unsigned value)
{
    const struct usb_altsetting *interface = NULL;

    if (value > 2 || (value && !device->configs[value - 1].count))
        return false;
    remove_interfaces(device);
    active[device - usb_devices] = value;
    put_config_attributes(device);
    while ((interface = next_interface(device, interface)))
        add_interface(device, interface);
    send_interfaces_come(device);
    forget_texts();
    return true;
}

// True if row i is the device of this name, or is plugged in below it.
static bool is_below(size_t i, const char *name)
{
    const size_t length = strlen(name);
    const char *own = usb_devices[i].name;

    return !strncmp(own, name, length) && (own[length] == '\0' || own[length] == '.');
}

static const char *find(const char *name, size_t *row)
{
    for (size_t i = 0; i < usb_device_count; i++) {
        if (!strcmp(usb_devices[i].name, name) && !is_root_hub(&usb_devices[i])) {
            *row = i;
            return NULL;
        }
    }
    return "no such device";
}

const char *usbtree_plug(const char *name)
{
    size_t row;
    const char *error = find(name, &row);

    forget_texts();
    if (error)
        return error;
    if (devnums[row])
        return "it is plugged in already";
    if (!devnums[parent_of(&usb_devices[row]) - usb_devices])
        return "the hub it belongs into is not there";
    for (size_t i = row; i < usb_device_count; i++) {
        const struct usb_device *device = &usb_devices[i];
        if (!is_below(i, name) || devnums[i])
            continue;
        add_device(device, next_devnum[bus_of(device)]++);
        send_comes(device);
    }
    return NULL;
}

const char *usbtree_unplug(const char *name)
{
    size_t row;
    const char *error = find(name, &row);

    forget_texts();
    if (error)
        return error;
    if (!devnums[row])
        return "it is not plugged in";
    for (size_t i = usb_device_count; i-- > row;) {
        if (is_below(i, name) && devnums[i])
            remove_device(&usb_devices[i]);
    }
    return NULL;
}

const char *usbtree_switch(const char *name)
{
    size_t row;
    const char *error = find(name, &row);

    if (!error)
        error = usbtree_unplug(name);
    if (error)
        return error;
    usb_devices[row].product++;
    usb_devices[row].product_name = "Other mode";
    return usbtree_plug(name);
}

bool usbtree_is_authorized(const struct usb_device *device)
{
    return !unauthorized[device - usb_devices];
}

const char *usbtree_authorize(const char *name, bool authorized)
{
    size_t row;
    const char *error = find(name, &row);

    if (error || !devnums[row])
        return error ? error : "it is not plugged in";
    unauthorized[row] = !authorized;
    put_attribute(syspath(&usb_devices[row]), "authorized", authorized ? "1" : "0");
    usbtree_configure(&usb_devices[row], authorized ? 1 : 0);
    return NULL;
}

void usbtree_build(UMockdevTestbed *bed, bool usbback)
{
    char *dir = umockdev_testbed_get_root_dir(bed);

    testbed = bed;
    snprintf(root, sizeof(root), "%s", dir);
    g_free(dir);
    usbdrivers_build(root, usbback);
    for (unsigned bus = 1; bus < BUSES; bus++) {
        const char *nodes = format("%s/dev/bus/usb/%03u", root, bus);
        const char *shown = format("%s/nodes/%03u", root, bus);
        if (g_mkdir_with_parents(nodes, 0755) || g_mkdir_with_parents(shown, 0755))
            die(nodes);
    }
    for (size_t i = 0; i < usb_device_count; i++) {
        const struct usb_device *device = &usb_devices[i];
        unsigned *next = &next_devnum[bus_of(device)];
        add_device(device, device->devnum);
        if (device->devnum >= *next)
            *next = device->devnum + 1;
    }
}

const struct usb_device *usbtree_at(unsigned bus, unsigned devnum)
{
    for (size_t i = 0; i < usb_device_count; i++) {
        if (devnum && devnums[i] == devnum && bus_of(&usb_devices[i]) == bus)
            return &usb_devices[i];
    }
    return NULL;
}

const char *usbtree_interface(const struct usb_device *device, unsigned number, const char **own)
{
    const struct usb_altsetting *interface = NULL;

    forget_texts();
    while ((interface = next_interface(device, interface))) {
        *own = interface->driver;
        if (interface->number == number)
            return interface_path(device, number);
    }
    return NULL;
}

void usbtree_set_alternate(const struct usb_device *device, unsigned number, unsigned alternate)
{
    put_attribute(interface_path(device, number), "bAlternateSetting", format("%2u", alternate));
    forget_texts();
}

const char *usbtree_find(const char *name, const char **own)
{
    forget_texts();
    for (size_t i = 0; i < usb_device_count; i++) {
        const struct usb_device *device = &usb_devices[i];
        const struct usb_altsetting *interface = NULL;

        if (!devnums[i])
            continue;
        *own = "usb";
        if (!strcmp(device->name, name))
            return syspath(device);
        while ((interface = next_interface(device, interface))) {
            const char *dir = interface_path(device, interface->number);
            *own = interface->driver;
            if (!strcmp(strrchr(dir, '/') + 1, name))
                return dir;
        }
    }
    return NULL;
}
