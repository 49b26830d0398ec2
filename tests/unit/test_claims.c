// SPDX-License-Identifier: MIT
// The claims of all domains, with each request failing in turn, and with nodes that others write.
#include "plan/plan.h"
#include "record/claims.h"
#include "record/recording.h"
#include "store_scene.h"

#include <stdlib.h>
#include <unistd.h>

static struct record_claim *found;

// Claims as words, a line for each. Owned by the arena.
static const char *shown(const struct store_scene *scene, const struct record_claim *claims)
{
    const char *text = "";
    for (const struct record_claim *at = claims; at; at = at->next)
        text =
            arena_printf(scene->arena, "%s%s: %s (%d), %s%s%s\n", text, at->busid, at->name,
                         at->domain, at->place, at->open ? ", open" : "", at->by ? ", runs" : "");
    return text;
}

static enum status find(struct store_scene *scene)
{
    return record_claims(&scene->session, &found);
}

static const char uuid_4[] = "5b8f2a52-0000-4000-8000-000000000004";

// The notes of a device of domain 4.
static void note_device_of_4(const char *key, const char *busid, const char *controller,
                             const char *port)
{
    char path[100];
    snprintf(path, sizeof path, "/xenusb/4/device/%s/busid", key);
    fake_store_set(path, busid);
    snprintf(path, sizeof path, "/xenusb/4/device/%s/controller", key);
    if (controller)
        fake_store_set(path, controller);
    snprintf(path, sizeof path, "/xenusb/4/device/%s/port", key);
    if (port)
        fake_store_set(path, port);
}

static void prepare_claims(struct store_scene *scene)
{
    (void)scene;
    store_domain(4, "db", uuid_4);
    store_controller(3, 0, "devicemodel", 2);
    fake_store_set("/libxl/3/device/vusb/0/port/2", "1-1.3");
    store_controller(4, 0, "devicemodel", 2);
    fake_store_set("/libxl/4/device/vusb/0/port/1", "1-2");
    fake_store_set("/libxl/4/device/vusb/0/port/2", "not a busid");
    store_controller(4, 1, "qusb", 2);
    fake_store_set("/local/domain/0/backend/qusb/4/1/port/2", "1-4");
    store_controller(4, 2, "pv", 2);
    fake_store_set("/local/domain/0/backend/vusb/4/2/port/1", "1-5");
    fake_store_set("/xenusb/4/uuid", uuid_4);
    fake_store_set("/xenusb/4/controller/xenusb-0/name", "first");
    note_device_of_4("a", "1-6", "qemus", "3");
    fake_store_set("/xenusb/4/controller/qemus/name", "named");
}

static void all_are_found(const struct store_scene *scene)
{
    assert_string_equal(shown(scene, found), "1-1.3: web (3), 0.2\n"
                                             "1-2: db (4), first.1\n"
                                             "1-4: db (4), 1.2\n"
                                             "1-5: db (4), 2.1\n"
                                             "1-6: db (4), named.3\n");
}

static void test_claims_of_all_domains(void **state)
{
    (void)state;
    store_try(
        &(struct store_act){ .prepare = prepare_claims, .act = find, .check = all_are_found });
}

static void assert_found(struct store_scene *scene, const char *words)
{
    assert_int_equal(find(scene), STATUS_OK);
    assert_string_equal(shown(scene, found), words);
}

