// SPDX-License-Identifier: MIT
//
// The kernel's side of usbfs for the mocked tree: claims of interfaces, and how they affect
// drivers, as in drivers/usb/core/devio.c of Linux. Only transfers on endpoint 0 are executed; all
// others never complete.

#define _GNU_SOURCE
#include "usbfs.h"
#include "usbtree.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_INTERFACES 32

struct usbfs_file {
    struct usbfs_file *next;
    unsigned bus, devnum;
    uint32_t claimed; // by interface number
    int pipe;         // -1 once the device is gone
};

static struct usbfs_file *files;

// The present state of an interface.
struct interface {
    const struct usb_device *device;
    unsigned number;
    const char *dir;           // as in usbtree.h, NULL if there is none
    const char *own;           // the driver that knows it, or NULL
    char driver[NAME_MAX + 1]; // the current one, or ""
};

static struct interface find(const struct usbfs_file *file, unsigned number)
{
    struct interface found = { .device = usbtree_at(file->bus, file->devnum), .number = number };

    if (found.device && number < MAX_INTERFACES)
        found.dir = usbtree_interface(found.device, number, &found.own);
    if (found.dir)
        usbdrivers_of(found.dir, found.driver);
    return found;
}

// usb_driver_release_interface: ends any file's claim of the interface.
static void unbind(const struct usbfs_file *file, const struct interface *interface)
{
    for (struct usbfs_file *i = files; i; i = i->next) {
        if (i->bus == file->bus && i->devnum == file->devnum)
            i->claimed &= ~(UINT32_C(1) << interface->number);
    }
    usbdrivers_unbind(interface->dir);
}

static bool has_claimed(const struct usbfs_file *file, const struct interface *interface)
{
    return interface->dir && file->claimed >> interface->number & 1 &&
           !strcmp(interface->driver, "usbfs");
}

// claimintf()
static int claim(struct usbfs_file *file, unsigned number)
{
    const struct interface interface = find(file, number);

    if (number >= MAX_INTERFACES)
        return EINVAL;
    if (has_claimed(file, &interface))
        return 0;
    if (!interface.dir)
        return ENOENT;
    if (*interface.driver)
        return EBUSY;
    unbind(file, &interface); // drops stale claims of interfaces that were unbound through sysfs
    usbdrivers_bind(interface.dir, "usbfs");
    file->claimed |= UINT32_C(1) << number;
    return 0;
}

// releaseintf()
static int release(struct usbfs_file *file, unsigned number)
{
    const struct interface interface = find(file, number);

    if (number >= MAX_INTERFACES)
        return EINVAL;
    if (!interface.dir)
        return ENOENT;
    if (!has_claimed(file, &interface))
        return EINVAL;
    unbind(file, &interface);
    return 0;
}

// proc_ioctl(), USBDEVFS_DISCONNECT: also detaches usbfs itself.
static int disconnect(struct usbfs_file *file, unsigned number)
{
    const struct interface interface = find(file, number);

    if (!interface.dir)
        return EINVAL;
    if (!*interface.driver)
        return ENODATA;
    unbind(file, &interface);
    return 0;
}

// proc_ioctl(), USBDEVFS_CONNECT: *result is 1 if a driver was bound.
static int connect(struct usbfs_file *file, unsigned number, int32_t *result)
{
    const struct interface interface = find(file, number);

    if (!interface.dir)
        return EINVAL;
    if (*interface.driver)
        return EBUSY;
    if (interface.own)
        usbdrivers_bind(interface.dir, interface.own);
    *result = interface.own != NULL;
    return 0;
}

// proc_disconnect_claim()
static int disconnect_claim(struct usbfs_file *file, const struct usbfs_call *call)
{
    const struct interface interface = find(file, call->number);
    const bool same = !strcmp(interface.driver, call->driver);

    if (!interface.dir)
        return EINVAL;
    if (*interface.driver) {
        if ((call->value & USBDEVFS_DISCONNECT_CLAIM_IF_DRIVER && !same) ||
            (call->value & USBDEVFS_DISCONNECT_CLAIM_EXCEPT_DRIVER && same))
            return EBUSY;
        unbind(file, &interface);
    }
    return claim(file, call->number);
}

