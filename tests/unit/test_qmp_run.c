// SPDX-License-Identifier: MIT
#include "backends/qmp/qmp.h"
#include "base/arena.h"
#include "qmp_scene.h"
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

static const char pci[] = "/machine/i440fx/pci.0";

enum { STEPS_MAX = 80 };

// A scene with a controller "c" with eight ports, and steps for it.
struct stage {
    struct scene *scene;
    struct controller controller;
    struct device devices[STEPS_MAX];
    struct config_device wishes[STEPS_MAX];
    struct step steps[STEPS_MAX];
    struct step *pointers[STEPS_MAX];
    size_t count;
};

static int setup(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    stage->scene = scene_new(false);
    fake_controller(stage->scene->qemu, pci, "/machine/peripheral/c", "nec-usb-xhci", 5, "c.0");
    stage->controller = (struct controller){ .model = controller_model_for(3),
                                             .driver = "nec-usb-xhci",
                                             .name = "c",
                                             .id = "c",
                                             .path = "/machine/peripheral/c",
                                             .bus = "c.0",
                                             .index = -1,
                                             .ports = 8,
                                             .ports_usb2 = 8,
                                             .ports_usb3 = 8 };
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    scene_free(stage->scene);
    free(stage);
    return 0;
}

static struct step *with_step(struct stage *stage, enum step_op op, struct device *device)
{
    struct step *step = &stage->steps[stage->count];
    *step = (struct step){ .op = op, .controller = &stage->controller, .device = device };
    stage->pointers[stage->count++] = step;
    return step;
}

static struct device *new_device(struct stage *stage, enum device_kind kind)
{
    size_t i = stage->count;
    struct device *device = &stage->devices[i];
    *device = (struct device){ .controller = &stage->controller,
                               .kind = kind,
                               .driver = device_model_of(kind)->driver,
                               .id = "",
                               .path = "",
                               .port = { 1, { (uint8_t)(i + 1) } },
                               .wanted = &stage->wishes[i] };
    return device;
}

static struct step *with_addition(struct stage *stage, enum device_kind kind)
{
    return with_step(stage, STEP_ADD, new_device(stage, kind));
}

static struct step *with_host_addition(struct stage *stage)
{
    struct device *device = new_device(stage, DEVICE_HOSTDEV);
    device->selector =
        (struct selector){ .criteria = SELECT_BUS | SELECT_ADDRESS, .bus = 1, .address = 4 };
    return with_step(stage, STEP_ADD, device);
}

// Adds a device to QEMU, and a step that removes it.
static struct step *with_removal(struct stage *stage, const char *path, const char *id)
{
    struct device *device = new_device(stage, DEVICE_TABLET);
    device->path = path;
    device->id = id;
    fake_usb(stage->scene->qemu, "/machine/peripheral/c/c.0", path, "usb-tablet", "1");
    return with_step(stage, STEP_REMOVE, device);
}

static enum status run(struct stage *stage, double timeout_scale)
{
    struct scene *scene = stage->scene;
    scene_connect(scene, timeout_scale);
    assert_int_equal(qmp_look(&scene->handle, &scene->topology), STATUS_OK);
    assert_int_equal(qmp_supply(&scene->handle, &scene->topology), STATUS_OK);
    return qmp_run(&scene->handle, stage->pointers, stage->count);
}

static void assert_says(const struct step *step, enum step_state state, const char *words)
{
    assert_int_equal(step->state, state);
    assert_non_null(step->words);
    assert_non_null(strstr(step->words, words));
}

#define assert_step_done(step)                                                                     \
    do {                                                                                           \
        assert_null((step)->words);                                                                \
        assert_int_equal((step)->state, STEP_DONE);                                                \
    } while (0)

// ---- adding ----

