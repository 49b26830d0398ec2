// SPDX-License-Identifier: MIT
// Controllers that QEMU was started with are added to libxl's record, with each request failing in
// turn.
#include "record/recording.h"
#include "store_scene.h"
#include "xen/xen.h"

#include <stdlib.h>
#include <unistd.h>

static const struct record *record;

static enum status find(struct store_scene *scene)
{
    scene->session.record = NULL;
    scene->libxl.adoption = scene->own.adoption = scene->pvusb.adoption = ADOPTION_NONE;
    enum status status = record_look(&scene->session, &record);
    return status == STATUS_OK ? record_find_adoptions(&scene->session, record, &scene->topology)
                               : status;
}

static enum status adopt(struct store_scene *scene)
{
    enum status status = find(scene);
    return status == STATUS_OK ? record_tidy(&scene->session, record, &scene->topology) : status;
}

// QEMU was started with the controller of libxl's, which libxl does not know; all else is recorded.
static void prepare(struct store_scene *scene)
{
    scene->libxl.index = 0;
    scene->libxl.at_start = VERDICT_YES;
    scene->topology.qemu_process = (unsigned)getpid();
    store_controller(3, 1, "pv", 4);
    fake_store_set("/local/domain/0/backend/vusb/3/1/port/2", "1-4");
    fake_store_set("/xenusb/3/uuid", SCENE_UUID);
    fake_store_set("/xenusb/3/controller/xenusb@5ffast/id", "xenusb_fast");
    fake_store_set("/xenusb/3/controller/xenusb@5ffast/name", "fast");
    fake_store_set("/xenusb/3/device/xenusb@5fkey/id", "xenusb_key");
}

static void it_is_adopted(const struct store_scene *scene)
{
    char *nodes = fake_store_dump("/libxl/3/device/vusb/0");
    // The tablet is at port 3.
    assert_string_equal(nodes, "/libxl/3/device/vusb/0/num-ports = 4\n"
                               "/libxl/3/device/vusb/0/port = \n"
                               "/libxl/3/device/vusb/0/port/1 = 1-1.3\n"
                               "/libxl/3/device/vusb/0/port/2 = \n"
                               "/libxl/3/device/vusb/0/port/4 = \n"
                               "/libxl/3/device/vusb/0/type = devicemodel\n"
                               "/libxl/3/device/vusb/0/usb-ver = 3\n");
    free(nodes);
    assert_string_equal(fake_store_get("/xenusb/3/controller/xenusb-0/qemu"),
                        note_started_with(scene->arena, &scene->libxl));
}

static void test_it_is_adopted(void **state)
{
    (void)state;
    store_try(&(struct store_act){ .prepare = prepare, .act = adopt, .check = it_is_adopted });
}

static void prepare_released(struct store_scene *scene)
{
    prepare(scene);
    fake_store_set("/xenusb/3/controller/xenusb-0/id", "xenusb-0");
    fake_store_set("/xenusb/3/controller/xenusb-0/qemu",
                   note_started_with(scene->arena, &scene->libxl));
}

static void it_stays_released(const struct store_scene *scene)
{
    assert_int_equal(scene->libxl.adoption, ADOPTION_RELEASED);
    assert_null(fake_store_get("/libxl/3/device/vusb/0/type"));
}

static void test_what_xl_has_removed_is_not_adopted_again(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_released, .act = adopt, .check = it_stays_released });
}

// That was another QEMU.
static void test_a_restarted_qemu_has_it_again(void **state)
{
    (void)state;
    struct store_scene scene;
    store_scene_begin(&scene);
    prepare_released(&scene);
    fake_store_set("/xenusb/3/controller/xenusb-0/qemu", "1 1");
    assert_int_equal(find(&scene), STATUS_OK);
    assert_int_equal(scene.libxl.adoption, ADOPTION_DUE);
    store_scene_end(&scene);
}

static void test_what_may_have_been_added_by_hand_is_not_adopted(void **state)
{
    static const enum verdict at_start[] = { VERDICT_NO, VERDICT_UNKNOWN };
    (void)state;
    struct store_scene scene;
    store_scene_begin(&scene);
    prepare(&scene);
    for (size_t i = 0; i < sizeof at_start / sizeof *at_start; i++) {
        scene.libxl.at_start = at_start[i];
        assert_int_equal(adopt(&scene), STATUS_OK);
        assert_int_equal(scene.libxl.adoption, ADOPTION_UNSURE);
        assert_null(fake_store_get("/libxl/3/device/vusb/0/type"));
    }
    store_scene_end(&scene);
}

static void test_xl_was_faster(void **state)
{
    (void)state;
    struct store_scene scene;
    store_scene_begin(&scene);
    prepare(&scene);
    assert_int_equal(find(&scene), STATUS_OK);
    fake_store_set("/libxl/3/device/vusb/0/type", "qusb");
    assert_int_equal(record_tidy(&scene.session, record, &scene.topology), STATUS_OK);
    assert_string_equal(fake_store_get("/libxl/3/device/vusb/0/type"), "qusb");
    assert_null(fake_store_get("/libxl/3/device/vusb/0/num-ports"));
    store_scene_end(&scene);
}

#define CASE(test) cmocka_unit_test(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_it_is_adopted),
        CASE(test_what_xl_has_removed_is_not_adopted_again),
        CASE(test_a_restarted_qemu_has_it_again),
        CASE(test_what_may_have_been_added_by_hand_is_not_adopted),
        CASE(test_xl_was_faster),
    };
    return cmocka_run_group_tests(tests, store_group_setup, store_group_teardown);
}
