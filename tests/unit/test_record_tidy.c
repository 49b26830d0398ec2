// SPDX-License-Identifier: MIT
// The record brought in line with what the domain has, with each request failing in turn.
#include "plan/plan.h"
#include "record/recording.h"
#include "store_scene.h"
#include "xen/xen.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static enum status tidy(struct store_scene *scene)
{
    const struct record *record;
    scene->session.record = NULL;
    enum status status = record_look(&scene->session, &record);
    return status == STATUS_OK ? record_tidy(&scene->session, record, &scene->topology) : status;
}

// libxl's record and xenusb's notes agree with the topology.
static void prepare_tidy(struct store_scene *scene)
{
    scene->libxl.index = 0;
    store_controller(3, 0, "devicemodel", 4);
    fake_store_set("/libxl/3/device/vusb/0/port/1", "1-1.3");
    fake_store_unset("/libxl/3/device/vusb/0/port/3");
    store_controller(3, 1, "pv", 4);
    fake_store_set("/local/domain/0/backend/vusb/3/1/port/2", "1-4");
    fake_store_set("/xenusb/3/uuid", SCENE_UUID);
    fake_store_set("/xenusb/3/controller/xenusb@5ffast/id", "xenusb_fast");
    fake_store_set("/xenusb/3/controller/xenusb@5ffast/name", "fast");
    fake_store_set("/xenusb/3/device/xenusb@5fkey/id", "xenusb_key");
}

static void prepare_wrong_ports(struct store_scene *scene)
{
    prepare_tidy(scene);
    fake_store_set("/libxl/3/device/vusb/0/port/1", "");
    fake_store_set("/libxl/3/device/vusb/0/port/3", "");
}

static void ports_are_right(const struct store_scene *scene)
{
    (void)scene;
    assert_string_equal(fake_store_get("/libxl/3/device/vusb/0/port/1"), "1-1.3");
    assert_null(fake_store_get("/libxl/3/device/vusb/0/port/3"));
}

static void test_ports_are_corrected(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_wrong_ports, .act = tidy, .check = ports_are_right });
}

// What libxl has no say in is left as it is: a device behind a hub, one beyond the ports of the
// record, and one that has gone from a port that is free.
static void test_other_ports_are_left_alone(void **state)
{
    (void)state;
    struct store_scene scene;
    store_scene_begin(&scene);
    prepare_tidy(&scene);
    struct device behind = scene.on_libxl, beyond = scene.on_libxl, gone = scene.on_libxl;
    behind.port = (struct port){ 2, { 3, 1 } };
    beyond.port = (struct port){ 1, { 9 } };
    gone.port = (struct port){ 1, { 2 } };
    gone.state = DEVICE_GONE;
    controller_add_device(&scene.libxl, &behind);
    controller_add_device(&scene.libxl, &beyond);
    controller_add_device(&scene.libxl, &gone);
    char *before = fake_store_dump("/");
    assert_int_equal(tidy(&scene), STATUS_OK);
    char *after = fake_store_dump("/");
    assert_string_equal(after, before);
    free(after);
    // The same with a port that must be corrected.
    fake_store_set("/libxl/3/device/vusb/0/port/1", "");
    assert_int_equal(tidy(&scene), STATUS_OK);
    after = fake_store_dump("/");
    assert_string_equal(after, before);
    free(after);
    free(before);
    store_scene_end(&scene);
}

static void prepare_stale_notes(struct store_scene *scene)
{
    prepare_tidy(scene);
    fake_store_set("/xenusb/3/controller/xenusb@5fold/id", "xenusb_old");
    fake_store_set("/xenusb/3/device/d/id", "xenusb_d");
}

static void stale_notes_are_gone(const struct store_scene *scene)
{
    (void)scene;
    assert_null(fake_store_get("/xenusb/3/controller/xenusb@5fold"));
    assert_null(fake_store_get("/xenusb/3/device/d"));
    assert_non_null(fake_store_get("/xenusb/3/controller/xenusb@5ffast"));
    assert_non_null(fake_store_get("/xenusb/3/device/xenusb@5fkey"));
}

