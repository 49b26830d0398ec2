// SPDX-License-Identifier: MIT
// The files of the watcher: what it has found, what is kept, and the configs that it reads; when
// they cannot be read or written, or are not its own.
#include "base/arena.h"
#include "base/session.h"
#include "fake_calls.h"
#include "parser/parser.h"
#include "plan/plan.h"
#include "unit.h"
#include "watch/files.h"
#include "watch/kept.h"
#include "watch/state.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define UUID "5b8f2a52-0000-4000-8000-000000000003"
#define KEPT "lib/kept/" UUID ".cfg"

static struct arena *arena;
static struct diags diags;
static struct session session;
static struct domain domain;
static struct host host;
static struct host_device devices[] = {
    { .bus = 1, .address = 7, .busid = "1-4", .vendor = 0x1050, .product = 0x407 },
    { .bus = 1, .address = 6, .busid = "1-1.3", .vendor = 0x781, .product = 0x5581 },
};

static int begin(void **state)
{
    (void)state;
    arena = arena_new(0);
    diags_init(&diags, arena);
    domain = (struct domain){ .id = 3, .name = "web", .uuid = UUID };
    devices[0].next = &devices[1];
    devices[1].next = NULL;
    for (size_t i = 0; i < 2; i++)
        devices[i].manufacturer = devices[i].name = devices[i].drivers = devices[i].serial = "";
    host = (struct host){ .devices = devices, .count = 2 };
    session = (struct session){
        .arena = arena, .diags = &diags, .domain = &domain, .host = &host, .timeout_scale = 1
    };
    fake_file("run/.keep", "");
    fake_redirect("/run/xenusb", fake_path(arena, "run"));
    fake_redirect("/var/lib/xenusb", fake_path(arena, "lib"));
    fake_redirect("/etc", fake_path(arena, "etc"));
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    fake_calls_reset();
    fake_directory_remove();
    arena_free(arena);
    return 0;
}

static void assert_reported(const char *part)
{
    const char *text = "";
    for (const struct diag *diag = diags.first; diag; diag = diag->next)
        text = arena_printf(arena, "%s%s\n", text, diag->message);
    diags_init(&diags, arena);
    if (!strstr(text, part))
        fail_msg("not \"%s\" in: %s", part, text);
}

// ---- what the watcher has found ----

static struct watch_entry entry = { .text = "id=0781:5581",
                                    .verdict = WATCH_MISSING,
                                    .busid = "",
                                    .place = "",
                                    .label = "",
                                    .why = "" };
static struct watch_known known = {
    .file = "/etc/xen/web.cfg",
    .domain = "web",
    .report = { .why = "", .domain = 3, .uuid = UUID, .entries = &entry, .count = 1 },
};

static const char *why_unread(void)
{
    const char *why;
    const struct watch_known *read = watch_state_read_of(arena, "web", &why);
    assert_true(!read || !why);
    return why ? why : read ? "read" : "none";
}

static void assert_unread(const char *part)
{
    const char *why = why_unread();
    if (!strstr(why, part))
        fail_msg("not \"%s\" in: %s", part, why);
}

static void test_a_state_is_read_back(void **state)
{
    const char *why;
    (void)state;
    assert_string_equal(why_unread(), "none");
    assert_null(watch_state_read(arena, &why));
    assert_null(why);
    assert_null(watch_state_write(arena, &known));
    assert_null(watch_state_write(arena, &known)); // the same again
    assert_string_equal(why_unread(), "read");
    struct watch_known other = known;
    other.domain = ".a b/c\xc3\xa4Z[";
    assert_null(watch_state_write(arena, &other));
    char *longer = arena_alloc(arena, 301);
    memset(longer, 'x', 300);
    other.domain = longer;
    assert_null(watch_state_write(arena, &other));
    size_t count = 0;
    const struct watch_known *all = watch_state_read(arena, &why);
    for (const struct watch_known *one = all; one; one = one->next)
        count++;
    assert_null(why);
    assert_int_equal(count, 3);
    assert_non_null(watch_state_of(all, longer));
    assert_null(watch_state_of(all, "nobody"));
    watch_state_remove(arena, longer);
    watch_state_remove(arena, "nobody");
    assert_null(watch_state_of(watch_state_read(arena, &why), longer));
}

