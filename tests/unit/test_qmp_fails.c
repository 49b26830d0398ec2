// SPDX-License-Identifier: MIT
// Connections to QEMU whose calls fail or are made again, and QEMUs that say nothing.
#include "backends/qmp/ids.h"
#include "backends/qmp/report.h"
#include "base/arena.h"
#include "base/session.h"
#include "fake_calls.h"
#include "qemu/qmp_client.h"
#include "qemu/qmp_probe.h"
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct arena *arena;
static const char *path;
static int listener;
static const char *lines; // what the QEMU says to whoever connects
static pthread_t thread;
static bool started;

static int begin(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)state;
    arena = arena_new(0);
    path = arena_printf(arena, "%s/qmp", fake_directory());
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 8), 0);
    started = false;
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    fake_calls_reset();
    close(listener);
    if (started)
        pthread_join(thread, NULL);
    fake_directory_remove();
    arena_free(arena);
    return 0;
}

// Says its lines, and reads until the other end closes.
static void *serve(void *unused)
{
    char bytes[4096];
    (void)unused;
    int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        return NULL;
    for (size_t done = 0, size = strlen(lines); done < size;) {
        ssize_t sent = send(fd, lines + done, size - done, MSG_NOSIGNAL);
        if (sent <= 0)
            break;
        done += (size_t)sent;
    }
    while (recv(fd, bytes, sizeof bytes, 0) > 0)
        ;
    close(fd);
    return NULL;
}

static void start(const char *says)
{
    lines = says;
    assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
    started = true;
}

static struct qmp_probe probe_once(double scale)
{
    struct qmp_probe probe = { .socket = path };
    qmp_probe(arena, &probe, 1, scale);
    return probe;
}

static void test_a_qemu_that_greets_only(void **state)
{
    (void)state;
    start("{\"QMP\": {}}\r\n");
    const struct qmp_probe probe = probe_once(0.3);
    assert_non_null(strstr(probe.why, "did not answer within "));
    assert_false(probe.exited);
}

static void test_a_qemu_that_never_ends_a_line(void **state)
{
    enum { MUCH = 70 * 1024 * 1024 };
    char *much = malloc(MUCH + 1);
    (void)state;
    memset(much, 'x', MUCH);
    much[MUCH] = '\0';
    start(much);
    assert_null(probe_once(1).why); // left to whoever connects, who reports it
    close(listener);
    pthread_join(thread, NULL);
    started = false;
    free(much);
}

static void test_calls_that_fail_while_probing(void **state)
{
    static const struct {
        const char *call;
        int error;
    } cases[] = { { "socket", EMFILE }, { "connect", EACCES }, { "read", EIO }, { "send", EPIPE } };
    (void)state;
    start("{\"QMP\": {}}\r\n");
    for (size_t i = 0; i < 2; i++) {
        fail_calls(cases[i].call, NULL, cases[i].error);
        assert_null(probe_once(1).why);
        fake_calls_succeed();
    }
    char *longer = arena_alloc(arena, 200);
    memset(longer, 'x', 150);
    struct qmp_probe probe = { .socket = longer };
    qmp_probe(arena, &probe, 1, 1);
    assert_null(probe.why);
    // Some are made again.
    fail_call_nth("connect", NULL, EINTR, 1);
    fail_call_nth("read", NULL, EAGAIN, 1);
    fail_call_nth("read", NULL, EINTR, 1);
    assert_non_null(strstr(probe_once(0.3).why, "did not answer within "));
}

static void test_a_connection_that_breaks_while_probing(void **state)
{
    (void)state;
    start("{\"QMP\": {}}\r\n");
    fail_calls("read", NULL, EIO);
    assert_null(probe_once(1).why);
}

// ---- ids ----

static void test_ids_for_any_name(void **state)
{
    struct controller controller = { .index = -1, .name = "AZ_az-09{[:/@`" };
    (void)state;
    assert_string_equal(ids_for_controller(arena, &controller),
                        "xenusb_AZ_az-09.7B.5B.3A.2F.40.60");
    controller.index = 3;
    assert_string_equal(ids_for_controller(arena, &controller), "xenusb-3");
    assert_true(ids_has_address("xenusb-1-6"));
    assert_false(ids_has_address("xenusb-1"));
    assert_false(ids_has_address("mine-1-6"));
}

static void test_lines_of_a_report(void **state)
{
    static const struct {
        const char *line, *id;
    } rows[] = {
        { "  Device 0.1, Port 1, Speed 12 Mb/s, Product A, ID: Az-._09\n", "Az-._09" },
        { "  Device 0.1, Port 1, Speed 12 Mb/s, Product A, ID: 9a\n", "" },
        { "  Device 0.1, Port 1, Speed 12 Mb/s, Product A, ID: a{\n", "" },
        { "  Device 0.1, Port 1, Speed 12 Mb/s, Product A, ID: [a\n", "" },
        { "  Device 0.1, Port 1, Speed 12 Mb/s, Product A, ID: -a\n", "" },
        { "  Device 0.1, Port 1, Speed 12 Mb/s, Product A, ID: \n", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct report_line *line = report_read(arena, text_of(rows[i].line));
        assert_non_null(line);
        assert_true(text_is(line->id, rows[i].id));
    }
    assert_null(report_read(arena, text_of("  Device 0.1\n")));
    assert_null(report_read(arena, text_of("  Device 0.x, Port 1, Speed 12 Mb/s, Product A\n")));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_qemu_that_greets_only),
        CASE(test_a_qemu_that_never_ends_a_line),
        CASE(test_calls_that_fail_while_probing),
        CASE(test_a_connection_that_breaks_while_probing),
        CASE(test_ids_for_any_name),
        CASE(test_lines_of_a_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
