// SPDX-License-Identifier: MIT
// What is read of a host whose /proc and /sys can be read in part, or not at all.
#include "base/arena.h"
#include "fake_calls.h"
#include "host/bluetooth.h"
#include "host/input.h"
#include "host/modules.h"
#include "host/node.h"
#include "host/processes.h"
#include "host/reserve.h"
#include "host/search.h"
#include "host/sysfs.h"
#include "host/traits.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena *arena;
static struct diags diags;
static struct session session;
static struct host host;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(0);
    diags_init(&diags, arena);
    session = (struct session){ .arena = arena, .diags = &diags, .timeout_scale = 1 };
    fake_file("sys/.keep", "");
    fake_file("proc/.keep", "");
    fake_redirect("/sys", fake_path(arena, "sys"));
    fake_redirect("/proc", fake_path(arena, "proc"));
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    fake_calls_reset();
    fake_directory_remove();
    arena_free(arena);
    return 0;
}

// ---- processes ----

#define MOUNTS                                                                                     \
    "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"                                                        \
    "23 1 0:5 / /proc rw - proc proc rw\n"                                                         \
    "24 1 0:6 / /srv rw - btrfs /dev/sdb1 rw\n"

static void add_process(const char *pid)
{
    fake_file(arena_printf(arena, "proc/%s/ns/mnt", pid), "");
    fake_file(arena_printf(arena, "proc/%s/ns/user", pid), "");
    fake_file(arena_printf(arena, "proc/%s/root/.keep", pid), "");
    fake_file(arena_printf(arena, "proc/%s/mountinfo", pid), MOUNTS);
    fake_file(arena_printf(arena, "proc/%s/comm", pid), "a program\n");
    fake_file(arena_printf(arena, "proc/%s/fd/0", pid), "");
}

static void add_processes(void)
{
    add_process("1");
    add_process("42");
    fake_file("proc/self/ns/mnt", "");
    fake_file("proc/self/ns/user", "");
    fake_file("proc/self/root/.keep", "");
    fake_file("proc/meminfo", "");
}

static const char *unread_processes(struct processes *processes)
{
    const struct part part = processes_read(arena, processes);
    return part_is_unreadable(&part) ? part.why : "all was read";
}

static void test_processes(void **state)
{
    struct processes processes;
    (void)state;
    add_processes();
    assert_string_equal(unread_processes(&processes), "all was read");
    assert_non_null(processes.mounts->next);
    assert_true(text_is(processes.mounts->table, "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                                                 "24 1 0:6 / /srv rw - btrfs /dev/sdb1 rw\n"));
    assert_null(processes.nodes);
    assert_null(processes_find_node(&processes, NODE_BLOCK, "8:1"));
    assert_null(processes_find_node(&processes, NODE_BLOCK, "8"));
    assert_null(processes_find_node(&processes, NODE_BLOCK, "8:x"));
    assert_null(processes_find_node(&processes, NODE_BLOCK, ":1"));
    assert_string_equal(processes_show(arena, 42), "a program (pid 42)");
    assert_string_equal(processes_show(arena, 43), "process 43");
}

// Those that have exited meanwhile do not count.
static void test_processes_that_have_exited(void **state)
{
    static const struct {
        const char *call, *part;
        int error;
    } cases[] = {
        { "statx", "42/ns/mnt", ENOENT },   { "statx", "42/root", ESRCH },
        { "open", "42/mountinfo", ENOENT }, { "open", "42/mountinfo", EINVAL },
        { "opendir", "42/fd", ENOENT },     { "opendir", "42/fd", ESRCH },
        { "readdir", NULL, ESRCH },
    };
    struct processes processes;
    (void)state;
    add_processes();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fail_calls(cases[i].call, cases[i].part, cases[i].error);
        assert_string_equal(unread_processes(&processes), "all was read");
        fake_calls_succeed();
    }
}

static void test_processes_that_cannot_be_read(void **state)
{
    static const struct {
        const char *call, *part;
        int error;
        const char *path;
    } cases[] = {
        { "opendir", "proc", EMFILE, "/proc" },
        { "statx", "self/ns/mnt", EACCES, "/proc/self/ns/mnt" },
        { "statx", "42/ns/mnt", EACCES, "/proc/42/ns/mnt" },
        { "statx", "42/root", EACCES, "/proc/42/root" },
        { "open", "42/mountinfo", EACCES, "/proc/42/mountinfo" },
        { "opendir", "42/fd", EACCES, "/proc/42/fd" },
        { "readdir", NULL, EIO, "/proc" },
        { "statx", "0", EIO, "/fd" },
        { "statx", "0", EMFILE, "/fd" },
        { "statx", "0", ENOMEM, "/fd" },
        { "access", "/proc/1", ENOENT, "/proc/1" }, // mounted with hidepid=
    };
    struct processes processes;
    (void)state;
    add_processes();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fail_calls(cases[i].call, cases[i].part, cases[i].error);
        const char *why = unread_processes(&processes);
        fake_calls_succeed();
        if (!strstr(why, cases[i].path) || !strstr(why, strerror(cases[i].error)))
            fail_msg("%s of %s: %s", cases[i].call, cases[i].path, why);
    }
    fail_calls("statx", "0", ENOENT); // a descriptor that was closed meanwhile
    assert_string_equal(unread_processes(&processes), "all was read");
}

