// SPDX-License-Identifier: MIT
// Which controllers go with their last device.
#include "base/arena.h"
#include "plan/backend.h"
#include "unit.h"

static const struct backend_ops ops = { .name = "none" };
static const struct backend backend = { .ops = &ops };

struct scene {
    struct arena *arena;
    struct domain domain;
    struct pvusb_qemu qemu;
    struct topology topology, other;
    struct controller first, second;
    struct device device, beside;
    struct plan plan;
};

// A controller that was made for one device, which the plan removes, and another one.
static void begin(struct scene *scene)
{
    *scene = (struct scene){
        .arena = arena_new(4096),
        .domain = { .id = 3, .name = "win10" },
        .first = { .backend = &backend, .name = "hci0", .present = true, .as_needed = true },
        .second = { .backend = &backend, .name = "hci1", .present = true },
        .device = { .id = "one", .port = { 1, { 1 } } },
        .beside = { .id = "two", .port = { 1, { 2 } } },
    };
    assert_non_null(scene->arena);
    scene->topology.domain = &scene->domain;
    topology_add_controller(&scene->topology, &scene->first);
    topology_add_controller(&scene->topology, &scene->second);
    controller_add_device(&scene->first, &scene->device);
    plan_init(&scene->plan, &scene->topology);
    plan_add_step(&scene->plan, scene->arena, STEP_REMOVE, &scene->first, &scene->device);
}

// Ends the scene; whether the plan removes the controller.
static bool goes(struct scene *scene)
{
    plan_spare_controllers(&scene->plan, scene->arena);
    const struct step *step = plan_removal_of(&scene->plan, &scene->first);
    assert_true(!step || (step->spare && !step->device && scene->plan.remove == 2));
    assert_null(plan_removal_of(&scene->plan, &scene->second));
    arena_free(scene->arena);
    return step;
}

static void test_the_last_device(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_true(goes(&scene));
    begin(&scene);
    controller_add_device(&scene.first, &scene.beside);
    assert_false(goes(&scene));
    begin(&scene);
    controller_add_device(&scene.first, &scene.beside);
    plan_add_step(&scene.plan, scene.arena, STEP_REMOVE, &scene.first, &scene.beside);
    plan_spare_controllers(&scene.plan, scene.arena);
    assert_int_equal(scene.plan.remove, 3);
    arena_free(scene.arena);
}

static void test_a_controller_of_somebody(void **state)
{
    (void)state;
    struct scene scene;
    const struct config_controller wanted = { .name = "hci0" };
    begin(&scene);
    scene.first.as_needed = false;
    assert_false(goes(&scene));
    begin(&scene);
    scene.first.wanted = &wanted;
    assert_false(goes(&scene));
}

// It is not there, or cannot be asked for.
static void test_a_controller_that_is_not_asked_for(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    scene.first.present = false;
    assert_false(goes(&scene));
    begin(&scene);
    scene.first.stale = true;
    assert_false(goes(&scene));
    begin(&scene);
    scene.first.backend = NULL;
    assert_false(goes(&scene));
    begin(&scene);
    scene.first.no_backend = "its QEMU has exited";
    assert_false(goes(&scene));
    begin(&scene);
    scene.domain.paused = true;
    assert_false(goes(&scene));
    begin(&scene);
    scene.second.leaving = true;
    assert_false(goes(&scene));
}

// Some QEMUs accept no controller later.
static void test_a_controller_that_could_not_be_made_again(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    scene.first.cold_only = VERDICT_YES;
    assert_false(goes(&scene));
    begin(&scene);
    scene.first.cold_only = VERDICT_YES;
    scene.topology.pvusb_qemu = &scene.qemu;
    assert_false(goes(&scene));
    begin(&scene);
    scene.first.cold_only = VERDICT_YES;
    scene.first.pvusb = PVUSB_QEMU;
    scene.topology.pvusb_qemu = &scene.qemu;
    scene.qemu.runs = true;
    assert_true(goes(&scene));
    begin(&scene);
    scene.first.cold_only = VERDICT_YES;
    scene.first.pvusb = scene.second.pvusb = PVUSB_QEMU;
    scene.topology.pvusb_qemu = &scene.qemu;
    scene.qemu.runs = true;
    assert_false(goes(&scene));
    // Only the QEMU of the plan's domain is stopped.
    begin(&scene);
    scene.first.cold_only = VERDICT_YES;
    scene.topology.pvusb_qemu = &scene.qemu;
    scene.qemu.runs = true;
    scene.other.domain = &scene.domain;
    scene.plan.topology = &scene.other;
    assert_false(goes(&scene));
}

static void test_its_qemu_stops_if_it_goes(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    scene.first.pvusb = PVUSB_QEMU;
    scene.topology.pvusb_qemu = &scene.qemu;
    scene.qemu.runs = true;
    plan_spare_controllers(&scene.plan, scene.arena);
    plan_stop_pvusb_qemu(&scene.plan, scene.arena);
    const struct step *step = plan_removal_of(&scene.plan, &scene.first);
    assert_non_null(step);
    assert_ptr_equal(step->next->pvusb_qemu, &scene.qemu);
    assert_true(step->next->spare);
    plan_keep_controller(&scene.plan, &scene.second);
    assert_int_equal(scene.plan.remove, 3);
    plan_keep_controller(&scene.plan, &scene.first);
    assert_int_equal(scene.plan.remove, 1);
    assert_null(scene.plan.first->next);
    assert_ptr_equal(scene.plan.last, &scene.plan.first->next);
    arena_free(scene.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_device),
        cmocka_unit_test(test_a_controller_of_somebody),
        cmocka_unit_test(test_a_controller_that_is_not_asked_for),
        cmocka_unit_test(test_a_controller_that_could_not_be_made_again),
        cmocka_unit_test(test_its_qemu_stops_if_it_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