static void test_a_state_that_cannot_be_written(void **state)
{
    static const struct {
        const char *call, *part;
        int error;
    } cases[] = {
        { "mkdir", "/run/xenusb", EACCES }, { "mkdir", "watch", ENOSPC },
        { "unlink", ".new", EPERM },        { "open", ".new", EMFILE },
        { "write", NULL, ENOSPC },          { "rename", NULL, EIO },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fail_calls(cases[i].call, cases[i].part, cases[i].error);
        const char *why = watch_state_write(arena, &known);
        fake_calls_succeed();
        if (!why || !strstr(why, strerror(cases[i].error)))
            fail_msg("%s: %s", cases[i].call, why ? why : "it was written");
        assert_string_equal(why_unread(), "none");
    }
}

static void test_a_state_that_cannot_be_read(void **state)
{
    static const char *const calls[] = { "open", "fstat", "read" };
    const char *why;
    (void)state;
    assert_null(watch_state_write(arena, &known));
    for (size_t i = 0; i < 3; i++) {
        fail_calls(calls[i], NULL, EIO);
        assert_unread("Input/output error");
        fake_calls_succeed();
    }
    fail_calls("open", "web", ENOTDIR);
    assert_string_equal(why_unread(), "none");
    fake_calls_succeed();
    fail_calls("scandir", NULL, EACCES);
    assert_null(watch_state_read(arena, &why));
    assert_non_null(strstr(why, "Permission denied"));
}

static void test_states_that_are_not_its_own(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        { "", "it is damaged" },
        { "{", "it is damaged" },
        { "{}", "it is damaged" },
        { "{\"xenusb\":2}", "another version of xenusb has written it" },
        { "{\"xenusb\":1,\"file\":\"\",\"domain\":\"web\"}", "it is damaged" },
        { "{\"xenusb\":1,\"file\":\"/a\\u0000\",\"domain\":\"web\"}", "it is damaged" },
        { "{\"xenusb\":1,\"file\":\"/a\"}", "it is damaged" },
        { "{\"xenusb\":1,\"file\":\"/a\",\"domain\":\"other\"}", "it is damaged" },
        { "{\"xenusb\":1,\"file\":\"/a\",\"domain\":\"web\",\"report\":7}", "it is damaged" },
    };
    const char *why;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fake_file("run/watch/web.json", rows[i].text);
        assert_unread(rows[i].why);
    }
    fake_file("run/watch/.hidden.json", "{");
    fake_file("run/watch/json", "{");
    fake_file("run/watch/other.txt", "{");
    fake_file("run/watch/a.json", "{"); // the first reason is given
    assert_null(watch_state_read(arena, &why));
    assert_non_null(strstr(why, "/a.json: it is damaged"));
    assert_int_equal(truncate(fake_path(arena, "run/watch/web.json"), (off_t)1 << 30), 0);
    assert_unread("it is not a file that xenusb has written");
    assert_int_equal(unlink(fake_path(arena, "run/watch/web.json")), 0);
    assert_int_equal(mkfifo(fake_path(arena, "run/watch/web.json"), 0600), 0);
    assert_unread("it is not a file that xenusb has written");
    watch_state_remove(arena, "web"); // so it stays
    assert_int_equal(access(fake_path(arena, "run/watch/web.json"), F_OK), 0);
}

// ---- what is kept ----

static const struct config *compiled(const char *text)
{
    const struct source *source = source_from_bytes(arena, "a.cfg", text, strlen(text));
    struct diags quiet;
    diags_init(&quiet, arena);
    const struct config *config = parse_config(arena, &quiet, source);
    assert_int_equal(quiet.errors, 0);
    return config;
}

static struct kept_change change;

// The status of a preparation, which must succeed.
static void assert_prepared(enum status status)
{
    if (status != STATUS_OK)
        fail_msg("status %d: %s", (int)status, diags.first ? diags.first->message : "");
}

static enum status add(const char *item)
{
    const char *config = arena_printf(arena, "usbdevice=[\"%s\"]\n", item);
    return kept_prepare_add(&session, compiled(config), &change);
}

static const char *kept_text(void)
{
    static char text[1000];
    FILE *stream = fopen(fake_path(arena, KEPT), "re");
    if (!stream)
        return "none";
    size_t size = fread(text, 1, sizeof text - 1, stream);
    text[size] = '\0';
    fclose(stream);
    return text;
}

static void assert_kept(const char *part)
{
    if (!strstr(kept_text(), part))
        fail_msg("not \"%s\" in: %s", part, kept_text());
}

