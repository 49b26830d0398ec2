// SPDX-License-Identifier: MIT
// Requests to a xenstored whose answers are written in advance.
#include "base/arena.h"
#include "unit.h"
#include "xen/wire.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ = 2, DIRECTORY = 1, ERROR = 16, WRITE = 11, WATCH = 4, EVENT = 15 }; // xen/io/xs_wire.h

static struct arena *arena;
static struct wire *wire;
static int theirs;

static int begin(void **state)
{
    int ends[2];
    (void)state;
    arena = arena_new(4096);
    if (!arena || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
        return -1;
    wire = wire_new(arena, ends[0]);
    theirs = ends[1];
    return 0;
}

static int end(void **state)
{
    (void)state;
    wire_close(wire);
    close(theirs);
    arena_free(arena);
    return 0;
}

static void answer_with_size(uint32_t type, uint32_t number, const char *body, uint32_t size)
{
    char message[16 + 64];
    const uint32_t head[4] = { type, number, 0, size };
    size_t sent = body ? size : 0;
    memcpy(message, head, sizeof head);
    assert_true(sent <= sizeof message - sizeof head);
    memcpy(message + sizeof head, sent ? body : "", sent);
    assert_int_equal(write(theirs, message, sizeof head + sent), sizeof head + sent);
}

static void answer(uint32_t type, uint32_t number, const char *body)
{
    bool is_error = type == ERROR;
    answer_with_size(type, number, body, (uint32_t)strlen(body) + is_error);
}

static bool ask(struct xen_query *queries, size_t count)
{
    return wire_ask(wire, queries, count, 0.05);
}

static void test_answers_in_any_order(void **state)
{
    (void)state;
    struct xen_query queries[] = { { .path = "/a" },
                                   { .path = "/b", .list = true },
                                   { .path = "/c" },
                                   { .path = "/d", .list = true },
                                   { .path = "/e" } };
    answer(READ, 2, "");
    answer_with_size(DIRECTORY, 1, "x\0yy\0", 5);
    answer(READ, 0, "value");
    answer(ERROR, 4, "ENOENT");
    answer_with_size(DIRECTORY, 3, NULL, 0);
    assert_true(ask(queries, 5));
    assert_string_equal(queries[0].value.at, "value");
    assert_int_equal(queries[0].value.size, 5);
    assert_int_equal(queries[1].count, 2);
    assert_string_equal(queries[1].names[0], "x");
    assert_string_equal(queries[1].names[1], "yy");
    assert_string_equal(queries[2].value.at, "");
    assert_int_equal(queries[2].result, XEN_OK);
    assert_int_equal(queries[3].count, 0);
    assert_int_equal(queries[4].result, XEN_ABSENT);
    assert_null(queries[4].value.at);
    // Type, number, no transaction, size, and the path with its NUL.
    static const char sent[] = "\2\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0/a\0"
                               "\1\0\0\0\1\0\0\0\0\0\0\0\3\0\0\0/b";
    char bytes[sizeof sent];
    assert_int_equal(read(theirs, bytes, sizeof bytes), sizeof bytes);
    assert_memory_equal(bytes, sent, sizeof sent);
}

static void test_other_errors_are_left_to_libxenstore(void **state)
{
    (void)state;
    static const char *const errors[] = { "EACCES", "E2BIG", "EIO", "" };
    struct xen_query queries[4];
    for (uint32_t i = 0; i < 4; i++) {
        queries[i] = (struct xen_query){ .path = "/a", .list = true };
        answer(ERROR, i, errors[i]);
    }
    assert_true(ask(queries, 4));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(queries[i].result, XEN_AGAIN);
}

static void test_more_than_are_sent_at_once(void **state)
{
    (void)state;
    enum { MANY = 200 };
    static struct xen_query queries[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        queries[i] = (struct xen_query){ .path = arena_printf(arena, "/%u", i) };
        answer(READ, i, queries[i].path);
    }
    assert_true(ask(queries, MANY));
    for (size_t i = 0; i < MANY; i++)
        assert_string_equal(queries[i].value.at, queries[i].path);
}

static void expect_failure(int why)
{
    struct xen_query query = { .path = "/a" };
    assert_false(ask(&query, 1));
    assert_int_equal(errno, why);
}

static void test_answers_to_nothing(void **state)
{
    (void)state;
    answer(READ, 1, "");
    expect_failure(EPROTO);
}

static void test_answers_that_are_too_long(void **state)
{
    (void)state;
    answer_with_size(READ, 0, NULL, 4097);
    expect_failure(EPROTO);
}

static void test_answers_to_another_request(void **state)
{
    (void)state;
    answer(WRITE, 0, "OK");
    expect_failure(EPROTO);
}

static void test_no_answer(void **state)
{
    (void)state;
    expect_failure(ETIMEDOUT);
    answer_with_size(READ, 0, NULL, 5);
    expect_failure(ETIMEDOUT);
}

static void test_a_lost_connection(void **state)
{
    (void)state;
    answer_with_size(READ, 0, NULL, 5);
    shutdown(theirs, SHUT_WR);
    expect_failure(ECONNRESET);
}

static void test_watches(void **state)
{
    (void)state;
    const char *const paths[] = { "/a", "/b" };
    struct xen_query query = { .path = "/c" };
    // The kernel does not number its answers.
    answer(WATCH, 0, "OK");
    answer_with_size(EVENT, 0, "/a\0/a\0", 6);
    answer(WATCH, 0, "OK");
    assert_true(wire_watch(wire, paths, 2, 0.05));
    assert_string_equal(wire_changes(wire)->path, "/a");
    assert_null(wire_changes(wire)->before);
    static const char sent[] = "\4\0\0\0\0\0\0\0\0\0\0\0\6\0\0\0/a\0/a\0"
                               "\4\0\0\0\1\0\0\0\0\0\0\0\6\0\0\0/b\0/b";
    char bytes[sizeof sent];
    assert_int_equal(read(theirs, bytes, sizeof bytes), sizeof bytes);
    assert_memory_equal(bytes, sent, sizeof sent);

    // Events come at any time, also with the last answer that was read.
    answer(READ, 0, "1");
    answer_with_size(EVENT, 0, "/b\0/b\0", 6);
    assert_true(ask(&query, 1));
    assert_string_equal(wire_changes(wire)->path, "/a");
    answer(READ, 0, "2");
    assert_true(ask(&query, 1));
    assert_string_equal(query.value.at, "2");
    assert_string_equal(wire_changes(wire)->path, "/b");
}

static void test_a_watch_that_is_refused(void **state)
{
    (void)state;
    const char *const path = "/a";
    answer(ERROR, 0, "EACCES");
    assert_false(wire_watch(wire, &path, 1, 0.05));
}

static void test_a_ping(void **state)
{
    (void)state;
    answer(ERROR, 0, "EACCES");
    assert_true(wire_ping(wire, deadline_in(0.05)));
    assert_false(wire_ping(wire, deadline_in(0.05)));
    assert_int_equal(errno, ETIMEDOUT);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_answers_in_any_order),
        CASE(test_other_errors_are_left_to_libxenstore),
        CASE(test_more_than_are_sent_at_once),
        CASE(test_answers_to_nothing),
        CASE(test_answers_that_are_too_long),
        CASE(test_answers_to_another_request),
        CASE(test_no_answer),
        CASE(test_a_lost_connection),
        CASE(test_watches),
        CASE(test_a_watch_that_is_refused),
        CASE(test_a_ping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
