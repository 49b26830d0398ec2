// SPDX-License-Identifier: MIT
#include "orphan.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/scope.h"
#include "bind.h"
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>

#define USB_DEVICES "/sys/bus/usb/devices"
#define USB_PROBE   "/sys/bus/usb/drivers_probe"

enum {
    USB_MAJOR = 189, // of /dev/bus/usb/BBB/DDD; each bus has 128 minors (USB_DEVICE_MAJOR in
                     // include/linux/usb.h, drivers/usb/core/usb.c)
    MINORS_PER_BUS = 128,
};

bool orphan_alias_matches(struct arena *arena, struct text line, const char *modalias,
                          const char **module)
{
    static const char prefix[] = "alias usb:", middle[] = ".alias=usb:";
    const size_t usb = sizeof "usb:" - 1;
    struct text pattern, name;
    if (text_starts(line, prefix)) {
        size_t from = sizeof prefix - 1 - usb, blank = text_find(line, ' ', from);
        pattern = text_part(line, from, blank);
        name = text_part(line, blank + 1, line.size);
    } else {
        size_t dot = text_find(line, '.', 0);
        if (!text_starts(text_part(line, dot, line.size), middle))
            return false;
        pattern = text_part(line, dot + sizeof middle - 1 - usb, line.size);
        name = text_part(line, 0, dot);
    }
    if (fnmatch(arena_copy(arena, pattern.at, pattern.size), modalias, 0) != 0)
        return false;
    *module = arena_copy(arena, name.at, name.size);
    return true;
}

// The module tables of the running kernel, written by depmod(8).
struct modules {
    const char *directory;
    struct text alias;   // records end with a newline
    struct text builtin; // records end with a NUL
};

static void read_modules(struct arena *arena, struct modules *modules)
{
    struct utsname name;
    *modules = (struct modules){ .directory = "/lib/modules" };
    if (uname(&name) == 0)
        modules->directory = arena_printf(arena, "/lib/modules/%s", name.release);
    modules->alias = sysfs_table(arena, arena_printf(arena, "%s/modules.alias", modules->directory),
                                 PROC_TABLE_MAX);
    modules->builtin =
        sysfs_table(arena, arena_printf(arena, "%s/modules.builtin.modinfo", modules->directory),
                    PROC_TABLE_MAX);
}

static bool find_in(struct arena *arena, struct text table, char end, const char *modalias,
                    const char **module)
{
    for (size_t from = 0; from < table.size;) {
        size_t to = text_find(table, end, from);
        if (orphan_alias_matches(arena, text_part(table, from, to), modalias, module))
            return true;
        from = to + 1;
    }
    return false;
}

// Clears *complete if the process cannot be checked.
static bool has_open(struct arena *arena, const char *process, dev_t number, bool *complete)
{
    const char *directory = arena_printf(arena, "/proc/%s/fd", process);
    cleanup_closedir DIR *dir = opendir(directory);
    // A process that has just exited has nothing open.
    *complete &= dir || errno == ENOENT;
    for (const struct dirent *at = dir ? readdir(dir) : NULL; at; at = readdir(dir)) {
        struct stat info;
        if (fstatat(dirfd(dir), at->d_name, &info, 0) == 0 && S_ISCHR(info.st_mode) &&
            info.st_rdev == number)
            return true;
    }
    return false;
}

bool host_find_opener(struct arena *arena, dev_t number, unsigned *pid)
{
    cleanup_closedir DIR *dir = opendir("/proc");
    bool complete = dir;
    *pid = 0;
    for (const struct dirent *at = dir ? readdir(dir) : NULL; at; at = readdir(dir)) {
        uint64_t process;
        if (text_number(text_of(at->d_name), 10, 1, UINT32_MAX, &process) != NUMBER_OK ||
            !has_open(arena, at->d_name, number, &complete))
            continue;
        *pid = (unsigned)process;
        return true;
    }
    return complete;
}

static const char *modalias_of(struct arena *arena, const char *busid, const char *interface)
{
    return sysfs_value(arena, arena_printf(arena, USB_DEVICES "/%s/%s", busid, interface),
                       "modalias");
}

// Whether no interface of the device has a driver although the kernel has one for at least one of
// them, or may have.
static bool lost_its_drivers(struct arena *arena, const struct modules *modules,
                             struct host_orphan *orphan)
{
    const char *busid = orphan->device->busid, *module;
    bool table = modules->alias.size || modules->builtin.size;
    struct buffer interfaces = buffer_in(arena);
    for (const struct host_interface *at = host_interfaces(arena, busid); at; at = at->next) {
        if (at->driver)
            return false;
        buffer_join(&interfaces, ", ", "%s", at->name);
        const char *modalias = modalias_of(arena, busid, at->name);
        if (orphan->driver_known || !table || !*modalias)
            continue;
        orphan->driver_known = find_in(arena, modules->alias, '\n', modalias, &module) ||
                               find_in(arena, modules->builtin, '\0', modalias, &module);
        if (orphan->driver_known)
            orphan->evidence = arena_printf(arena, "kernel module %s matches %s", module, at->name);
    }
    if (!table)
        orphan->evidence = arena_printf(
            arena, "cannot tell whether the kernel has a driver for it: no module tables in %s",
            modules->directory);
    orphan->interfaces = buffer_string(&interfaces);
    return interfaces.size && (orphan->driver_known || !table);
}

static bool is_open(struct arena *arena, const struct host_device *device)
{
    unsigned pid, minor = (device->bus - 1u) * MINORS_PER_BUS + device->address - 1u;
    return !host_find_opener(arena, makedev(USB_MAJOR, minor), &pid) || pid;
}

struct host_orphan *host_orphans(struct arena *arena, const struct host *host)
{
    struct host_orphan *first = NULL, **last = &first;
    struct modules modules;
    read_modules(arena, &modules);
    for (const struct host_device *at = host->devices; at; at = at->next) {
        if (at->hub || at->held || *at->drivers)
            continue;
        struct host_orphan *orphan = arena_new_of(arena, struct host_orphan);
        orphan->device = at;
        if (!lost_its_drivers(arena, &modules, orphan) || is_open(arena, at))
            continue;
        *last = orphan;
        last = &orphan->next;
    }
    return first;
}

// The kernel parses each write on its own, so the name must go out in a single one. The write also
// succeeds if no driver claims the interface.
static bool probe(const char *interface)
{
    cleanup_close int fd = open(USB_PROBE, O_WRONLY | O_CLOEXEC);
    ssize_t size = (ssize_t)strlen(interface);
    return fd >= 0 && write(fd, interface, (size_t)size) == size;
}

bool host_probe(struct arena *arena, const char *busid, const char **why)
{
    *why = "the kernel has no driver for it";
    for (const struct host_interface *at = host_interfaces(arena, busid); at; at = at->next)
        if (!at->driver && !probe(at->name))
            *why = arena_printf(arena, "cannot write %s to " USB_PROBE ": %s", at->name,
                                strerror(errno));
    for (const struct host_interface *at = host_interfaces(arena, busid); at; at = at->next)
        if (at->driver)
            return true;
    return false;
}