static int get_driver(struct usbfs_file *file, unsigned number, struct usbfs_reply *reply)
{
    const struct interface interface = find(file, number);

    if (!interface.dir || !*interface.driver)
        return ENODATA;
    reply->length = 1 + (uint32_t)snprintf((char *)reply->bytes, USBDEVFS_MAXDRIVERNAME, "%s",
                                           interface.driver);
    return 0;
}

static const struct usb_altsetting *altsetting(const struct usb_device *device, unsigned number,
                                               unsigned alternate)
{
    const struct usb_config *config = usbtree_config(device);

    for (size_t i = 0; config && i < config->count; i++) {
        if (config->altsettings[i].number == number &&
            config->altsettings[i].alternate == alternate)
            return &config->altsettings[i];
    }
    return NULL;
}

// proc_setintf()
static int set_interface(struct usbfs_file *file, const struct usbfs_call *call)
{
    const struct usb_device *device = usbtree_at(file->bus, file->devnum);
    const int error = claim(file, call->number); // checkintf(): using an interface claims it

    if (error)
        return error;
    if (!altsetting(device, call->number, call->value))
        return EINVAL;
    usbtree_set_alternate(device, call->number, call->value);
    return 0;
}

// proc_setconfig(): fails if an interface has a driver. Setting the active configuration again only
// resets its interfaces.
static int set_configuration(struct usbfs_file *file, unsigned value)
{
    const struct usb_device *device = usbtree_at(file->bus, file->devnum);

    for (unsigned i = 0; i < MAX_INTERFACES; i++) {
        const struct interface interface = find(file, i);
        if (interface.dir && *interface.driver)
            return EBUSY;
    }
    if (!usbtree_is_authorized(device))
        value = 0;
    if (value != usbtree_config_value(device))
        return usbtree_configure(device, (int)value < 0 ? 0 : value) ? 0 : EINVAL;
    for (unsigned i = 0; i < MAX_INTERFACES; i++) {
        if (find(file, i).dir)
            usbtree_set_alternate(device, i, 0);
    }
    return 0;
}

// findintfep() and checkintf(): using an endpoint claims its interface.
static int use_endpoint(struct usbfs_file *file, unsigned address)
{
    const struct usb_device *device = usbtree_at(file->bus, file->devnum);
    const struct usb_config *config = usbtree_config(device);

    if ((address & 0x7f) == 0)
        return 0;
    for (size_t i = 0; config && i < config->count; i++) {
        for (size_t k = 0; k < 3; k++) {
            if (config->altsettings[i].endpoints[k].address == address)
                return claim(file, config->altsettings[i].number);
        }
    }
    return ENOENT;
}

// check_ctrlrecip(): a control request to an interface claims it.
static int use_recipient(struct usbfs_file *file, const uint8_t setup[8])
{
    if ((setup[0] & 0x60) == 0x40) // vendor requests need no claim
        return 0;
    if ((setup[0] & 0x1f) == 1)
        return claim(file, setup[4]);
    if ((setup[0] & 0x1f) == 2)
        return use_endpoint(file, setup[4]);
    return 0;
}

static void wake(const struct usbfs_file *file)
{
    char bytes[16];

    while (file->pipe >= 0 && read(file->pipe, bytes, sizeof(bytes)) > 0)
        continue;
}

static int submit(struct usbfs_file *file, const struct usbfs_call *call, struct usbfs_reply *reply)
{
    const struct usb_device *device = usbtree_at(file->bus, file->devnum);
    int error, length;

    if (call->value != USBDEVFS_URB_TYPE_CONTROL) {
        reply->result = USBFS_PENDING;
        return use_endpoint(file, call->number);
    }
    error = use_recipient(file, call->setup);
    if (error)
        return error;
    length = usb_answer(device, usbtree_config_value(device), call->setup, reply->bytes);
    reply->length = length > 0 ? (uint32_t)length : 0;
    reply->result = length < 0 ? -EPIPE : 0;
    wake(file);
    return 0;
}

static int speed_of(const struct usb_device *device)
{
    static const struct {
        const char *text;
        int speed; // enum usb_device_speed of linux/usb/ch9.h
    } rows[] = { { "1.5", 1 }, { "12", 2 }, { "480", 3 }, { "5000", 5 } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!strcmp(rows[i].text, device->speed))
            return rows[i].speed;
    }
    return 0;
}

