// SPDX-License-Identifier: MIT
#include "base/waiting.h"
#include "unit.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG = 3600 }; // seconds; no test waits for it

static unsigned shown, ended;
static const char *what;

static void show(const struct waiting *waiting)
{
    shown += waiting != NULL;
    ended += waiting == NULL;
    what = waiting ? waiting->what : NULL;
}

static void begin_showing(void)
{
    shown = ended = 0;
    what = NULL;
    waiting_show_with(show);
}

static int teardown(void **state)
{
    (void)state;
    waiting_show_with(NULL);
    return 0;
}

// It is in its sixth second.
static struct waiting long_wait(const char *of)
{
    struct waiting waiting = waiting_until(deadline_in(LONG), of);
    waiting.began -= 5.5;
    waiting.due -= 5.5;
    return waiting;
}

static void test_a_short_wait_is_not_shown(void **state)
{
    (void)state;
    begin_showing();
    {
        cleanup_waiting struct waiting waiting = waiting_until(deadline_in(LONG), "this");
        assert_true(waiting_pause(&waiting, 0.001));
    }
    assert_int_equal(shown, 0);
    assert_int_equal(ended, 0);
}

static void test_a_long_wait_is_shown_each_second(void **state)
{
    (void)state;
    begin_showing();
    {
        cleanup_waiting struct waiting waiting = long_wait("that");
        assert_true(waiting_pause(&waiting, 0.001));
        assert_string_equal(what, "that");
        assert_true(waiting_pause(&waiting, 0.001));
        assert_int_equal(shown, 1);
        waiting.began -= 1;
        waiting.due -= 1;
        assert_true(waiting_pause(&waiting, 0.001));
        assert_int_equal(shown, 2);
        assert_int_equal(ended, 0);
    }
    assert_int_equal(ended, 1);
    assert_null(what);
}

static int wake = -1;

static void show_and_wake(const struct waiting *waiting)
{
    show(waiting);
    if (waiting)
        assert_int_equal(write(wake, "", 1), 1);
}

// It is shown in the midst of one poll; what arrives then ends that.
static void test_a_poll_is_shown_while_it_lasts(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    begin_showing();
    waiting_show_with(show_and_wake);
    wake = ends[1];
    struct pollfd wanted = { .fd = ends[0], .events = POLLIN };
    cleanup_waiting struct waiting waiting = waiting_until(deadline_in(LONG), "a byte");
    waiting.due = clock_now() + 0.01;
    assert_int_equal(waiting_poll(&waiting, &wanted, 1, LONG), 1);
    assert_int_equal(shown, 1);
    assert_string_equal(what, "a byte");
    close(ends[0]);
    close(ends[1]);
}

static void test_a_wait_that_begins_again(void **state)
{
    (void)state;
    begin_showing();
    cleanup_waiting struct waiting waiting = long_wait("parts");
    assert_true(waiting_pause(&waiting, 0.001));
    waiting_renew(&waiting, deadline_in(LONG));
    assert_int_equal(ended, 1);
    assert_true(waiting_pause(&waiting, 0.001));
    assert_int_equal(shown, 1);
    assert_string_equal(waiting.what, "parts");
}

static void test_nobody_is_told(void **state)
{
    (void)state;
    int status;
    cleanup_waiting struct waiting waiting = long_wait("it");
    waiting_show_with(NULL);
    assert_true(waiting_pause(&waiting, 0.001));
    // The streams of a child may be other ones.
    begin_showing();
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        waiting_pause(&waiting, 0.001);
        _exit(shown ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    // A pause that is not worth it.
    assert_int_equal(waiting_poll(NULL, NULL, 0, 0.001), 0);
    assert_int_equal(shown, 0);
}

static void test_time_is_over(void **state)
{
    (void)state;
    begin_showing();
    cleanup_waiting struct waiting waiting = waiting_until(deadline_in(0), "it");
    assert_false(waiting_pause(&waiting, LONG));
    assert_int_equal(waiting_poll(&waiting, NULL, 0, -1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_short_wait_is_not_shown, teardown),
        cmocka_unit_test_teardown(test_a_long_wait_is_shown_each_second, teardown),
        cmocka_unit_test_teardown(test_a_poll_is_shown_while_it_lasts, teardown),
        cmocka_unit_test_teardown(test_a_wait_that_begins_again, teardown),
        cmocka_unit_test_teardown(test_nobody_is_told, teardown),
        cmocka_unit_test_teardown(test_time_is_over, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
