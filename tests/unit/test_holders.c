// SPDX-License-Identifier: MIT
// Who holds a device, from what /proc shows, and what is said of it.
#include "base/arena.h"
#include "host/holders.h"
#include "unit.h"
#include "xen/domain.h"

#include <unistd.h>

static struct arena *arena;
static const struct host_guest win10 = { .domain = 3, .process = 0 };

static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

// The domain in arguments that are given as a literal, with a NUL between them.
#define DOMAIN_IN(arguments) holders_domain((struct text){ (arguments), sizeof(arguments) })

static void test_domain_in_arguments(void **state)
{
    (void)state;
    assert_int_equal(DOMAIN_IN("qemu-system-i386\0-xen-domid\0"
                               "3\0-name\0win10"),
                     3);
    assert_int_equal(DOMAIN_IN("qemu\0--xen-domid\0"
                               "12"),
                     12);
    assert_int_equal(DOMAIN_IN("qemu\0-name\0-xen"), -1);
    assert_int_equal(DOMAIN_IN("qemu\0-xen-domid"), -1);
    assert_int_equal(DOMAIN_IN("qemu\0-xen-domid\0three"), -1);
    assert_int_equal(DOMAIN_IN("qemu\0-xen-domid\0"
                               "32752"),
                     -1);
    assert_int_equal(DOMAIN_IN("qemu\0-xen-domid=3"), -1);
    assert_int_equal(holders_domain(TEXT_EMPTY), -1);
}

static void test_names_of_qemu(void **state)
{
    (void)state;
    assert_true(holders_is_qemu("qemu-system-x86"));
    assert_true(holders_is_qemu("xen-qemu-system"));
    assert_true(holders_is_qemu("qemu:win10"));
    assert_true(holders_is_qemu("kvm"));
    assert_false(holders_is_qemu("usbls"));
    assert_false(holders_is_qemu("kvm-nx-lpage"));
    assert_false(holders_is_qemu(""));
}

static const struct host_holder usbls = { .pid = 12, .program = "usbls", .domain = -1 };
static const struct host_holder plain = {
    .pid = 811, .program = "qemu-system-x86", .qemu = true, .domain = -1
};
static const struct host_holder of_win10 = {
    .pid = 911, .program = "qemu", .qemu = true, .domain = 3, .guest = "win10"
};

static const char *shown(const struct host_holder *holder, const char *driver, const char *unseen,
                         const struct host_guest *guest)
{
    const struct host_hold hold = { .holders = holder,
                                    .driver = driver,
                                    .processes = unseen ? part_unreadable(unseen) : part_read() };
    const char *words = host_hold_show(arena, &hold, guest);
    return words ? words : "free";
}

static void test_who_has_it(void **state)
{
    (void)state;
    const struct host_holder evil = { .pid = 7, .program = "ev\x1bil", .domain = -1 };
    const struct host_holder of_seven = { .pid = 911, .program = "qemu", .domain = 7 };
    const struct host_holder nameless = { .pid = 7, .program = "", .domain = -1 };
    assert_string_equal(shown(NULL, NULL, NULL, NULL), "free");
    assert_string_equal(shown(&usbls, "usbfs", NULL, NULL), "usbls (pid 12) has it open");
    assert_string_equal(shown(&plain, NULL, NULL, &win10), "qemu-system-x86 (pid 811) has it open");
    assert_string_equal(shown(&of_win10, NULL, NULL, NULL),
                        "win10 (3) has it: its QEMU, pid 911, has it open");
    assert_string_equal(shown(&of_seven, NULL, NULL, &win10),
                        "domain 7 has it: its QEMU, pid 911, has it open");
    assert_string_equal(shown(&evil, NULL, NULL, NULL), "ev\\x1bil (pid 7) has it open");
    assert_string_equal(shown(&nameless, NULL, NULL, NULL), "a program (pid 7) has it open");
    assert_string_equal(shown(NULL, "usbback", NULL, NULL), "driver usbback has it");
    assert_string_equal(shown(NULL, "usbip-host", NULL, &win10),
                        "usbip exports it to other machines (driver usbip-host)");
    assert_string_equal(shown(NULL, "usbfs", "cannot read /proc/1/fd", NULL),
                        "a program that cannot be seen holds it (driver usbfs)");
    assert_string_equal(shown(NULL, NULL, "cannot read /proc/1/fd", NULL),
                        "who has it is unknown: cannot read /proc/1/fd");
}

static void test_what_to_do_about_it(void **state)
{
    (void)state;
    assert_string_equal(host_hold_fix(&(struct host_hold){ .holders = &usbls }),
                        "end that program first");
    assert_null(host_hold_fix(&(struct host_hold){ .holders = &of_win10 }));
    assert_string_equal(host_hold_fix(&(struct host_hold){ .driver = "usbip-host" }),
                        "unbind it from usbip first");
    assert_null(host_hold_fix(&(struct host_hold){ .driver = "usbback" }));
}