// ---- the nodes of a guest's QEMU ----

static void test_a_node_that_a_process_may_open(void **state)
{
    const struct host_device device = { .bus = 1, .address = 4 };
    (void)state;
    add_processes();
    fake_redirect("/dev/bus/usb", fake_path(arena, "usb"));
    fake_file("proc/42/status", "Uid:\t1\t1\t1\t65534\nGid:\t1\t1\t1\t65534\nGroups:\t\n"
                                "CapEff:\t0\n");
    // Another mount namespace than this one has: the node is looked for there.
    assert_int_equal(host_node_may_open(arena, 42, &device), VERDICT_NO);
    fake_file("proc/42/root/dev/bus/usb/001/004", "");
    assert_int_equal(host_node_may_open(arena, 42, &device), VERDICT_UNKNOWN); // of other users
    fail_calls("stat", "root/dev", EACCES);
    assert_int_equal(host_node_may_open(arena, 42, &device), VERDICT_UNKNOWN);
    fake_calls_succeed();
    // The same as this one has.
    fake_redirect("/proc/self/root", fake_path(arena, "proc/42/root"));
    fake_redirect("/proc/self/ns", fake_path(arena, "proc/42/ns"));
    assert_int_equal(host_node_may_open(arena, 42, &device), VERDICT_NO);
    fake_file("usb/001/004", "");
    assert_int_equal(chmod(fake_path(arena, "usb/001/004"), 0666), 0);
    assert_int_equal(host_node_may_open(arena, 42, &device), VERDICT_YES);
    assert_int_equal(chmod(fake_path(arena, "usb/001/004"), 0600), 0);
    assert_int_equal(host_node_may_open(arena, 42, &device), VERDICT_NO);
    static const char *const unknown[] = { "42/root",     "self/root", "42/ns/mnt",
                                           "self/ns/mnt", "ns/user",   "usb/001" };
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        fail_calls("stat", unknown[i], EACCES);
        assert_int_equal(host_node_may_open(arena, 42, &device), VERDICT_UNKNOWN);
        fake_calls_succeed();
    }
}

// ---- devices ----

static void add_device(const char *busid, const char *uevent)
{
    fake_file(arena_printf(arena, "sys/bus/usb/devices/%s/uevent", busid), uevent);
}

#define UEVENT(bus, address, product, type)                                                        \
    "MAJOR=189\nBUSNUM=" bus "\nDEVNUM=" address "\nPRODUCT=" product "\nTYPE=" type "\n"

