// SPDX-License-Identifier: MIT
// What is left in xenstore, found and removed, with each request failing in turn.
#include "doctor/problem.h"
#include "record/recording.h"
#include "store_scene.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKENDS "/local/domain/0/backend/vusb"

static struct problems problems;
static const struct domain all[] = { { .id = 0, .name = "Domain-0", .uuid = "" },
                                     { .id = 3, .name = "web", .uuid = SCENE_UUID },
                                     { .id = 4, .name = "db", .uuid = "", .dying = true } };
static const struct record *records[3];

static enum status find(struct store_scene *scene)
{
    const struct domains domains = { .at = all, .count = 3, .records = records };
    problems_init(&problems);
    return problems_of_xenstore(&scene->session, &domains, &problems);
}

// The reasons, a line for each. Owned by the arena.
static const char *reasons(const struct store_scene *scene)
{
    const char *text = "";
    for (const struct problem *at = problems.first; at; at = at->next)
        text = arena_printf(scene->arena, "%s%s\n", text, at->why);
    return text;
}

static void prepare_leftovers(struct store_scene *scene)
{
    (void)scene;
    fake_store_set("/xenusb/9/uuid", "gone");
    fake_store_set("/xenusb/8/controller/a/id", "without uuid");
    fake_store_set("/xenusb/7/uuid", SCENE_UUID); // of web, before a reboot
    fake_store_set("/xenusb/junk/uuid", "gone");
    fake_store_set("/xenusb/99999/uuid", "gone");
    fake_store_set(BACKENDS "/3/0/state", "1");
    fake_store_set("/local/domain/3/device/vusb/0/state", "1");
    fake_store_set(BACKENDS "/9/0/state", "1"); // of a domain that is gone
    fake_store_set(BACKENDS "/4/0/state", "1"); // of one that is shutting down
    fake_store_set(BACKENDS "/x/0/state", "1");
    fake_store_set(BACKENDS "/3/2/state", "4"); // works, whoever made it
    store_controller(3, 1, "pv", 2);
    fake_store_unset(BACKENDS "/3/1");
    store_controller(3, 5, "pv", 2);
    fake_store_set("/libxl/3/device/vusb/6/backend", "elsewhere");
}

static void all_are_found(const struct store_scene *scene)
{
    assert_string_equal(reasons(scene),
                        "/xenusb/8 belongs to a domain that no longer exists\n"
                        "/xenusb/9 belongs to a domain that no longer exists\n" BACKENDS
                        "/3/0: libxl has no record of it\n" BACKENDS
                        "/9/0: libxl has no record of it\n"
                        "/libxl/3/device/vusb/1: its backend does not exist\n");
}

static void test_leftovers_are_found(void **state)
{
    (void)state;
    memset(records, 0, sizeof records);
    store_try(
        &(struct store_act){ .prepare = prepare_leftovers, .act = find, .check = all_are_found });
}

// With the record of the domain, which has been read already.
static void test_a_record_that_was_read(void **state)
{
    struct store_scene scene;
    struct record_controller last = { .index = 5, .kind = RECORD_KERNEL, .ports = 2 };
    struct record_controller first = {
        .next = &last, .index = 0, .kind = RECORD_KERNEL, .ports = 2
    };
    const struct record record = { .controllers = &first };
    (void)state;
    store_scene_begin(&scene);
    prepare_leftovers(&scene);
    records[1] = &record;
    assert_int_equal(find(&scene), STATUS_OK);
    assert_null(strstr(reasons(&scene), "/3/0: "));
    assert_null(strstr(reasons(&scene), "/libxl/3"));
    // Its ports could not be read: its backend may be missing.
    last.ports = 0;
    assert_int_equal(find(&scene), STATUS_OK);
    assert_non_null(strstr(reasons(&scene), "/libxl/3/device/vusb/1: "));
    records[1] = NULL;
    store_scene_end(&scene);
}

// ---- removing ----

static const struct problem *problem_at(const char *path)
{
    const struct problem *at = problems.first;
    while (at && strcmp(at->paths[0], path) != 0)
        at = at->next;
    assert_non_null(at);
    return at;
}

static void prepare_found(struct store_scene *scene)
{
    prepare_leftovers(scene);
    fake_store_set("/xenusb/3/uuid", SCENE_UUID);
    fake_store_set("/xenusb/3/controller/vusb-1/id", "vusb-1");
    assert_int_equal(find(scene), STATUS_OK);
}

static enum status remove_notes(struct store_scene *scene)
{
    enum status status = leftover_remove(&scene->session, problem_at("/xenusb/9"));
    if (status != STATUS_OK && scene->diags.first)
        scene->diags.errors++; // that its QEMU could not be stopped is a warning
    return status;
}

static void notes_are_gone(const struct store_scene *scene)
{
    (void)scene;
    assert_null(fake_store_get("/xenusb/9"));
    assert_non_null(fake_store_get("/xenusb/7"));
}

static void test_notes_are_removed(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_found, .act = remove_notes, .check = notes_are_gone });
}

static void test_a_controller_is_removed_with_its_frontend(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    prepare_found(&scene);
    assert_int_equal(leftover_remove(&scene.session, problem_at(BACKENDS "/3/0")), STATUS_OK);
    assert_null(fake_store_get(BACKENDS "/3/0"));
    assert_null(fake_store_get("/local/domain/3/device/vusb/0"));
    // And one with its record and its notes.
    assert_int_equal(leftover_remove(&scene.session, problem_at("/libxl/3/device/vusb/1")),
                     STATUS_OK);
    assert_null(fake_store_get("/libxl/3/device/vusb/1"));
    assert_null(fake_store_get("/xenusb/3"));
    store_scene_end(&scene);
}

// Its QEMU must be stopped first: nothing else knows it.
static void test_a_qemu_that_cannot_be_looked_at(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    prepare_leftovers(&scene);
    fake_store_set("/xenusb/9/server", "not a number");
    assert_int_equal(find(&scene), STATUS_OK);
    assert_non_null(strstr(reasons(&scene), "whether the QEMU that xenusb started for it still "
                                            "runs is unknown"));
    assert_int_equal(leftover_remove(&scene.session, problem_at("/xenusb/9")), STATUS_FAILED);
    assert_non_null(fake_store_get("/xenusb/9"));
    store_scene_end(&scene);
}

static void test_a_qemu_that_still_runs(void **state)
{
    struct store_scene scene;
    const char *start;
    (void)state;
    store_scene_begin(&scene);
    prepare_leftovers(&scene);
    pid_t pid = fork();
    if (pid == 0)
        for (;;)
            pause();
    const char *number = arena_printf(scene.arena, "%d", (int)pid);
    assert_int_equal(note_process_start(scene.arena, number, &start), VERDICT_YES);
    fake_store_set("/xenusb/9/server", number);
    fake_store_set("/xenusb/9/started", start);
    assert_int_equal(find(&scene), STATUS_OK);
    assert_non_null(strstr(reasons(&scene), ") still runs"));
    assert_int_equal(leftover_remove(&scene.session, problem_at("/xenusb/9")), STATUS_OK);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_null(fake_store_get("/xenusb/9"));
    store_scene_end(&scene);
}

#define CASE(test) cmocka_unit_test(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_leftovers_are_found),
        CASE(test_a_record_that_was_read),
        CASE(test_notes_are_removed),
        CASE(test_a_controller_is_removed_with_its_frontend),
        CASE(test_a_qemu_that_cannot_be_looked_at),
        CASE(test_a_qemu_that_still_runs),
    };
    return cmocka_run_group_tests(tests, store_group_setup, store_group_teardown);
}
