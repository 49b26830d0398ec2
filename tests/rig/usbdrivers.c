// SPDX-License-Identifier: MIT
//
// The driver core of the mocked USB tree: the directories in /sys/bus/usb/drivers, the links
// between drivers and devices, and what bind, unbind and drivers_probe do.

#define _GNU_SOURCE
#include "usbtree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char drivers[PATH_MAX / 2]; // the real path of /sys/bus/usb/drivers
static char root[PATH_MAX / 4];    // of the tree

static void die(const char *path)
{
    fprintf(stderr, "usbbed: %s: %s\n", path, strerror(errno));
    exit(1);
}

static void make_file(const char *dir, const char *name)
{
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || close(fd))
        die(path);
}

// The files only have to exist: writes to them go through usbsys.so.
static void make_driver(const char *name)
{
    static const char *const files[] = { "bind", "unbind", "new_id", "remove_id" };
    char dir[PATH_MAX];

    snprintf(dir, sizeof(dir), "%s/%s", drivers, name);
    if (mkdir(dir, 0755))
        die(dir);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        make_file(dir, files[i]);
}

// Create a directory below root with its parents.
static void make_directories(const char *path)
{
    char dir[PATH_MAX];

    for (const char *end = path; end; end = strchr(end + 1, '/')) {
        const char *next = strchr(end + 1, '/');
        const int length = next ? (int)(next - path) : (int)strlen(path);
        snprintf(dir, sizeof(dir), "%s%.*s", root, length, path);
        if (mkdir(dir, 0755) && errno != EEXIST)
            die(dir);
    }
}

void usbdrivers_build(const char *tree, bool usbback)
{
    static const char *const names[] = {
        "usb",      "usbfs",         "hub",   "usbhid",    "usb-storage",
        "uvcvideo", "snd-usb-audio", "r8152", "cdc_ether",
    };
    char bus[PATH_MAX / 2];

    snprintf(root, sizeof(root), "%s", tree);
    snprintf(bus, sizeof(bus), "%s/sys/bus/usb", root);
    snprintf(drivers, sizeof(drivers), "%s/sys/bus/usb/drivers", root);
    make_directories("/sys/bus/usb/drivers");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        make_driver(names[i]);
    if (usbback)
        make_driver("usbback");
    make_file(bus, "drivers_probe");
}

void usbdrivers_link(const char *dir, const char *driver)
{
    char up[PATH_MAX / 2] = "", target[PATH_MAX], link[PATH_MAX];

    // A relative link, as in sysfs: one "../" for each component of the directory below /sys.
    for (const char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/'))
        strncat(up, "../", sizeof(up) - strlen(up) - 1);
    snprintf(target, sizeof(target), "%sbus/usb/drivers/%s", up, driver);
    snprintf(link, sizeof(link), "%s%s/driver", root, dir);
    if (symlink(target, link))
        die(link);
    snprintf(target, sizeof(target), "../../../..%s", dir + strlen("/sys"));
    snprintf(link, sizeof(link), "%s/%s%s", drivers, driver, strrchr(dir, '/'));
    if (symlink(target, link))
        die(link);
}

void usbdrivers_of(const char *dir, char driver[NAME_MAX + 1])
{
    char link[PATH_MAX], target[PATH_MAX];
    ssize_t length;

    snprintf(link, sizeof(link), "%s%s/driver", root, dir);
    length = readlink(link, target, sizeof(target) - 1);
    target[length > 0 ? length : 0] = '\0';
    snprintf(driver, NAME_MAX + 1, "%s", length > 0 ? strrchr(target, '/') + 1 : "");
}

void usbdrivers_bind(const char *dir, const char *driver)
{
    struct usb_event properties;

    usbdrivers_link(dir, driver);
    usbevent_read(root, dir, &properties);
    usbevent_send(&properties, "bind", driver);
}

void usbdrivers_unbind(const char *dir)
{
    char driver[NAME_MAX + 1], link[PATH_MAX];
    struct usb_event properties;

    usbdrivers_of(dir, driver);
    if (!*driver)
        return;
    snprintf(link, sizeof(link), "%s/%s%s", drivers, driver, strrchr(dir, '/'));
    if (unlink(link))
        die(link);
    snprintf(link, sizeof(link), "%s%s/driver", root, dir);
    if (unlink(link))
        die(link);
    usbevent_read(root, dir, &properties);
    usbevent_send(&properties, "unbind", NULL);
}

// True if a test lets a driver refuse an interface: the file "refuses" in the tree names both.
static bool refuses(const char *driver, const char *dir)
{
    char path[PATH_MAX], said[128] = "", here[PATH_MAX];
    FILE *file;

    snprintf(path, sizeof(path), "%s/refuses", root);
    file = fopen(path, "re");
    if (!file)
        return false;
    if (!fgets(said, sizeof(said), file))
        *said = '\0';
    fclose(file);
    said[strcspn(said, "\n")] = '\0';
    snprintf(here, sizeof(here), "%s%s", driver, strrchr(dir, '/'));
    return !strcmp(said, here);
}

// bind_store: a driver binds to the interfaces it supports, and usbback to any.
static int bind(const char *dir, const char *driver, const char *current, const char *own)
{
    if (*current)
        return EBUSY;
    if (strcmp(driver, "usbback") && (!own || strcmp(driver, own)))
        return ENODEV;
    if (refuses(driver, dir))
        return ENODEV;
    usbdrivers_bind(dir, driver);
    return 0;
}

// unbind_store
static int unbind(const char *dir, const char *driver, const char *current)
{
    if (strcmp(current, driver))
        return ENODEV;
    usbdrivers_unbind(dir);
    return 0;
}

// drivers_probe_store: it is not an error if no driver binds to the interface.
static int probe(const char *dir, const char *current, const char *own)
{
    if (!*current && own && !refuses(own, dir))
        usbdrivers_bind(dir, own);
    return 0;
}

// drivers/base/bus.c of Linux.
int usbdrivers_write(const char *file, const char *value)
{
    char driver[NAME_MAX + 1], current[NAME_MAX + 1];
    const char *slash = strchr(file, '/');
    const char *own, *dir;

    if (slash && strcmp(slash, "/bind") && strcmp(slash, "/unbind"))
        return 0; // new_id, remove_id: accepted
    dir = usbtree_find(value, &own);
    if (!dir)
        return ENODEV;
    usbdrivers_of(dir, current);
    if (!slash)
        return probe(dir, current, own);
    snprintf(driver, sizeof(driver), "%.*s", (int)(slash - file), file);
    return !strcmp(slash, "/bind") ? bind(dir, driver, current, own) : unbind(dir, driver, current);
}
