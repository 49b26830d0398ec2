// SPDX-License-Identifier: MIT
// What is recorded in xenstore, with each request failing in turn: all of it is there afterwards,
// or nothing and an error.
#include "plan/plan.h"
#include "record/recording.h"
#include "store_scene.h"
#include "xen/xen.h"

#include <stdlib.h>

static enum status record(struct store_scene *scene, enum step_op op, struct controller *controller,
                          struct device *device)
{
    return record_one(&scene->session, op, controller, device);
}

// ---- controllers ----

static enum status add_libxl_controller(struct store_scene *scene)
{
    return record(scene, STEP_ADD, &scene->libxl, NULL);
}

static void libxl_controller_is_recorded(const struct store_scene *scene)
{
    (void)scene;
    char *nodes = fake_store_dump("/libxl/3/device/vusb/0");
    assert_string_equal(nodes, "/libxl/3/device/vusb/0/num-ports = 4\n"
                               "/libxl/3/device/vusb/0/port = \n"
                               "/libxl/3/device/vusb/0/port/1 = \n"
                               "/libxl/3/device/vusb/0/port/2 = \n"
                               "/libxl/3/device/vusb/0/port/3 = \n"
                               "/libxl/3/device/vusb/0/port/4 = \n"
                               "/libxl/3/device/vusb/0/type = devicemodel\n"
                               "/libxl/3/device/vusb/0/usb-ver = 3\n");
    free(nodes);
    assert_string_equal(fake_store_get("/xenusb/3/uuid"), SCENE_UUID);
    assert_string_equal(fake_store_get("/xenusb/3/controller/xenusb-0/name"), "zero");
}

static void test_a_controller_of_libxls_is_added(void **state)
{
    (void)state;
    store_try(
        &(struct store_act){ .act = add_libxl_controller, .check = libxl_controller_is_recorded });
}

// A leftover of another controller with its index.
static void prepare_leftover(struct store_scene *scene)
{
    (void)scene;
    store_controller(3, 0, "devicemodel", 6);
}

static void test_a_controller_is_added_over_a_leftover(void **state)
{
    (void)state;
    store_try(&(struct store_act){ .prepare = prepare_leftover,
                                   .act = add_libxl_controller,
                                   .check = libxl_controller_is_recorded });
}

static void prepare_libxl(struct store_scene *scene)
{
    store_controller(3, 0, "devicemodel", 4);
    fake_store_set("/xenusb/3/uuid", SCENE_UUID);
    fake_store_set("/xenusb/3/controller/xenusb-0/id", "xenusb-0");
    fake_store_set("/xenusb/3/controller/xenusb-0/name", "zero");
    fake_store_set("/xenusb/3/controller/xenusb-0/driver", "nec-usb-xhci");
    scene->libxl.devices = NULL;
}

static enum status remove_libxl_controller(struct store_scene *scene)
{
    return record(scene, STEP_REMOVE, &scene->libxl, NULL);
}

static void nothing_is_recorded(const struct store_scene *scene)
{
    (void)scene;
    assert_null(fake_store_get("/libxl/3/device"));
    assert_null(fake_store_get("/xenusb"));
}

static void test_a_controller_of_libxls_is_removed(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_libxl, .act = remove_libxl_controller, .check = nothing_is_recorded });
}

static enum status add_own_controller(struct store_scene *scene)
{
    return record(scene, STEP_ADD, &scene->own, NULL);
}

static void own_controller_is_noted(const struct store_scene *scene)
{
    (void)scene;
    assert_null(fake_store_get("/libxl/3/device"));
    assert_string_equal(fake_store_get("/xenusb/3/controller/xenusb@5ffast/driver"), "qemu-xhci");
}

static void test_a_controller_that_libxl_cannot_express_is_noted(void **state)
{
    (void)state;
    store_try(&(struct store_act){ .act = add_own_controller, .check = own_controller_is_noted });
}