static void test_notes_of_what_qemu_does_not_have_are_dropped(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_stale_notes, .act = tidy, .check = stale_notes_are_gone });
}

// ---- notes under other ids ----

static const char other[] = "5b8f2a52-0000-4000-8000-000000000007";

static void prepare_foreign(struct store_scene *scene)
{
    prepare_tidy(scene);
    store_domain(7, "old", other);
    fake_store_set("/xenusb/3/uuid", other);
    fake_store_set("/xenusb/3/controller/a/name", "named");
    fake_store_unset("/xenusb/3/device");
}

static void foreign_notes_have_moved(const struct store_scene *scene)
{
    (void)scene;
    assert_null(fake_store_get("/xenusb/3"));
    assert_string_equal(fake_store_get("/xenusb/7/uuid"), other);
    assert_string_equal(fake_store_get("/xenusb/7/controller/a/name"), "named");
}

static void test_notes_of_a_domain_that_had_this_id(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_foreign, .act = tidy, .check = foreign_notes_have_moved });
}

static void prepare_nobodys(struct store_scene *scene)
{
    prepare_tidy(scene);
    fake_store_set("/xenusb/3/uuid", other);
}

static void nobodys_are_gone(const struct store_scene *scene)
{
    (void)scene;
    assert_null(fake_store_get("/xenusb"));
}

static void test_notes_of_a_domain_that_is_gone(void **state)
{
    (void)state;
    store_try(
        &(struct store_act){ .prepare = prepare_nobodys, .act = tidy, .check = nobodys_are_gone });
}

// Another command has replaced the notes since they were read.
static void test_foreign_notes_that_are_the_domains_own_by_now(void **state)
{
    (void)state;
    struct store_scene scene;
    store_scene_begin(&scene);
    prepare_nobodys(&scene);
    const struct record *record;
    assert_int_equal(record_look(&scene.session, &record), STATUS_OK);
    assert_true(record->foreign);
    fake_store_set("/xenusb/3/uuid", SCENE_UUID);
    assert_int_equal(record_tidy(&scene.session, record, &scene.topology), STATUS_OK);
    assert_non_null(fake_store_get("/xenusb/3/controller/xenusb@5ffast"));
    store_scene_end(&scene);
}

// The domain was rebooted: it was domain 2.
static void prepare_former(struct store_scene *scene)
{
    prepare_tidy(scene);
    fake_store_unset("/xenusb/3");
    fake_store_set("/xenusb/2/uuid", SCENE_UUID);
    fake_store_set("/xenusb/2/controller/xenusb@5ffast/id", "xenusb_fast");
    fake_store_set("/xenusb/2/controller/xenusb@5ffast/name", "fast");
    fake_store_set("/xenusb/2/controller/b/id", "xenusb_b");
    fake_store_set("/xenusb/2/controller/c/name", "c");
    fake_store_set("/xenusb/2/device/d/id", "xenusb_key");
    fake_store_set("/xenusb/1/uuid", "another");
}

static void former_notes_are_adopted(const struct store_scene *scene)
{
    (void)scene;
    char *notes = fake_store_dump("/xenusb");
    assert_string_equal(notes, "/xenusb/3 = \n/xenusb/3/controller = \n"
                               "/xenusb/3/controller/xenusb@5ffast = \n"
                               "/xenusb/3/controller/xenusb@5ffast/driver = qemu-xhci\n"
                               "/xenusb/3/controller/xenusb@5ffast/id = xenusb_fast\n"
                               "/xenusb/3/controller/xenusb@5ffast/name = fast\n"
                               "/xenusb/3/uuid = " SCENE_UUID "\n");
    free(notes);
}

static void test_notes_from_before_a_reboot(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_former, .act = tidy, .check = former_notes_are_adopted });
}