static void test_many_devices_cost_one_round_trip(void **state)
{
    struct stage *stage = *state;
    struct scene *scene = stage->scene;
    for (unsigned i = 0; i < 60; i++)
        with_addition(stage, i % 3 ? DEVICE_TABLET : DEVICE_HUB);
    scene_connect(scene, 6);
    assert_int_equal(qmp_run(&scene->handle, stage->pointers, 60), STATUS_OK);
    for (unsigned i = 0; i < 60; i++) {
        assert_step_done(&stage->steps[i]);
        assert_int_equal(stage->devices[i].state, DEVICE_PRESENT);
    }
    scene_close(scene);
    assert_int_equal(fake_rounds(scene->peer), 2); // with qmp_capabilities
    assert_int_equal(fake_count(scene->qemu, "device_add", ""), 60);
}

static void test_the_lowest_free_id_is_used(void **state)
{
    struct stage *stage = *state;
    fake_object(stage->scene->qemu, "/machine/peripheral/xenusb_tablet1", "usb-tablet");
    with_addition(stage, DEVICE_TABLET);
    with_addition(stage, DEVICE_TABLET);
    with_addition(stage, DEVICE_MOUSE);
    assert_int_equal(run(stage, 6), STATUS_OK);
    assert_string_equal(stage->devices[0].id, "xenusb_tablet0");
    assert_string_equal(stage->devices[1].id, "xenusb_tablet2");
    assert_string_equal(stage->devices[2].id, "xenusb_mouse0");
    assert_string_equal(stage->devices[2].path, "/machine/peripheral/xenusb_mouse0");
    scene_close(stage->scene);
    assert_true(fake_has(stage->scene->qemu, "/machine/peripheral/xenusb_tablet2"));
}

static void test_a_controller_gets_id_bus_and_slot(void **state)
{
    struct stage *stage = *state;
    stage->controller.name = "my own";
    stage->controller.id = stage->controller.path = stage->controller.bus = "";
    struct step *step = with_step(stage, STEP_ADD, NULL);
    assert_int_equal(run(stage, 6), STATUS_OK);
    assert_step_done(step);
    assert_string_equal(stage->controller.id, "xenusb_my.20own");
    assert_string_equal(stage->controller.bus, "xenusb_my.20own.0");
    assert_string_equal(stage->controller.path, "/machine/peripheral/xenusb_my.20own");
    scene_close(stage->scene);
    assert_int_equal(fake_count(stage->scene->qemu, "device_add", "\"bus\":\"pci.0\""), 1);
    assert_int_equal(fake_count(stage->scene->qemu, "device_add", "\"p2\":8,\"p3\":8"), 1);
}

// A slot for which QEMU refused the controller is used for the next; a full bus is skipped.
static void test_slots_are_counted(void **state)
{
    struct stage *stage = *state;
    struct scene *scene = stage->scene;
    struct controller *controller = &stage->controller;
    for (unsigned slot = 6; slot < 32; slot++)
        fake_pci(scene->qemu, pci, arena_printf(scene->other, "/machine/peripheral/n%u", slot),
                 "e1000", slot);
    for (unsigned slot = 1; slot < 5; slot++)
        fake_pci(scene->qemu, pci, arena_printf(scene->other, "/machine/peripheral/n%u", slot),
                 slot == 4 ? "pci-bridge" : "e1000", slot);
    fake_object(scene->qemu, "/machine/peripheral/n4/br", "PCI");
    fake_property(scene->qemu, "/machine/peripheral/n4/br", "hotplug-handler", "link<x>", "\"/x\"");
    fake_instead(scene->qemu, "device_add", "xenusb_bad",
                 "\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}");
    controller->name = "bad";
    controller->id = controller->path = controller->bus = "";
    struct step *step = with_step(stage, STEP_ADD, NULL);
    assert_int_equal(run(stage, 6), STATUS_FAILED);
    assert_says(step, STEP_FAILED, "QEMU says: no");
    assert_int_equal(scene->handle.slots->free, 0);
    assert_int_equal(scene->handle.slots->next->free, 32);
    controller->id = "";
    controller->name = "good";
    step->state = STEP_PLANNED;
    step->words = NULL;
    assert_int_equal(qmp_run(&scene->handle, stage->pointers, 1), STATUS_OK);
    assert_step_done(step);
    assert_int_equal(scene->handle.slots->next->free, 31);
    assert_int_equal(qmp_run(&scene->handle, stage->pointers, 0), STATUS_OK);
    scene_close(scene);
    assert_int_equal(fake_count(scene->qemu, "device_add", "\"bus\":\"br\""), 2);
}