static void test_nodes_that_libxl_would_not_write(void **state)
{
    static const char *const backends[] = {
        "somewhere",
        "/local/domain/",
        "/local/domain/x/backend/vusb/4/2",
        "/local/domain/99999/backend/vusb/4/2",
        "/local/domain/0/backend/vusb/4/3",
        "/local/domain/0/backend/vif/4/2",
        "/local/domain/0/backend/vusb/3/2",
        "/local/domain/0",
    };
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    store_domain(4, "db", uuid_4);
    store_controller(4, 2, "pv", 2);
    fake_store_set("/local/domain/0/backend/vusb/4/2/port/1", "1-5");
    fake_store_set("/local/domain/0/backend/vusb/4/2/port/0", "1-6");
    fake_store_set("/local/domain/0/backend/vusb/4/2/port/01", "1-7");
    fake_store_set("/local/domain/0/backend/vusb/4/2/port/x", "1-8");
    fake_store_set("/local/domain/0/backend/vusb/4/2/port/99", "1-9");
    assert_found(&scene, "1-5: db (4), 2.1\n");
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
        fake_store_set("/libxl/4/device/vusb/2/backend", backends[i]);
        assert_found(&scene, "");
    }
    store_scene_end(&scene);
}

static void test_notes_that_are_incomplete(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    store_domain(4, "db", uuid_4);
    fake_store_set("/xenusb/4/uuid", uuid_4);
    note_device_of_4("a", "", "qemus", "3");
    note_device_of_4("b", "not a busid", "qemus", "3");
    note_device_of_4("c", "1-6", NULL, NULL);
    fake_store_set("/xenusb/4/device/d/id", "without busid");
    assert_found(&scene, "1-6: db (4), ?.?\n");
    // Those of a domain that had that id.
    fake_store_set("/xenusb/4/uuid", SCENE_UUID);
    assert_found(&scene, "");
    store_scene_end(&scene);
}

// ---- journals ----

static void set_journal(struct store_scene *scene, int domain, const char *uuid, unsigned process)
{
    const struct journal journal = { .verb = "attach",
                                     .command = "attach db 1-8",
                                     .process = process,
                                     .started = "1",
                                     .uuid = uuid,
                                     .socket = "",
                                     .nodes = 1 };
    const struct text header = journal_header(scene->arena, &journal);
    const char *path = arena_printf(scene->arena, "/xenusb/%d/journal", domain);
    fake_store_set(path, arena_copy(scene->arena, header.at, header.size));
    fake_store_set(arena_printf(scene->arena, "%s/0", path),
                   "[{\"op\":\"add\",\"index\":0,\"name\":\"zero\",\"pvusb\":false},"
                   "{\"op\":\"add\",\"index\":0,\"name\":\"zero\",\"pvusb\":false,\"kind\":"
                   "\"hostdev\",\"port\":\"1\",\"busid\":\"1-8\"}]");
}

static void prepare_journal(struct store_scene *scene)
{
    store_domain(4, "db", uuid_4);
    fake_store_set("/xenusb/4/uuid", uuid_4);
    set_journal(scene, 4, uuid_4, 0);
}

static void its_device_is_found(const struct store_scene *scene)
{
    assert_string_equal(shown(scene, found), "1-8: db (4), zero.1, where attach has "
                                             "not finished, open\n");
}

static void test_what_a_journal_names_is_claimed(void **state)
{
    (void)state;
    store_try(&(struct store_act){
        .prepare = prepare_journal, .act = find, .check = its_device_is_found });
}

static void test_journals_that_name_nothing(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    prepare_journal(&scene);
    set_journal(&scene, 4, SCENE_UUID, 0);
    assert_found(&scene, "");
    fake_store_set("/xenusb/4/journal", "not JSON");
    assert_found(&scene, "");
    prepare_journal(&scene);
    fake_store_unset("/xenusb/4/journal/0");
    assert_found(&scene, "");
    fake_store_unset("/xenusb/4/journal");
    assert_found(&scene, "");
    store_scene_end(&scene);
}

// ---- the domain's own record, which was read before ----