static void test_devices_of_a_host(void **state)
{
    static const char *const order[] = { "usb1", "1-1", "1-2", "1-10", "usb2", "2-1" };
    static const char *const broken[] = {
        "",
        "BUSNUM\nDEVNUM=1\n",
        UEVENT("x", "1", "1/2/3", "0/0/0"),
        UEVENT("001", "x", "1/2/3", "0/0/0"),
        UEVENT("001", "256", "1/2/3", "0/0/0"),
        UEVENT("001", "002", "x/2/3", "0/0/0"),
        UEVENT("001", "002", "1/x/3", "0/0/0"),
        UEVENT("001", "002", "1", "0/0/0"),
        UEVENT("001", "002", "1/2/3", "x/0/0"),
        UEVENT("000", "002", "1/2/3", "0/0/0"),
        UEVENT("001", "000", "1/2/3", "0/0/0"),
    };
    (void)state;
    add_device("2-1", UEVENT("002", "002", "1d6b/2/510", "0/0/0"));
    add_device("usb2", UEVENT("002", "001", "1d6b/2/510", "9/0/1"));
    add_device("1-10", UEVENT("001", "005", "46d/c077/7200", "0/0/0"));
    add_device("1-2", UEVENT("001", "004", "46d/c077/7200", "0/0/0") "DRIVER=usbip-host\n");
    add_device("1-1", UEVENT("001", "002", "5e3/608/8536", "9/0/1"));
    add_device("usb1", UEVENT("001", "001", "1d6b/2/510", "9/0/1"));
    add_device("usb999", UEVENT("001", "009", "1d6b/2/510", "9/0/1"));
    add_device("usbx", UEVENT("001", "009", "1d6b/2/510", "9/0/1"));
    add_device("1-2:1.0", "");
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        add_device(arena_printf(arena, "1-3.%zu", i + 1), broken[i]);
    assert_int_equal(host_look(arena, &diags, &host), STATUS_OK);
    const struct host_device *device = host.devices;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++, device = device->next)
        assert_string_equal(device->busid, order[i]);
    assert_null(device);
    const struct host_device *mouse = host_device_busid(&host, "1-2");
    assert_int_equal(mouse->vendor, 0x46d);
    assert_int_equal(mouse->product, 0xc077);
    assert_string_equal(mouse->driver, "usbip-host");
    assert_ptr_equal(host_device_at(&host, 1, 4), mouse);
    assert_null(host_device_at(&host, 1, 99));
    assert_null(host_device_busid(&host, "9-9"));
    struct host_device now;
    assert_true(host_look_again(arena, mouse, &now));
    add_device("1-2", "");
    assert_false(host_look_again(arena, mouse, &now));
    assert_int_equal(errno, 0);
}

static void test_devices_that_cannot_be_read(void **state)
{
    (void)state;
    add_device("1-2", UEVENT("001", "004", "46d/c077/7200", "0/0/0"));
    fail_calls("open", "1-2/uevent", EIO);
    assert_int_equal(host_look(arena, &diags, &host), STATUS_FAILED);
    assert_null(host.devices);
    fake_calls_succeed();
    fail_calls("open", "1-2/uevent", ENODEV); // it was just unplugged
    assert_int_equal(host_look(arena, &diags, &host), STATUS_OK);
    assert_int_equal(host.count, 0);
    fake_calls_succeed();
    fail_calls("opendir", "devices", EACCES);
    assert_int_equal(host_look(arena, &diags, &host), STATUS_FAILED);
    fake_calls_succeed();
    fail_calls("opendir", "devices", ENOENT); // a kernel without USB
    assert_int_equal(host_look(arena, &diags, &host), STATUS_OK);
    fail_calls("access", "/sys/bus", ENOENT);
    assert_int_equal(host_look(arena, &diags, &host), STATUS_FAILED);
}