static void test_a_host_device_that_is_open(void **state)
{
    struct stage *stage = *state;
    stage->controller.index = 0;
    struct step *step = with_host_addition(stage);
    assert_int_equal(run(stage, 6), STATUS_OK);
    assert_step_done(step);
    assert_string_equal(step->device->id, "xenusb-1-4");
    assert_int_equal(step->device->state, DEVICE_ATTACHED);
}

// QEMU added the device but could not open it: it is removed again.
static void test_a_refused_step_fails_alone(void **state)
{
    struct stage *stage = *state;
    struct step *good = with_addition(stage, DEVICE_TABLET);
    struct step *bad = with_addition(stage, DEVICE_MOUSE);
    struct step *after = with_addition(stage, DEVICE_KEYBOARD);
    fake_instead(stage->scene->qemu, "device_add", "usb-mouse",
                 "\"error\": {\"class\": \"GenericError\", \"desc\": \"usb port 2 (bus c.0) not "
                 "found (in use?)\"}");
    assert_int_equal(run(stage, 6), STATUS_FAILED);
    assert_step_done(good);
    assert_step_done(after);
    assert_int_equal(bad->state, STEP_FAILED);
    assert_string_equal(bad->words, "QEMU says: usb port 2 (bus c.0) not found (in use?)");
    scene_close(stage->scene);
    assert_int_equal(fake_count(stage->scene->qemu, "device_del", ""), 0);
}

// Another client has used that id: its device must not be removed.
static void test_an_id_that_was_taken_in_between(void **state)
{
    struct stage *stage = *state;
    struct scene *scene = stage->scene;
    struct step *step = with_addition(stage, DEVICE_DISK);
    step->device->file = "/srv/a.img";
    fake_object(scene->qemu, "/machine/peripheral/xenusb_disk0", "usb-storage");
    scene_connect(scene, 6); // without a look: the id seems free
    assert_int_equal(qmp_run(&scene->handle, stage->pointers, 1), STATUS_FAILED);
    assert_says(step, STEP_FAILED, "Duplicate device ID 'xenusb_disk0'");
    scene_close(scene);
    assert_true(fake_has(scene->qemu, "/machine/peripheral/xenusb_disk0"));
    assert_int_equal(fake_count(scene->qemu, "device_del", ""), 0);
    assert_int_equal(fake_count(scene->qemu, "blockdev-del", "xenusb_disk0-back"), 1);
}

static void test_a_disk_whose_device_fails(void **state)
{
    struct stage *stage = *state;
    struct step *step = with_addition(stage, DEVICE_DISK);
    step->device->file = "/srv/a.img";
    fake_instead(stage->scene->qemu, "device_add", "usb-storage",
                 "\"error\": {\"class\": \"GenericError\", \"desc\": \"speed mismatch\"}");
    assert_int_equal(run(stage, 6), STATUS_FAILED);
    assert_says(step, STEP_FAILED, "QEMU says: speed mismatch");
    scene_close(stage->scene);
    assert_int_equal(fake_count(stage->scene->qemu, "blockdev-add", "xenusb_disk0-back"), 1);
    assert_int_equal(fake_count(stage->scene->qemu, "blockdev-del", "xenusb_disk0-back"), 1);
}

static void test_an_image_that_cannot_be_opened(void **state)
{
    struct stage *stage = *state;
    struct step *step = with_addition(stage, DEVICE_DISK);
    step->device->file = "/nope";
    fake_instead(stage->scene->qemu, "blockdev-add", "",
                 "\"error\": {\"class\": \"GenericError\", \"desc\": \"Could not open '/nope'\"}");
    fake_instead(stage->scene->qemu, "device_add", "",
                 "\"error\": {\"class\": \"GenericError\", \"desc\": \"can't find value\"}");
    assert_int_equal(run(stage, 6), STATUS_FAILED);
    assert_says(step, STEP_FAILED,
                "QEMU says: Could not open '/nope'"); // the first error, not its consequence
    scene_close(stage->scene);
    assert_int_equal(fake_count(stage->scene->qemu, "blockdev-del", ""), 0);
}