static void prepare_own(struct store_scene *scene)
{
    (void)scene;
    fake_store_set("/xenusb/3/uuid", SCENE_UUID);
    fake_store_set("/xenusb/3/controller/xenusb@5ffast/id", "xenusb_fast");
    fake_store_set("/xenusb/3/controller/xenusb@5ffast/name", "fast");
    fake_store_set("/xenusb/3/device/xenusb@5fkey/id", "xenusb_key");
    fake_store_set("/xenusb/3/device/xenusb@5fkey/kind", "hostdev");
    fake_store_set("/xenusb/3/device/xenusb@5fkey/controller", "xenusb_fast");
    fake_store_set("/xenusb/3/device/xenusb@5fkey/port", "2");
    fake_store_set("/xenusb/3/device/xenusb@5fkey/busid", "1-4");
}

static enum status remove_own_controller(struct store_scene *scene)
{
    return record(scene, STEP_REMOVE, &scene->own, NULL);
}

static void only_the_device_is_noted(const struct store_scene *scene)
{
    (void)scene;
    assert_null(fake_store_get("/xenusb/3/controller"));
    assert_string_equal(fake_store_get("/xenusb/3/device/xenusb@5fkey/busid"), "1-4");
}

static void test_its_note_is_removed(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_own, .act = remove_own_controller, .check = only_the_device_is_noted });
}

// ---- devices ----

static enum status add_libxl_device(struct store_scene *scene)
{
    return record(scene, STEP_ADD, &scene->libxl, &scene->on_libxl);
}

static void libxl_device_is_recorded(const struct store_scene *scene)
{
    (void)scene;
    assert_string_equal(fake_store_get("/libxl/3/device/vusb/0/port/1"), "1-1.3");
    assert_string_equal(fake_store_get("/xenusb/3/label/xenusb-0"), "1 1-1.3 1.6 0781:5581 Ultra");
}

static void test_a_device_takes_its_port(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_libxl, .act = add_libxl_device, .check = libxl_device_is_recorded });
}

static void prepare_watched(struct store_scene *scene)
{
    prepare_libxl(scene);
    store_domain(4, "db", "5b8f2a52-0000-4000-8000-000000000004");
    store_controller(4, 0, "devicemodel", 2);
    record_watch_claims(&scene->session);
    fake_store_set("/libxl/4/device/vusb/0/port/1", "1-9");
}

static void test_a_device_takes_its_port_and_others_are_watched(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_watched, .act = add_libxl_device, .check = libxl_device_is_recorded });
}

static void prepare_taken(struct store_scene *scene)
{
    prepare_libxl(scene);
    fake_store_set("/libxl/3/device/vusb/0/port/1", "1-1.3");
    fake_store_set("/xenusb/3/label/xenusb-0", "1 1-1.3 1.6 0781:5581 Ultra");
}

static enum status remove_libxl_device(struct store_scene *scene)
{
    return record(scene, STEP_REMOVE, &scene->libxl, &scene->on_libxl);
}

static void its_port_is_free(const struct store_scene *scene)
{
    (void)scene;
    assert_string_equal(fake_store_get("/libxl/3/device/vusb/0/port/1"), "");
    assert_null(fake_store_get("/xenusb/3/label"));
}

static void test_a_device_frees_its_port(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_taken, .act = remove_libxl_device, .check = its_port_is_free });
}

static enum status add_tablet(struct store_scene *scene)
{
    return record(scene, STEP_ADD, &scene->libxl, &scene->tablet);
}

static void libxl_does_not_use_the_port(const struct store_scene *scene)
{
    (void)scene;
    assert_null(fake_store_get("/libxl/3/device/vusb/0/port/3"));
    assert_string_equal(fake_store_get("/xenusb/3/device/xenusb@5ftablet/kind"), "tablet");
    assert_string_equal(fake_store_get("/xenusb/3/device/xenusb@5ftablet/port"), "3");
    assert_null(fake_store_get("/xenusb/3/device/xenusb@5ftablet/busid"));
}

static void test_a_tablet_hides_its_port(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_libxl, .act = add_tablet, .check = libxl_does_not_use_the_port });
}

