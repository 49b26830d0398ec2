// SPDX-License-Identifier: MIT
#include "holders.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/shortage.h"
#include "bind.h"
#include "opened.h"
#include "sysfs.h"
#include "xen/domain.h"
#include "xen/xen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum {
    DOMAIN_ID_MAX = 0x7fef, // DOMID_FIRST_RESERVED - 1 in xen/xen.h
    ARGUMENTS_MAX = 1u << 16,
    PROGRAM_SHOWN = 32,
    GUEST_SHOWN = 128,
};

#define PROBE_SECONDS 2.0
#define PAUSE         0.05 // seconds between two looks

// ---- who it is ----

int holders_domain(struct text arguments)
{
    bool is_next = false;
    while (arguments.size) {
        size_t end = text_find(arguments, '\0', 0);
        struct text word = text_part(arguments, 0, end);
        uint64_t id;
        if (is_next)
            return text_number(word, 10, 0, DOMAIN_ID_MAX, &id) == NUMBER_OK ? (int)id : -1;
        is_next = text_is(word, "-xen-domid") || text_is(word, "--xen-domid");
        arguments = text_part(arguments, end + 1, arguments.size);
    }
    return -1;
}

// Whether xenstore has that process as the domain's QEMU.
static bool is_process_of(struct arena *arena, struct xen *xen, int domain, unsigned pid)
{
    uint64_t its;
    const char *path = arena_printf(arena, "/local/domain/%d/image/device-model-pid", domain);
    return xen_read_number(xen, NULL, path, INT32_MAX, &its) == XEN_OK && its == pid;
}

static const char *name_of(const struct session *session, int domain)
{
    struct text name = TEXT_EMPTY;
    if (session->domain && session->domain->id == domain)
        return session->domain->name;
    if (session->xen)
        (void)xen_read(session->xen, NULL,
                       arena_printf(session->arena, "/local/domain/%d/name", domain), &name);
    return name.size ? name.at : NULL;
}

// ---- the walk ----

// A walk of /proc that looks for the nodes of `count` devices.
struct walk {
    const struct session *session;
    const struct host_device *const *devices;
    const bool *matters; // whether the device is looked for
    struct host_hold *holds;
    size_t count;
    struct part processes;
    struct host_holder *known; // the holders so far, each process once
};

static void note_unseen(struct walk *walk, const char *path, int why)
{
    shortage_note(why);
    if (!part_is_unreadable(&walk->processes))
        walk->processes = part_unreadable(opened_why_not(walk->session->arena, path, why));
}

// The domain whose QEMU that is according to xenstore, which is asked for the session's own domain
// first; -1 if there is none.
static int domain_of_process(const struct session *session, unsigned pid)
{
    const struct domain *own = session->domain;
    const char *const *names;
    size_t count;
    if (!session->xen)
        return -1;
    if (own && own->id >= 0 && is_process_of(session->arena, session->xen, own->id, pid))
        return own->id;
    (void)xen_list(session->xen, NULL, "/local/domain", &names, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t id;
        if (text_number(text_of(names[i]), 10, 0, DOMAIN_ID_MAX, &id) == NUMBER_OK &&
            is_process_of(session->arena, session->xen, (int)id, pid))
            return (int)id;
    }
    return -1;
}

// Each process is identified once, however many devices it has.
static const struct host_holder *identify(struct walk *walk, unsigned pid)
{
    const struct session *session = walk->session;
    struct arena *arena = session->arena;
    const char *directory = arena_printf(arena, "/proc/%u", pid);
    for (const struct host_holder *at = walk->known; at; at = at->next)
        if (at->pid == pid)
            return at;
    struct host_holder *holder = arena_new_of(arena, struct host_holder);
    holder->pid = pid;
    holder->program = sysfs_value(arena, directory, "comm");
    holder->domain = holders_domain(
        sysfs_table(arena, arena_printf(arena, "%s/cmdline", directory), ARGUMENTS_MAX));
    if (holder->domain < 0)
        holder->domain = domain_of_process(session, pid);
    if (holder->domain >= 0)
        holder->guest = name_of(session, holder->domain);
    holder->qemu = holder->domain >= 0 || holders_is_qemu(holder->program);
    holder->next = walk->known;
    walk->known = holder;
    return holder;
}

static void note_holder(struct walk *walk, unsigned pid, unsigned minor)
{
    for (size_t i = 0; i < walk->count; i++) {
        const struct host_device *device = walk->devices[i];
        struct host_hold *hold = &walk->holds[i];
        // A process that has the node open more than once is at the head of the list.
        if (!walk->matters[i] || opened_minor(device) != minor ||
            (hold->holders && hold->holders->pid == pid))
            continue;
        struct host_holder *holder = arena_new_of(walk->session->arena, struct host_holder);
        *holder = *identify(walk, pid);
        holder->next = hold->holders;
        hold->holders = holder;
    }
}

