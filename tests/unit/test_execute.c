// SPDX-License-Identifier: MIT
// The executor with a backend that fails on request and logs its steps.
#include "base/arena.h"
#include "plan/execute.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

// How the backend fails for a controller or a device, given by its name or id.
struct misfortune {
    const char *name;
    enum step_op op;
    enum step_state state; // STEP_FAILED or STEP_LEFT
    bool timed_out;
    enum status status; // the result of run(); STATUS_FAILED by default
};

struct scene {
    struct arena *arena;
    struct diags diags;
    struct domain domain;
    struct backend backend;
    struct topology topology;
    struct plan plan;
    struct session session;
    struct misfortune misfortunes[4];
    struct interrupt interrupt;
    enum status save;            // the result of each save
    const char *interrupt_after; // the name of the step after which the user asks to stop
    double patience[2];          // timeout_scale in the last run, and in the last of an undo
    char log[1024];
};

static const char *name_of(const struct step *step)
{
    if (step->pvusb_qemu)
        return step->pvusb_qemu->program;
    return step->device ? step->device->id : step->controller->name;
}

static void note(struct scene *scene, const char *words)
{
    size_t used = strlen(scene->log);
    snprintf(scene->log + used, sizeof scene->log - used, "%s", words);
}

static enum status scripted_run(void *handle, struct step *const *steps, size_t count)
{
    struct scene *scene = handle;
    enum status status = STATUS_OK;
    scene->patience[scene->session.finishing] = scene->session.timeout_scale;
    // "!": interrupted, so run() would not wait for the step.
    note(scene, session_interrupted(&scene->session) ? "![" : "[");
    for (size_t i = 0; i < count; i++) {
        struct step *step = steps[i];
        note(scene, i ? " " : "");
        note(scene, step->op == STEP_ADD ? "+" : "-");
        note(scene, name_of(step));
        step->state = STEP_DONE;
        for (size_t j = 0; j < 4; j++) {
            const struct misfortune *bad = &scene->misfortunes[j];
            if (!bad->name || strcmp(bad->name, name_of(step)) != 0 || bad->op != step->op)
                continue;
            step->state = bad->state;
            step->timed_out = bad->timed_out;
            step->words = "it would not";
            status = bad->status ? bad->status : STATUS_FAILED;
        }
        if (scene->interrupt_after && strcmp(scene->interrupt_after, name_of(step)) == 0)
            scene->interrupt.raised = 1;
    }
    note(scene, "]");
    return status;
}

static const struct backend_ops scripted = { .name = "scripted", .run = scripted_run };

static struct controller *controller_of(struct scene *scene, const char *name, enum step_op op)
{
    struct controller *controller = arena_new_of(scene->arena, struct controller);
    controller->backend = &scene->backend;
    controller->name = name;
    controller->present = op != STEP_ADD;
    plan_add_step(&scene->plan, scene->arena, op, controller, NULL);
    return controller;
}

static struct step *device_of(struct scene *scene, struct controller *controller, const char *id,
                              const char *port, enum step_op op)
{
    struct device *device = arena_new_of(scene->arena, struct device);
    device->id = id;
    device->kind = DEVICE_TABLET;
    device->controller = controller;
    assert_true(port_read(text_of(port), &device->port));
    return plan_add_step(&scene->plan, scene->arena, op, controller, device);
}

static void begin(struct scene *scene)
{
    *scene = (struct scene){ .arena = arena_new(4096), .domain = { .id = 3, .name = "win10" } };
    assert_non_null(scene->arena);
    diags_init(&scene->diags, scene->arena);
    scene->backend = (struct backend){ &scripted, scene };
    scene->topology.domain = &scene->domain;
    plan_init(&scene->plan, &scene->topology);
    scene->session = (struct session){ .arena = scene->arena,
                                       .diags = &scene->diags,
                                       .domain = &scene->domain,
                                       .interrupt = &scene->interrupt,
                                       .timeout_scale = 1.0 };
}

static struct scene *saving; // that save() belongs to, if the test wants to see it

static enum status save(const struct session *session)
{
    assert_ptr_equal(session, &saving->session);
    note(saving, session_interrupted(session) ? "!save" : "save");
    return saving->save;
}

static enum status carry_out(struct scene *scene)
{
    const struct execution execution = { .save = saving ? save : NULL };
    return execute(&scene->session, &scene->plan, &execution);
}

