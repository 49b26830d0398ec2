// SPDX-License-Identifier: MIT
// Watches of a xenstored whose messages are written in advance.
#include "unit.h"
#include "xen/events.h"
#include "xen/probe.h"
#include "xen/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ = 2, WATCH = 4, EVENT = 15, ERROR = 16, PAYLOAD_MAX = 4096 }; // xen/io/xs_wire.h

static const char *const paths[] = { "/libxl", "@introduceDomain" };

static struct xen_events *events;
static int theirs;
static enum xen_probe probe;
static const char *watch_answer; // to the second watch: NULL for an error
static char noted[4096];
static unsigned note_count;

static void send_head(uint32_t type, uint32_t size)
{
    const uint32_t head[4] = { type, 0, 0, size };
    assert_int_equal(write(theirs, head, sizeof head), sizeof head);
}

static void send_message(uint32_t type, const char *body, size_t size)
{
    send_head(type, (uint32_t)size);
    assert_int_equal(write(theirs, body, size), size);
}

enum xen_probe __wrap_xen_probe_open(struct arena *arena, const char *path, double seconds,
                                     struct wire **wire);
enum xen_probe __wrap_xen_probe_open(struct arena *arena, const char *path, double seconds,
                                     struct wire **wire)
{
    int ends[2];
    (void)seconds;
    assert_non_null(path);
    *wire = NULL;
    errno = ECONNABORTED;
    if (probe != PROBE_ANSWERED)
        return probe;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    *wire = wire_new(arena, ends[0]);
    theirs = ends[1];
    send_message(WATCH, "OK", 3);
    send_message(EVENT, "/libxl\0/libxl", 14);
    if (watch_answer)
        send_message(WATCH, watch_answer, strlen(watch_answer) + 1);
    else
        send_message(ERROR, "EACCES", 7);
    return PROBE_ANSWERED;
}

static int begin(void **state)
{
    const char *why;
    (void)state;
    probe = PROBE_ANSWERED;
    watch_answer = "OK";
    noted[0] = '\0';
    note_count = 0;
    events = xen_events_open(paths, 2, 0.05, &why);
    return events ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    xen_events_close(events);
    close(theirs);
    return 0;
}

static void note(void *context, const char *path)
{
    assert_ptr_equal(context, &note_count);
    if (note_count++ < 8)
        strcat(strcat(noted, path), " ");
}

static void expect(const char *what)
{
    const char *why = NULL;
    assert_true(xen_events_take(events, note, &note_count, &why));
    assert_null(why);
    assert_string_equal(noted, what);
    noted[0] = '\0';
}

static void expect_failure(const char *reason)
{
    const char *why = NULL;
    assert_false(xen_events_take(events, note, &note_count, &why));
    assert_string_equal(why, reason);
}

static void test_events(void **state)
{
    (void)state;
    char sent[128];
    static const char wanted[] = "\4\0\0\0\0\0\0\0\0\0\0\0\016\0\0\0/libxl\0/libxl\0"
                                 "\4\0\0\0\1\0\0\0\0\0\0\0\042\0\0\0@introduceDomain\0"
                                 "@introduceDomain";
    assert_int_equal(read(theirs, sent, sizeof sent), sizeof wanted);
    assert_memory_equal(sent, wanted, sizeof wanted);
    expect("");
    send_message(EVENT, "@introduceDomain\0@introduceDomain", 34);
    send_message(EVENT, "/libxl\0/libxl", 14);
    send_message(EVENT, "/libxl/3/device/vusb/0\0/libxl", 30);
    expect("@introduceDomain /libxl /libxl/3/device/vusb/0 ");
    expect("");
}

static void test_parts_of_messages(void **state)
{
    (void)state;
    static const char message[] = "\017\0\0\0\0\0\0\0\0\0\0\0\020\0\0\0/libxl/3\0/libxl";
    for (size_t i = 0; i + 1 < sizeof message; i++) {
        assert_int_equal(write(theirs, message + i, 1), 1);
        expect("");
    }
    assert_int_equal(write(theirs, "", 1), 1);
    expect("/libxl/3 ");
}

static void take_all(void)
{
    const char *why;
    assert_true(xen_events_take(events, note, &note_count, &why));
}

// More than fits into the buffer, so that a message of every length is in parts at its end.
static void test_many_events(void **state)
{
    (void)state;
    static char body[PAYLOAD_MAX];
    unsigned sent = 0;
    memset(body, 'x', sizeof body);
    memcpy(body, "/libxl/", 7);
    for (size_t size = 64; size <= sizeof body; size += 63) {
        memcpy(body + size - 8, "\0/libxl", 8);
        send_message(EVENT, body, size);
        memset(body + size - 8, 'x', 8);
        if (++sent % 20 == 0)
            take_all();
    }
    take_all();
    assert_int_equal(note_count, sent);
}

static void test_an_event_that_is_too_long(void **state)
{
    (void)state;
    send_head(EVENT, PAYLOAD_MAX + 1);
    expect_failure(strerror(EPROTO));
}