static void prepare_hidden(struct store_scene *scene)
{
    prepare_libxl(scene);
    fake_store_unset("/libxl/3/device/vusb/0/port/3");
    fake_store_set("/xenusb/3/device/xenusb@5ftablet/id", "xenusb_tablet");
}

static enum status remove_tablet(struct store_scene *scene)
{
    return record(scene, STEP_REMOVE, &scene->libxl, &scene->tablet);
}

static void libxl_uses_the_port_again(const struct store_scene *scene)
{
    (void)scene;
    assert_string_equal(fake_store_get("/libxl/3/device/vusb/0/port/3"), "");
    assert_null(fake_store_get("/xenusb/3/device"));
}

static void test_a_tablet_gives_its_port_back(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_hidden, .act = remove_tablet, .check = libxl_uses_the_port_again });
}

static enum status add_own_device(struct store_scene *scene)
{
    return record(scene, STEP_ADD, &scene->own, &scene->on_own);
}

static void own_device_is_noted(const struct store_scene *scene)
{
    (void)scene;
    assert_string_equal(fake_store_get("/xenusb/3/device/xenusb@5fkey/busid"), "1-4");
    assert_string_equal(fake_store_get("/xenusb/3/device/xenusb@5fkey/controller"), "xenusb_fast");
}

static void test_a_device_that_libxl_cannot_express_is_noted(void **state)
{
    (void)state;
    store_try(&(struct store_act){ .act = add_own_device, .check = own_device_is_noted });
}

// ---- notes of other domains ----

// The notes below the id are of a domain that was rebooted and is domain 7 now.
static void prepare_foreign(struct store_scene *scene)
{
    static const char other[] = "5b8f2a52-0000-4000-8000-000000000007";
    (void)scene;
    store_domain(7, "old", other);
    fake_store_set("/local/domain/junk", "");
    fake_store_set("/xenusb/3/uuid", other);
    fake_store_set("/xenusb/3/controller/a/id", "a");
    fake_store_set("/xenusb/3/controller/a/name", "named");
    fake_store_set("/xenusb/3/controller/b/name", "without id");
    fake_store_set("/xenusb/3/device/d/id", "d");
}

static void they_have_moved(const struct store_scene *scene)
{
    (void)scene;
    char *moved = fake_store_dump("/xenusb/7");
    assert_string_equal(moved,
                        "/xenusb/7/controller = \n/xenusb/7/controller/a = \n"
                        "/xenusb/7/controller/a/id = a\n/xenusb/7/controller/a/name = named\n"
                        "/xenusb/7/controller/b = \n"
                        "/xenusb/7/controller/b/name = without id\n"
                        "/xenusb/7/uuid = 5b8f2a52-0000-4000-8000-000000000007\n");
    free(moved);
    assert_null(fake_store_get("/xenusb/3/controller/a"));
    assert_string_equal(fake_store_get("/xenusb/3/uuid"), SCENE_UUID);
    own_controller_is_noted(scene);
}

static void test_notes_of_a_rebooted_domain_give_way(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_foreign, .act = add_own_controller, .check = they_have_moved });
}

static void prepare_foreign_with_notes(struct store_scene *scene)
{
    prepare_foreign(scene);
    fake_store_set("/xenusb/7/uuid", "5b8f2a52-0000-4000-8000-000000000007");
}

static void they_are_gone(const struct store_scene *scene)
{
    (void)scene;
    assert_null(fake_store_get("/xenusb/7/controller"));
    assert_null(fake_store_get("/xenusb/3/controller/a"));
    own_controller_is_noted(scene);
}

// It has others under its present id.
static void test_notes_that_are_out_of_date_are_dropped(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_foreign_with_notes, .act = add_own_controller, .check = they_are_gone });
}

static void prepare_without_uuid(struct store_scene *scene)
{
    (void)scene;
    fake_store_set("/xenusb/3/controller/a/id", "a");
}

static void test_notes_without_a_uuid_are_dropped(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_without_uuid, .act = add_own_controller, .check = they_are_gone });
}

// ---- single notes ----

