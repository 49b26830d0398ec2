// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "plan/log.h"
#include "unit.h"

#include <stdlib.h>

static struct arena *arena;
static struct domain domain = { .id = 3, .name = "win10" };
static struct host_device stick = { .bus = 1,
                                    .address = 6,
                                    .busid = "1-1.3",
                                    .vendor = 0x781,
                                    .product = 0x5581,
                                    .speed = SPEED_HIGH,
                                    .manufacturer = "SanDisk",
                                    .name = "Ultra",
                                    .serial = "4C53" };
static struct controller controller = { .name = "hci0", .driver = "nec-usb-xhci" };

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

static const char *line_of(enum step_op op, enum step_state state, struct device *device)
{
    struct step step = { .op = op, .state = state, .controller = &controller, .device = device };
    if (device)
        device->controller = &controller;
    return log_line(arena, &domain, &step, "root");
}

static void test_lines_of_steps(void **state)
{
    (void)state;
    struct device device = { .kind = DEVICE_HOSTDEV, .host = &stick, .port = { 2, { 2, 4 } } };
#define STICK "SanDisk Ultra (1-1.3, high speed) 0781:5581 serial 4C53"
#define PLACE "win10 (3), hci0.2.4; by root"
    assert_string_equal(line_of(STEP_ADD, STEP_DONE, &device), "attached " STICK " to " PLACE);
    assert_string_equal(line_of(STEP_REMOVE, STEP_DONE, &device), "detached " STICK " from " PLACE);
    assert_string_equal(line_of(STEP_ADD, STEP_UNDONE, &device),
                        "undo: detached " STICK " from " PLACE);
    assert_string_equal(line_of(STEP_REMOVE, STEP_LEFT, &device),
                        "could not reattach " STICK " to " PLACE);
#undef STICK
#undef PLACE
}

static void test_steps_that_are_not_logged(void **state)
{
    (void)state;
    assert_null(line_of(STEP_ADD, STEP_PLANNED, NULL));
    assert_null(line_of(STEP_ADD, STEP_FAILED, NULL));
    assert_null(line_of(STEP_KEEP, STEP_DONE, NULL));
    assert_null(line_of(STEP_REFUSE, STEP_PLANNED, NULL));
}

static void test_other_things(void **state)
{
    (void)state;
    struct device tablet = { .kind = DEVICE_TABLET, .driver = "usb-tablet" };
    struct device gone = { .kind = DEVICE_HOSTDEV,
                           .selector = { .criteria = SELECT_BUSID, .busid = "1-4" },
                           .port = { 1, { 1 } } };
    assert_string_equal(line_of(STEP_ADD, STEP_DONE, NULL),
                        "attached controller hci0 (nec-usb-xhci) to win10 (3); by root");
    assert_string_equal(line_of(STEP_ADD, STEP_DONE, &tablet),
                        "attached tablet to win10 (3), hci0.?; by root");
    assert_string_equal(line_of(STEP_REMOVE, STEP_DONE, &gone),
                        "detached host device 1-4 from win10 (3), hci0.1; by root");
    domain.id = -1;
    assert_string_equal(line_of(STEP_REMOVE, STEP_DONE, NULL),
                        "detached controller hci0 (nec-usb-xhci) from win10; by root");
    domain.id = 3;
}

static void test_qemu_lines(void **state)
{
    (void)state;
    struct pvusb_qemu qemu = { .program = "/usr/libexec/xen-qemu-system-i386" };
    struct step step = { .op = STEP_ADD, .state = STEP_DONE, .pvusb_qemu = &qemu };
    assert_string_equal(log_line(arena, &domain, &step, "root"),
                        "started the PVUSB QEMU (/usr/libexec/xen-qemu-system-i386) for win10 "
                        "(3); by root");
    step.state = STEP_UNDONE;
    assert_string_equal(
        log_line(arena, &domain, &step, "root"),
        "undo: stopped the PVUSB QEMU (/usr/libexec/xen-qemu-system-i386) for win10 "
        "(3); by root");
    step.op = STEP_REMOVE;
    step.state = STEP_DONE;
    assert_string_equal(log_line(arena, &domain, &step, "root"),
                        "stopped the PVUSB QEMU (/usr/libexec/xen-qemu-system-i386) for win10 "
                        "(3); by root");
    step.state = STEP_UNDONE;
    assert_string_equal(log_line(arena, &domain, &step, "root"),
                        "undo: restarted the PVUSB QEMU (/usr/libexec/xen-qemu-system-i386) for "
                        "win10 (3); by root");
}

static void test_untrusted_text_is_escaped(void **state)
{
    (void)state;
    struct step step = {
        .op = STEP_ADD, .state = STEP_LEFT, .controller = &controller, .words = "no\n\x1b[2Jway"
    };
    assert_string_equal(log_line(arena, &domain, &step, "x\ny"),
                        "could not detach controller hci0 (nec-usb-xhci) from win10 (3); by "
                        "x\\x0ay: no\\x0a\\x1b[2Jway");
}

static void test_the_user_is_logged(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("SUDO_USER"), 0);
    const char *alone = log_who(arena);
    assert_true(*alone);
    assert_int_equal(setenv("SUDO_USER", "al\nice", 1), 0);
    assert_string_equal(log_who(arena), arena_printf(arena, "%s for al\\x0aice", alone));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_lines_of_steps), CASE(test_steps_that_are_not_logged),
        CASE(test_other_things),   CASE(test_untrusted_text_is_escaped),
        CASE(test_qemu_lines),     CASE(test_the_user_is_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
