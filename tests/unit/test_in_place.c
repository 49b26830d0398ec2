// SPDX-License-Identifier: MIT
// A file that is being rewritten is either the old or the new one, and complete, at whichever
// system call the process is killed.
#include "base/arena.h"
#include "cli/in_place.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLED = 9, NEVER = -1 };

// How many calls are left until the process is killed, or until one of them fails.
static int until_death = NEVER, until_failure = NEVER;

static bool goes_wrong(void)
{
    if (until_death >= 0 && until_death-- == 0)
        _exit(KILLED);
    return until_failure >= 0 && until_failure-- == 0;
}

#define WRAP(name, parameters, arguments)                                                          \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
    int __wrap_##name parameters                                                                   \
    {                                                                                              \
        if (!goes_wrong())                                                                         \
            return __real_##name arguments;                                                        \
        errno = EIO;                                                                               \
        return -1;                                                                                 \
    }

WRAP(fchown, (int fd, uid_t owner, gid_t group), (fd, owner, group))
WRAP(fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(fsync, (int fd), (fd))
WRAP(linkat, (int from, const char *a, int to, const char *b, int flags), (from, a, to, b, flags))
WRAP(renameat, (int from, const char *a, int to, const char *b), (from, a, to, b))

int __real_unlinkat(int folder, const char *name, int flags);
int __wrap_unlinkat(int folder, const char *name, int flags);
// The cleanup must not change errno.
int __wrap_unlinkat(int folder, const char *name, int flags)
{
    int result = __real_unlinkat(folder, name, flags);
    errno = ENOENT;
    return result;
}

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
// The process may be killed after a partial write.
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    if (until_death == 0)
        __real_write(fd, bytes, size / 2);
    if (!goes_wrong())
        return __real_write(fd, bytes, size);
    errno = ENOSPC;
    return -1;
}

static const char before[] = "usbdevice='host:1.2'\n", after[] = "usbctrl=['type=qusb']\n";
static char folder[] = "/tmp/xenusb-in-place-XXXXXX";

static const char *in_folder(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *words)
{
    unlink(in_folder(name));
    FILE *file = fopen(in_folder(name), "we");
    assert_non_null(file);
    fputs(words, file);
    fclose(file);
}

static const char *get(const char *name)
{
    static char bytes[256];
    FILE *file = fopen(in_folder(name), "re");
    if (!file)
        return "no file";
    bytes[fread(bytes, 1, sizeof bytes - 1, file)] = '\0';
    fclose(file);
    return bytes;
}

static char said[256]; // the first error of write_it()

static enum status write_it(const char *name, const char *old)
{
    struct arena *arena = arena_new(1024);
    struct diags diags;
    diags_init(&diags, arena);
    enum status status =
        in_place_write(arena, &diags, in_folder(name), text_of(old), text_of(after));
    assert_int_equal(status == STATUS_OK, diags.errors == 0);
    snprintf(said, sizeof said, "%s", diags.first ? diags.first->message : "");
    arena_free(arena);
    return status;
}

static void test_the_old_file_becomes_the_backup(void **state)
{
    (void)state;
    struct stat now;
    put("a.cfg", before);
    put("a.cfg.bak", "an older one\n");
    assert_int_equal(chmod(in_folder("a.cfg"), 0640), 0);
    assert_int_equal(write_it("a.cfg", before), STATUS_OK);
    assert_string_equal(get("a.cfg"), after);
    assert_string_equal(get("a.cfg.bak"), before);
    assert_int_equal(stat(in_folder("a.cfg"), &now), 0);
    assert_int_equal(now.st_mode & 07777, 0640);
    assert_int_equal(now.st_uid, getuid());
    assert_int_equal(stat(in_folder("a.cfg.bak"), &now), 0);
    assert_int_equal(now.st_mode & 07777, 0640);
}

