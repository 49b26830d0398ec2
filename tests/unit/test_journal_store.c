// SPDX-License-Identifier: MIT
// Writing, reading and removing journals in xenstore, with each request failing in turn.
#include "plan/execute.h"
#include "plan/plan.h"
#include "record/recording.h"
#include "store_scene.h"

#include <stdlib.h>
#include <unistd.h>

static struct step steps[2];
static struct plan plan;

static void make_plan(struct store_scene *scene)
{
    steps[0] = (struct step){ .next = &steps[1], .op = STEP_ADD, .controller = &scene->libxl };
    steps[1] =
        (struct step){ .op = STEP_ADD, .controller = &scene->libxl, .device = &scene->on_libxl };
    plan = (struct plan){ .first = &steps[0] };
}

static enum status begin(struct store_scene *scene)
{
    make_plan(scene);
    return journal_execution(NULL, NULL).begin(&scene->session, &plan);
}

static void it_can_be_read(const struct store_scene *scene)
{
    struct journal journal;
    assert_int_equal(journal_read(&scene->session, &journal), STATUS_OK);
    assert_int_equal(journal.state, JOURNAL_OPEN);
    assert_string_equal(journal.command, "attach web 1-4");
    assert_string_equal(journal.steps->next->busid, "1-1.3");
    assert_true(journal_owner_runs(scene->arena, &journal));
}

static void test_a_journal_is_written(void **state)
{
    (void)state;
    store_try(&(struct store_act){ .act = begin, .check = it_can_be_read });
}

static void prepare_journal(struct store_scene *scene)
{
    assert_int_equal(begin(scene), STATUS_OK);
}

static enum status remove_it(struct store_scene *scene)
{
    return journal_remove(&scene->session);
}

static void nothing_is_left(const struct store_scene *scene)
{
    struct journal journal;
    assert_null(fake_store_get("/xenusb"));
    assert_int_equal(journal_read(&scene->session, &journal), STATUS_OK);
    assert_int_equal(journal.state, JOURNAL_NONE);
    assert_int_equal(journal_remove(&scene->session), STATUS_OK);
}

static void test_a_journal_is_removed(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_journal, .act = remove_it, .check = nothing_is_left });
}

static void prepare_beside_notes(struct store_scene *scene)
{
    prepare_journal(scene);
    fake_store_set("/xenusb/3/unsaved", "");
}

static void notes_are_left(const struct store_scene *scene)
{
    (void)scene;
    assert_null(fake_store_get("/xenusb/3/journal"));
    assert_non_null(fake_store_get("/xenusb/3/unsaved"));
}

static void test_notes_beside_a_journal_stay(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_beside_notes, .act = remove_it, .check = notes_are_left });
}

static enum status read_it(struct store_scene *scene)
{
    struct journal journal;
    enum status status = journal_read(&scene->session, &journal);
    if (status == STATUS_OK)
        assert_int_equal(journal.state, JOURNAL_OPEN);
    return status;
}

static void test_a_journal_is_read(void **state)
{
    (void)state;
    store_try(&(struct store_act){ .prepare = prepare_journal, .act = read_it });
}

// It is not known whether it was written, and it cannot be removed.
static void test_a_journal_that_may_have_been_written(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    assert_int_equal(begin(&scene), STATUS_OK);
    const unsigned commit = fake_store_requests();
    store_scene_end(&scene);
    store_scene_begin(&scene);
    const unsigned before = fake_store_requests();
    fake_store_fail_from(commit - before, FAKE_UNHEARD);
    assert_int_equal(begin(&scene), STATUS_LEFTOVER);
    assert_null(scene.session.journal);
    const char *reported = store_reported(&scene);
    assert_non_null(strstr(reported, "error: cannot write the journal of web (3): "));
    assert_non_null(strstr(reported, "warning: it may have been written all the same"));
    store_scene_end(&scene);
}

static void test_an_undo_is_marked(void **state)
{
    struct store_scene scene;
    struct journal journal;
    (void)state;
    store_scene_begin(&scene);
    prepare_journal(&scene);
    journal_execution(NULL, NULL).undo(&scene.session, &plan);
    assert_int_equal(journal_read(&scene.session, &journal), STATUS_OK);
    assert_true(journal.undoing);
    assert_non_null(journal.steps->next);
    store_scene_end(&scene);
}