static void test_traits_that_cannot_be_read(void **state)
{
    const struct host_device device = { .busid = "1-2",
                                        .interfaces =
                                            &(const struct host_interface){ .name = "1-2:1.0" } };
    (void)state;
    static const char *const files[] = { "bInterfaceClass", "bInterfaceSubClass",
                                         "bInterfaceProtocol" };
    fake_file("sys/bus/usb/devices/1-2/bcdDevice", "7200\n");
    for (size_t i = 0; i < 3; i++) {
        struct host_traits traits = host_read_traits(arena, &device);
        assert_string_equal(traits.unread, "not all of its interfaces can be read");
        assert_int_equal(traits.count, 0);
        fake_file(arena_printf(arena, "sys/bus/usb/devices/1-2/1-2:1.0/%s", files[i]), "03\n");
    }
    struct host_traits traits = host_read_traits(arena, &device);
    assert_null(traits.unread);
    assert_int_equal(traits.interfaces[0].protocol, 3);
    assert_int_equal(traits.release, 0x7200);
    struct host_device other = device;
    other.interfaces_error = EIO;
    assert_string_equal(host_read_traits(arena, &other).unread,
                        "not all of its interfaces can be read");
    other = (struct host_device){ .busid = "1-2" };
    assert_non_null(strstr(host_read_traits(arena, &other).unread, "not configured"));
    assert_int_equal(unlink(fake_path(arena, "sys/bus/usb/devices/1-2/bcdDevice")), 0);
    assert_string_equal(host_read_traits(arena, &device).unread, "its release cannot be read");
}

static void test_tables_of_modules(void **state)
{
    struct modules modules;
    (void)state;
    fake_redirect("/lib/modules", fake_path(arena, "modules"));
    fail_calls("uname", NULL, EFAULT);
    modules_read(arena, &modules);
    assert_string_equal(modules.directory, "/lib/modules");
    assert_false(modules_available(&modules));
    fake_file("modules/modules.builtin.modinfo", "usbhid.alias=usb:v*p*d*dc*ic03*in*");
    modules_read(arena, &modules);
    assert_true(modules_available(&modules));
    assert_string_equal(modules_find(arena, &modules, "usb:v1p2d3dc0ic03in00"), "usbhid");
    assert_null(modules_find(arena, &modules, "usb:v1p2d3dc0ic08in00"));
    fake_file("modules/modules.alias", "alias pci:x y\nalias usb:v*p*d*dc*ic08*in* usb_storage\n");
    modules_read(arena, &modules);
    assert_string_equal(modules_find(arena, &modules, "usb:v1p2d3dc0ic08in00"), "usb_storage");
}

// ---- the last keyboard ----

#define KEYBOARD "ffffffffffffffff ffffffffffffffff\n"

static void add_input(const char *name, const char *target, const char *keys)
{
    fake_link_to(arena_printf(arena, "sys/class/input/%s", name), target);
    const char *directory =
        fake_path(arena, arena_printf(arena, "sys/%s", target + strlen("../../")));
    const char *below = directory + strlen(fake_directory()) + 1;
    fake_file(arena_printf(arena, "%s/capabilities/key", below), keys);
    fake_file(arena_printf(arena, "%s/capabilities/rel", below), "0\n");
    fake_file(arena_printf(arena, "%s/capabilities/abs", below), "0\n");
}