static void test_a_backing_that_cannot_be_removed(void **state)
{
    struct stage *stage = *state;
    struct step *step = with_addition(stage, DEVICE_SERIAL);
    fake_instead(stage->scene->qemu, "device_add", "",
                 "\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}");
    fake_instead(stage->scene->qemu, "chardev-remove", "",
                 "\"error\": {\"class\": \"GenericError\", \"desc\": \"Chardev 'x' is busy\"}");
    assert_int_equal(run(stage, 0.05), STATUS_FAILED);
    assert_says(step, STEP_LEFT, "could not be removed either");
    assert_non_null(strstr(step->words, "chardev-remove {\"id\":\"xenusb_serial0-back\"}"));
}

static void test_what_qmp_cannot_express_is_not_sent(void **state)
{
    struct stage *stage = *state;
    struct step *bad = with_addition(stage, DEVICE_SERIAL);
    struct step *good = with_addition(stage, DEVICE_TABLET);
    stage->wishes[0].chardev = (struct config_text){ { 1, 2 }, text_of("smoke:signals") };
    assert_int_equal(run(stage, 6), STATUS_FAILED);
    assert_says(bad, STEP_FAILED, "xenusb does not support the character device 'smoke:signals'");
    assert_step_done(good);
    scene_close(stage->scene);
    assert_int_equal(fake_count(stage->scene->qemu, "device_add", ""), 1);
}

static void test_an_addition_without_an_answer(void **state)
{
    struct stage *stage = *state;
    struct step *step = with_addition(stage, DEVICE_TABLET);
    struct step *other = with_addition(stage, DEVICE_MOUSE);
    fake_instead(stage->scene->qemu, "device_add", "usb-mouse", NULL);
    assert_int_equal(run(stage, 0.05), STATUS_TIMEOUT);
    assert_step_done(step);
    assert_says(other, STEP_LEFT,
                "QEMU at SOCKET did not answer device_add within 0.5 s; it is unknown whether the "
                "command took effect");
    assert_true(other->timed_out);
}

static void test_a_hang_up_in_the_middle(void **state)
{
    struct stage *stage = *state;
    struct step *step = with_addition(stage, DEVICE_TABLET);
    struct step *other = with_addition(stage, DEVICE_MOUSE);
    fake_instead(stage->scene->qemu, "device_add", "usb-mouse", "\"return\": }"); // not JSON
    assert_int_equal(run(stage, 6), STATUS_FAILED);
    assert_int_equal(step->state == STEP_DONE || step->state == STEP_LEFT, true);
    assert_says(other, STEP_LEFT, "sent invalid QMP");
    assert_false(other->timed_out);
    // Later steps fail too, but nothing was sent for them.
    other->state = STEP_PLANNED;
    assert_int_equal(qmp_run(&stage->scene->handle, &stage->pointers[1], 1), STATUS_FAILED);
    assert_says(other, STEP_FAILED, "sent invalid QMP");
}

// ---- removing ----

static void test_devices_are_removed_at_once(void **state)
{
    struct stage *stage = *state;
    struct step *one = with_removal(stage, "/machine/peripheral/t1", "t1");
    struct step *other = with_removal(stage, "/machine/unattached/device[7]", "");
    assert_int_equal(run(stage, 6), STATUS_OK);
    assert_step_done(one);
    assert_step_done(other);
    scene_close(stage->scene);
    assert_false(fake_has(stage->scene->qemu, "/machine/peripheral/t1"));
    assert_false(fake_has(stage->scene->qemu, "/machine/unattached/device[7]"));
}

static void test_removing_a_missing_device_succeeds(void **state)
{
    struct stage *stage = *state;
    struct device *device = new_device(stage, DEVICE_TABLET);
    device->id = "zz";
    device->path = "/machine/peripheral/zz";
    struct step *step = with_step(stage, STEP_REMOVE, device);
    assert_int_equal(run(stage, 6), STATUS_OK);
    assert_step_done(step);
}