// What a guest holds itself does not keep it from being given to that guest.
static void test_what_is_the_guests_own(void **state)
{
    (void)state;
    const struct host_guest by_process = { .domain = -1, .process = 811 };
    struct host_holder also = of_win10;
    assert_string_equal(shown(&of_win10, "usbfs", NULL, &win10), "free");
    assert_string_equal(shown(&plain, NULL, NULL, &by_process), "free");
    assert_string_equal(shown(NULL, "usbback", NULL, &win10), "free");
    also.next = &usbls;
    assert_string_equal(shown(&also, NULL, NULL, &win10), "usbls (pid 12) has it open");
    // Without Xen, -1 is the domain of no guest and of every program.
    assert_string_equal(shown(&usbls, NULL, NULL, &by_process), "usbls (pid 12) has it open");
}

static void test_whether_a_domain_has_it(void **state)
{
    (void)state;
    struct host_hold hold = { .holders = &of_win10 };
    assert_int_equal(host_hold_is_of(&hold, 3), VERDICT_YES);
    assert_int_equal(host_hold_is_of(&hold, 4), VERDICT_NO);
    hold.processes = part_unreadable("cannot read /proc/1/fd");
    assert_int_equal(host_hold_is_of(&hold, 3), VERDICT_YES);
    assert_int_equal(host_hold_is_of(&hold, 4), VERDICT_UNKNOWN);
    hold = (struct host_hold){ .driver = "usbback" };
    assert_int_equal(host_hold_is_of(&hold, 3), VERDICT_YES);
    hold.driver = "usbfs";
    assert_int_equal(host_hold_is_of(&hold, 3), VERDICT_NO);
}

static void test_what_may_pass(void **state)
{
    (void)state;
    assert_false(host_hold_may_pass(&(struct host_hold){ .holders = NULL }));
    assert_true(host_hold_may_pass(&(struct host_hold){ .holders = &usbls }));
    assert_false(host_hold_may_pass(&(struct host_hold){ .holders = &usbls, .driver = "usbfs" }));
    assert_false(host_hold_may_pass(&(struct host_hold){ .holders = &plain }));
}

// Nobody can use it, whoever has it open.
static void test_not_authorized(void **state)
{
    (void)state;
    const struct host_hold hold = { .holders = &usbls, .unauthorized = true };
    assert_string_equal(
        host_hold_show(arena, &hold, NULL),
        "it is not authorized on this host (authorized is 0 in sysfs, as usbguard sets it)");
    assert_string_equal(host_hold_fix(&hold), "authorize it first, in usbguard for example");
    assert_false(host_hold_may_pass(&hold));
}

// This process has no node of a USB device open; of one that does not exist nothing can be said.
static void test_a_process(void **state)
{
    (void)state;
    const struct host_device stick = { .bus = 1, .address = 6, .busid = "1-1.3" };
    const unsigned own = (unsigned)getpid();
    struct domain domain = { .id = 3, .name = "win10", .qemu_process = own }; // compared
    const struct session session = { .arena = arena, .domain = &domain };
    struct host_nodes nodes = host_nodes_of(&session, own);
    assert_int_equal(host_nodes_have(&nodes, &stick), VERDICT_NO);
    nodes = host_nodes_of(&session, UINT32_MAX);
    assert_int_equal(host_nodes_have(&nodes, &stick), VERDICT_UNKNOWN);
    assert_non_null(strstr(nodes.part.why, "cannot read /proc/4294967295/fd: "));
    nodes = host_nodes_of(&session, 0);
    assert_string_equal(nodes.part.why, "the process of its QEMU is not known");
    // Without Xen, a socket may have been opened by another program than QEMU, such as this one.
    domain.id = -1;
    domain.qemu_process = 0;
    nodes = host_nodes_of(&session, own);
    assert_int_equal(host_nodes_have(&nodes, &stick), VERDICT_UNKNOWN);
    // Its name is valgrind's if that runs it.
    assert_non_null(strstr(nodes.part.why, "its socket was opened by "));
    assert_non_null(strstr(nodes.part.why, arena_printf(arena, " (pid %u)", own)));
}

// Its QEMU has it, and what else would be said does not matter.
static void test_the_guests_own_driver(void **state)
{
    (void)state;
    assert_string_equal(shown(&of_win10, "usbfs", "cannot read /proc/1/fd", &win10), "free");
    assert_string_equal(shown(&of_win10, "usbip-host", NULL, &win10),
                        "usbip exports it to other machines (driver usbip-host)");
    assert_string_equal(shown(NULL, "usbback", NULL, &win10), "free");
    struct interrupt interrupt = { .raised = 2 };
    struct session session = { .interrupt = &interrupt };
    assert_string_equal(host_why_not_locked(&session), "interrupted");
    interrupt.raised = 0;
    assert_string_equal(host_why_not_locked(&session),
                        "xenusb's lock for host devices could not be taken");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_domain_in_arguments, begin, end),
        cmocka_unit_test_setup_teardown(test_names_of_qemu, begin, end),
        cmocka_unit_test_setup_teardown(test_who_has_it, begin, end),
        cmocka_unit_test_setup_teardown(test_what_to_do_about_it, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_the_guests_own, begin, end),
        cmocka_unit_test_setup_teardown(test_whether_a_domain_has_it, begin, end),
        cmocka_unit_test_setup_teardown(test_what_may_pass, begin, end),
        cmocka_unit_test_setup_teardown(test_not_authorized, begin, end),
        cmocka_unit_test_setup_teardown(test_a_process, begin, end),
        cmocka_unit_test_setup_teardown(test_the_guests_own_driver, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