// A controller with a hub that has a device behind it, and another device.
static void plan_additions(struct scene *scene)
{
    struct controller *hci0 = controller_of(scene, "hci0", STEP_ADD);
    device_of(scene, hci0, "behind", "1.2", STEP_ADD);
    device_of(scene, hci0, "hub", "1", STEP_ADD);
    device_of(scene, hci0, "tablet", "2", STEP_ADD);
}

static void test_dependencies_are_added_first(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    plan_additions(&scene);
    assert_int_equal(carry_out(&scene), STATUS_OK);
    assert_string_equal(scene.log, "[+hci0][+hub +tablet][+behind]");
    assert_int_equal(scene.diags.errors, 0);
    assert_true(scene.plan.first->controller->present);
    arena_free(scene.arena);
}

static void test_dependents_are_removed_first(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    struct controller *hci0 = controller_of(&scene, "hci0", STEP_REMOVE);
    device_of(&scene, hci0, "hub", "1", STEP_REMOVE);
    device_of(&scene, hci0, "behind", "1.2", STEP_REMOVE);
    assert_int_equal(carry_out(&scene), STATUS_OK);
    assert_string_equal(scene.log, "[-behind][-hub][-hci0]");
    arena_free(scene.arena);
}

static void test_removals_make_room_for_additions(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    struct controller *hci0 = controller_of(&scene, "hci0", STEP_KEEP);
    device_of(&scene, hci0, "new", "1", STEP_ADD);
    device_of(&scene, hci0, "old", "1", STEP_REMOVE);
    assert_int_equal(carry_out(&scene), STATUS_OK);
    assert_string_equal(scene.log, "[-old][+new]");
    arena_free(scene.arena);
}

static void test_a_failure_undoes_everything_in_reverse(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    plan_additions(&scene);
    scene.misfortunes[0] = (struct misfortune){ "behind", STEP_ADD, STEP_FAILED, false, STATUS_OK };
    assert_int_equal(carry_out(&scene), STATUS_FAILED);
    assert_string_equal(scene.log, "[+hci0][+hub +tablet][+behind][-hub -tablet][-hci0]");
    assert_int_equal(scene.plan.first->state, STEP_UNDONE);
    assert_int_equal(scene.diags.errors, 1);
    assert_non_null(strstr(scene.diags.first->message, "it would not"));
    arena_free(scene.arena);
}

// What the user does not want to wait for must still be undone.
static void test_an_undo_has_its_own_time_limits(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    plan_additions(&scene);
    scene.session.timeout_scale = 0.25;
    scene.session.undo_scale = 1.0;
    scene.misfortunes[0] = (struct misfortune){ "behind", STEP_ADD, STEP_FAILED, false, STATUS_OK };
    assert_int_equal(carry_out(&scene), STATUS_FAILED);
    assert_true(scene.patience[0] > 0.2 && scene.patience[0] < 0.3);
    assert_true(scene.patience[1] > 0.9);
    assert_true(scene.session.timeout_scale < 0.3);
    arena_free(scene.arena);
}

// If one step of a batch fails, those that were done are undone.
static void test_successes_beside_a_failure_are_undone(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    plan_additions(&scene);
    scene.misfortunes[0] = (struct misfortune){ "hub", STEP_ADD, STEP_FAILED, false, STATUS_OK };
    assert_int_equal(carry_out(&scene), STATUS_FAILED);
    assert_string_equal(scene.log, "[+hci0][+hub +tablet][-tablet][-hci0]");
    arena_free(scene.arena);
}

static void test_removals_are_undone(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    struct controller *hci0 = controller_of(&scene, "hci0", STEP_REMOVE);
    device_of(&scene, hci0, "tablet", "1", STEP_REMOVE);
    scene.misfortunes[0] = (struct misfortune){ "hci0", STEP_REMOVE, STEP_FAILED, true, STATUS_OK };
    assert_int_equal(carry_out(&scene), STATUS_TIMEOUT);
    assert_string_equal(scene.log, "[-tablet][-hci0][+tablet]");
    arena_free(scene.arena);
}