static void test_something_else(void **state)
{
    (void)state;
    send_message(WATCH, "OK", 3);
    expect_failure(strerror(EPROTO));
}

static void test_events_without_path_and_token(void **state)
{
    static const struct {
        const char *body;
        size_t size;
    } bad[] = {
        { "", 0 },     { "", 1 },           { "/libxl", 6 },          { "/libxl", 7 },
        { "\0\0", 2 }, { "/libxl\0/l", 9 }, { "/libxl\0/libxl", 13 }, { "/libxl\0/libxl\0", 15 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (i) {
            end(state);
            assert_int_equal(begin(state), 0);
        }
        const char *why = NULL;
        send_message(EVENT, bad[i].body, bad[i].size);
        assert_false(xen_events_take(events, note, &note_count, &why));
        assert_non_null(why);
        assert_int_equal(note_count, 0);
    }
}

static void test_events_of_unknown_watches(void **state)
{
    static const struct {
        const char *body;
        size_t size;
    } bad[] = {
        { "/vm\0/vm", 8 },      { "/vm\0/libxl", 11 },        { "/libxlx\0/libxl", 15 },
        { "/lib\0/libxl", 12 }, { "/libxl/3\0/libxl/3", 18 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (i) {
            end(state);
            assert_int_equal(begin(state), 0);
        }
        send_message(EVENT, bad[i].body, bad[i].size);
        expect_failure("xenstored sent an event of an unknown watch");
        assert_int_equal(note_count, 0);
    }
}

static void test_a_lost_connection(void **state)
{
    (void)state;
    send_message(EVENT, "/libxl\0/libxl", 14);
    send_head(EVENT, 14);
    shutdown(theirs, SHUT_WR);
    expect_failure(strerror(ECONNRESET));
    assert_string_equal(noted, "/libxl ");
}

static bool sync_events(const char **why)
{
    *why = NULL;
    return xen_events_sync(events, 0.05, note, &note_count, why);
}

// What came before the answer, and no more.
static void test_all_before_an_answer(void **state)
{
    (void)state;
    const char *why;
    send_message(EVENT, "/libxl/1\0/libxl", 16);
    send_message(READ, "", 0);
    send_message(EVENT, "/libxl/2\0/libxl", 16);
    assert_true(sync_events(&why));
    assert_string_equal(noted, "/libxl/1 ");
    noted[0] = '\0';
    expect("/libxl/2 ");
    send_message(ERROR, "EACCES", 7);
    assert_true(sync_events(&why));
    // Nothing else was asked for.
    send_message(READ, "", 0);
    expect_failure(strerror(EPROTO));
}

static void test_no_answer_to_wait_for(void **state)
{
    (void)state;
    const char *why;
    send_message(EVENT, "/libxl/1\0/libxl", 16);
    assert_false(sync_events(&why));
    assert_string_equal(why, strerror(ETIMEDOUT));
    assert_string_equal(noted, "/libxl/1 ");
    end(state);
    assert_int_equal(begin(state), 0);
    shutdown(theirs, SHUT_RDWR);
    assert_false(sync_events(&why));
    assert_string_equal(why, strerror(EPIPE));
    end(state);
    assert_int_equal(begin(state), 0);
    send_message(EVENT, "/vm\0/vm", 8);
    assert_false(sync_events(&why));
    assert_string_equal(why, "xenstored sent an event of an unknown watch");
}

static void test_failures_to_open(void **state)
{
    static const struct {
        enum xen_probe probe;
        const char *why;
    } table[] = {
        { PROBE_ABSENT, "xenstored is not running" },
        { PROBE_DENIED, "no permission to connect to xenstored" },
        { PROBE_TIMEOUT, "xenstored did not answer in time" },
        { PROBE_FAILED, "Software caused connection abort" },
        { PROBE_ANSWERED, "xenstored refuses the watches" },
    };
    const char *why;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        end(state);
        events = NULL;
        theirs = -1;
        probe = table[i].probe;
        watch_answer = NULL;
        assert_null(xen_events_open(paths, 2, 0.05, &why));
        assert_string_equal(why, table[i].why);
    }
    xen_events_close(NULL);
}

// The reason is strerror()'s if there is no better one.
static void test_no_answer(void **state)
{
    (void)state;
    static const char *const three[] = { "/libxl", "@introduceDomain", "@releaseDomain" };
    const char *why;
    end(state);
    events = xen_events_open(three, 3, 0.05, &why);
    assert_null(events);
    assert_string_equal(why, strerror(ETIMEDOUT));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_events),
        CASE(test_parts_of_messages),
        CASE(test_many_events),
        CASE(test_an_event_that_is_too_long),
        CASE(test_something_else),
        CASE(test_events_without_path_and_token),
        CASE(test_events_of_unknown_watches),
        CASE(test_a_lost_connection),
        CASE(test_all_before_an_answer),
        CASE(test_no_answer_to_wait_for),
        CASE(test_failures_to_open),
        CASE(test_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