static void test_the_last_keyboard(void **state)
{
    struct host_device given = { .busid = "1-2" }, *devices[] = { &given };
    unsigned last[1];
    (void)state;
    fake_redirect("/run/systemd", fake_path(arena, "run"));
    add_input("input1", "../../devices/usb1/1-2/input1", KEYBOARD);
    add_input("input2", "../../devices/virtual/input/input2", KEYBOARD);
    fake_file("sys/class/input/event1", "");
    // Nobody sits at the host, or that is not known.
    assert_null(input_find_last(arena, devices, 1, last));
    assert_int_equal(last[0], 0);
    fake_file("run/seats/seat0", "IS_SEAT0=1\nACTIVE=c1\n");
    assert_null(input_find_last(arena, devices, 1, last));
    assert_int_equal(last[0], INPUT_KEYBOARD);
    fail_calls("open", "seat0", EACCES);
    assert_non_null(strstr(input_find_last(arena, devices, 1, last), "seat0: Permission denied"));
    assert_int_equal(last[0], INPUT_KEYBOARD);
    fake_calls_succeed();
    // What cannot be read of a device that is given away counts, of others it does not.
    fail_calls("open", "input1/capabilities/rel", EACCES);
    assert_non_null(strstr(input_find_last(arena, devices, 1, last), "Permission denied"));
    assert_int_equal(last[0], INPUT_KEYBOARD | INPUT_POINTER);
    fake_calls_succeed();
    fail_calls("open", "input1/capabilities", EACCES); // only the first reason is given
    assert_non_null(strstr(input_find_last(arena, devices, 1, last), "capabilities/key"));
    fake_calls_succeed();
    fail_calls("open", "input1/capabilities", ENODEV); // it was just unplugged
    assert_null(input_find_last(arena, devices, 1, last));
    assert_int_equal(last[0], 0);
    fake_calls_succeed();
    fail_calls("opendir", "input", EIO);
    assert_non_null(input_find_last(arena, devices, 1, last));
    assert_int_equal(last[0], INPUT_KEYBOARD | INPUT_POINTER);
    fake_calls_succeed();
    fail_calls("readlink", "input1", ENOENT);
    assert_null(input_find_last(arena, devices, 1, last));
    assert_int_equal(last[0], 0);
    fake_calls_succeed();
    add_input("input3", "../../devices/usb1/1-4/input3", KEYBOARD);
    assert_null(input_find_last(arena, devices, 1, last));
    assert_int_equal(last[0], 0);
}

static void test_pointers(void **state)
{
    (void)state;
    const struct text none = TEXT_EMPTY, left = text_of("10000 0 0 0 0\n"), xy = text_of("3\n"),
                      x = text_of("1\n"), y = text_of("2\n"), touch = text_of("400 0 0 0 0 0\n");
    assert_int_equal(input_kinds(left, xy, none), INPUT_POINTER);
    assert_int_equal(input_kinds(left, x, none), 0);
    assert_int_equal(input_kinds(left, y, none), 0);
    assert_int_equal(input_kinds(left, none, xy), INPUT_POINTER);
    assert_int_equal(input_kinds(left, none, x), 0);
    assert_int_equal(input_kinds(left, none, y), 0);
    assert_int_equal(input_kinds(touch, none, xy), INPUT_POINTER);
    assert_int_equal(input_kinds(touch, xy, none), 0);
    assert_int_equal(input_kinds(none, xy, xy), 0);
}

static void test_names_of_bluetooth_adapters(void **state)
{
    const char *why;
    (void)state;
    static const char *const names[] = { "wlan0", "hci", "hcix", "hci99999" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(bluetooth_is_up(arena, names[i], &why), VERDICT_UNKNOWN);
        assert_string_equal(why, "its name is not that of an adapter");
    }
    fail_calls("socket", NULL, EAFNOSUPPORT);
    assert_int_equal(bluetooth_is_up(arena, "hci0", &why), VERDICT_UNKNOWN);
    assert_string_equal(why, strerror(EAFNOSUPPORT));
}

// ---- disks ----

static const char *objection(const char *path, struct reservation *reservation)
{
    const struct host_disk disk = { .path = path, .major = 8, .minor = 1 };
    const struct host_device device = { .disks = &disk }, *devices[] = { &device };
    struct host_objection objections[1];
    host_reserve(&session, devices, 1, objections, reservation);
    return objections[0].why ? objections[0].why : "none";
}