static void test_a_failed_undo_is_reported_with_its_fix(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    plan_additions(&scene);
    scene.misfortunes[0] = (struct misfortune){ "tablet", STEP_ADD, STEP_FAILED, false, STATUS_OK };
    scene.misfortunes[1] = (struct misfortune){ "hci0", STEP_REMOVE, STEP_FAILED, true, STATUS_OK };
    assert_int_equal(carry_out(&scene), STATUS_LEFTOVER);
    assert_int_equal(scene.plan.first->state, STEP_LEFT);
    assert_int_equal(scene.diags.errors, 2);
    const struct diag *left = scene.diags.first->next;
    assert_non_null(strstr(left->message, "controller hci0 is still in win10"));
    assert_non_null(strstr(left->hint, "xenusb controller remove win10 hci0"));
    arena_free(scene.arena);
}

static void test_a_step_left_by_the_backend_counts(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    plan_additions(&scene);
    scene.misfortunes[0] = (struct misfortune){ "tablet", STEP_ADD, STEP_LEFT, false, STATUS_OK };
    assert_int_equal(carry_out(&scene), STATUS_LEFTOVER);
    assert_string_equal(scene.log, "[+hci0][+hub +tablet][-hub][-hci0]");
    arena_free(scene.arena);
}

static void test_an_interrupt_undoes_all_steps(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    plan_additions(&scene);
    scene.interrupt_after = "hci0";
    assert_int_equal(carry_out(&scene), STATUS_FAILED);
    assert_string_equal(scene.log, "[+hci0][-hci0]");
    assert_non_null(strstr(scene.diags.first->message, "interrupted"));
    arena_free(scene.arena);
}

static void test_a_run_saves_once_after_its_last_step(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    saving = &scene;
    plan_additions(&scene);
    assert_int_equal(carry_out(&scene), STATUS_OK);
    assert_string_equal(scene.log, "[+hci0][+hub +tablet][+behind]save");
    saving = NULL;
    arena_free(scene.arena);
}

// What is left after the undo has to be saved as well.
static void test_a_failed_step_saves_after_the_undo(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    saving = &scene;
    plan_additions(&scene);
    scene.misfortunes[0] = (struct misfortune){ "tablet", STEP_ADD, STEP_FAILED, false, STATUS_OK };
    scene.interrupt_after = "tablet";
    assert_int_equal(carry_out(&scene), STATUS_FAILED);
    assert_string_equal(scene.log, "[+hci0][+hub +tablet][-hub][-hci0]save");
    saving = NULL;
    arena_free(scene.arena);
}

static void test_a_failed_save_undoes_everything(void **state)
{
    (void)state;
    static const enum status results[][2] = { { STATUS_TIMEOUT, STATUS_TIMEOUT },
                                              { STATUS_REFUSED, STATUS_FAILED },
                                              { STATUS_FAILED, STATUS_FAILED } };
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        struct scene scene;
        begin(&scene);
        saving = &scene;
        plan_additions(&scene);
        scene.save = results[i][0];
        assert_int_equal(carry_out(&scene), results[i][1]);
        assert_string_equal(scene.log, "[+hci0][+hub +tablet][+behind]save"
                                       "[-behind][-hub -tablet][-hci0]save");
        assert_int_equal(scene.plan.first->state, STEP_UNDONE);
        arena_free(scene.arena);
    }
    saving = NULL;
}

// The removal cannot be undone, so what may fail comes first.
static void test_a_save_comes_before_removals_without_undo(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    saving = &scene;
    controller_of(&scene, "cold", STEP_REMOVE)->cold_only = VERDICT_YES;
    controller_of(&scene, "warm", STEP_ADD);
    assert_int_equal(carry_out(&scene), STATUS_OK);
    assert_string_equal(scene.log, "[+warm]save[-cold]save");
    arena_free(scene.arena);
    begin(&scene);
    controller_of(&scene, "cold", STEP_REMOVE)->cold_only = VERDICT_YES;
    controller_of(&scene, "warm", STEP_ADD);
    scene.save = STATUS_TIMEOUT;
    assert_int_equal(carry_out(&scene), STATUS_TIMEOUT);
    assert_string_equal(scene.log, "[+warm]save[-warm]save");
    saving = NULL;
    arena_free(scene.arena);
}

