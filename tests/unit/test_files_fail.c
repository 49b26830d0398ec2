// SPDX-License-Identifier: MIT
// Files that cannot be read or written: journals without Xen, libxl's saved configuration, locks.
#include "base/arena.h"
#include "fake_calls.h"
#include "plan/plan.h"
#include "record/journal.h"
#include "record/journal_file.h"
#include "record/recording.h"
#include "record/saved.h"
#include "unit.h"
#include "xen/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena *arena;
static struct diags diags;
static struct session session;
static struct domain domain;
static struct interrupt interrupt;
static struct journal journal;
static struct plan plan;
static struct step step;
static struct controller controller = { .name = "c", .id = "c", .index = -1 };

static int begin(void **state)
{
    (void)state;
    arena = arena_new(0);
    diags_init(&diags, arena);
    domain = (struct domain){ .id = -1, .name = "a QEMU", .uuid = "", .qmp_socket = "/tmp/none" };
    session = (struct session){ .arena = arena,
                                .diags = &diags,
                                .domain = &domain,
                                .verb = "attach",
                                .command = "attach",
                                .timeout_scale = 0.001 };
    step = (struct step){ .op = STEP_ADD, .controller = &controller };
    plan = (struct plan){ .first = &step };
    // Where locks are, for root and for others.
    setenv("XDG_RUNTIME_DIR", fake_directory(), 1);
    fake_file("xenusb/.keep", "");
    assert_int_equal(chmod(arena_printf(arena, "%s/xenusb", fake_directory()), 0700), 0);
    fake_redirect("/run/xenusb", arena_printf(arena, "%s/xenusb", fake_directory()));
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

static const char *reported(void)
{
    const char *text = "";
    for (const struct diag *at = diags.first; at; at = at->next)
        text = arena_printf(arena, "%s%s\n", text, at->message);
    diags_init(&diags, arena);
    return text;
}

static void assert_reported(const char *part)
{
    const char *text = reported();
    if (!strstr(text, part))
        fail_msg("not \"%s\" in: %s", part, text);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

// ---- journals ----

static enum status write_it(void)
{
    session.journal = NULL;
    return journal_execution(NULL, NULL).begin(&session, &plan);
}

static enum journal_state read_it(void)
{
    assert_int_equal(journal_read(&session, &journal), STATUS_OK);
    return journal.state;
}

static void test_a_journal_in_a_file(void **state)
{
    (void)state;
    assert_int_equal(read_it(), JOURNAL_NONE);
    assert_int_equal(write_it(), STATUS_OK);
    assert_int_equal(read_it(), JOURNAL_OPEN);
    assert_string_equal(journal.socket, "/tmp/none");
    assert_string_equal(journal.steps->name, "c");
    // It is of another QEMU.
    domain.qmp_socket = "/tmp/other";
    assert_int_equal(read_it(), JOURNAL_FOREIGN);
    domain.qmp_socket = NULL;
    assert_int_equal(read_it(), JOURNAL_FOREIGN);
    domain.qmp_socket = "/tmp/none";
    struct record record;
    assert_int_equal(record_read(&session, &record), STATUS_OK);
    assert_int_equal(record.journal->state, JOURNAL_OPEN);
    domain.qmp_socket = "/tmp/other";
    assert_int_equal(record_read(&session, &record), STATUS_OK);
    assert_null(record.journal);
    assert_int_equal(journal_remove(&session), STATUS_OK);
    assert_int_equal(read_it(), JOURNAL_NONE);
    assert_int_equal(record_read(&session, &record), STATUS_OK);
    assert_null(record.journal);
    assert_int_equal(journal_remove(&session), STATUS_OK);
}

static void test_a_journal_that_cannot_be_written(void **state)
{
    static const struct {
        const char *call;
        unsigned nth;
        int error;
        enum status status;
    } cases[] = {
        { "open", 1, EACCES, STATUS_REFUSED },  { "open", 1, EPERM, STATUS_REFUSED },
        { "open", 1, EMFILE, STATUS_FAILED },   { "openat", 1, EROFS, STATUS_REFUSED },
        { "openat", 1, ENOSPC, STATUS_FAILED }, { "write", 1, ENOSPC, STATUS_FAILED },
        { "fsync", 1, EIO, STATUS_FAILED },     { "fsync", 2, EIO, STATUS_FAILED },
        { "renameat", 1, EIO, STATUS_FAILED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fail_call_nth(cases[i].call, NULL, cases[i].error, cases[i].nth);
        assert_int_equal(write_it(), cases[i].status);
        fake_calls_succeed();
        assert_null(session.journal);
        assert_reported(arena_printf(arena, "cannot write the journal %s: %s",
                                     journal_file_path(&session), strerror(cases[i].error)));
        // Nothing is left, whole or unfinished.
        assert_int_equal(read_it(), JOURNAL_NONE);
        assert_false(exists(arena_printf(arena, "%s.new", journal_file_path(&session))));
    }
}

// What was written before must stay: it says what is open.
static void test_an_undo_that_cannot_be_marked(void **state)
{
    (void)state;
    assert_int_equal(write_it(), STATUS_OK);
    fail_calls("fsync", NULL, EIO);
    journal_execution(NULL, NULL).undo(&session, &plan);
    fake_calls_succeed();
    assert_int_equal(read_it(), JOURNAL_OPEN);
    journal_execution(NULL, NULL).undo(&session, &plan);
    assert_int_equal(read_it(), JOURNAL_OPEN);
    assert_true(journal.undoing);
    assert_null(diags.first);
}

static void test_a_journal_that_cannot_be_removed(void **state)
{
    (void)state;
    assert_int_equal(write_it(), STATUS_OK);
    fail_calls("unlinkat", NULL, EPERM);
    assert_int_equal(journal_remove(&session), STATUS_REFUSED);
    assert_reported("cannot remove the journal");
    fake_calls_succeed();
    fail_calls("open", NULL, EACCES);
    assert_int_equal(journal_remove(&session), STATUS_REFUSED);
    journal_remove_unfinished(&session);
    fake_calls_succeed();
    assert_int_equal(read_it(), JOURNAL_OPEN);
    fail_calls("open", NULL, ENOENT);
    assert_int_equal(journal_remove(&session), STATUS_OK);
    fake_calls_succeed();
    assert_int_equal(read_it(), JOURNAL_OPEN);
    const char *unfinished = arena_printf(arena, "%s.new", journal_file_path(&session));
    fake_file(strstr(unfinished, "xenusb/"), "{");
    journal_remove_unfinished(&session);
    assert_false(exists(unfinished));
    assert_int_equal(read_it(), JOURNAL_OPEN);
}

static void test_a_journal_that_cannot_be_read(void **state)
{
    static const struct {
        const char *call;
        int error;
    } cases[] = { { "open", EACCES }, { "openat", ELOOP }, { "fstat", EIO }, { "read", EIO } };
    (void)state;
    assert_int_equal(write_it(), STATUS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fail_calls(cases[i].call, NULL, cases[i].error);
        assert_int_equal(read_it(), JOURNAL_TORN);
        assert_string_equal(journal.why, strerror(cases[i].error));
        fake_calls_succeed();
    }
    fail_call_nth("read", NULL, EINTR, 1);
    assert_int_equal(read_it(), JOURNAL_OPEN);
    fake_calls_succeed();
    fail_call_nth("read", NULL, 0, 1); // it is shorter by now
    assert_int_equal(read_it(), JOURNAL_TORN);
    fake_calls_succeed();
    fake_file(strstr(journal_file_path(&session), "xenusb/"), "");
    assert_int_equal(read_it(), JOURNAL_TORN);
    const char *path = arena_printf(arena, "%s/%s", fake_directory(),
                                    strstr(journal_file_path(&session), "xenusb/"));
    assert_int_equal(truncate(path, (off_t)1 << 40), 0);
    assert_int_equal(read_it(), JOURNAL_TORN);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(read_it(), JOURNAL_TORN);
}

// ---- libxl's saved configuration ----

static const char *read_saved(struct text *text)
{
    domain = (struct domain){ .id = 3, .name = "web", .uuid = "u" };
    fake_redirect("/var/lib/xen", fake_directory());
    return saved_read(&session, text);
}

static void test_a_configuration_that_cannot_be_read(void **state)
{
    struct text text;
    (void)state;
    assert_null(read_saved(&text));
    assert_int_equal(text.size, 0);
    fake_file("userdata-d.3.u.libxl-json", "{ \"a\": 1 }");
    assert_null(read_saved(&text));
    assert_true(text_is(text, "{ \"a\": 1 }"));
    fail_calls("open", "userdata", EACCES);
    assert_string_equal(read_saved(&text), strerror(EACCES));
    fake_calls_succeed();
    fail_calls("fstat", NULL, EIO);
    assert_string_equal(read_saved(&text), strerror(EIO));
    fake_calls_succeed();
    fail_calls("read", NULL, EIO);
    assert_string_equal(read_saved(&text), strerror(EIO));
    fake_calls_succeed();
    fail_call_nth("read", NULL, EINTR, 1);
    assert_null(read_saved(&text));
    assert_true(text_is(text, "{ \"a\": 1 }"));
    fake_calls_succeed();
    fail_call_nth("read", NULL, 0, 1);
    assert_null(read_saved(&text));
    assert_int_equal(text.size, 0);
    fake_calls_succeed();
    const char *path = arena_printf(arena, "%s/userdata-d.3.u.libxl-json", fake_directory());
    assert_int_equal(truncate(path, 9 * 1024 * 1024), 0);
    assert_string_equal(read_saved(&text), "not a regular file of at most 8 MiB");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_string_equal(read_saved(&text), "not a regular file of at most 8 MiB");
    assert_int_equal(rmdir(path), 0);
}

// Where there is nothing to save, nothing is noted.
static void test_changes_that_do_not_belong_there(void **state)
{
    struct saved saved = { .first = NULL };
    static char connection;
    struct controller noted = {
        .name = "c", .id = "xenusb-0", .model = controller_model_for(3), .ports = 4
    };
    (void)state;
    domain = (struct domain){ .id = 3, .name = "web", .uuid = "u" };
    session.xen = (struct xen *)&connection;
    saved_controller_added(&session, &noted);
    assert_int_equal(saved_write(&session), STATUS_OK);
    session.saved = &saved;
    session.xen = NULL;
    saved_controller_added(&session, &noted);
    assert_null(saved.first);
    session.xen = (struct xen *)&connection;
    domain.id = -1;
    saved_controller_added(&session, &noted);
    assert_null(saved.first);
    domain.id = 3;
    session.keep_saved = true;
    saved_controller_added(&session, &noted);
    assert_null(saved.first);
    session.keep_saved = false;
    noted.pvusb = PVUSB_QEMU;
    noted.cold_only = VERDICT_YES;
    saved_controller_added(&session, &noted);
    assert_null(saved.first);
    noted.cold_only = VERDICT_UNKNOWN;
    saved_controller_added(&session, &noted);
    assert_null(saved.first);
    noted.cold_only = VERDICT_NO;
    saved_controller_added(&session, &noted);
    assert_non_null(saved.first);
    saved_catch_up_drop(&session); // that is this command's own
    assert_non_null(saved.first);
}

// ---- locks ----

static enum status lock(void)
{
    cleanup_lock struct lock lock = LOCK_NONE;
    return lock_domain(&session, &lock);
}

static void test_a_lock_that_cannot_be_taken(void **state)
{
    static const struct {
        const char *call, *part;
        int error;
        enum status status;
        const char *message;
    } cases[] = {
        { "open", "qemu", EACCES, STATUS_REFUSED, "cannot take xenusb's lock for the QEMU at a" },
        { "open", "qemu", EPERM, STATUS_REFUSED, "Operation not permitted" },
        { "open", "qemu", EROFS, STATUS_REFUSED, "Read-only file system" },
        { "open", "qemu", EMFILE, STATUS_FAILED, "Too many open files" },
        { "flock", NULL, ENOLCK, STATUS_FAILED, "No locks available" },
        { "fstat", NULL, EIO, STATUS_FAILED, "Input/output error" },
        { "stat", "xenusb/qemu", EIO, STATUS_FAILED, "Input/output error" },
        { "mkdir", "xenusb", EACCES, STATUS_REFUSED, "cannot create " },
        { "mkdir", "xenusb", ENOSPC, STATUS_FAILED, "for xenusb's locks: No space left" },
        { "lstat", "xenusb", EIO, STATUS_FAILED, "where xenusb's locks are: Input/output error" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fail_calls(cases[i].call, cases[i].part, cases[i].error);
        assert_int_equal(lock(), cases[i].status);
        assert_reported(cases[i].message);
        fake_calls_succeed();
        assert_int_equal(lock(), STATUS_OK);
    }
}

static void test_a_lock_that_is_taken_after_all(void **state)
{
    (void)state;
    session.timeout_scale = 1;
    fail_call_nth("flock", NULL, EINTR, 1);
    assert_int_equal(lock(), STATUS_OK);
    fake_calls_succeed();
    fail_call_nth("flock", NULL, EWOULDBLOCK, 1);
    assert_int_equal(lock(), STATUS_OK);
    fake_calls_succeed();
    fail_call_nth("stat", "xenusb/qemu", ENOENT, 1); // its holder has just removed it
    assert_int_equal(lock(), STATUS_OK);
    assert_null(diags.first);
}

// The holder is named as far as it is known.
static void test_the_holder_of_a_lock(void **state)
{
    (void)state;
    fake_file("xenusb/domain-9", "");
    domain = (struct domain){ .id = 9, .name = "web", .uuid = "u" };
    const char *path = arena_printf(arena, "%s/xenusb/domain-9", fake_directory());
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(lock(), STATUS_TIMEOUT);
    assert_reported(arena_printf(arena, "(process %d) holds it", (int)getpid()));
    fail_calls("fopen", "comm", ENOENT);
    assert_int_equal(lock(), STATUS_TIMEOUT);
    assert_reported(arena_printf(arena, ": process %d holds it", (int)getpid()));
    fake_calls_succeed();
    fail_calls("fopen", "/proc/locks", EACCES);
    assert_int_equal(lock(), STATUS_TIMEOUT);
    assert_reported("another process holds it");
    fake_calls_succeed();
    fake_file("locks", "1: POSIX  ADVISORY  WRITE 1 00:00:0 0 EOF\n"
                       "2: FLOCK  ADVISORY  WRITE 1 00:00:0 0 EOF\nshort\n");
    fake_redirect("/proc/locks", arena_printf(arena, "%s/locks", fake_directory()));
    assert_int_equal(lock(), STATUS_TIMEOUT);
    assert_reported("another process holds it");
    interrupt.raised = 2;
    session.interrupt = &interrupt;
    assert_int_equal(lock(), STATUS_FAILED);
    assert_reported("interrupted while waiting for xenusb's lock for domain web");
    session.interrupt = NULL;
    // So is who tries it only once.
    cleanup_lock struct lock tried = LOCK_NONE;
    assert_int_equal(lock_try_domain(&session, &tried), STATUS_TIMEOUT);
    assert_null(diags.first);
    fail_calls("open", "domain-9", EACCES);
    assert_int_equal(lock_try_domain(&session, &tried), STATUS_REFUSED);
    assert_reported("cannot lock ");
    close(fd);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_journal_in_a_file),
        CASE(test_a_journal_that_cannot_be_written),
        CASE(test_an_undo_that_cannot_be_marked),
        CASE(test_a_journal_that_cannot_be_removed),
        CASE(test_a_journal_that_cannot_be_read),
        CASE(test_a_configuration_that_cannot_be_read),
        CASE(test_changes_that_do_not_belong_there),
        CASE(test_a_lock_that_cannot_be_taken),
        CASE(test_a_lock_that_is_taken_after_all),
        CASE(test_the_holder_of_a_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
