// SPDX-License-Identifier: MIT
// Which process is a domain's QEMU, the nodes of USB devices that it has open, and its arguments.
#include "opened.h"

#include "base/arena.h"
#include "base/session.h"
#include "sysfs.h"
#include "xen/domain.h"
#include "xen/xen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum {
    USB_MAJOR = 189, // of /dev/bus/usb/BBB/DDD; each bus has 128 minors (USB_DEVICE_MAJOR in
                     // include/linux/usb.h, drivers/usb/core/usb.c)
    MINORS_PER_BUS = 128,
    PROGRAM_SHOWN = 32,
    ARGUMENTS_MAX = 4u << 20, // bytes; far more than any toolstack gives a QEMU
};

const char *opened_why_not(struct arena *arena, const char *path, int why)
{
    return arena_printf(arena, "cannot read %s: %s%s", path, strerror(why),
                        geteuid() ? "; run xenusb as root" : "");
}

unsigned opened_minor(const struct host_device *device)
{
    return (device->bus - 1u) * MINORS_PER_BUS + device->address - 1u;
}

bool opened_next(DIR *dir, unsigned *minor)
{
    for (const struct dirent *at = readdir(dir); at; at = readdir(dir)) {
        struct statx info;
        // DONT_SYNC: it must not wait for the server of a network file system.
        if (*at->d_name == '.' ||
            statx(dirfd(dir), at->d_name, AT_STATX_DONT_SYNC, STATX_TYPE, &info) != 0 ||
            !S_ISCHR(info.stx_mode) || info.stx_rdev_major != USB_MAJOR)
            continue;
        *minor = info.stx_rdev_minor;
        return true;
    }
    return false;
}

bool holders_is_qemu(const char *program)
{
    return strstr(program, "qemu") || strcmp(program, "kvm") == 0;
}

// A process for messages.
static const char *show_process(struct arena *arena, unsigned pid)
{
    const char *program = sysfs_value(arena, arena_printf(arena, "/proc/%u", pid), "comm");
    return arena_printf(arena, "%s (pid %u)",
                        *program ? text_show(arena, text_of(program), PROGRAM_SHOWN) : "a process",
                        pid);
}

// Without a toolstack's record, what tells QEMU from a program that only opened the socket for it
// is its name. (QEMU 4.2 and later listen on a socket that they are given, and so are its owner.)
static const char *why_not_by_name(struct arena *arena, unsigned pid)
{
    const char *program = sysfs_value(arena, arena_printf(arena, "/proc/%u", pid), "comm");
    return holders_is_qemu(program)
               ? NULL
               : arena_printf(arena,
                              "its socket was opened by %s, and which process its QEMU is, is not "
                              "known",
                              show_process(arena, pid));
}

// Why it is not certain that this process, which the kernel names as the owner of the socket, is
// the domain's QEMU; NULL if it is. What its toolstack has recorded, where no guest can write, must
// agree. That is read once.
static const char *why_uncertain(const struct session *session, unsigned pid)
{
    struct domain *domain = session->domain;
    struct arena *arena = session->arena;
    uint64_t recorded;
    if (!domain || domain->qemu_process == pid)
        return NULL;
    if (domain->id < 0 || !session->xen)
        return why_not_by_name(arena, pid);
    const char *path = arena_printf(arena, "/local/domain/%d/image/device-model-pid", domain->id);
    enum xen_result result = xen_read_number(session->xen, NULL, path, INT32_MAX, &recorded);
    if (result == XEN_ABSENT)
        return why_not_by_name(arena, pid);
    if (result != XEN_OK)
        return arena_printf(arena, "cannot read %s: %s", path, xen_why(session->xen));
    if (recorded != pid)
        return arena_printf(arena, "its socket is that of %s, but xenstore names process %u",
                            show_process(arena, pid), (unsigned)recorded);
    domain->qemu_process = pid;
    return NULL;
}

struct host_nodes host_nodes_of(const struct session *session, unsigned pid)
{
    struct arena *arena = session->arena;
    struct host_nodes nodes = { .part = part_read() };
    unsigned *minors = NULL;
    size_t room = 0;
    const char *path = arena_printf(arena, "/proc/%u/fd", pid);
    cleanup_closedir DIR *dir = pid ? opendir(path) : NULL;
    const int error = errno;
    const char *why = !pid   ? "the process of its QEMU is not known"
                      : !dir ? opened_why_not(arena, path, error)
                             : why_uncertain(session, pid);
    if (why)
        nodes.part = part_unreadable(why);
    for (unsigned minor; dir && opened_next(dir, &minor);) {
        if (nodes.count == room) {
            unsigned *more = arena_array_of(arena, unsigned, 2 * room + 8);
            for (size_t i = 0; i < nodes.count; i++)
                more[i] = minors[i];
            minors = more;
            room = 2 * room + 8;
        }
        minors[nodes.count++] = minor;
    }
    nodes.minors = minors;
    return nodes;
}

struct host_arguments host_arguments_of(const struct session *session, unsigned pid)
{
    struct arena *arena = session->arena;
    const char *path = arena_printf(arena, "/proc/%u/cmdline", pid);
    struct text text = pid ? sysfs_whole(arena, path, ARGUMENTS_MAX) : TEXT_EMPTY;
    const int error = errno;
    const char *why = !pid         ? "the process of its QEMU is not known"
                      : !text.at   ? opened_why_not(arena, path, error)
                      : !text.size ? "its QEMU has exited"
                                   : why_uncertain(session, pid);
    return (struct host_arguments){ why ? TEXT_EMPTY : text,
                                    why ? part_unreadable(why) : part_read() };
}

enum verdict host_nodes_have(const struct host_nodes *nodes, const struct host_device *device)
{
    if (part_is_unreadable(&nodes->part))
        return VERDICT_UNKNOWN;
    for (size_t i = 0; i < nodes->count; i++)
        if (nodes->minors[i] == opened_minor(device))
            return VERDICT_YES;
    return VERDICT_NO;
}
