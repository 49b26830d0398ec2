// SPDX-License-Identifier: MIT
#include "base/duration.h"
#include "unit.h"

static void want(const char *text, double wanted)
{
    double seconds = -1;
    assert_true(duration_read(text_of(text), &seconds));
    assert_true(seconds > wanted - 1e-9 && seconds < wanted + 1e-9);
}

static void test_durations(void **state)
{
    (void)state;
    want("30s", 30);
    want("2m", 120);
    want("1.5m", 90);
    want("500ms", 0.5);
    want("0.25s", 0.25);
    want("1h", 3600);
    want("0s", 0);
}

static void test_what_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = { "",    "5",    "s",      "-1s",   "1.s",      "1..5s",
                                         ".5s", "5 s",  "5S",     "5d",    "1.2345s",  "1e3s",
                                         "+1s", "0x5s", "5smore", "1.2.3", "2000000s", "1,5s" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double seconds = -1;
        assert_false(duration_read(text_of(texts[i]), &seconds));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