static void test_what_is_kept(void **state)
{
    (void)state;
    assert_false(kept_any());
    domain.type = DOMAIN_HVM;
    devices[0].serial = "A-b_9.Z:";
    assert_int_equal(add("hostaddr=1.7"), STATUS_OK); // by what lasts
    assert_string_equal(kept_text(), "none");
    assert_int_equal(kept_commit(&session, &change), STATUS_OK);
    assert_kept("type='hvm'");
    assert_kept("id=1050:0407,serial=A-b_9.Z:'");
    assert_true(kept_any());
    assert_int_equal(add("hostaddr=1.6"), STATUS_OK);
    assert_int_equal(kept_commit(&session, &change), STATUS_OK);
    assert_kept("busid=1-1.3,id=0781:5581'");
    assert_kept("serial=A-b_9.Z:");
    // What is kept already, or cannot be found out.
    assert_int_equal(add("hostaddr=1.6"), STATUS_OK);
    assert_int_equal(change.count, 0);
    assert_int_equal(kept_commit(&session, &change), STATUS_OK);
    assert_int_equal(kept_cancel(&session, &change), STATUS_OK);
    devices[0].serial = "{odd}";
    assert_int_equal(add("hostaddr=1.7"), STATUS_OK);
    assert_int_equal(kept_cancel(&session, &change), STATUS_OK);
    assert_null(strstr(kept_text(), "1-4"));
    assert_int_equal(add("hostaddr=1.99"), STATUS_OK);
    assert_int_equal(kept_commit(&session, &change), STATUS_OK);
    assert_kept("hostaddr=");
    // What was there before comes back.
    assert_prepared(add("busid=1-9"));
    assert_int_equal(kept_commit(&session, &change), STATUS_OK);
    assert_kept("busid=1-9");
    assert_int_equal(kept_cancel(&session, &change), STATUS_OK);
    assert_null(strstr(kept_text(), "busid=1-9"));
    domain.uuid = "";
    assert_int_equal(add("busid=1-9"), STATUS_REQUEST);
    assert_reported("--keep needs a domain with a UUID");
}

static void test_what_is_no_longer_kept(void **state)
{
    struct plan plan = { .first = NULL };
    struct kept_removal removal = { .config = compiled("usbdevice=['id=1050:0407']\n"),
                                    .plan = &plan };
    (void)state;
    domain.type = DOMAIN_HVM;
    assert_prepared(kept_prepare_drop(&session, &removal, &change));
    assert_int_equal(change.count, 0);
    fake_file(KEPT,
              "name='web'\nuuid='" UUID "'\ntype='hvm'\nusbdevice=['busid=1-1.3', 'type=tablet',\n"
              "'id=1050:0407,serial=A', 'id=1050:0407,serial=B', 'busid=1-4']\n");
    assert_int_equal(chmod(fake_path(arena, "lib"), 0700), 0);
    assert_int_equal(chmod(fake_path(arena, "lib/kept"), 0700), 0);
    assert_prepared(kept_prepare_drop(&session, &removal, &change));
    assert_int_equal(change.count, 3); // by ids, and what has them now
    assert_int_equal(kept_cancel(&session, &change), STATUS_OK);
    removal.config = compiled("usbdevice=['serial=A', 'type=tablet']\n");
    assert_prepared(kept_prepare_drop(&session, &removal, &change));
    assert_int_equal(kept_commit(&session, &change), STATUS_OK);
    assert_null(strstr(kept_text(), "tablet"));
    assert_kept("serial=B");
    session.host = NULL;
    removal.config = compiled("usbdevice=['id=1050:0407,serial=B']\n");
    assert_prepared(kept_prepare_drop(&session, &removal, &change));
    assert_int_equal(kept_commit(&session, &change), STATUS_OK);
    assert_kept("busid=1-4");
    removal.all = true;
    assert_prepared(kept_prepare_drop(&session, &removal, &change));
    assert_int_equal(kept_commit(&session, &change), STATUS_OK);
    assert_string_equal(kept_text(), "none");
    assert_int_equal(kept_cancel(&session, &change), STATUS_OK);
    assert_kept("busid=1-4");
}

