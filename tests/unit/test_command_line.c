// SPDX-License-Identifier: MIT
// What the arguments of a QEMU say about its devices.
#include "base/arena.h"
#include "qemu/command_line.h"
#include "unit.h"

static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

#define ARGUMENTS(string) ((struct text){ (string), sizeof(string) - 1 })

static void want_driver(struct text arguments, const char *id, const char *driver)
{
    struct text found = command_line_driver(arena, arguments, id);
    assert_true(text_is(found, driver));
}

static void test_devices_are_found_by_their_ids(void **state)
{
    (void)state;
    const struct text arguments =
        ARGUMENTS("qemu\0-device\0nec-usb-xhci,id=x,p2=4\0--device\0id=k,driver=usb-kbd\0"
                  "-device\0usb-storage,serial=a,,id=no,id=d\0-name\0id=n\0-device\0usb-mouse\0");
    want_driver(arguments, "x", "nec-usb-xhci");
    want_driver(arguments, "k", "usb-kbd");
    want_driver(arguments, "d", "usb-storage");
    want_driver(arguments, "no", "");
    want_driver(arguments, "n", "");
    assert_int_equal(command_line_unnamed(arena, arguments), 1);
    assert_false(command_line_is_partial(arguments));
}

static void test_devices_can_be_json(void **state)
{
    (void)state;
    const struct text arguments =
        ARGUMENTS("qemu\0-device\0{\"driver\": \"usb-hub\", \"id\": \"h\"}\0"
                  "-device\0{\"driver\": \"usb-kbd\"}\0-device\0{bad\0");
    want_driver(arguments, "h", "usb-hub");
    assert_int_equal(command_line_unnamed(arena, arguments), 2);
}

static void test_arguments_may_end_early(void **state)
{
    (void)state;
    assert_int_equal(command_line_unnamed(arena, TEXT_EMPTY), 0);
    assert_int_equal(command_line_unnamed(arena, ARGUMENTS("qemu\0-device")), 1);
    want_driver(ARGUMENTS("qemu\0-device\0a,b=c,,"), "x", "");
    want_driver(ARGUMENTS("qemu\0-device\0usb-kbd,id=x"), "x", "usb-kbd");
}

static void test_files_of_options(void **state)
{
    (void)state;
    assert_true(command_line_is_partial(ARGUMENTS("qemu\0-readconfig\0file\0")));
    assert_true(command_line_is_partial(ARGUMENTS("qemu\0--readconfig\0file\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_devices_are_found_by_their_ids),
        cmocka_unit_test(test_devices_can_be_json),
        cmocka_unit_test(test_arguments_may_end_early),
        cmocka_unit_test(test_files_of_options),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