static void assert_objection(const char *path, const char *part)
{
    cleanup_reservation struct reservation reservation = RESERVATION_NONE;
    const char *why = objection(path, &reservation);
    if (!strstr(why, part))
        fail_msg("not \"%s\" in: %s", part, why);
}

static void test_disks_that_are_reserved(void **state)
{
    (void)state;
    fake_file("disk", "");
    // A node that has been replaced since is not that of the disk.
    assert_objection(fake_path(arena, "disk"), "none");
    assert_objection(fake_path(arena, "nothing"), "none");
    fail_calls("open", "disk", ENXIO);
    assert_objection(fake_path(arena, "disk"), "none");
    fake_calls_succeed();
    fail_calls("open", "disk", ENODEV);
    assert_objection(fake_path(arena, "disk"), "none");
    fake_calls_succeed();
    fail_calls("open", "disk", ENOMEDIUM);
    assert_objection(fake_path(arena, "disk"), "none");
    fake_calls_succeed();
    fail_calls("open", "disk", EACCES);
    assert_objection(fake_path(arena, "disk"),
                     "whether this host uses it is unknown: cannot open ");
    fake_calls_succeed();
    fail_call_nth("open", "disk", EBUSY, 1); // udev has just had it
    assert_objection(fake_path(arena, "disk"), "none");
    fake_calls_succeed();
    fail_calls("open", "disk", EBUSY);
    assert_objection(fake_path(arena, "disk"), "exclusively");
    fake_calls_succeed();
    fail_calls("fstat", NULL, EIO);
    assert_objection(fake_path(arena, "disk"), "Input/output error");
}

// Who opens it cannot be started, or ends without an answer.
static void test_disks_that_cannot_be_reserved(void **state)
{
    static const char *const calls[] = { "dup2", "close_range", "send" };
    (void)state;
    fake_file("disk", "");
    fail_calls("socketpair", NULL, EMFILE);
    assert_objection(fake_path(arena, "disk"), "Too many open files");
    fake_calls_succeed();
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        fail_calls(calls[i], NULL, EIO);
        assert_objection(fake_path(arena, "disk"), "it did not answer in time");
        fake_calls_succeed();
    }
    for (unsigned nth = 2; nth <= 3; nth++) {
        fail_call_nth("dup2", NULL, EIO, nth);
        assert_objection(fake_path(arena, "disk"), "it did not answer in time");
        fake_calls_succeed();
    }
    fail_call_nth("recv", NULL, EINTR, 1);
    assert_objection(fake_path(arena, "disk"), "none");
    fake_calls_succeed();
    fail_call_nth("recv", NULL, EAGAIN, 1);
    assert_objection(fake_path(arena, "disk"), "none");
    fake_calls_succeed();
    fail_call_nth("recv", NULL, EIO, 1);
    assert_objection(fake_path(arena, "disk"), "it did not answer in time");
    fake_calls_succeed();
    struct interrupt interrupt = { .raised = 2 };
    session.interrupt = &interrupt;
    assert_objection(fake_path(arena, "disk"), "it did not answer in time");
}

// ---- tables ----

static void test_tables_of_a_host(void **state)
{
    struct host_tables tables = { .session = &session };
    (void)state;
    add_processes();
    fake_file("proc/self/mountinfo", MOUNTS);
    fake_file("sys/block/loop0/loop/backing_file", "/dev/sda1\n");
    fake_file("sys/block/loop1/size", "0\n");
    fake_file("sys/block/sda/size", "8\n");
    fake_file("sys/fs/btrfs/features/a", "");
    fake_file("sys/fs/btrfs/uuid/devices/sdb1", "");
    const struct part *part = tables_of_disks(&tables);
    assert_false(part_is_unreadable(part));
    assert_string_equal(tables.loops->file, "/dev/sda1");
    assert_null(tables.loops->next);
    assert_string_equal(tables.btrfs->name, "sdb1");
    assert_true(text_is(tables.mounts, MOUNTS));
    assert_null(tables.swaps.at); // a kernel without swap
    assert_ptr_equal(tables_of_disks(&tables), part);
    assert_false(part_is_unreadable(tables_of_networks(&tables)));
    assert_false(part_is_unreadable(tables_of_networks(&tables)));
}