// The journal stays if the saved configuration could not be written.
static void test_the_end_of_a_run(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    prepare_journal(&scene);
    scene.saved.failed = "no space";
    journal_execution(NULL, NULL).end(&scene.session);
    assert_null(scene.session.journal);
    assert_non_null(fake_store_get("/xenusb/3/journal"));
    scene.saved.failed = NULL;
    journal_execution(NULL, NULL).end(&scene.session);
    assert_null(fake_store_get("/xenusb/3/journal"));
    prepare_journal(&scene);
    scene.session.saved = NULL;
    journal_execution(NULL, NULL).end(&scene.session);
    assert_null(fake_store_get("/xenusb/3/journal"));
    prepare_journal(&scene);
    fake_store_fail_from(1, "EIO");
    journal_execution(NULL, NULL).end(&scene.session);
    assert_non_null(strstr(store_reported(&scene),
                           "warning: the journal of web could not be removed: cannot remove the "
                           "journal of web (3): Input/output error"));
    assert_int_equal(scene.diags.errors, 0);
    store_scene_end(&scene);
}

// Nobody has said what the user asked for.
static void test_a_journal_of_no_command(void **state)
{
    struct store_scene scene;
    struct journal journal;
    (void)state;
    store_scene_begin(&scene);
    scene.session.verb = scene.session.command = NULL;
    prepare_journal(&scene);
    assert_int_equal(journal_read(&scene.session, &journal), STATUS_OK);
    assert_string_equal(journal.command, "");
    assert_string_equal(journal.verb, "");
    store_scene_end(&scene);
}

static void test_too_many_steps(void **state)
{
    enum { MANY = 40000 };
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    struct step *many = arena_array_of(scene.arena, struct step, MANY);
    for (size_t i = 0; i < MANY; i++)
        many[i] = (struct step){ .next = i + 1 < MANY ? &many[i + 1] : NULL,
                                 .op = STEP_ADD,
                                 .controller = &scene.libxl };
    plan.first = many;
    assert_int_equal(journal_execution(NULL, NULL).begin(&scene.session, &plan), STATUS_REFUSED);
    assert_null(fake_store_get("/xenusb"));
    assert_string_equal(store_reported(&scene),
                        "xenusb: error: these are too many steps for one command\n");
    store_scene_end(&scene);
}

// Another command has left one open: nothing is written over it.
static void test_a_journal_in_the_way(void **state)
{
    struct store_scene scene;
    const struct record *record;
    (void)state;
    store_scene_begin(&scene);
    prepare_journal(&scene);
    assert_int_equal(record_look(&scene.session, &record), STATUS_OK);
    char *before = fake_store_dump("/xenusb");
    assert_int_equal(begin(&scene), STATUS_REFUSED);
    assert_non_null(strstr(store_reported(&scene), "what it left open has to be completed"));
    char *after = fake_store_dump("/xenusb");
    assert_string_equal(after, before);
    free(before);
    free(after);
    fake_store_set("/xenusb/3/journal", "something else");
    scene.session.record = NULL;
    assert_int_equal(record_look(&scene.session, &record), STATUS_OK);
    assert_int_equal(begin(&scene), STATUS_REFUSED);
    assert_non_null(strstr(store_reported(&scene), "its header cannot be read"));
    store_scene_end(&scene);
}

static void mention(struct store_scene *scene, const struct journal *journal)
{
    diags_init(&scene->diags, scene->arena);
    journal_mention(&scene->session, &scene->diags, journal);
}

static void test_journals_are_mentioned(void **state)
{
    struct store_scene scene;
    const char *started;
    (void)state;
    store_scene_begin(&scene);
    (void)note_process_start(scene.arena, "self", &started);
    struct journal journal = { .state = JOURNAL_NONE,
                               .command = "attach web 1-4",
                               .why = "a newer xenusb has written it" };
    static const enum journal_state silent[] = { JOURNAL_NONE, JOURNAL_FOREIGN };
    for (size_t i = 0; i < 2; i++) {
        journal.state = silent[i];
        mention(&scene, &journal);
        assert_null(scene.diags.first);
    }
    mention(&scene, NULL);
    assert_null(scene.diags.first);
    journal.state = JOURNAL_NEWER;
    mention(&scene, &journal);
    assert_non_null(strstr(store_reported(&scene), "is left alone: a newer xenusb has written it"));
    journal.state = JOURNAL_OPEN;
    mention(&scene, &journal);
    assert_non_null(strstr(store_reported(&scene), "was killed before it had finished"));
    journal.process = (unsigned)getpid();
    journal.started = started;
    mention(&scene, &journal);
    assert_non_null(strstr(store_reported(&scene), "note: web (3) is being changed by"));
    store_scene_end(&scene);
}

#define CASE(test) cmocka_unit_test(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_journal_is_written),
        CASE(test_a_journal_is_removed),
        CASE(test_notes_beside_a_journal_stay),
        CASE(test_a_journal_is_read),
        CASE(test_a_journal_that_may_have_been_written),
        CASE(test_an_undo_is_marked),
        CASE(test_the_end_of_a_run),
        CASE(test_a_journal_of_no_command),
        CASE(test_too_many_steps),
        CASE(test_a_journal_in_the_way),
        CASE(test_journals_are_mentioned),
    };
    return cmocka_run_group_tests(tests, store_group_setup, store_group_teardown);
}