static void get_connect_info(const struct usbfs_file *file, struct usbfs_reply *reply)
{
    const struct usbdevfs_connectinfo info = {
        .devnum = file->devnum,
        .slow = speed_of(usbtree_at(file->bus, file->devnum)) == 1,
    };

    reply->length = sizeof(info);
    memcpy(reply->bytes, &info, sizeof(info));
}

static int carry_out(struct usbfs_file *file, const struct usbfs_call *call,
                     struct usbfs_reply *reply)
{
    static const uint32_t capabilities = USBDEVFS_CAP_ZERO_PACKET |
                                         USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
                                         USBDEVFS_CAP_REAP_AFTER_DISCONNECT | USBDEVFS_CAP_MMAP;

    switch (call->request) {
    case USBDEVFS_GET_CAPABILITIES:
        reply->length = sizeof(capabilities);
        memcpy(reply->bytes, &capabilities, sizeof(capabilities));
        return 0;
    case USBDEVFS_CONNECTINFO: get_connect_info(file, reply); return 0;
    case USBDEVFS_GET_SPEED:
        reply->result = speed_of(usbtree_at(file->bus, file->devnum));
        return 0;
    case USBDEVFS_GETDRIVER: return get_driver(file, call->number, reply);
    case USBDEVFS_CLAIMINTERFACE: return claim(file, call->number);
    case USBDEVFS_RELEASEINTERFACE: return release(file, call->number);
    case USBDEVFS_DISCONNECT: return disconnect(file, call->number);
    case USBDEVFS_CONNECT: return connect(file, call->number, &reply->result);
    case USBDEVFS_DISCONNECT_CLAIM: return disconnect_claim(file, call);
    case USBDEVFS_SETCONFIGURATION: return set_configuration(file, call->number);
    case USBDEVFS_SETINTERFACE: return set_interface(file, call);
    case USBDEVFS_RESET: return 0; // the drivers keep their interfaces
    case USBDEVFS_CLEAR_HALT:
    case USBDEVFS_RESETEP:
    case USBDEVFS_BULK: return use_endpoint(file, call->number);
    case USBDEVFS_SUBMITURB: return submit(file, call, reply);
    case USBDEVFS_DISCARDURB: wake(file); return 0;
    }
    return ENOTTY;
}

struct usbfs_file *usbfs_open(const char *node, int pipe)
{
    unsigned long bus, devnum;
    struct usbfs_file *file;
    char *rest;

    bus = strtoul(node, &rest, 10);
    devnum = *rest ? strtoul(rest + 1, NULL, 10) : 0;
    if (!usbtree_at((unsigned)bus, (unsigned)devnum) || !(file = malloc(sizeof(*file)))) {
        close(pipe);
        return NULL;
    }
    *file = (struct usbfs_file){
        .next = files,
        .bus = (unsigned)bus,
        .devnum = (unsigned)devnum,
        .pipe = pipe,
    };
    files = file;
    return file;
}

bool usbfs_is_node(int pipe, unsigned *bus, unsigned *devnum)
{
    struct stat theirs, ours;

    if (fstat(pipe, &theirs))
        return false;
    for (const struct usbfs_file *i = files; i; i = i->next) {
        if (i->pipe < 0 || fstat(i->pipe, &ours) || ours.st_dev != theirs.st_dev ||
            ours.st_ino != theirs.st_ino)
            continue;
        *bus = i->bus;
        *devnum = i->devnum;
        return true;
    }
    return false;
}

void usbfs_call(struct usbfs_file *file, const struct usbfs_call *call, struct usbfs_reply *reply)
{
    memset(reply, 0, sizeof(*reply));
    if (call->request == USBFS_CLOSE) {
        for (unsigned i = 0; i < MAX_INTERFACES; i++)
            release(file, i);
        return;
    }
    reply->error = usbtree_at(file->bus, file->devnum) ? carry_out(file, call, reply) : ENODEV;
}

void usbfs_close(struct usbfs_file *file)
{
    struct usbfs_file **at = &files;

    if (!file)
        return;
    for (unsigned i = 0; i < MAX_INTERFACES; i++)
        release(file, i);
    while (*at != file)
        at = &(*at)->next;
    *at = file->next;
    if (file->pipe >= 0)
        close(file->pipe);
    free(file);
}

void usbfs_unplugged(void)
{
    for (struct usbfs_file *file = files; file; file = file->next) {
        if (file->pipe < 0 || usbtree_at(file->bus, file->devnum))
            continue;
        close(file->pipe);
        file->pipe = -1;
    }
}