// The backend refuses a step because xl has taken the port, but only after other steps were run.
static void test_a_refusal_after_acting_is_a_failure(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    plan_additions(&scene);
    scene.misfortunes[0] =
        (struct misfortune){ "tablet", STEP_ADD, STEP_FAILED, false, STATUS_REFUSED };
    assert_int_equal(carry_out(&scene), STATUS_FAILED);
    assert_string_equal(scene.log, "[+hci0][+hub +tablet][-hub][-hci0]");
    arena_free(scene.arena);
}

static void test_refused_and_kept_steps_do_nothing(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    struct controller *hci0 = controller_of(&scene, "hci0", STEP_KEEP);
    device_of(&scene, hci0, "there", "1", STEP_KEEP);
    device_of(&scene, hci0, "skipped", "2", STEP_SKIP);
    assert_int_equal(carry_out(&scene), STATUS_OK);
    assert_string_equal(scene.log, "");
    arena_free(scene.arena);
}

static void server_of(struct scene *scene, enum step_op op)
{
    struct pvusb_qemu *qemu = arena_new_of(scene->arena, struct pvusb_qemu);
    *qemu = (struct pvusb_qemu){ .backend = &scene->backend, .program = "qemu" };
    plan_add_pvusb_qemu(&scene->plan, scene->arena, op, qemu);
}

// All controllers must exist when QEMU starts; the devices follow.
static void test_a_qemu_starts_between_controllers_and_devices(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    server_of(&scene, STEP_ADD);
    struct controller *pv0 = controller_of(&scene, "pv0", STEP_ADD);
    device_of(&scene, pv0, "stick", "1", STEP_ADD);
    controller_of(&scene, "pv1", STEP_ADD);
    assert_int_equal(carry_out(&scene), STATUS_OK);
    assert_string_equal(scene.log, "[+pv0 +pv1][+qemu][+stick]");
    arena_free(scene.arena);
}

// The controllers are removed while QEMU can still respond.
static void test_a_qemu_stops_after_its_controllers_are_removed(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    server_of(&scene, STEP_ADD);
    struct controller *pv0 = controller_of(&scene, "pv0", STEP_ADD);
    device_of(&scene, pv0, "stick", "1", STEP_ADD);
    device_of(&scene, pv0, "key", "2", STEP_ADD);
    scene.misfortunes[0] = (struct misfortune){ "key", STEP_ADD, STEP_FAILED, false, STATUS_OK };
    assert_int_equal(carry_out(&scene), STATUS_FAILED);
    assert_string_equal(scene.log, "[+pv0][+qemu][+stick +key][-stick][-pv0][-qemu]");
    arena_free(scene.arena);
}

static void test_a_qemu_that_does_not_start_is_reported(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    server_of(&scene, STEP_ADD);
    controller_of(&scene, "pv0", STEP_ADD);
    scene.misfortunes[0] =
        (struct misfortune){ "qemu", STEP_ADD, STEP_FAILED, true, STATUS_TIMEOUT };
    assert_int_equal(carry_out(&scene), STATUS_TIMEOUT);
    assert_string_equal(scene.log, "[+pv0][+qemu][-pv0]");
    assert_string_equal(scene.diags.first->message,
                        "the PVUSB QEMU (qemu) could not be started: it would not");
    arena_free(scene.arena);
}

// If another step fails, these removals have not been run yet.
static void test_removals_without_undo_come_last(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    struct controller *cold = controller_of(&scene, "cold", STEP_REMOVE);
    device_of(&scene, cold, "stick", "1", STEP_REMOVE);
    cold->cold_only = VERDICT_YES;
    controller_of(&scene, "warm", STEP_REMOVE);
    struct controller *pv0 = controller_of(&scene, "pv0", STEP_KEEP);
    device_of(&scene, pv0, "key", "2", STEP_ADD);
    scene.misfortunes[0] = (struct misfortune){ "key", STEP_ADD, STEP_FAILED, false, STATUS_OK };
    assert_int_equal(carry_out(&scene), STATUS_FAILED);
    assert_string_equal(scene.log, "[-stick][-warm][+key][+warm][+stick]");
    arena_free(scene.arena);
    begin(&scene);
    controller_of(&scene, "cold", STEP_REMOVE)->cold_only = VERDICT_YES;
    controller_of(&scene, "new", STEP_ADD)->cold_only = VERDICT_YES;
    assert_int_equal(carry_out(&scene), STATUS_OK);
    assert_string_equal(scene.log, "[+new][-cold]");
    arena_free(scene.arena);
}

