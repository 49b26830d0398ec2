// SPDX-License-Identifier: MIT
// What a guest's QEMU has open and was started with, and which process it is; and what is
// remembered of the claims of other domains until they change.
#include "fake_calls.h"
#include "host/holders.h"
#include "record/known.h"
#include "store_scene.h"
#include "xen/xen.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define PID_NODE "/local/domain/3/image/device-model-pid"

static struct store_scene scene;

static int begin(void **state)
{
    (void)state;
    store_scene_begin(&scene);
    fake_file("proc/42/fd/0", "");
    fake_file("proc/42/comm", "qemu-system-x86\n");
    fake_file("proc/42/cmdline", "qemu");
    fake_redirect("/proc", fake_path(scene.arena, "proc"));
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_calls_reset();
    fake_directory_remove();
    store_scene_end(&scene);
    return 0;
}

static const struct host_device device = { .bus = 1, .address = 4 };

// Why what it has open is not known; "it is" if that is.
static const char *unknown(unsigned pid)
{
    const struct host_nodes nodes = host_nodes_of(&scene.session, pid);
    const struct host_arguments arguments = host_arguments_of(&scene.session, pid);
    const bool known = !part_is_unreadable(&nodes.part);
    assert_int_equal(host_nodes_have(&nodes, &device), known ? VERDICT_NO : VERDICT_UNKNOWN);
    assert_int_equal(known, !part_is_unreadable(&arguments.part));
    return known ? "it is" : nodes.part.why;
}

static void assert_unknown(unsigned pid, const char *part)
{
    const char *why = unknown(pid);
    if (!strstr(why, part))
        fail_msg("not \"%s\" in: %s", part, why);
}

static void test_the_process_that_xenstore_names(void **state)
{
    (void)state;
    fake_store_set(PID_NODE, "42");
    assert_string_equal(unknown(42), "it is");
    fake_store_set(PID_NODE, "43"); // it is read once
    assert_string_equal(unknown(42), "it is");
    assert_unknown(43, "cannot read /proc/43/fd: No such file or directory");
    assert_unknown(0, "the process of its QEMU is not known");
    scene.domain.qemu_process = 0;
    assert_unknown(42, "its socket is that of qemu-system-x86 (pid 42), but xenstore names process "
                       "43");
    fake_file("proc/42/comm", "");
    assert_unknown(42, "its socket is that of a process (pid 42)");
    fake_store_set(PID_NODE, "x");
    assert_unknown(42, "cannot read " PID_NODE);
}

static void test_a_process_known_by_its_name(void **state)
{
    (void)state;
    assert_string_equal(unknown(42), "it is"); // nobody has recorded it
    fake_file("proc/42/comm", "socat\n");
    assert_unknown(42, "its socket was opened by socat (pid 42), and which process its QEMU is");
    scene.domain.id = -1;
    assert_unknown(42, "its socket was opened by socat (pid 42)");
    struct xen *xen = scene.session.xen;
    scene.domain.id = 3;
    scene.session.xen = NULL;
    assert_unknown(42, "its socket was opened by socat (pid 42)");
    scene.session.xen = xen;
    scene.session.domain = NULL;
    assert_string_equal(unknown(42), "it is");
    scene.session.domain = &scene.domain;
}

static void test_arguments_that_cannot_be_read(void **state)
{
    (void)state;
    struct host_arguments arguments = host_arguments_of(&scene.session, 42);
    assert_true(text_is(arguments.text, "qemu"));
    fake_file("proc/42/cmdline", "");
    arguments = host_arguments_of(&scene.session, 42);
    assert_string_equal(arguments.part.why, "its QEMU has exited");
    fail_calls("open", "cmdline", EACCES);
    arguments = host_arguments_of(&scene.session, 42);
    assert_non_null(strstr(arguments.part.why, "cannot read /proc/42/cmdline: Permission denied"));
}

// ---- claims that are known ----

static struct record_known *known;