static void prepare_left_behind(struct store_scene *scene)
{
    prepare_tidy(scene);
    store_domain(4, "db", "5b8f2a52-0000-4000-8000-000000000004");
    store_domain(7, "new", other);
    fake_store_set("/xenusb/4/uuid", "5b8f2a52-0000-4000-8000-000000000004");
    fake_store_set("/xenusb/5/uuid", "another");
    fake_store_set("/xenusb/6/uuid", other); // of domain 7, which may adopt them
    fake_store_set("/xenusb/8/controller/a/id", "without uuid");
    fake_store_set("/xenusb/9/uuid", "");
    fake_store_set("/xenusb/junk/uuid", "another");
}

static void only_notes_of_domains_are_left(const struct store_scene *scene)
{
    static const char *const left[] = { "/xenusb/3", "/xenusb/4", "/xenusb/6" };
    static const char *const gone[] = { "/xenusb/5", "/xenusb/8", "/xenusb/9", "/xenusb/junk" };
    (void)scene;
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        assert_non_null(fake_store_get(left[i]));
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        assert_null(fake_store_get(gone[i]));
}

static void test_notes_that_were_left_behind(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_left_behind, .act = tidy, .check = only_notes_of_domains_are_left });
}

static void test_a_node_with_a_value_of_its_own_stays(void **state)
{
    (void)state;
    struct store_scene scene;
    store_scene_begin(&scene);
    prepare_nobodys(&scene);
    fake_store_set("/xenusb", "something else");
    assert_int_equal(tidy(&scene), STATUS_OK);
    assert_null(fake_store_get("/xenusb/3"));
    assert_string_equal(fake_store_get("/xenusb"), "something else");
    store_scene_end(&scene);
}

// ---- QEMU processes ----

static pid_t started;

// A process for domain 5, which is gone, as xenusb notes it.
static void start_qemu(const struct store_scene *scene)
{
    const char *start;
    started = fork();
    if (started == 0)
        for (;;)
            pause();
    const char *pid = arena_printf(scene->arena, "%d", (int)started);
    assert_int_equal(note_process_start(scene->arena, pid, &start), VERDICT_YES);
    fake_store_set("/xenusb/5/uuid", "another");
    fake_store_set("/xenusb/5/server", pid);
    fake_store_set("/xenusb/5/started", start);
}

static void test_a_qemu_that_was_left_behind_is_stopped(void **state)
{
    (void)state;
    struct store_scene scene;
    int status;
    store_scene_begin(&scene);
    prepare_tidy(&scene);
    start_qemu(&scene);
    assert_int_equal(tidy(&scene), STATUS_OK);
    assert_int_equal(waitpid(started, &status, 0), started);
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_null(fake_store_get("/xenusb/5"));
    assert_non_null(strstr(store_reported(&scene), "note: stopped the QEMU (pid "));
    store_scene_end(&scene);
}

// Ignores a request to end: it is killed.
static void test_a_qemu_that_ignores_a_signal_is_killed(void **state)
{
    (void)state;
    struct store_scene scene;
    int status;
    void (*before)(int) = signal(SIGTERM, SIG_IGN); // the new process inherits it
    store_scene_begin(&scene);
    start_qemu(&scene);
    signal(SIGTERM, before);
    scene.session.timeout_scale = 0.5;
    assert_true(record_stop_qemu(&scene.session, "/xenusb/5"));
    assert_int_equal(waitpid(started, &status, 0), started);
    assert_int_equal(WTERMSIG(status), SIGKILL);
    store_scene_end(&scene);
}