static void test_what_cannot_be_kept(void **state)
{
    static const struct {
        const char *call, *part;
        int error;
        enum status status;
    } cases[] = {
        { "mkdir", "xenusb", EACCES, STATUS_REFUSED }, { "mkdir", "kept", ENOSPC, STATUS_FAILED },
        { "lstat", "xenusb", EPERM, STATUS_REFUSED },  { "unlink", ".new", EROFS, STATUS_REFUSED },
        { "open", ".new", EMFILE, STATUS_FAILED },     { "write", NULL, ENOSPC, STATUS_FAILED },
        { "fsync", NULL, EIO, STATUS_FAILED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fail_calls(cases[i].call, cases[i].part, cases[i].error);
        assert_int_equal(add("busid=1-9"), cases[i].status);
        fake_calls_succeed();
        assert_reported(
            arena_printf(arena, "which remembers what is kept: %s", strerror(cases[i].error)));
        assert_string_equal(kept_text(), "none");
    }
    static const char *const late[] = { "rename", "open", "fsync" };
    for (size_t i = 0; i < 3; i++) {
        assert_prepared(add("busid=1-9"));
        fail_calls(late[i], i ? NULL : "kept", EIO);
        assert_int_equal(kept_commit(&session, &change), STATUS_FAILED);
        fake_calls_succeed();
        assert_reported("which remembers what is kept: Input/output error");
        assert_int_equal(kept_cancel(&session, &change), STATUS_OK);
        assert_string_equal(kept_text(), "none");
    }
    assert_prepared(add("busid=1-9"));
    fail_calls("unlink", ".new", EPERM);
    assert_int_equal(kept_cancel(&session, &change), STATUS_REFUSED);
    fake_calls_succeed();
    assert_int_equal(kept_cancel(&session, &change), STATUS_OK);
    // A directory of others, and names that the file cannot have.
    assert_int_equal(chmod(fake_path(arena, "lib/kept"), 0777), 0);
    assert_int_equal(add("busid=1-9"), STATUS_REFUSED);
    assert_reported("is not a directory that only this user can write to");
    assert_int_equal(chmod(fake_path(arena, "lib/kept"), 0700), 0);
    domain.name = "it's";
    diags_init(&diags, arena);
    assert_int_equal(add("busid=1-9"), STATUS_REFUSED);
    assert_reported("this cannot be kept");
}

static void test_kept_files_that_cannot_be_read(void **state)
{
    (void)state;
    fake_file(KEPT, "usbdevice=[\n");
    assert_int_equal(add("busid=1-9"), STATUS_FAILED);
    assert_reported("cannot read /var/lib/xenusb/kept/" UUID ".cfg, which remembers");
    fake_file(KEPT, "name='web'\ntype='pv'\nusbdevice=['busid=1-4']\n");
    fail_calls("access", UUID, EACCES);
    assert_prepared(add("busid=1-9"));
    fake_calls_succeed();
    assert_int_equal(kept_cancel(&session, &change), STATUS_OK);
    fail_calls("access", UUID, ENOTDIR);
    assert_prepared(add("busid=1-9"));
    assert_int_equal(change.before.size, 0);
}

static void test_names_of_kept_files(void **state)
{
    (void)state;
    assert_non_null(kept_uuid("/var/lib/xenusb/kept/" UUID ".cfg"));
    static const char *const names[] = {
        "/var/lib/xenusb/kept/" UUID "0.cfg",
        "/var/lib/xenusb/kept/web.cfg",
        "/var/lib/xenusb/kept/5b8f2a52-0000-4000-8000_000000000003.cfg",
        "/var/lib/xenusb/kept/5b8f2a52-0000-4000-8000-00000000000X.cfg",
        "/etc/xen/" UUID ".cfg",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_null(kept_uuid(names[i]));
    fake_file("lib/kept/" UUID ".new", "");
    fake_file("lib/kept/web.cfg", "");
    assert_false(kept_any());
}

// ---- configs ----

static const char *events;

static void on_file(void *context, struct watch_file *file, enum watch_file_event event,
                    struct diags *with)
{
    static const char *const names[] = { "comes", "changes", "breaks", "goes" };
    const char *slash = strrchr(file->path, '/');
    (void)context;
    events = arena_printf(arena, "%s%s %s%s\n", events, slash ? slash + 1 : file->path,
                          names[event], with->first ? ", with a reason" : "");
}

static void assert_events(struct watch_files *files, const char *wanted)
{
    events = "";
    watch_files_read(files, on_file, NULL);
    assert_string_equal(events, wanted);
}

#define STICK "usbdevice=['id=0781:5581']\n"

static void test_configs_that_come_and_go(void **state)
{
    struct watch_files files = { .count = 0 };
    (void)state;
    assert_events(&files, "");
    fake_file("etc/xenusb/guests/a.cfg", "name='a'\n" STICK);
    fake_file("etc/xenusb/guests/b.cfg", "name='b'\n"); // has nothing of USB
    fake_file("etc/xenusb/guests/c.cfg", STICK);
    fake_file("etc/xenusb/guests/.d.cfg", "name='d'\n" STICK);
    fake_file("etc/xenusb/guests/e.cfg~", "name='e'\n" STICK);
    fake_file("etc/xenusb/guests/f.txt", "name='f'\n" STICK);
    fake_file("etc/xen/auto/a", "name='a'\n" STICK); // the second of that domain, of USB only
    fake_file("etc/xen/auto/g", "name='g'\ntype='pv'\n" STICK);
    fake_file("etc/xenusb/guests/z.cfg", "name='a'\n" STICK);
    fake_file(KEPT, "name='web'\n" STICK);
    assert_events(&files, "a.cfg comes\nc.cfg breaks, with a reason\nz.cfg breaks, with a reason\n"
                          "g comes\n" UUID ".cfg comes\n");
    assert_events(&files, "");
    fake_file("etc/xenusb/guests/a.cfg", "name='a'\nusb=1\n" STICK);
    fake_file("etc/xenusb/guests/c.cfg", "name='c'\n" STICK);
    fake_file("etc/xen/auto/g", "usbdevice=[\n");
    assert_events(&files, "a.cfg changes\nc.cfg comes\ng breaks, with a reason\n");
    fake_file("etc/xenusb/guests/c.cfg", "name='c'\n# nothing any longer\n");
    assert_int_equal(unlink(fake_path(arena, "etc/xenusb/guests/a.cfg")), 0);
    // The next of that domain takes its place.
    assert_events(&files, "c.cfg changes\nz.cfg comes\na.cfg goes\n");
    watch_files_free(&files);
}

// What they say stays in force, and is not mistaken for removed.
static void test_directories_that_cannot_be_read(void **state)
{
    const char *words[] = { "/etc/guests", "/etc/b.cfg" };
    struct watch_files files = { .words = words, .count = 2 };
    (void)state;
    fake_file("etc/guests/a.cfg", "name='a'\n" STICK);
    fake_file("etc/b.cfg", "name='b'\n" STICK);
    fake_file(KEPT, "name='web'\n" STICK);
    assert_events(&files, "a.cfg comes\nb.cfg comes\n" UUID ".cfg comes\n");
    fail_calls("scandir", NULL, EACCES);
    assert_events(&files, "guests breaks, with a reason\nkept breaks, with a reason\n");
    assert_events(&files, ""); // once
    assert_string_equal(files.first->path, "/etc/guests/a.cfg");
    assert_non_null(files.first->config);
    fake_calls_succeed();
    fail_calls("stat", "/etc", EIO);
    assert_events(&files, "b.cfg breaks, with a reason\n");
    fake_calls_succeed();
    fake_file("etc/guests/c.cfg", "name='c'\n" STICK);
    assert_events(&files, "c.cfg comes\nb.cfg changes\n");
    // It is there, whatever it is.
    fail_calls("stat", "/etc/guests/a.cfg", EIO);
    assert_events(&files, "a.cfg breaks, with a reason\n");
    fake_calls_succeed();
    assert_events(&files, "a.cfg changes\n");
    assert_int_equal(unlink(fake_path(arena, "etc/guests/a.cfg")), 0);
    assert_events(&files, "a.cfg goes\n");
    watch_files_free(&files);
}

static void test_configs_that_are_named(void **state)
{
    const char *words[2];
    struct watch_files files = { .words = words, .count = 2 };
    (void)state;
    fake_file("etc/guests/a.cfg", "name='a'\n" STICK);
    words[0] = "/etc/guests";
    words[1] = "/etc/b.cfg";
    assert_events(&files, "a.cfg comes\nb.cfg breaks, with a reason\n");
    fake_file("etc/b.cfg", "name='b'\n" STICK);
    assert_events(&files, "b.cfg comes\n");
    assert_int_equal(unlink(fake_path(arena, "etc/b.cfg")), 0);
    assert_events(&files, "b.cfg goes\n");
    assert_string_equal(watch_files_directory(arena, &files, 0), "/etc/guests");
    assert_string_equal(watch_files_directory(arena, &files, 1), "/etc");
    assert_string_equal(watch_files_directory(arena, &files, 2), "/var/lib/xenusb/kept");
    assert_null(watch_files_directory(arena, &files, 3));
    words[0] = "/b.cfg";
    words[1] = "b.cfg";
    assert_string_equal(watch_files_directory(arena, &files, 0), "/");
    assert_string_equal(watch_files_directory(arena, &files, 1), ".");
    watch_files_free(&files);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_state_is_read_back),
        CASE(test_a_state_that_cannot_be_written),
        CASE(test_a_state_that_cannot_be_read),
        CASE(test_states_that_are_not_its_own),
        CASE(test_what_is_kept),
        CASE(test_what_is_no_longer_kept),
        CASE(test_what_cannot_be_kept),
        CASE(test_kept_files_that_cannot_be_read),
        CASE(test_names_of_kept_files),
        CASE(test_configs_that_come_and_go),
        CASE(test_directories_that_cannot_be_read),
        CASE(test_configs_that_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