static void test_an_event_that_never_comes(void **state)
{
    struct stage *stage = *state;
    struct step *step = with_removal(stage, "/machine/peripheral/t1", "t1");
    // QEMU accepts the removal, but the object remains for a while; then it is gone without an
    // event.
    fake_instead(stage->scene->qemu, "device_del", "", "\"return\": {}");
    fake_instead(stage->scene->qemu, "qom-get",
                 "\"path\":\"/machine/peripheral/t1\",\"property\":\"type\"",
                 "\"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"Device not found\"}");
    assert_int_equal(run(stage, 6), STATUS_OK);
    assert_step_done(step);
}

static void test_a_device_that_stays(void **state)
{
    struct stage *stage = *state;
    struct step *step = with_removal(stage, "/machine/peripheral/t1", "t1");
    fake_instead(stage->scene->qemu, "device_del", "", "\"return\": {}");
    assert_int_equal(run(stage, 0.03), STATUS_TIMEOUT);
    assert_says(step, STEP_FAILED, "QEMU still has it after 0.3 s");
    assert_true(step->timed_out);
}

static void test_a_removal_that_qemu_refuses(void **state)
{
    struct stage *stage = *state;
    struct step *step = with_removal(stage, "/machine/peripheral/t1", "t1");
    struct step *other = with_removal(stage, "/machine/peripheral/t2", "t2");
    fake_instead(stage->scene->qemu, "device_del", "t1",
                 "\"error\": {\"class\": \"GenericError\", \"desc\": \"Bus 'x' does not support "
                 "hotplugging\"}");
    assert_int_equal(run(stage, 6), STATUS_FAILED);
    assert_says(step, STEP_FAILED, "QEMU says: Bus 'x' does not support hotplugging");
    assert_false(step->timed_out);
    assert_step_done(other);
}

static void test_a_removal_without_an_answer(void **state)
{
    struct stage *stage = *state;
    struct step *step = with_removal(stage, "/machine/peripheral/t1", "t1");
    fake_instead(stage->scene->qemu, "device_del", "", NULL);
    assert_int_equal(run(stage, 0.03), STATUS_TIMEOUT);
    assert_says(step, STEP_LEFT, "did not answer device_del within 0.3 s");
    assert_true(step->timed_out);
}

static struct step *remove_controller(struct stage *stage, enum fake_eject eject)
{
    fake_guest(stage->scene->qemu, eject);
    return with_step(stage, STEP_REMOVE, NULL);
}

static void test_a_guest_that_ejects(void **state)
{
    struct stage *stage = *state;
    struct step *step = remove_controller(stage, FAKE_EJECTS);
    assert_int_equal(run(stage, 6), STATUS_OK);
    assert_step_done(step);
}

// Without DEVICE_DELETED, as with nec-usb-xhci and qemu-xhci.
static void test_a_guest_that_ejects_without_an_event(void **state)
{
    struct stage *stage = *state;
    struct step *step = remove_controller(stage, FAKE_EJECTS_SILENTLY);
    assert_int_equal(run(stage, 6), STATUS_OK);
    assert_step_done(step);
}

static void test_a_guest_that_does_not_eject(void **state)
{
    struct stage *stage = *state;
    struct step *step = remove_controller(stage, FAKE_IGNORES);
    assert_int_equal(run(stage, 0.03), STATUS_TIMEOUT);
    assert_says(step, STEP_FAILED, "the guest did not eject it within 0.3 s");
    assert_non_null(strstr(step->words, "the request stays pending"));
    assert_true(step->timed_out);
    // The first request is still pending, so no second one is sent.
    step->state = STEP_PLANNED;
    assert_int_equal(qmp_run(&stage->scene->handle, stage->pointers, 1), STATUS_TIMEOUT);
    assert_says(step, STEP_FAILED, "the guest did not eject it within 0.3 s");
}

static void test_a_guest_that_refuses(void **state)
{
    struct stage *stage = *state;
    struct step *step = remove_controller(stage, FAKE_REFUSES);
    assert_int_equal(run(stage, 6), STATUS_FAILED);
    assert_says(step, STEP_FAILED, "the guest refused to eject it");
    assert_false(step->timed_out);
}