static void test_the_undo_skips_devices_that_were_gone(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    struct controller *pv0 = controller_of(&scene, "pv0", STEP_KEEP);
    device_of(&scene, pv0, "lost", "1", STEP_REMOVE);
    scene.plan.first->next->device->state = DEVICE_GONE;
    device_of(&scene, pv0, "new", "1", STEP_ADD);
    scene.misfortunes[0] = (struct misfortune){ "new", STEP_ADD, STEP_FAILED, false, STATUS_OK };
    assert_int_equal(carry_out(&scene), STATUS_FAILED);
    assert_string_equal(scene.log, "[-lost][+new]");
    arena_free(scene.arena);
}

static void test_the_undo_skips_stale_controllers(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    controller_of(&scene, "4", STEP_REMOVE)->stale = true;
    controller_of(&scene, "hci0", STEP_REMOVE);
    controller_of(&scene, "hci1", STEP_REMOVE);
    scene.misfortunes[0] =
        (struct misfortune){ "hci1", STEP_REMOVE, STEP_FAILED, false, STATUS_OK };
    assert_int_equal(carry_out(&scene), STATUS_FAILED);
    assert_string_equal(scene.log, "[-4 -hci0 -hci1][+hci0]");
    assert_int_equal(scene.plan.first->state, STEP_DONE);
    arena_free(scene.arena);
}

static void want(struct scene *scene, enum status status, const char *log)
{
    assert_int_equal(carry_out(scene), status);
    assert_string_equal(scene->log, log);
}

// The steps of a move: `id` leaves port 1 of one controller for port 1 of another one.
static struct step *move_of(struct scene *scene, const char *id)
{
    struct controller *one = arena_new_of(scene->arena, struct controller),
                      *other = arena_new_of(scene->arena, struct controller);
    one->backend = other->backend = &scene->backend;
    one->name = "one";
    other->name = "other";
    struct step *removal = device_of(scene, one, id, "1", STEP_REMOVE);
    struct step *addition = device_of(scene, other, id, "1", STEP_ADD);
    plan_pair(&scene->plan, removal, addition);
    return addition;
}

static void test_a_move(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    const struct step *move = move_of(&scene, "key");
    assert_int_equal(step_outcome(move), STEP_PLANNED);
    want(&scene, STATUS_OK, "[-key][+key]");
    assert_int_equal(step_outcome(move), STEP_DONE);
    arena_free(scene.arena);
}

