// SPDX-License-Identifier: MIT
#include "base/file.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 3 };
static int calls;
static int fails_at; // the call that fails; 0: none

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld's names for --wrap
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __real_read(int fd, void *bytes, size_t size);
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

// Writes only a few bytes at a time, and is interrupted every other time.
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    calls++;
    if (calls % 2 || calls == fails_at) {
        errno = calls == fails_at ? ENOSPC : EINTR;
        return -1;
    }
    return __real_write(fd, bytes, size < PIECE ? size : PIECE);
}

// The same for reading.
ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
    calls++;
    if (calls % 2 || calls == fails_at) {
        errno = calls == fails_at ? EIO : EINTR;
        return -1;
    }
    return __real_read(fd, bytes, size < PIECE ? size : PIECE);
}

static int open_pipe(void **state)
{
    static int ends[2];
    *state = ends;
    calls = fails_at = 0;
    return pipe2(ends, O_CLOEXEC);
}

static int close_pipe(void **state)
{
    int *ends = *state;
    return close(ends[0]) || close(ends[1]);
}

static void test_write_in_pieces(void **state)
{
    int *ends = *state;
    char bytes[16] = "";
    assert_true(write_all(ends[1], text_of("0123456789")));
    assert_int_equal(calls, 8);
    assert_int_equal(__real_read(ends[0], bytes, sizeof bytes), 10);
    assert_string_equal(bytes, "0123456789");
}

static void test_write_nothing(void **state)
{
    int *ends = *state;
    assert_true(write_all(ends[1], TEXT_EMPTY));
    assert_int_equal(calls, 0);
}

static void test_write_fails(void **state)
{
    int *ends = *state;
    fails_at = 4;
    assert_false(write_all(ends[1], text_of("0123456789")));
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(calls, 4);
}

static void test_read_to_the_end(void **state)
{
    const int *ends = *state;
    char bytes[16] = "";
    size_t size = 99;
    assert_int_equal(__real_write(ends[1], "0123456789", 10), 10);
    assert_true(read_up_to(ends[0], bytes, 10, &size));
    assert_int_equal(size, 10);
    assert_string_equal(bytes, "0123456789");
    assert_true(read_up_to(ends[0], bytes, 0, &size));
    assert_int_equal(size, 0);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(read_up_to(null, bytes, sizeof bytes, &size));
    assert_int_equal(size, 0);
    assert_int_equal(close(null), 0);
}

static void test_read_at_most(void **state)
{
    const int *ends = *state;
    char bytes[16] = "";
    size_t size = 0;
    assert_int_equal(__real_write(ends[1], "0123456789", 10), 10);
    assert_true(read_up_to(ends[0], bytes, 4, &size));
    assert_int_equal(size, 4);
    assert_string_equal(bytes, "0123");
}

static void test_read_fails(void **state)
{
    const int *ends = *state;
    char bytes[16] = "";
    size_t size = 0;
    fails_at = 4;
    assert_int_equal(__real_write(ends[1], "0123456789", 10), 10);
    assert_false(read_up_to(ends[0], bytes, 10, &size));
    assert_int_equal(errno, EIO);
    assert_int_equal(size, PIECE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_write_in_pieces, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(test_write_nothing, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(test_write_fails, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(test_read_to_the_end, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(test_read_at_most, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(test_read_fails, open_pipe, close_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