static void test_qemu_stalls_while_waiting_for_the_guest(void **state)
{
    struct stage *stage = *state;
    struct step *step = remove_controller(stage, FAKE_IGNORES);
    fake_instead(stage->scene->qemu, "qom-get", "\"type\"", NULL);
    assert_int_equal(run(stage, 0.03), STATUS_TIMEOUT);
    assert_says(step, STEP_LEFT,
                "did not answer qom-get within 0.3 s; it is unknown whether it was");
}

static void test_qemu_dies_while_waiting_for_the_guest(void **state)
{
    struct stage *stage = *state;
    struct step *step = remove_controller(stage, FAKE_IGNORES);
    fake_instead(stage->scene->qemu, "qom-get", "\"type\"", "]");
    assert_int_equal(run(stage, 6), STATUS_FAILED);
    assert_says(step, STEP_LEFT, "it is unknown whether it was removed");
    assert_false(step->timed_out);
}

// ---- undo ----

static void test_a_disk_is_added_and_removed(void **state)
{
    struct stage *stage = *state;
    struct step *step = with_addition(stage, DEVICE_DISK);
    step->device->file = "/srv/a.img";
    assert_int_equal(run(stage, 6), STATUS_OK);
    assert_step_done(step);
    step->op = STEP_REMOVE;
    step->state = STEP_PLANNED;
    assert_int_equal(qmp_run(&stage->scene->handle, stage->pointers, 1), STATUS_OK);
    assert_step_done(step);
    scene_close(stage->scene);
    assert_int_equal(fake_count(stage->scene->qemu, "blockdev-del", "xenusb_disk0-back"), 1);
    assert_false(fake_has(stage->scene->qemu, "/machine/peripheral/xenusb_disk0"));
}

static void test_an_image_that_stays_in_use(void **state)
{
    struct stage *stage = *state;
    struct device *device = new_device(stage, DEVICE_DISK);
    device->id = "xenusb_disk0";
    device->path = "/machine/peripheral/xenusb_disk0";
    fake_usb(stage->scene->qemu, "/machine/peripheral/c/c.0", device->path, "usb-storage", "1");
    struct step *step = with_step(stage, STEP_REMOVE, device);
    fake_instead(stage->scene->qemu, "blockdev-del", "",
                 "\"error\": {\"class\": \"GenericError\", \"desc\": \"Node x is in use\"}");
    assert_int_equal(run(stage, 0.05), STATUS_FAILED);
    assert_says(step, STEP_LEFT,
                "it was removed, but its backing is still in use: blockdev-del "
                "{\"node-name\":\"xenusb_disk0-back\"} "
                "failed");
}

// A device is added again with its id, and a controller in its slot.
static void test_removals_can_be_undone(void **state)
{
    struct stage *stage = *state;
    struct step *device = with_removal(stage, "/machine/peripheral/t1", "t1");
    assert_int_equal(run(stage, 6), STATUS_OK);
    device->op = STEP_ADD;
    device->state = STEP_PLANNED;
    assert_int_equal(qmp_run(&stage->scene->handle, stage->pointers, 1), STATUS_OK);
    assert_string_equal(device->device->id, "t1");
    scene_close(stage->scene);
    assert_true(fake_has(stage->scene->qemu, "/machine/peripheral/t1"));
}

static void test_a_removed_controller_returns_to_its_slot(void **state)
{
    struct stage *stage = *state;
    struct scene *scene = stage->scene;
    fake_pci(scene->qemu, pci, "/machine/peripheral/rp", "pcie-root-port", 7);
    fake_object(scene->qemu, "/machine/peripheral/rp/rp", "PCIE");
    fake_property(scene->qemu, "/machine/peripheral/rp/rp", "hotplug-handler", "link<x>", "\"/x\"");
    fake_controller(scene->qemu, "/machine/peripheral/rp/rp", "/machine/peripheral/d", "usb-ehci",
                    0, "d.0");
    stage->controller.id = "d";
    stage->controller.path = "/machine/peripheral/d";
    struct step *step = remove_controller(stage, FAKE_EJECTS);
    assert_int_equal(run(stage, 6), STATUS_OK);
    step->op = STEP_ADD;
    step->state = STEP_PLANNED;
    assert_int_equal(qmp_run(&scene->handle, stage->pointers, 1), STATUS_OK);
    assert_step_done(step);
    scene_close(scene);
    assert_int_equal(fake_count(scene->qemu, "device_add", "\"bus\":\"rp\""), 1);
}