static void walk_process(struct walk *walk, unsigned pid)
{
    const char *path = arena_printf(walk->session->arena, "/proc/%u/fd", pid);
    cleanup_closedir DIR *dir = opendir(path);
    unsigned minor;
    // A process that has exited meanwhile has nothing open.
    if (!dir && errno != ENOENT)
        note_unseen(walk, path, errno);
    while (dir && opened_next(dir, &minor))
        note_holder(walk, pid, minor);
}

static void walk_processes(struct walk *walk)
{
    cleanup_closedir DIR *dir = opendir("/proc");
    walk->processes = part_read();
    if (!dir)
        note_unseen(walk, "/proc", errno);
    for (const struct dirent *at = dir ? readdir(dir) : NULL; at; at = readdir(dir)) {
        uint64_t pid;
        if (text_number(text_of(at->d_name), 10, 1, UINT32_MAX, &pid) == NUMBER_OK)
            walk_process(walk, (unsigned)pid);
    }
    // Mounted with hidepid=, /proc leaves out the processes of others.
    if (access("/proc/1", F_OK) != 0)
        note_unseen(walk, "/proc/1", errno);
}

static bool is_driver(const char *driver, const char *name)
{
    return driver && strcmp(driver, name) == 0;
}

// Sets the driver that has claimed the device; returns whether a program may have it open and
// matter.
static bool check_drivers(struct arena *arena, const struct host_device *device,
                          struct host_hold *hold)
{
    bool matters = !device->interfaces;
    *hold = (struct host_hold){ .holders = NULL };
    hold->unauthorized = !device->interfaces && !host_is_authorized(arena, device->busid);
    // Of current kernels it is the device that usbip-host drives, and not its interfaces.
    if (is_driver(device->driver, DRIVER_USBIP))
        hold->driver = device->driver;
    for (const struct host_interface *at = device->interfaces; at; at = at->next) {
        bool fs = is_driver(at->driver, DRIVER_USBFS);
        matters |= !at->driver || fs;
        if (!hold->driver &&
            (fs || is_driver(at->driver, DRIVER_USBBACK) || is_driver(at->driver, DRIVER_USBIP)))
            hold->driver = at->driver;
    }
    return matters;
}

// Finds the programs that have the devices of the walk open, if any of them matters.
static void find_programs(struct walk *walk)
{
    bool any = false;
    for (size_t i = 0; i < walk->count; i++)
        any |= walk->matters[i];
    if (any)
        walk_processes(walk);
    for (size_t i = 0; i < walk->count; i++)
        if (walk->matters[i])
            walk->holds[i].processes = walk->processes;
}

void host_find_holders(const struct session *session, struct host_device *const *devices,
                       size_t count)
{
    struct host_hold *holds = arena_array_of(session->arena, struct host_hold, count);
    bool *matters = arena_array_of(session->arena, bool, count);
    struct walk walk = { .session = session,
                         .devices = (const struct host_device *const *)devices,
                         .matters = matters,
                         .holds = holds,
                         .count = count };
    for (size_t i = 0; i < count; i++) {
        host_describe(devices[i]);
        matters[i] = check_drivers(session->arena, devices[i], &holds[i]);
    }
    find_programs(&walk);
    for (size_t i = 0; i < count; i++)
        devices[i]->hold = holds[i];
}

static void find_again(const struct session *session, const struct host_device *const *devices,
                       struct host_hold *holds, size_t count)
{
    bool *matters = arena_array_of(session->arena, bool, count);
    struct walk walk = {
        .session = session, .devices = devices, .matters = matters, .holds = holds, .count = count
    };
    for (size_t i = 0; i < count; i++) {
        struct host_device now;
        // What has its node open may still matter of a device that has just been unplugged.
        if (!host_look_again(session->arena, devices[i], &now))
            now.interfaces = NULL;
        matters[i] = check_drivers(session->arena, &now, &holds[i]);
    }
    find_programs(&walk);
}

// ---- what it means ----

static bool is_of(const struct host_holder *holder, const struct host_guest *guest)
{
    return guest && ((holder->domain >= 0 && holder->domain == guest->domain) ||
                     (guest->process && holder->pid == guest->process));
}