static void test_claims_of_a_record_that_was_read(void **state)
{
    struct store_scene scene;
    struct record_claim *claims;
    (void)state;
    store_scene_begin(&scene);
    struct journal journal = { .state = JOURNAL_TORN, .verb = "", .command = "" };
    struct record_controller pvusb = {
        .index = 1, .kind = RECORD_KERNEL, .ports = 2, .port = { NULL, "1-4", "?" }
    };
    struct record_controller libxl = {
        .next = &pvusb, .kind = RECORD_EMULATED, .ports = 2, .port = { NULL, "1-1.3", "" }
    };
    struct record_note unnamed = { .id = "xenusb-0", .name = "", .busid = "" };
    struct record_note device = { .next = &unnamed,
                                  .of_device = true,
                                  .id = "d",
                                  .name = "",
                                  .busid = "1-9",
                                  .controller = "other",
                                  .port = "3" };
    struct record_note named = { .next = &device, .id = "vusb-1", .name = "pv", .busid = "" };
    struct record record = { .controllers = &libxl, .notes = &named, .journal = &journal };
    const struct record *records[] = { &record, NULL };
    struct domain domains[] = { scene.domain, scene.domain, scene.domain };
    domains[1].id = 0;
    domains[2].id = 5;
    domains[2].dying = true;
    domains[0].name = "";
    const struct record *all[] = { records[0], NULL, NULL };
    assert_int_equal(record_claims_of(&scene.session, domains, all, 3, &claims), STATUS_OK);
    assert_string_equal(shown(&scene, claims), "1-1.3: web (3), 0.1\n"
                                               "1-4: web (3), pv.1\n"
                                               "1-9: web (3), other.3\n");
    // A journal of a process that runs says so.
    journal = (struct journal){ .state = JOURNAL_OPEN,
                                .verb = "attach",
                                .command = "",
                                .process = (unsigned)getpid(),
                                .started = "1" };
    struct journal_step step = {
        .adds = true, .name = "zero", .port = { 1, { 1 } }, .kind = "hostdev", .busid = "1-8"
    };
    struct journal_step tablet = {
        .next = &step, .adds = true, .name = "zero", .kind = "tablet", .busid = ""
    };
    journal.steps = &tablet;
    record.controllers = NULL;
    record.notes = NULL;
    assert_int_equal(record_claims_of(&scene.session, domains, all, 3, &claims), STATUS_OK);
    assert_null(claims->by); // another process that had that id
    assert_null(claims->next);
    const char *started;
    (void)note_process_start(scene.arena, "self", &started);
    journal.started = started;
    assert_int_equal(record_claims_of(&scene.session, domains, all, 3, &claims), STATUS_OK);
    assert_non_null(claims->by);
    journal.process = 0;
    assert_int_equal(record_claims_of(&scene.session, domains, all, 3, &claims), STATUS_OK);
    assert_null(claims->by);
    store_scene_end(&scene);
}

// ---- what has changed meanwhile ----

static enum status find_since(struct store_scene *scene)
{
    return record_claims_since(&scene->session, &found);
}

static void prepare_changes(struct store_scene *scene)
{
    prepare_claims(scene);
    record_watch_claims(&scene->session);
    // Other writers, through a connection of their own.
    struct xen *xen;
    assert_int_equal(xen_open(scene->arena, &scene->diags, 5, &xen), STATUS_OK);
    static const char *const written[][2] = {
        { "/libxl/4/device/vusb/0/port/1", "1-2" },
        { "/local/domain/0/backend/vusb/4/0/port/1", "1-3" },
        { "/libxl/4/device/vusb/0/port/2", "1-2.1" },
        { "/libxl/4/device/vusb/0/port/2", "1-2.1" },
        { "/libxl/4/device/vusb/x/port/2", "1-2.2" },
        { "/libxl/4/device/vusb/0/port", "" },
        { "/libxl/4/device/vusb/0/port/2/below", "" },
        { "/xenusb/4/device/a/busid", "1-6" },
        { "/xenusb/4/device/a/id", "a" },
    };
    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        assert_int_equal(xen_write(xen, NULL, written[i][0], text_of(written[i][1])), XEN_OK);
    xen_close(xen);
}

