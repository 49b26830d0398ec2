// SPDX-License-Identifier: MIT
#include "base/waiting.h"
#include "unit.h"

#include <signal.h>
#include <sys/time.h>

#include <limits.h>

enum { LONG = 3600 }; // seconds; no test waits for it

static void test_a_deadline_ahead(void **state)
{
    (void)state;
    struct deadline deadline = deadline_in(LONG);
    assert_false(deadline_passed(deadline));
    assert_true(deadline_left(deadline) > 0);
    assert_true(deadline_left(deadline) <= LONG);
    assert_true(deadline_poll(deadline) > 0);
    assert_true(deadline_poll(deadline) <= LONG * 1000);
}

static void test_a_deadline_that_has_passed(void **state)
{
    (void)state;
    const struct deadline deadlines[] = { { 0 }, deadline_in(0), deadline_in(-1) };
    for (size_t i = 0; i < sizeof deadlines / sizeof *deadlines; i++) {
        assert_true(deadline_passed(deadlines[i]));
        assert_true(deadline_left(deadlines[i]) <= 0);
        assert_int_equal(deadline_poll(deadlines[i]), 0);
        assert_false(deadline_pause(deadlines[i], LONG));
    }
}

// Otherwise this would take an hour.
static void test_a_pause_does_not_outlast_the_deadline(void **state)
{
    (void)state;
    struct deadline deadline = deadline_in(0.01);
    while (deadline_pause(deadline, LONG))
        ;
    assert_true(deadline_passed(deadline));
}

static void test_a_poll_timeout_is_rounded_up(void **state)
{
    (void)state;
    struct deadline deadline = deadline_in(LONG);
    deadline.at += 0.0001;
    assert_true(deadline_poll(deadline) > 0);
    assert_int_equal(deadline_poll(deadline_in(1e12)), INT_MAX);
}

static void test_the_clock_goes_forward(void **state)
{
    (void)state;
    double before = clock_now();
    clock_sleep(0);
    clock_sleep(-1);
    clock_sleep(0.001);
    assert_true(clock_now() >= before + 0.001);
}

static void end_sleep(int signal)
{
    (void)signal;
}

// Longer than any timer: it sleeps until a signal ends that.
static void test_a_sleep_of_centuries(void **state)
{
    (void)state;
    signal(SIGALRM, end_sleep);
    const struct itimerval soon = { .it_value = { .tv_usec = 10000 },
                                    .it_interval = { .tv_usec = 10000 } };
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    double before = clock_now();
    clock_sleep(1e300);
    const struct itimerval never = { .it_value = { 0 } };
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_true(clock_now() >= before + 0.005);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_deadline_ahead),
        cmocka_unit_test(test_a_deadline_that_has_passed),
        cmocka_unit_test(test_a_pause_does_not_outlast_the_deadline),
        cmocka_unit_test(test_a_poll_timeout_is_rounded_up),
        cmocka_unit_test(test_the_clock_goes_forward),
        cmocka_unit_test(test_a_sleep_of_centuries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
