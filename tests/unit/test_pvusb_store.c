// SPDX-License-Identifier: MIT
// PVUSB controllers in xenstore, with each request failing in turn, and devices that were handed
// over to usbback only partly.
#include "backends/pvusb/handle.h"
#include "backends/pvusb/handover.h"
#include "backends/pvusb/pvusb.h"
#include "fake_calls.h"
#include "store_scene.h"

#include <stdlib.h>
#include <unistd.h>

#define BACKEND  "/local/domain/0/backend/vusb/3/1"
#define FRONTEND "/local/domain/3/device/vusb/1"

static struct pvusb_handle handle;
static struct qemu_round pvusb_round;
static struct step step;

static void open_handle(struct store_scene *scene)
{
    scene->session.timeout_scale = 0.002;
    handle = (struct pvusb_handle){ .session = &scene->session,
                                    .lock = LOCK_NONE,
                                    .round = &pvusb_round,
                                    .topology = &scene->topology };
    step = (struct step){ .controller = &scene->pvusb };
    scene->pvusb.devices = NULL;
}

// What became of the step, as a status; a failure is reported.
static enum status status_of(struct store_scene *scene)
{
    if (step.state == STEP_DONE)
        return STATUS_OK;
    assert_non_null(step.words);
    complain_error(&scene->diags, CODE_FAILED, "%s", step.words);
    return step.state == STEP_LEFT ? STATUS_LEFTOVER : STATUS_FAILED;
}

// ---- adding ----

static void prepare_backend(struct store_scene *scene)
{
    (void)scene;
    fake_store_react(BACKEND "/state", "1", BACKEND "/state", "2");
}

static enum status add(struct store_scene *scene)
{
    open_handle(scene);
    step.op = STEP_ADD;
    pvusb_add_controller(&handle, &step);
    return status_of(scene);
}

static void it_is_there(const struct store_scene *scene)
{
    (void)scene;
    assert_string_equal(fake_store_get("/libxl/3/device/vusb/1/type"), "pv");
    assert_string_equal(fake_store_get(BACKEND "/num-ports"), "4");
    assert_string_equal(fake_store_get(BACKEND "/port/4"), "");
    assert_string_equal(fake_store_get(FRONTEND "/backend"), BACKEND);
    assert_string_equal(fake_store_get("/xenusb/3/controller/vusb-1/name"), "pv");
}

static void test_a_controller_is_added(void **state)
{
    (void)state;
    store_try(&(struct store_act){ .prepare = prepare_backend, .act = add, .check = it_is_there });
}

static void test_a_backend_that_does_not_come(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    char *before = fake_store_dump("/");
    assert_int_equal(add(&scene), STATUS_FAILED);
    assert_non_null(strstr(step.words, "the backend (usbback) was not ready after 0.02 s"));
    char *after = fake_store_dump("/");
    assert_string_equal(after, before);
    free(before);
    free(after);
    scene.pvusb.backend_domain = 2;
    assert_int_equal(add(&scene), STATUS_FAILED);
    assert_non_null(strstr(step.words, "the backend (usbback in domain 2) was not ready"));
    scene.pvusb.model = NULL;
    assert_int_equal(add(&scene), STATUS_FAILED);
    assert_string_equal(step.words, "its nodes do not contain its USB version");
    store_scene_end(&scene);
}

// xl has just added another one with that index.
static void test_an_index_that_xl_has_taken(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    prepare_backend(&scene);
    store_controller(3, 1, "qusb", 2);
    char *before = fake_store_dump("/");
    assert_int_equal(add(&scene), STATUS_FAILED);
    assert_true(step.refused);
    char *after = fake_store_dump("/");
    assert_string_equal(after, before);
    free(before);
    free(after);
    store_scene_end(&scene);
}

static void test_a_domain_that_is_gone(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    fake_store_set("/local/domain/3/vm", "/vm/5b8f2a52-0000-4000-8000-000000000009");
    assert_int_equal(add(&scene), STATUS_FAILED);
    assert_string_equal(step.words, "the domain is gone");
    fake_store_unset("/local/domain/3");
    assert_int_equal(add(&scene), STATUS_FAILED);
    assert_string_equal(step.words, "the domain is gone");
    store_scene_end(&scene);
}

static void test_a_qemu_that_accepts_none(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    scene.pvusb.pvusb = PVUSB_QEMU;
    open_handle(&scene);
    handle.no_qemu = "it accepts no new controllers";
    pvusb_add_controller(&handle, &step);
    assert_int_equal(step.state, STEP_FAILED);
    assert_string_equal(step.words, "it accepts no new controllers");
    assert_null(fake_store_get("/libxl/3/device"));
    store_scene_end(&scene);
}

// ---- removing ----

static void prepare_controller(struct store_scene *scene)
{
    prepare_backend(scene);
    assert_int_equal(add(scene), STATUS_OK);
}

