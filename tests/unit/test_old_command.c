// SPDX-License-Identifier: MIT
// Commands of xm and xl as people have them in scripts.
#include "base/arena.h"
#include "cli/old_command.h"
#include "unit.h"

static struct arena *arena;
static struct diags diags;

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

// The command of xenusb; else the first message.
static const char *translated(const char *line)
{
    diags_init(&diags, arena);
    const struct advice_command command = old_command_translate(arena, &diags, line);
    if (command.count)
        return advice_line(arena, &command);
    assert_non_null(diags.first);
    return diags.first->message;
}

static void want(const char *line, const char *expected)
{
    const char *words = translated(line);
    if (strcmp(words, expected) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", line, words, expected);
}

static void test_commands(void **state)
{
    (void)state;
    want("xm usb-hc-create web 2 8", "xenusb controller add web type=pv,usbversion=2,numports=8");
    want("sudo /usr/sbin/xm usb-hc-destroy web 1", "xenusb controller remove web 1");
    want("xm usb-attach web 0 3 1-8", "xenusb attach web busid=1-8,controller=0,port=3");
    want("xl usbdev-detach web 0 3", "xenusb detach web bus=0,port=3");
    want("xl usbdev-detach web controller=0 port=3", "xenusb detach web bus=0,port=3");
    assert_int_equal(diags.warnings, 1);
    want("xl usbdev-detach web 0 port=3", "xenusb detach web bus=0,port=3");
    assert_int_equal(diags.warnings, 1);
    want("xl usbctrl-attach web version=0x1 ports=07 type=DeviceModel",
         "xenusb controller add web type=emul,usbversion=1,numports=7");
    assert_int_equal(diags.warnings, 1); // octal
    want("xl usbdev-attach web hostbus=1 hostaddr=6 controller=0 port=2",
         "xenusb attach web hostaddr=1.6,controller=0,port=2");
    want("xl usb-list -web", "xenusb list -- -web");
}

static void test_arguments_that_are_no_numbers(void **state)
{
    static const char *const lines[] = {
        "xm usb-hc-create web x 8",
        "xm usb-hc-create web 2 8x",
        "xm usb-hc-destroy web zero",
        "xm usb-attach web x 3 1-8",
        "xm usb-attach web 0 x 1-8",
        "xl usbdev-detach web x 3",
        "xl usbdev-detach web 0 x",
        "xl usbctrl-attach web version=x",
        "xl usbctrl-attach web ports=x",
        "xl usbdev-attach web hostbus=x hostaddr=6",
        "xl usbdev-attach web hostbus=1 hostaddr=x",
        "xl usbdev-attach web hostbus=1 hostaddr=6 controller=x",
        "xl usbdev-attach web hostbus=1 hostaddr=6 port=x",
        "xl usbctrl-detach web 0:",
        "xl usbctrl-detach web 0/",
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        want(lines[i], "expected a number");
}

static void test_wrong_commands(void **state)
{
    (void)state;
    want("xl usbdev-attach web hostaddr=6", "usbdev-attach needs hostbus= and hostaddr=");
    want("xl usbdev-attach web hostbus=1", "usbdev-attach needs hostbus= and hostaddr=");
    want("xl usbdev-detach web 0 0", "ports begin with 1");
    want("xl usbctrl-detach web 0 1", "wrong arguments for xl usbctrl-detach");
    want("xl usbctrl-detach web", "wrong arguments for xl usbctrl-detach");
    want("xl usbctrl-detach web ''", "this word is empty");
    want("xl usbctrl-attach web type=x", "xl has no such type");
    want("xl usbctrl-attach web kind=x", "xl has no such key here");
    want("xm usb-attach web 0 3 usb1", "not a bus id");
    want("xm usb-add web tablet", "not a host device");
    want("xl block-list web", "not a USB command of xm or xl");
    want("xl", "not a USB command of xm or xl");
    want("xl usb-list 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
         "wrong arguments for xl usb-list");
}

static void test_words_as_a_shell_reads_them(void **state)
{
    (void)state;
    want("xl usb-list 'my guest'", "xenusb list 'my guest'");
    want("xl usb-list my\\ guest", "xenusb list 'my guest'");
    want("xl usb-list \"my \\\"guest\\\"\"", "xenusb list 'my \"guest\"'");
    want("xl usb-list \"a\\$b\"", "xenusb list 'a$b'");
    want("xl usb-list \"a\\b\"", "xenusb list 'a\\b'");
    want("xl usb-list \"a\\", "this quote is not closed");
    want("xl usb-list 'a", "this quote is not closed");
    want("xl usb-list a\\", "this quote is not closed");
    want("xl usb-list \"$GUEST\"", "a shell would not read this as it is");
    want("xl usb-list \"`x`\"", "a shell would not read this as it is");
    want("xl usb-list $GUEST", "a shell would not read this as it is");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_commands),
        CASE(test_arguments_that_are_no_numbers),
        CASE(test_wrong_commands),
        CASE(test_words_as_a_shell_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