static enum status note_unsaved(struct store_scene *scene)
{
    record_note_unsaved(&scene->session);
    if (!scene->diags.first)
        return STATUS_OK;
    scene->diags.errors++; // it is a warning
    return STATUS_FAILED;
}

static void unsaved_is_noted(const struct store_scene *scene)
{
    assert_string_equal(fake_store_get("/xenusb/3/unsaved"), "");
    assert_int_equal(note_is_unsaved(&scene->session), VERDICT_YES);
}

static void test_no_save_is_noted(void **state)
{
    (void)state;
    store_try(&(struct store_act){ .act = note_unsaved, .check = unsaved_is_noted });
}

static enum status attempt(struct store_scene *scene, change_body *body)
{
    struct change change = { .session = &scene->session,
                             .xen = scene->session.xen,
                             .value = "123" };
    return change_make(&change, "it", body);
}

static enum status note_the_qemu(struct store_scene *scene)
{
    return attempt(scene, note_qemu);
}

static void qemu_is_noted(const struct store_scene *scene)
{
    assert_string_equal(fake_store_get("/xenusb/3/server"), "123");
    assert_non_null(fake_store_get("/xenusb/3/started"));
    assert_true(note_has_qemu(&scene->session, 123));
    assert_false(note_has_qemu(&scene->session, 124));
    fake_store_set("/xenusb/3/uuid", "another");
    assert_false(note_has_qemu(&scene->session, 123));
    fake_store_unset("/xenusb/3/uuid");
    assert_false(note_has_qemu(&scene->session, 123));
    fake_store_unset("/xenusb/3/server");
    assert_false(note_has_qemu(&scene->session, 123));
}

static void test_a_qemu_is_noted(void **state)
{
    (void)state;
    store_try(&(struct store_act){ .act = note_the_qemu, .check = qemu_is_noted });
}

static void prepare_qemu(struct store_scene *scene)
{
    (void)scene;
    fake_store_set("/xenusb/3/uuid", SCENE_UUID);
    fake_store_set("/xenusb/3/server", "123");
    fake_store_set("/xenusb/3/started", "456");
}

static enum status drop_the_qemu(struct store_scene *scene)
{
    return attempt(scene, note_drop_qemu);
}

static void test_the_note_of_a_qemu_is_dropped(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_qemu, .act = drop_the_qemu, .check = nothing_is_recorded });
}

static void prepare_labelled(struct store_scene *scene)
{
    prepare_own(scene);
    fake_store_set("/xenusb/3/label/xenusb@5ffast", "2 1-4 1.7 1050:0407 YubiKey");
}

static enum status forget_controller(struct store_scene *scene)
{
    return record_forget_controller(&scene->session, "xenusb_fast");
}

static void it_is_forgotten(const struct store_scene *scene)
{
    only_the_device_is_noted(scene);
    assert_null(fake_store_get("/xenusb/3/label"));
}

static void test_a_controller_is_forgotten(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_labelled, .act = forget_controller, .check = it_is_forgotten });
}

#define CASE(test) cmocka_unit_test(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_controller_of_libxls_is_added),
        CASE(test_a_controller_is_added_over_a_leftover),
        CASE(test_a_controller_of_libxls_is_removed),
        CASE(test_a_controller_that_libxl_cannot_express_is_noted),
        CASE(test_its_note_is_removed),
        CASE(test_a_device_takes_its_port),
        CASE(test_a_device_takes_its_port_and_others_are_watched),
        CASE(test_a_device_frees_its_port),
        CASE(test_a_tablet_hides_its_port),
        CASE(test_a_tablet_gives_its_port_back),
        CASE(test_a_device_that_libxl_cannot_express_is_noted),
        CASE(test_notes_of_a_rebooted_domain_give_way),
        CASE(test_notes_that_are_out_of_date_are_dropped),
        CASE(test_notes_without_a_uuid_are_dropped),
        CASE(test_no_save_is_noted),
        CASE(test_a_qemu_is_noted),
        CASE(test_the_note_of_a_qemu_is_dropped),
        CASE(test_a_controller_is_forgotten),
    };
    return cmocka_run_group_tests(tests, store_group_setup, store_group_teardown);
}