// Whether one of the holders is that guest's QEMU.
static bool is_held_by(const struct host_hold *hold, const struct host_guest *guest)
{
    const struct host_holder *holder = hold->holders;
    while (holder && !is_of(holder, guest))
        holder = holder->next;
    return holder;
}

static const char *show_holder(struct arena *arena, const struct host_holder *holder)
{
    if (holder->domain >= 0 && holder->guest)
        return arena_printf(arena, "%s (%d) has it: its QEMU, pid %u, has it open",
                            text_show(arena, text_of(holder->guest), GUEST_SHOWN), holder->domain,
                            holder->pid);
    if (holder->domain >= 0)
        return arena_printf(arena, "domain %d has it: its QEMU, pid %u, has it open",
                            holder->domain, holder->pid);
    const char *program = text_show(arena, text_of(holder->program), PROGRAM_SHOWN);
    return arena_printf(arena, "%s (pid %u) has it open", *program ? program : "a program",
                        holder->pid);
}

const char *host_hold_show(struct arena *arena, const struct host_hold *hold,
                           const struct host_guest *guest)
{
    bool own = is_held_by(hold, guest);
    if (hold->unauthorized)
        return "it is not authorized on this host (authorized is 0 in sysfs, as usbguard sets it)";
    for (const struct host_holder *at = hold->holders; at; at = at->next)
        if (!is_of(at, guest))
            return show_holder(arena, at);
    if (is_driver(hold->driver, DRIVER_USBFS) && !own)
        return "a program that cannot be seen holds it (driver usbfs)";
    if (is_driver(hold->driver, DRIVER_USBIP))
        return "usbip exports it to other machines (driver usbip-host)";
    bool its = guest && is_driver(hold->driver, DRIVER_USBBACK);
    if (hold->driver && !its && !is_driver(hold->driver, DRIVER_USBFS))
        return arena_printf(arena, "driver %s has it", hold->driver);
    return part_is_unreadable(&hold->processes) && !own
               ? arena_printf(arena, "who has it is unknown: %s", hold->processes.why)
               : NULL;
}

const char *host_hold_fix(const struct host_hold *hold)
{
    if (hold->unauthorized)
        return "authorize it first, in usbguard for example";
    if (hold->holders)
        return hold->holders->qemu ? NULL : "end that program first";
    return is_driver(hold->driver, DRIVER_USBIP) ? "unbind it from usbip first" : NULL;
}

enum verdict host_hold_is_of(const struct host_hold *hold, int domain)
{
    const struct host_guest guest = { .domain = domain };
    if (is_held_by(hold, &guest) || is_driver(hold->driver, DRIVER_USBBACK))
        return VERDICT_YES;
    return part_is_unreadable(&hold->processes) ? VERDICT_UNKNOWN : VERDICT_NO;
}

bool host_hold_may_pass(const struct host_hold *hold)
{
    const struct host_holder *holder = hold->holders;
    while (holder && !holder->qemu)
        holder = holder->next;
    return hold->holders && !hold->unauthorized && !holder && !hold->driver;
}

// Finds out who has the devices. Whether to look again, because one of the holds may pass.
static bool look_again(const struct session *session, const struct host_device *const *devices,
                       struct host_hold *holds, size_t count)
{
    bool may_pass = false;
    find_again(session, devices, holds, count);
    for (size_t i = 0; i < count; i++)
        may_pass |= host_hold_may_pass(&holds[i]);
    return may_pass;
}

static struct waiting wait_for_programs(const struct session *session)
{
    return waiting_until(deadline_in(PROBE_SECONDS * session->timeout_scale),
                         "a program to close a device");
}

void host_await_holders(const struct session *session, const struct host_device *const *devices,
                        struct host_hold *holds, size_t count)
{
    cleanup_waiting struct waiting waiting = wait_for_programs(session);
    while (look_again(session, devices, holds, count) && session_pause(session, &waiting, PAUSE))
        ;
}

enum status host_lock_devices(const struct session *session,
                              const struct host_device *const *devices, struct host_hold *holds,
                              size_t count, struct lock *lock)
{
    cleanup_waiting struct waiting waiting = wait_for_programs(session);
    for (;;) {
        enum status status = lock_host(session, lock);
        if (status != STATUS_OK || !look_again(session, devices, holds, count) ||
            deadline_passed(waiting.until))
            return status;
        lock_release(lock);
        (void)session_pause(session, &waiting, PAUSE);
        if (session_interrupted(session))
            return STATUS_FAILED;
    }
}

const char *host_why_not_locked(const struct session *session)
{
    return session_interrupted(session) ? "interrupted"
                                        : "xenusb's lock for host devices could not be taken";
}
