// SPDX-License-Identifier: MIT
// Starting a PVUSB QEMU: the process, and each call on the way that fails.
#include "backends/pvusb/process.h"

#include "base/arena.h"
#include "fake_calls.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena *arena;
static struct domain domain;
static struct qemu_process process;
static const char *program;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(0);
    domain = (struct domain){ .id = 3, .name = "web" };
    fake_file("log/.keep", "");
    fake_redirect("/var/log/xen", arena_printf(arena, "%s/log", fake_directory()));
    fake_file("qemu", "#!/bin/sh\necho started; printf 'domain %s\\r\\n\\n' \"$2\" >&2\n");
    program = arena_printf(arena, "%s/qemu", fake_directory());
    assert_int_equal(chmod(program, 0755), 0);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    fake_calls_succeed();
    if (process.pid)
        (void)process_terminate(&process, 1);
    process.pid = 0;
    fake_calls_reset();
    fake_directory_remove();
    arena_free(arena);
    return 0;
}

static void wait_for_end(void)
{
    while (!process_exited(&process))
        usleep(1000);
}

static const char *start(void)
{
    const char *why = process_prepare(arena, &domain, program, &process);
    return why ? why : process_run(arena, &process);
}

static void test_a_process(void **state)
{
    (void)state;
    assert_null(process_prepare(arena, &domain, program, &process));
    assert_true(process.pid > 1);
    assert_false(process_exited(&process)); // it waits
    assert_null(process_run(arena, &process));
    wait_for_end();
    assert_string_equal(process.log, "/var/log/xen/qemu-dm-web.log");
    assert_string_equal(process_last_line(arena, &process), "domain 3");
    // What was there before it was started is not its own.
    process.log_from = 1000000;
    assert_null(process_last_line(arena, &process));
}

static void test_logs(void **state)
{
    (void)state;
    static const char *const names[] = { "", "a/b" };
    for (size_t i = 0; i < 2; i++) {
        domain.name = names[i];
        assert_null(process_prepare(arena, &domain, program, &process));
        assert_string_equal(process.log, "/var/log/xen/qemu-dm-3.log");
        assert_true(process_terminate(&process, 1));
    }
    char *longer = arena_alloc(arena, 5001);
    memset(longer, 'x', 5000);
    fake_file("log/qemu-dm-3.log", longer);
    process.log_from = 0;
    assert_int_equal(strlen(process_last_line(arena, &process)), 2048);
    fake_file("log/qemu-dm-3.log", "\n\r\n");
    assert_null(process_last_line(arena, &process));
    static const char *const calls[] = { "open", "fstat", "pread" };
    for (size_t i = 0; i < 3; i++) {
        fake_file("log/qemu-dm-3.log", "a line\n");
        assert_string_equal(process_last_line(arena, &process), "a line");
        fail_calls(calls[i], NULL, EIO);
        assert_null(process_last_line(arena, &process));
        fake_calls_succeed();
    }
}

// Without its log it is started all the same.
static void test_a_log_that_cannot_be_written(void **state)
{
    (void)state;
    fail_calls("open", "qemu-dm", EACCES);
    assert_null(start());
    wait_for_end();
    assert_null(process_last_line(arena, &process));
    fake_calls_succeed();
    fail_calls("fstat", NULL, EIO);
    assert_null(process_prepare(arena, &domain, program, &process));
    assert_int_equal(process.log_from, 0);
}

static void test_a_program_that_does_not_exist(void **state)
{
    (void)state;
    program = "/nowhere/qemu";
    assert_string_equal(start(), "cannot run /nowhere/qemu: No such file or directory");
    assert_int_equal(process.pid, 0);
}

static void test_a_process_that_cannot_be_made(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth <= 2; nth++) {
        fail_call_nth("pipe2", NULL, EMFILE, nth);
        assert_non_null(strstr(start(), ": Too many open files"));
        assert_int_equal(process.pid, 0);
        assert_false(process.waiting);
        fake_calls_succeed();
    }
}

// In the child, each reports its reason.
static void test_a_child_that_cannot_be_set_up(void **state)
{
    static const struct {
        const char *call;
        unsigned nth;
    } cases[] = {
        { "dup2", 1 }, { "dup2", 2 },  { "dup2", 3 },        { "dup3", 1 },
        { "dup3", 2 }, { "chdir", 1 }, { "close_range", 1 }, { "setsid", 1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fail_call_nth(cases[i].call, NULL, EPERM, cases[i].nth);
        const char *why = start();
        fake_calls_succeed();
        if (!why || !strstr(why, ": Operation not permitted"))
            fail_msg("%s: %s", cases[i].call, why ? why : "it was started");
        assert_int_equal(process.pid, 0);
    }
}

static void test_a_child_that_cannot_be_told(void **state)
{
    (void)state;
    assert_null(process_prepare(arena, &domain, program, &process));
    fail_call_nth("write", NULL, EPIPE, 1);
    assert_non_null(strstr(process_run(arena, &process), ": Input/output error"));
    assert_int_equal(process.pid, 0);
    fake_calls_succeed();
    assert_null(process_prepare(arena, &domain, program, &process));
    fail_call_nth("read", NULL, EIO, 1);
    assert_non_null(strstr(process_run(arena, &process), ": Input/output error"));
    assert_int_equal(process.pid, 0);
    // One that is ended while it waits does not run the program.
    fake_calls_succeed();
    assert_null(process_prepare(arena, &domain, program, &process));
    assert_true(process_terminate(&process, 1));
    assert_null(process_last_line(arena, &process));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_process),
        CASE(test_logs),
        CASE(test_a_log_that_cannot_be_written),
        CASE(test_a_program_that_does_not_exist),
        CASE(test_a_process_that_cannot_be_made),
        CASE(test_a_child_that_cannot_be_set_up),
        CASE(test_a_child_that_cannot_be_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
