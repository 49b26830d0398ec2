// SPDX-License-Identifier: MIT
#include "base/session.h"
#include "unit.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONG = 3600 }; // seconds; no test waits for it

// A child of its own for each test, since a signal is never forgotten.
static void in_child(void (*test)(struct session *session))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct session session = { .interrupt = interrupt_of_process(), .timeout_scale = 1 };
        interrupt_catch();
        test(&session);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void want(bool condition)
{
    if (!condition)
        _exit(1);
}

// A signal between the last look at it and the wait must not be lost.
static void interrupt_before(struct session *session)
{
    struct waiting waiting = waiting_until(deadline_in(LONG), "nothing");
    raise(SIGTERM);
    interrupt_poll(session->interrupt, NULL, NULL, LONG);
    want(session_interrupted(session));
    want(!session_pause(session, &waiting, LONG));
}

static void interrupt_during(struct session *session)
{
    const pid_t parent = getpid();
    struct waiting waiting = waiting_until(deadline_in(LONG), "nothing");
    if (fork() == 0) {
        kill(parent, SIGHUP);
        _exit(0);
    }
    while (session_pause(session, &waiting, LONG))
        ;
    want(session_interrupted(session));
}

// Undoing is not interrupted; its waits still end.
static void interrupt_the_undo(struct session *session)
{
    struct waiting waiting = waiting_until(deadline_in(LONG), "nothing");
    struct waiting over = waiting_until(deadline_in(0), "nothing");
    session->finishing = true;
    raise(SIGINT);
    want(!session_interrupted(session));
    want(session_pause(session, &waiting, 0.001));
    want(!session_pause(session, &over, LONG));
    session->finishing = false;
    want(session_interrupted(session));
}

static void poll_a_descriptor(struct session *session)
{
    int ends[2];
    want(pipe(ends) == 0);
    struct pollfd readable = { .fd = ends[0], .events = POLLIN };
    session_poll(session, NULL, &readable, 0);
    want(!readable.revents);
    want(write(ends[1], "", 1) == 1);
    session_poll(session, NULL, &readable, LONG);
    want(readable.revents == POLLIN);
}

static void ignore_the_terminal(struct session *session)
{
    signal(SIGHUP, SIG_IGN);
    interrupt_catch();
    raise(SIGHUP);
    want(!session_interrupted(session));
    raise(SIGTERM);
    want(session_interrupted(session));
}

// Times that no timer has.
static void test_polls_of_any_length(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct pollfd wanted = { .fd = ends[0], .events = POLLIN };
    interrupt_poll(NULL, NULL, &wanted, -1);
    assert_int_equal(wanted.revents, 0);
    assert_int_equal(write(ends[1], "", 1), 1);
    interrupt_poll(NULL, NULL, &wanted, 1e300);
    assert_int_equal(wanted.revents, POLLIN);
    close(ends[0]);
    close(ends[1]);
}

#define TEST(name)                                                                                 \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        in_child(name);                                                                            \
    }
TEST(interrupt_before)
TEST(interrupt_during)
TEST(interrupt_the_undo)
TEST(poll_a_descriptor)
TEST(ignore_the_terminal)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interrupt_before),    cmocka_unit_test(test_interrupt_during),
        cmocka_unit_test(test_interrupt_the_undo),  cmocka_unit_test(test_poll_a_descriptor),
        cmocka_unit_test(test_ignore_the_terminal), cmocka_unit_test(test_polls_of_any_length),
    };
    signal(SIGINT, SIG_DFL); // which a shell ignores for what it runs in the background
    return cmocka_run_group_tests(tests, NULL, NULL);
}