// ---- the ops ----

static void test_which_controllers_are_served(void **state)
{
    (void)state;
    struct domain hvm = { .type = DOMAIN_HVM }, pv = { .type = DOMAIN_PV },
                  pvh = { .type = DOMAIN_PVH }, unknown = { .type = DOMAIN_UNKNOWN };
    struct config_controller any = { .type = CONTROLLER_AUTO };
    struct config_controller paravirtual = { .type = CONTROLLER_PV };
    struct config_controller emulated = { .type = CONTROLLER_EMULATED };
    assert_true(qmp_backend.suits(&any, &hvm));
    assert_true(qmp_backend.suits(&any, &unknown));
    assert_false(qmp_backend.suits(&any, &pv));
    assert_false(qmp_backend.suits(&any, &pvh));
    assert_false(qmp_backend.suits(&paravirtual, &hvm));
    assert_true(qmp_backend.suits(&emulated, &hvm));
}

static void test_opening_without_a_qemu(void **state)
{
    struct scene *scene = ((struct stage *)*state)->scene;
    struct session session = { .arena = scene->arena,
                               .diags = &scene->diags,
                               .domain = &scene->domain,
                               .timeout_scale = 0.01 };
    void *handle = NULL;
    scene->domain.qmp_socket = NULL;
    assert_int_equal(qmp_backend.open(&session, &handle), STATUS_REQUEST);
    assert_string_equal(scene->diags.first->message,
                        "domain vm (-1) has no QEMU with emulated USB controllers");
    scene->domain.qmp_socket = "/nowhere/qmp";
    assert_int_equal(qmp_backend.open(&session, &handle), STATUS_REQUEST);
    assert_string_equal(scene->diags.first->next->message, "there is no QMP socket /nowhere/qmp");
    assert_null(handle);
    qmp_backend.close(NULL);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_many_devices_cost_one_round_trip),
        CASE(test_the_lowest_free_id_is_used),
        CASE(test_a_controller_gets_id_bus_and_slot),
        CASE(test_slots_are_counted),
        CASE(test_a_host_device_that_is_open),
        CASE(test_a_refused_step_fails_alone),
        CASE(test_an_id_that_was_taken_in_between),
        CASE(test_a_disk_whose_device_fails),
        CASE(test_an_image_that_cannot_be_opened),
        CASE(test_a_backing_that_cannot_be_removed),
        CASE(test_what_qmp_cannot_express_is_not_sent),
        CASE(test_an_addition_without_an_answer),
        CASE(test_a_hang_up_in_the_middle),
        CASE(test_devices_are_removed_at_once),
        CASE(test_removing_a_missing_device_succeeds),
        CASE(test_an_event_that_never_comes),
        CASE(test_a_device_that_stays),
        CASE(test_a_removal_that_qemu_refuses),
        CASE(test_a_removal_without_an_answer),
        CASE(test_a_guest_that_ejects),
        CASE(test_a_guest_that_ejects_without_an_event),
        CASE(test_a_guest_that_does_not_eject),
        CASE(test_a_guest_that_refuses),
        CASE(test_qemu_stalls_while_waiting_for_the_guest),
        CASE(test_qemu_dies_while_waiting_for_the_guest),
        CASE(test_a_disk_is_added_and_removed),
        CASE(test_an_image_that_stays_in_use),
        CASE(test_removals_can_be_undone),
        CASE(test_a_removed_controller_returns_to_its_slot),
        CASE(test_which_controllers_are_served),
        CASE(test_opening_without_a_qemu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
