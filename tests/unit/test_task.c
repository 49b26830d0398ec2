// SPDX-License-Identifier: MIT
// When the watcher runs for a domain.
#include "unit.h"
#include "watch/task.h"

static void first_event_at_once(void **state)
{
    (void)state;
    struct watch_task task = { .due = false };
    assert_false(task_is_due(&task, 100));
    task_wake(&task, 100, 0);
    assert_true(task_is_due(&task, 100));
    task_start(&task, 100);
    assert_false(task_is_due(&task, 100));
}

static void events_during_a_run_are_gathered(void **state)
{
    (void)state;
    struct watch_task task = { .due = false };
    task_wake(&task, 100, 0);
    task_start(&task, 100);
    task_wake(&task, 100.01, 0);
    task_wake(&task, 100.02, 0);
    assert_false(task_is_due(&task, 200)); // it still runs
    assert_true(task_end(&task, 100.03, false));
    assert_false(task_is_due(&task, 100.04));
    assert_true(task_is_due(&task, 100.06));
    task_start(&task, 100.06);
    assert_true(task_end(&task, 100.07, false));
    assert_false(task.due); // all of them took one run
}

static void a_later_event_does_not_delay_an_earlier_one(void **state)
{
    (void)state;
    struct watch_task task = { .due = false };
    task_wake(&task, 100, 0);
    task_wake(&task, 100, 5);
    assert_true(task_is_due(&task, 100));
}

static void failures_are_retried_less_and_less_often(void **state)
{
    (void)state;
    static const double pauses[] = { 0.5, 1, 2, 4, 8, 16, 32, 60, 60 };
    struct watch_task task = { .due = false };
    double now = 100;
    task_wake(&task, now, 0);
    for (unsigned i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        assert_true(task_is_due(&task, now));
        task_start(&task, now);
        assert_true(task_end(&task, now, true));
        assert_false(task_is_due(&task, now + pauses[i] - 0.01));
        now += pauses[i];
        assert_true(task_is_due(&task, now));
    }
    task_start(&task, now);
    assert_false(task_end(&task, now, true)); // the tenth: given up
    assert_false(task.due);
    task_wake(&task, now + 1, 0); // an event starts over
    assert_true(task_is_due(&task, now + 1));
    task_start(&task, now + 1);
    assert_true(task_end(&task, now + 1, true));
    assert_true(task_is_due(&task, now + 1.5));
}

static void an_event_comes_before_a_retry(void **state)
{
    (void)state;
    struct watch_task task = { .due = false };
    task_wake(&task, 100, 0);
    for (unsigned i = 0; i < 6; i++) {
        task_start(&task, 100);
        assert_true(task_end(&task, 100, true));
    }
    assert_false(task_is_due(&task, 110));
    task_wake(&task, 110, 0);
    assert_true(task_is_due(&task, 110));
}

static void an_event_during_a_run_that_fails_is_no_retry(void **state)
{
    (void)state;
    struct watch_task task = { .due = false };
    task_wake(&task, 100, 0);
    task_start(&task, 100);
    task_wake(&task, 101, 0);
    assert_true(task_end(&task, 102, true));
    assert_true(task_is_due(&task, 102));
}

static void a_device_that_flaps_is_slowed_down(void **state)
{
    (void)state;
    struct watch_task task = { .due = false };
    for (unsigned i = 0; i < 2; i++) {
        task_lost(&task, 100 + i, 1);
        task_wake(&task, 100 + i, 0);
        assert_true(task_is_due(&task, 100 + i));
        task_start(&task, 100 + i);
        task_end(&task, 100 + i, false);
    }
    task_lost(&task, 103, 1);
    task_wake(&task, 103, 0);
    assert_false(task_is_due(&task, 103.4));
    assert_true(task_is_due(&task, 103.5));
    task_start(&task, 103.5);
    task_end(&task, 103.5, false);
    task_lost(&task, 104, 1);
    task_wake(&task, 104, 0);
    assert_false(task_is_due(&task, 104.9));
    assert_true(task_is_due(&task, 105));
    task_start(&task, 105);
    task_end(&task, 105, false);
    // One that was attached for long does not flap, nor does one after a calm minute.
    task_lost(&task, 170, 3600);
    task_wake(&task, 170, 0);
    assert_true(task_is_due(&task, 170));
    task_lost(&task, 171, 1);
    assert_int_equal(task.flaps, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_event_at_once),
        cmocka_unit_test(events_during_a_run_are_gathered),
        cmocka_unit_test(a_later_event_does_not_delay_an_earlier_one),
        cmocka_unit_test(failures_are_retried_less_and_less_often),
        cmocka_unit_test(an_event_comes_before_a_retry),
        cmocka_unit_test(an_event_during_a_run_that_fails_is_no_retry),
        cmocka_unit_test(a_device_that_flaps_is_slowed_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