static enum status remove_it(struct store_scene *scene)
{
    open_handle(scene);
    step.op = STEP_REMOVE;
    pvusb_remove_controller(&handle, &step);
    return status_of(scene);
}

static void nothing_is_left(const struct store_scene *scene)
{
    (void)scene;
    assert_null(fake_store_get("/libxl/3/device"));
    assert_null(fake_store_get(BACKEND));
    assert_null(fake_store_get(FRONTEND));
    assert_null(fake_store_get("/xenusb"));
}

static void test_a_controller_is_removed(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_controller, .act = remove_it, .check = nothing_is_left });
}

// A guest that uses it closes its end when it is asked to.
static void prepare_connected(struct store_scene *scene)
{
    prepare_controller(scene);
    fake_store_set(BACKEND "/state", "4");
    fake_store_set(FRONTEND "/state", "4");
    fake_store_react(BACKEND "/state", "5", FRONTEND "/state", "6");
    fake_store_react(FRONTEND "/state", "6", BACKEND "/state", "6");
}

static void test_a_guest_that_closes_its_end(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    prepare_connected(&scene);
    assert_int_equal(remove_it(&scene), STATUS_OK);
    nothing_is_left(&scene);
    store_scene_end(&scene);
}

// One that does not keeps it.
static void test_a_guest_that_does_not_close_its_end(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    prepare_controller(&scene);
    fake_store_set(BACKEND "/state", "4");
    fake_store_set(FRONTEND "/state", "4");
    assert_int_equal(remove_it(&scene), STATUS_FAILED);
    assert_non_null(strstr(step.words, "the guest's frontend did not close within 0.02 s"));
    assert_string_equal(fake_store_get(BACKEND "/online"), "1");
    assert_string_equal(fake_store_get(BACKEND "/state"), "4");
    // Nor if its state cannot be understood.
    fake_store_set(FRONTEND "/state", "x");
    (void)remove_it(&scene);
    store_scene_end(&scene);
}

// A device that xl has attached meanwhile.
static void test_a_port_that_is_in_use_by_now(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    prepare_controller(&scene);
    fake_store_set(BACKEND "/port/3", "1-9");
    assert_int_equal(remove_it(&scene), STATUS_FAILED);
    assert_string_equal(step.words, "1-9 was attached at port 3 meanwhile");
    assert_non_null(fake_store_get(BACKEND "/port/3"));
    assert_string_equal(fake_store_get(BACKEND "/online"), "1");
    store_scene_end(&scene);
}

// ---- the QEMU that has exited ----

static enum status forget(struct store_scene *scene)
{
    const char *why = pvusb_forget_dead_qemu(&scene->session);
    if (why)
        complain_error(&scene->diags, CODE_FAILED, "%s", why);
    return why ? STATUS_FAILED : STATUS_OK;
}

static void prepare_dead(struct store_scene *scene)
{
    (void)scene;
    fake_store_set("/local/domain/3/image/device-model-pid", "2147483647");
    fake_store_set("/local/domain/0/device-model/3/state", "running");
    fake_store_set("/xenusb/3/uuid", SCENE_UUID);
    fake_store_set("/xenusb/3/server", "2147483647");
    fake_store_set("/xenusb/3/started", "1");
}

static void it_is_forgotten(const struct store_scene *scene)
{
    (void)scene;
    assert_null(fake_store_get("/local/domain/3/image"));
    assert_null(fake_store_get("/local/domain/0/device-model"));
    assert_null(fake_store_get("/xenusb"));
}

static void test_a_dead_qemu_is_forgotten(void **state)
{
    (void)state;
    store_try(
        &(struct store_act){ .prepare = prepare_dead, .act = forget, .check = it_is_forgotten });
}

static void test_a_qemu_that_runs_is_not(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    prepare_dead(&scene);
    static const char *const running[] = { "0", "1" };
    for (size_t i = 0; i < 2; i++) {
        fake_store_set("/local/domain/3/image/device-model-pid", running[i]);
        assert_int_equal(forget(&scene), STATUS_OK);
        assert_non_null(fake_store_get("/xenusb/3/server"));
    }
    fake_store_set("/local/domain/3/image/device-model-pid", "x");
    assert_int_equal(forget(&scene), STATUS_FAILED);
    fake_store_unset("/local/domain/3/image/device-model-pid");
    assert_int_equal(forget(&scene), STATUS_OK);
    it_is_forgotten(&scene);
    store_scene_end(&scene);
}

// ---- handovers ----

static struct host_interface both[2] = {
    { .next = &both[1], .name = "1-4:1.0", .driver = "usbback" },
    { .name = "1-4:1.1", .driver = "usbhid" },
};