static void changes_are_found(const struct store_scene *scene)
{
    const char *words = shown(scene, found);
    assert_non_null(strstr(words, "1-2: db (4), first.1\n"));
    assert_non_null(strstr(words, "1-2.1: db (4), first.2\n"));
    assert_non_null(strstr(words, "1-3: db (4), 0.1\n"));
    assert_non_null(strstr(words, "1-6: db (4), named.3\n"));
    assert_null(strstr(words, "1-1.3"));
    assert_null(strstr(words, "1-2.2"));
}

static void test_changes_since_then(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    prepare_changes(&scene);
    assert_int_equal(find_since(&scene), STATUS_OK);
    changes_are_found(&scene);
    // Those of the domain that changes itself do not matter.
    scene.domain.id = 4;
    assert_int_equal(record_others_since(&scene.session, &found), STATUS_OK);
    assert_null(found);
    store_scene_end(&scene);
    // Nor those of devices that it has just recorded.
    store_scene_begin(&scene);
    prepare_changes(&scene);
    scene.domain.id = 4;
    const struct device *recorded[] = { &scene.on_libxl };
    assert_int_equal(record_rivals_since(&scene.session, recorded, 1, &found), STATUS_OK);
    const char *words = shown(&scene, found);
    assert_null(strstr(words, "1-2: "));
    assert_non_null(strstr(words, "1-2.1: "));
    assert_non_null(strstr(words, "1-3: "));
    store_scene_end(&scene);
}

static void test_changes_that_cannot_be_read(void **state)
{
    struct store_scene scene;
    (void)state;
    for (unsigned number = 1; number < 12; number++) {
        store_scene_begin(&scene);
        prepare_changes(&scene);
        fake_store_fail_from(number, "EIO");
        enum status status = find_since(&scene);
        if (status == STATUS_OK)
            changes_are_found(&scene);
        else
            assert_non_null(strstr(store_reported(&scene), "cannot "));
        assert_int_equal(status == STATUS_OK, scene.diags.errors == 0);
        store_scene_end(&scene);
    }
    store_scene_begin(&scene);
    struct session without = scene.session;
    without.xen = NULL;
    found = (void *)&without;
    assert_int_equal(record_claims_since(&without, &found), STATUS_OK);
    assert_null(found);
    store_scene_end(&scene);
}

// After a timeout the other domains are not asked in vain.
static void test_a_store_that_does_not_answer(void **state)
{
    struct store_scene scene;
    (void)state;
    store_scene_begin(&scene);
    prepare_claims(&scene);
    xen_close(scene.session.xen);
    assert_int_equal(xen_open(scene.arena, &scene.diags, 1, &scene.session.xen), STATUS_OK);
    const struct domain domains[] = { { .id = 3, .name = "web", .uuid = SCENE_UUID },
                                      { .id = 4, .name = "db", .uuid = uuid_4 } };
    fake_store_fail_from(1, FAKE_SILENT);
    assert_int_equal(record_claims_of(&scene.session, domains, NULL, 2, &found), STATUS_TIMEOUT);
    assert_int_equal(scene.diags.errors, 1);
    assert_non_null(strstr(store_reported(&scene), "of domain web (3) from xenstore: xenstored did "
                                                   "not answer within 1 s"));
    store_scene_end(&scene);
}

#define CASE(test) cmocka_unit_test(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_claims_of_all_domains),        CASE(test_nodes_that_libxl_would_not_write),
        CASE(test_notes_that_are_incomplete),    CASE(test_what_a_journal_names_is_claimed),
        CASE(test_journals_that_name_nothing),   CASE(test_claims_of_a_record_that_was_read),
        CASE(test_changes_since_then),           CASE(test_changes_that_cannot_be_read),
        CASE(test_a_store_that_does_not_answer),
    };
    return cmocka_run_group_tests(tests, store_group_setup, store_group_teardown);
}
