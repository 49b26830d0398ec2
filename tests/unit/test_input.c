// SPDX-License-Identifier: MIT
#include "host/input.h"
#include "unit.h"

static unsigned kinds(const char *keys, const char *relative, const char *absolute)
{
    return input_kinds(text_of(keys), text_of(relative), text_of(absolute));
}

// As the kernel shows them, in words of the size of long.
static void test_kinds(void **state)
{
    (void)state;
    // An AT keyboard, a USB keyboard, and the security key that looks like one.
    assert_int_equal(
        kinds("402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe\n", "0\n", "0\n"),
        INPUT_KEYBOARD);
    assert_int_equal(
        kinds("1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n", "0\n", "0\n"),
        INPUT_KEYBOARD);
    // A mouse, a tablet, a touchpad.
    assert_int_equal(kinds("1f0000 0 0 0 0\n", "1943\n", "0\n"), INPUT_POINTER);
    assert_int_equal(kinds("70000 0 0 0 0\n", "100\n", "3\n"), INPUT_POINTER);
    assert_int_equal(kinds("e520 10000 0 0 0 0\n", "0\n", "260800000000003\n"), INPUT_POINTER);
    // A power button, a headset, a joystick, a wheel without a pointer.
    assert_int_equal(kinds("10000000000000 0\n", "0\n", "0\n"), 0);
    assert_int_equal(kinds("1000000000000 0 0 c000000000000 0\n", "0\n", "0\n"), 0);
    assert_int_equal(kinds("ffff00000000 0 0 0 0\n", "0\n", "3003f\n"), 0);
    assert_int_equal(kinds("1f0000 0 0 0 0\n", "100\n", "0\n"), 0);
    // A receiver of both.
    assert_int_equal(kinds("1f0000 0 ff feffffdfffefffff fffffffffffffffe\n", "1943\n", "0\n"),
                     INPUT_KEYBOARD | INPUT_POINTER);
    // One key of the keyboard is missing.
    assert_int_equal(kinds("fffffffffffffffc\n", "0\n", "0\n"), 0);
    assert_int_equal(kinds("", "", ""), 0);
    assert_int_equal(kinds("nonsense\n", " 3", "3 \n"), 0);
}

static void test_seat(void **state)
{
    (void)state;
    assert_true(input_is_active(text_of("# private\nIS_SEAT0=1\nACTIVE=2\nACTIVE_UID=1000\n")));
    assert_true(input_is_active(text_of("ACTIVE=c1")));
    assert_false(input_is_active(text_of("IS_SEAT0=1\nCAN_GRAPHICAL=0\n")));
    assert_false(input_is_active(text_of("ACTIVE=\nACTIVE_UID=0\n")));
    assert_false(input_is_active(TEXT_EMPTY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_seat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
