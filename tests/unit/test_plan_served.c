// SPDX-License-Identifier: MIT
// A controller that no backend serves (such as a PVUSB one of xl) is listed, but no step changes
// it.
#include "base/arena.h"
#include "plan/backend.h"
#include "unit.h"

static struct arena *arena;
static struct diags diags;
static struct domain domain = { .id = 5, .name = "db" };
static const struct backend_ops ops = { .name = "test" };
static const struct backend backend = { .ops = &ops };
static struct controller controllers[2];
static struct device devices[2];
static struct topology topology;

// A controller with a backend and one without, with a device on each.
static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    if (!arena)
        return -1;
    diags_init(&diags, arena);
    topology = (struct topology){ .domain = &domain };
    for (int i = 0; i < 2; i++) {
        controllers[i] = (struct controller){ .backend = i ? &backend : NULL,
                                              .driver = i ? "usb-ehci" : "pvusb",
                                              .name = i ? "hci0" : "0",
                                              .id = i ? "xenusb-1" : "",
                                              .index = i,
                                              .ports = 4,
                                              .present = true };
        devices[i] = (struct device){
            .kind = DEVICE_HOSTDEV, .id = "", .port = { 1, { 1 } }, .state = DEVICE_UNKNOWN
        };
        topology_add_controller(&topology, &controllers[i]);
        controller_add_device(&controllers[i], &devices[i]);
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void check_touches_only_the_served(const struct plan *plan)
{
    unsigned removals = 0;
    for (const struct step *step = plan->first; step; step = step->next) {
        assert_int_equal(step->op, STEP_REMOVE);
        assert_ptr_equal(step->controller, &controllers[1]);
        removals++;
    }
    assert_true(removals > 0);
}

static void test_prune_skips_it(void **state)
{
    (void)state;
    struct plan plan;
    const struct config config = { .source = source_from_bytes(arena, "none", "", 0) };
    const struct backend backends[] = { backend, { NULL, NULL } };
    const struct plan_options options = { .backends = backends, .prune = true };
    assert_int_equal(plan_make(&diags, &config, &topology, NULL, &options, &plan), STATUS_OK);
    check_touches_only_the_served(&plan);
}

static void test_removal_is_refused(void **state)
{
    (void)state;
    struct plan plan;
    const struct plan_removal removal = { .all = true };
    assert_int_equal(plan_remove(arena, &diags, &removal, &topology, &plan), STATUS_REFUSED);
    check_touches_only_the_served(&plan);
    assert_string_equal(diags.first->message,
                        "controller 0 of db is pvusb, which xenusb does not support");
}

// In either order, the refusal determines the status.
static void test_a_refusal_outweighs_a_wrong_request(void **state)
{
    (void)state;
    struct device twins[2];
    struct config_device wanted[2] = { { .kind = DEVICE_TABLET }, { .kind = DEVICE_HOSTDEV } };
    const struct config_text unserved = { .text = text_of("0") };
    struct config config = { .devices = &wanted[0] };
    const struct plan_removal both_devices = { .devices = &config };
    const struct plan_removal and_controller = { .devices = &config,
                                                 .controllers = &unserved,
                                                 .count = 1 };
    struct plan plan;
    for (uint8_t i = 0; i < 2; i++) {
        twins[i] = (struct device){ .kind = DEVICE_TABLET, .id = "", .port = { 1, { i + 2 } } };
        controller_add_device(&controllers[1], &twins[i]);
    }
    wanted[1].controller_name.text = text_of("0");
    wanted[1].controller_name.at = (struct span){ 0, 1 };
    wanted[1].port = (struct port){ 1, { 1 } };
    assert_int_equal(plan_remove(arena, &diags, &both_devices, &topology, &plan), STATUS_REQUEST);
    assert_int_equal(plan_remove(arena, &diags, &and_controller, &topology, &plan), STATUS_REFUSED);
    wanted[0].next = &wanted[1];
    assert_int_equal(plan_remove(arena, &diags, &both_devices, &topology, &plan), STATUS_REFUSED);
    wanted[0].next = NULL;
    wanted[1].next = &wanted[0];
    config.devices = &wanted[1];
    assert_int_equal(plan_remove(arena, &diags, &both_devices, &topology, &plan), STATUS_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_prune_skips_it, begin, end),
        cmocka_unit_test_setup_teardown(test_removal_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_a_refusal_outweighs_a_wrong_request, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