// Looks at the claims of domain 4 as the watcher does: how many are known; -1: they are not.
static int count_known(void)
{
    const struct domain domain = { .id = 4, .name = "db", .uuid = "u4" };
    const struct record_claim *claims;
    size_t count;
    return record_known_claims(known, &domain, &claims, &count) ? (int)count : -1;
}

static void learn_all_but(int except)
{
    const struct domain domains[] = { { .id = 3, .name = "web", .uuid = SCENE_UUID },
                                      { .id = 4, .name = "db", .uuid = "u4" },
                                      { .id = 6, .name = "c", .uuid = "u6" } };
    record_known_update(known, &scene.session, domains, 3, except);
}

static void learn(void)
{
    learn_all_but(-1);
}

static void test_claims_are_known_until_they_change(void **state)
{
    static const struct {
        const char *path;
        bool forgotten;
    } rows[] = {
        { "/libxl/4/type", false },
        { "/libxl/4", true },
        { "/libxl/4/device", true },
        { "/libxl/4/device/vif/0", false },
        { "/libxl/4/device/vusb/0/port/1", true },
        { "/libxl/5/device/vusb/0/port/1", false },
        { "/libxl/6/device/vusb/0", false },
        { "/libxl", true },
        { "/libxlx/4/device/vusb", false },
        { "/libxl/x", true },
        { "/local/domain/0/backend/vusb/4/1/port/1", true },
        { "/local/domain/0/backend/qusb/3/1", false },
        { "/xenusb/4/device/a", true },
        { "/xenusb/7", false },
    };
    (void)state;
    store_domain(4, "db", "u4");
    store_controller(4, 0, "devicemodel", 2);
    fake_store_set("/libxl/4/device/vusb/0/port/1", "1-2");
    known = record_known_new();
    assert_int_equal(count_known(), -1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        learn();
        assert_int_equal(count_known(), 1);
        record_known_changed(known, rows[i].path);
        if (count_known() != (rows[i].forgotten ? -1 : 1))
            fail_msg("%s: %d", rows[i].path, count_known());
    }
    // What a run reads itself is not read, but what is known stays known.
    learn();
    learn_all_but(4);
    assert_int_equal(count_known(), 1);
    record_known_changed(known, "/xenusb/4/device/a");
    learn_all_but(4);
    assert_int_equal(count_known(), -1);
    // Of another domain with that id nothing is known.
    learn();
    const struct domain other = { .id = 4, .name = "db", .uuid = "another" };
    const struct record_claim *claims;
    size_t count;
    assert_false(record_known_claims(known, &other, &claims, &count));
    assert_false(record_known_claims(NULL, &other, &claims, &count));
    record_known_free(known);
    record_known_free(NULL);
}

static void test_what_has_changed_since(void **state)
{
    (void)state;
    store_domain(4, "db", "u4");
    assert_false(record_known_refresh(&scene.session)); // nothing is known
    known = record_known_new();
    scene.session.known = known;
    learn();
    assert_false(record_known_refresh(&scene.session)); // nothing is watched
    assert_int_equal(count_known(), -1);
    assert_int_equal(xen_watch(scene.session.xen, record_known_paths, record_known_path_count),
                     XEN_OK);
    learn();
    assert_true(record_known_refresh(&scene.session));
    assert_int_equal(count_known(), 0);
    assert_int_equal(xen_write(scene.session.xen, NULL, "/xenusb/4/uuid", text_of("u4")), XEN_OK);
    assert_true(record_known_refresh(&scene.session));
    assert_int_equal(count_known(), -1);
    fake_store_fail_from(1, FAKE_LOST);
    learn();
    assert_false(record_known_refresh(&scene.session));
    assert_int_equal(count_known(), -1);
    record_known_free(known);
    scene.session.known = NULL;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_process_that_xenstore_names), CASE(test_a_process_known_by_its_name),
        CASE(test_arguments_that_cannot_be_read),   CASE(test_claims_are_known_until_they_change),
        CASE(test_what_has_changed_since),
    };
    return cmocka_run_group_tests(tests, store_group_setup, store_group_teardown);
}