// What each end of it does, and what becomes of the move.
static void test_moves_that_fail(void **state)
{
    (void)state;
    static const struct {
        struct misfortune bad;
        enum status status;
        const char *log;
        enum step_state outcome;
    } rows[] = {
        { { .name = "key", .op = STEP_REMOVE, .state = STEP_FAILED },
          STATUS_FAILED,
          "[-key]",
          STEP_FAILED },
        { { .name = "key", .op = STEP_REMOVE, .state = STEP_LEFT },
          STATUS_LEFTOVER,
          "[-key]",
          STEP_LEFT },
        { { .name = "later", .op = STEP_ADD, .state = STEP_FAILED },
          STATUS_FAILED,
          "[-key][+key][+later][-key][+key]",
          STEP_UNDONE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene scene;
        begin(&scene);
        const struct step *move = move_of(&scene, "key");
        device_of(&scene, move->controller, "later", "1.1", STEP_ADD);
        scene.misfortunes[0] = rows[i].bad;
        want(&scene, rows[i].status, rows[i].log);
        assert_int_equal(step_outcome(move), rows[i].outcome);
        assert_int_equal(step_outcome(move->pair), rows[i].outcome);
        arena_free(scene.arena);
    }
}

// It could be removed, but neither added there nor added again where it was.
static void test_a_move_that_loses_the_device(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    const struct step *move = move_of(&scene, "key");
    scene.misfortunes[0] = (struct misfortune){ "key", STEP_ADD, STEP_FAILED, false, STATUS_OK };
    want(&scene, STATUS_LEFTOVER, "[-key][+key][+key]");
    assert_int_equal(step_outcome(move), STEP_LEFT);
    arena_free(scene.arena);
}

// Removes a device, and its controller and its QEMU if the guest releases it.
static struct controller *plan_spare(struct scene *scene)
{
    static struct pvusb_qemu qemu;
    struct controller *hci0 = controller_of(scene, "hci0", STEP_REMOVE);
    scene->plan.first->spare = true;
    device_of(scene, hci0, "key", "1", STEP_REMOVE);
    qemu = (struct pvusb_qemu){ .backend = &scene->backend, .program = "qemu", .runs = true };
    hci0->pvusb = PVUSB_QEMU;
    scene->topology.controllers = hci0;
    plan_add_pvusb_qemu(&scene->plan, scene->arena, STEP_REMOVE, &qemu)->spare = true;
    return hci0;
}

static void test_a_spare_step_comes_last(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    plan_spare(&scene);
    controller_of(&scene, "hci1", STEP_ADD);
    want(&scene, STATUS_OK, "[-key][+hci1][-hci0][-qemu]");
    arena_free(scene.arena);
}

static void test_a_spare_step_may_fail(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    struct controller *hci0 = plan_spare(&scene);
    scene.misfortunes[0] =
        (struct misfortune){ "hci0", STEP_REMOVE, STEP_FAILED, true, STATUS_TIMEOUT };
    want(&scene, STATUS_OK, "[-key][-hci0]");
    assert_true(hci0->present);
    assert_int_equal(scene.diags.errors, 0);
    const struct step *step = scene.plan.first;
    assert_int_equal(step->state, STEP_FAILED);
    assert_int_equal(step->next->state, STEP_DONE);
    assert_int_equal(step->next->next->state, STEP_FAILED);
    assert_string_equal(step->next->next->words, "it still has a controller");
    arena_free(scene.arena);
}

static void test_an_interrupt_leaves_out_spare_steps(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    plan_spare(&scene);
    scene.interrupt_after = "key";
    want(&scene, STATUS_OK, "[-key]");
    assert_int_equal(scene.plan.first->state, STEP_FAILED);
    assert_string_equal(scene.plan.first->words, "interrupted");
    arena_free(scene.arena);
}

static void test_a_spare_step_is_undone(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    plan_spare(&scene);
    saving = &scene;
    scene.save = STATUS_TIMEOUT;
    want(&scene, STATUS_TIMEOUT, "[-key][-hci0][-qemu]save[+hci0][+qemu][+key]save");
    saving = NULL;
    arena_free(scene.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_move),
        cmocka_unit_test(test_moves_that_fail),
        cmocka_unit_test(test_a_move_that_loses_the_device),
        cmocka_unit_test(test_dependencies_are_added_first),
        cmocka_unit_test(test_dependents_are_removed_first),
        cmocka_unit_test(test_removals_make_room_for_additions),
        cmocka_unit_test(test_a_failure_undoes_everything_in_reverse),
        cmocka_unit_test(test_an_undo_has_its_own_time_limits),
        cmocka_unit_test(test_successes_beside_a_failure_are_undone),
        cmocka_unit_test(test_removals_are_undone),
        cmocka_unit_test(test_a_failed_undo_is_reported_with_its_fix),
        cmocka_unit_test(test_a_step_left_by_the_backend_counts),
        cmocka_unit_test(test_an_interrupt_undoes_all_steps),
        cmocka_unit_test(test_a_run_saves_once_after_its_last_step),
        cmocka_unit_test(test_a_failed_step_saves_after_the_undo),
        cmocka_unit_test(test_a_failed_save_undoes_everything),
        cmocka_unit_test(test_a_save_comes_before_removals_without_undo),
        cmocka_unit_test(test_a_refusal_after_acting_is_a_failure),
        cmocka_unit_test(test_refused_and_kept_steps_do_nothing),
        cmocka_unit_test(test_a_qemu_starts_between_controllers_and_devices),
        cmocka_unit_test(test_a_qemu_stops_after_its_controllers_are_removed),
        cmocka_unit_test(test_a_qemu_that_does_not_start_is_reported),
        cmocka_unit_test(test_removals_without_undo_come_last),
        cmocka_unit_test(test_the_undo_skips_devices_that_were_gone),
        cmocka_unit_test(test_the_undo_skips_stale_controllers),
        cmocka_unit_test(test_a_spare_step_comes_last),
        cmocka_unit_test(test_a_spare_step_may_fail),
        cmocka_unit_test(test_an_interrupt_leaves_out_spare_steps),
        cmocka_unit_test(test_a_spare_step_is_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