// What is unfinished of the key, which has these interfaces: its reason; "nothing".
static const char *unfinished(struct store_scene *scene, const struct host_interface *interfaces)
{
    struct pvusb_saved saved;
    struct pvusb_handover *found;
    struct record_claim *claims;
    struct domain domains[] = { { .id = 3, .name = "web", .uuid = SCENE_UUID },
                                { .id = 4, .name = "db", .uuid = "", .dying = true } };
    scene->key.interfaces = interfaces;
    scene->host = (struct host){ .devices = &scene->key, .count = 1 };
    assert_int_equal(pvusb_saved_read(&scene->session, &saved), STATUS_OK);
    assert_int_equal(record_claims(&scene->session, &claims), STATUS_OK);
    const struct handover_facts facts = { &scene->host, domains, 2, claims };
    assert_int_equal(pvusb_find_handovers(&scene->session, &saved, &facts, &found), STATUS_OK);
    return found ? found->why : "nothing";
}

static void assert_has(const char *words, const char *part)
{
    if (!strstr(words, part))
        fail_msg("not \"%s\" in: %s", part, words);
}

static void test_devices_that_were_handed_over_partly(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    assert_string_equal(unfinished(&scene, both), "nothing"); // nothing is saved
    fake_store_set("/libxl/usbback/not_a_busid", "");
    fake_store_set("/libxl/usbback/usb1", "");
    fake_store_set("/libxl/usbback/01-4", "");
    assert_string_equal(unfinished(&scene, both), "nothing");
    fake_store_set("/libxl/usbback/1-4/1-4:1_0/driver_path", "/sys/bus/usb/drivers/usbhid");
    assert_has(unfinished(&scene, both), "usbback still has 1-4:1.0, but no domain has");
    assert_has(unfinished(&scene, &both[1]), "but its drivers are still saved in");
    // It is at a port of usbback.
    store_controller(3, 1, "pv", 2);
    fake_store_set(BACKEND "/port/2", "1-4");
    assert_has(unfinished(&scene, both), "web (3), 1.2 has it, but usbback does not "
                                         "have 1-4:1.1");
    assert_string_equal(unfinished(&scene, &both[1]), "nothing"); // it was plugged in again
    // The same port of QEMU's is not.
    fake_store_unset("/libxl/3");
    fake_store_unset("/local/domain/0/backend");
    store_controller(3, 1, "qusb", 2);
    fake_store_set("/local/domain/0/backend/qusb/3/1/port/2", "1-4");
    assert_string_equal(unfinished(&scene, both), "nothing");
    // Nor is a device of a driver domain, or one that a dying domain still has.
    fake_store_unset("/libxl/3");
    fake_store_unset("/local/domain/0/backend");
    store_domain(4, "db", "5b8f2a52-0000-4000-8000-000000000004");
    store_controller(4, 1, "pv", 2);
    fake_store_set("/local/domain/0/backend/vusb/4/1/port/2", "1-4");
    assert_string_equal(unfinished(&scene, both), "nothing");
    store_scene_end(&scene);
}

static enum status read_saved(struct store_scene *scene)
{
    struct pvusb_saved saved;
    enum status status = pvusb_saved_read(&scene->session, &saved);
    if (status != STATUS_OK)
        complain_error(&scene->diags, CODE_FAILED, "%s", "it failed");
    else
        assert_int_equal(saved.count, 2);
    return status;
}

static void prepare_saved(struct store_scene *scene)
{
    (void)scene;
    fake_store_set("/libxl/usbback/1-1_3/1-1_3:1_0/driver_path", "x");
    fake_store_set("/libxl/usbback/1-4/1-4:1_0/driver_path", "x");
}

static void test_saved_drivers_are_read(void **state)
{
    struct store_scene scene;
    struct pvusb_saved saved;
    (void)state;
    store_try(&(struct store_act){ .prepare = prepare_saved, .act = read_saved });
    store_scene_begin(&scene);
    struct session without = scene.session;
    without.xen = NULL;
    assert_int_equal(pvusb_saved_read(&without, &saved), STATUS_OK);
    assert_int_equal(saved.count, 0);
    store_scene_end(&scene);
}

#define CASE(test) cmocka_unit_test(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_controller_is_added),        CASE(test_a_backend_that_does_not_come),
        CASE(test_an_index_that_xl_has_taken),   CASE(test_a_domain_that_is_gone),
        CASE(test_a_qemu_that_accepts_none),     CASE(test_a_controller_is_removed),
        CASE(test_a_guest_that_closes_its_end),  CASE(test_a_guest_that_does_not_close_its_end),
        CASE(test_a_port_that_is_in_use_by_now), CASE(test_a_dead_qemu_is_forgotten),
        CASE(test_a_qemu_that_runs_is_not),      CASE(test_devices_that_were_handed_over_partly),
        CASE(test_saved_drivers_are_read),
    };
    return cmocka_run_group_tests(tests, store_group_setup, store_group_teardown);
}