static void test_the_file_is_complete_whenever_killed(void **state)
{
    (void)state;
    int result = KILLED;
    for (int calls = 0; result == KILLED; calls++) {
        struct stat now;
        assert_true(calls < 20);
        put("b.cfg", before);
        assert_int_equal(chmod(in_folder("b.cfg"), 0604), 0);
        pid_t child = fork();
        if (child == 0) {
            until_death = calls;
            _exit(write_it("b.cfg", before) == STATUS_OK ? 0 : 1);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        result = WEXITSTATUS(status);
        const char *there = get("b.cfg");
        if (strcmp(there, before) != 0) {
            assert_string_equal(there, after);
            assert_string_equal(get("b.cfg.bak"), before);
        }
        assert_int_equal(stat(in_folder("b.cfg"), &now), 0);
        assert_int_equal(now.st_mode & 07777, 0604);
        assert_true(result != KILLED || calls < 9);
    }
    assert_int_equal(result, 0);
    assert_string_equal(get("b.cfg"), after);
}

// Run again after a killed run, without cleaning up first.
static void test_the_next_run_cleans_up_after_a_killed_one(void **state)
{
    (void)state;
    for (int calls = 0; calls < 7; calls++) {
        put("f.cfg", before);
        pid_t child = fork();
        if (child == 0) {
            until_death = calls;
            _exit(write_it("f.cfg", before) == STATUS_OK ? 0 : 1);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(WEXITSTATUS(status), KILLED);
        bool done = strcmp(get("f.cfg"), after) == 0;
        assert_int_equal(write_it("f.cfg", done ? after : before), STATUS_OK);
        assert_string_equal(get("f.cfg"), after);
        assert_string_equal(get(".f.cfg.xenusb-new"), "no file");
        assert_string_equal(get(".f.cfg.xenusb-old"), "no file");
    }
}

static void test_a_failure_leaves_the_file_unchanged(void **state)
{
    (void)state;
    unsigned failures = 0;
    for (int calls = 0; calls < 8; calls++) {
        put("c.cfg", before);
        until_failure = calls;
        enum status status = write_it("c.cfg", before);
        until_failure = NEVER;
        if (status == STATUS_FAILED) {
            failures++;
            assert_string_equal(get("c.cfg"), before);
            assert_true(strstr(said, strerror(EIO)) || strstr(said, strerror(ENOSPC)));
        }
    }
    assert_int_equal(failures, 8);
    // No temporary file is left.
    assert_string_equal(get(".c.cfg.xenusb-new"), "no file");
}

// The file is the new one by then, but a crash may bring the old one back.
static void test_a_directory_that_cannot_be_synced_at_last_is_a_leftover(void **state)
{
    (void)state;
    put("h.cfg", before);
    until_failure = 8;
    enum status status = write_it("h.cfg", before);
    until_failure = NEVER;
    assert_int_equal(status, STATUS_LEFTOVER);
    assert_string_equal(get("h.cfg"), after);
    assert_string_equal(get("h.cfg.bak"), before);
    assert_non_null(strstr(said, strerror(EIO)));
}

static void test_symbolic_links_are_refused(void **state)
{
    (void)state;
    put("d.cfg", before);
    assert_int_equal(symlink("d.cfg", in_folder("link.cfg")), 0);
    assert_int_equal(write_it("link.cfg", before), STATUS_REFUSED);
    assert_string_equal(get("d.cfg"), before);
    assert_int_equal(link(in_folder("d.cfg"), in_folder("second.cfg")), 0);
    assert_int_equal(write_it("d.cfg", before), STATUS_REFUSED);
    assert_int_equal(write_it(".", before), STATUS_REFUSED);
    assert_string_equal(get("second.cfg"), before);
}

// Someone has created links with our temporary names: their targets are not changed.
static void test_links_at_temporary_names_are_not_followed(void **state)
{
    (void)state;
    static const char *const names[] = { "g.cfg.bak", ".g.cfg.xenusb-new", ".g.cfg.xenusb-old" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        put("g.cfg", before);
        put("elsewhere", "of another user\n");
        unlink(in_folder(names[i]));
        assert_int_equal(symlink("elsewhere", in_folder(names[i])), 0);
        assert_int_equal(write_it("g.cfg", before), STATUS_OK);
        assert_string_equal(get("elsewhere"), "of another user\n");
        assert_string_equal(get("g.cfg"), after);
        assert_string_equal(get("g.cfg.bak"), before);
    }
}

static void test_a_file_that_changed_is_not_replaced(void **state)
{
    (void)state;
    put("e.cfg", "changed by another program\n");
    assert_int_equal(write_it("e.cfg", before), STATUS_REFUSED);
    assert_string_equal(get("e.cfg"), "changed by another program\n");
    assert_int_equal(write_it("none.cfg", before), STATUS_FAILED);
    assert_int_equal(write_it("no/folder.cfg", before), STATUS_FAILED);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_old_file_becomes_the_backup),
        cmocka_unit_test(test_the_file_is_complete_whenever_killed),
        cmocka_unit_test(test_the_next_run_cleans_up_after_a_killed_one),
        cmocka_unit_test(test_a_failure_leaves_the_file_unchanged),
        cmocka_unit_test(test_a_directory_that_cannot_be_synced_at_last_is_a_leftover),
        cmocka_unit_test(test_symbolic_links_are_refused),
        cmocka_unit_test(test_links_at_temporary_names_are_not_followed),
        cmocka_unit_test(test_a_file_that_changed_is_not_replaced),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