static void test_what_is_noted_of_a_qemu(void **state)
{
    (void)state;
    struct store_scene scene;
    unsigned pid;
    store_scene_begin(&scene);
    assert_int_equal(record_noted_qemu(&scene.session, "/xenusb/5", &pid), VERDICT_NO);
    start_qemu(&scene);
    assert_int_equal(record_noted_qemu(&scene.session, "/xenusb/5", &pid), VERDICT_YES);
    assert_int_equal(pid, started);
    fake_store_fail_from(1, "EIO");
    assert_int_equal(record_noted_qemu(&scene.session, "/xenusb/5", &pid), VERDICT_UNKNOWN);
    assert_false(record_stop_qemu(&scene.session, "/xenusb/5"));
    assert_non_null(strstr(store_reported(&scene), "cannot tell whether the QEMU"));
    fake_store_fail(0, "");
    fake_store_set("/xenusb/5/started", "1");
    assert_int_equal(record_noted_qemu(&scene.session, "/xenusb/5", &pid), VERDICT_NO);
    fake_store_set("/xenusb/5/started", "");
    assert_int_equal(record_noted_qemu(&scene.session, "/xenusb/5", &pid), VERDICT_UNKNOWN);
    // Neither init nor a process group.
    fake_store_set("/xenusb/5/server", "1");
    assert_int_equal(record_noted_qemu(&scene.session, "/xenusb/5", &pid), VERDICT_UNKNOWN);
    assert_int_equal(pid, 0);
    kill(started, SIGKILL);
    waitpid(started, NULL, 0);
    store_scene_end(&scene);
}

// A process that has ended is none, although its parent has not noticed yet.
static void test_a_zombie_does_not_run(void **state)
{
    (void)state;
    struct store_scene scene;
    const char *start;
    siginfo_t info;
    store_scene_begin(&scene);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(
        note_process_start(scene.arena, arena_printf(scene.arena, "%d", (int)pid), &start),
        VERDICT_NO);
    assert_string_equal(start, "");
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(
        note_process_start(scene.arena, arena_printf(scene.arena, "%d", (int)pid), &start),
        VERDICT_NO);
    store_scene_end(&scene);
}

// ---- labels ----

static enum status correct_labels(struct store_scene *scene)
{
    const struct record *record;
    scene->session.record = NULL;
    enum status status = record_look(&scene->session, &record);
    return status == STATUS_OK ? record_correct_labels(&scene->session, &scene->topology) : status;
}

static void prepare_labels(struct store_scene *scene)
{
    prepare_tidy(scene);
    fake_store_set("/xenusb/3/label/vusb-1", "2 1-1.3 1.6 0781:5581 Ultra");
    fake_store_set("/xenusb/3/label/xenusb-9", "1 1-1.3 1.6 0781:5581 Ultra");
}

static void labels_are_right(const struct store_scene *scene)
{
    (void)scene;
    assert_string_equal(fake_store_get("/xenusb/3/label/vusb-1"), "2 1-4 1.7 1050:0407 YubiKey");
    assert_string_equal(fake_store_get("/xenusb/3/label/xenusb-0"), "1 1-1.3 1.6 0781:5581 Ultra");
    assert_null(fake_store_get("/xenusb/3/label/xenusb-9"));
}

static void test_labels_are_corrected(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_labels, .act = correct_labels, .check = labels_are_right });
}

#define CASE(test) cmocka_unit_test(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_ports_are_corrected),
        CASE(test_other_ports_are_left_alone),
        CASE(test_notes_of_what_qemu_does_not_have_are_dropped),
        CASE(test_notes_of_a_domain_that_had_this_id),
        CASE(test_notes_of_a_domain_that_is_gone),
        CASE(test_foreign_notes_that_are_the_domains_own_by_now),
        CASE(test_notes_from_before_a_reboot),
        CASE(test_notes_that_were_left_behind),
        CASE(test_a_node_with_a_value_of_its_own_stays),
        CASE(test_a_qemu_that_was_left_behind_is_stopped),
        CASE(test_a_qemu_that_ignores_a_signal_is_killed),
        CASE(test_what_is_noted_of_a_qemu),
        CASE(test_a_zombie_does_not_run),
        CASE(test_labels_are_corrected),
    };
    return cmocka_run_group_tests(tests, store_group_setup, store_group_teardown);
}