static void test_tables_that_cannot_be_read(void **state)
{
    static const struct {
        const char *call, *part, *why;
        int error;
    } cases[] = {
        { "opendir", "fs/btrfs", "/sys/fs/btrfs", EACCES },
        { "opendir", "uuid/devices", "/sys/fs/btrfs/uuid/devices", EIO },
        { "opendir", "/sys/block", "/sys/block", EIO },
        { "open", "backing_file", "loop0/loop/backing_file", EIO },
        { "open", "self/mountinfo", "/proc/self/mountinfo", EIO },
        { "access", "/proc/swaps", "/proc/swaps", EACCES },
        { "access", "/proc/self", "/proc/swaps", ENOENT },
        { "opendir", "42/fd", "/proc/42/fd", EACCES },
    };
    (void)state;
    add_processes();
    fake_file("proc/self/mountinfo", MOUNTS);
    fake_file("sys/block/loop0/loop/backing_file", "/dev/sda1\n");
    fake_file("sys/fs/btrfs/uuid/devices/sdb1", "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct host_tables tables = { .session = &session };
        fail_calls(cases[i].call, cases[i].part, cases[i].error);
        const struct part *part = tables_of_disks(&tables);
        if (!part_is_unreadable(part) || !strstr(part->why, cases[i].why))
            fail_msg("%s: %s", cases[i].part, part->why ? part->why : "all was read");
        if (strcmp(cases[i].call, "access") == 0)
            assert_true(part_is_unreadable(tables_of_networks(&tables)) ||
                        strcmp(cases[i].part, "/proc/swaps") == 0);
        fake_calls_succeed();
    }
}

// ---- sysfs ----

static void test_files_of_sysfs(void **state)
{
    (void)state;
    fake_file("sys/file", "0123456789");
    assert_true(text_is(sysfs_table(arena, "/sys/file", 4), "0123"));
    assert_true(text_is(sysfs_table(arena, "/sys/file", 100), "0123456789"));
    assert_null(sysfs_whole(arena, "/sys/file", 9).at);
    assert_int_equal(errno, EFBIG);
    assert_true(text_is(sysfs_whole(arena, "/sys/file", 10), "0123456789"));
    fail_calls("read", NULL, EIO);
    assert_null(sysfs_table(arena, "/sys/file", 100).at);
    assert_null(sysfs_file(arena, "/sys/file", 100).at);
    assert_string_equal(sysfs_value(arena, "/sys", "file"), "");
    fake_calls_succeed();
    assert_true(sysfs_write("/sys/file", "new"));
    assert_false(sysfs_write("/sys/none", "new"));
    fail_calls("write", NULL, EIO);
    assert_false(sysfs_write("/sys/file", "new"));
    fake_calls_succeed();
    assert_null(sysfs_link(arena, "/sys", "file"));
    assert_false(sysfs_is_directory(arena, "/sys", "file"));
    assert_false(sysfs_is_directory(arena, "/sys", "none"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_processes),
        CASE(test_processes_that_have_exited),
        CASE(test_processes_that_cannot_be_read),
        CASE(test_a_node_that_a_process_may_open),
        CASE(test_devices_of_a_host),
        CASE(test_devices_that_cannot_be_read),
        CASE(test_traits_that_cannot_be_read),
        CASE(test_tables_of_modules),
        CASE(test_the_last_keyboard),
        CASE(test_pointers),
        CASE(test_names_of_bluetooth_adapters),
        CASE(test_disks_that_are_reserved),
        CASE(test_disks_that_cannot_be_reserved),
        CASE(test_tables_of_a_host),
        CASE(test_tables_that_cannot_be_read),
        CASE(test_files_of_sysfs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
