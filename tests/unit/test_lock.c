// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "plan/backend.h"
#include "unit.h"
#include "xen/lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/test_lock.XXXXXX";
static const char *path;
static struct arena *arena;
static struct diags diags;
static struct domain domain = { .id = 7,
                                .name = "web",
                                .uuid = "01234567-89ab-cdef-0123-456789abcdef" };
static struct session session;

static int begin(void **state)
{
    (void)state;
    memcpy(directory + sizeof directory - 7, "XXXXXX", 6);
    arena = arena_new(4096);
    if (!arena || !mkdtemp(directory))
        return -1;
    diags_init(&diags, arena);
    path = arena_printf(arena, "%s/lock", directory);
    session = (struct session){
        .arena = arena, .diags = &diags, .domain = &domain, .timeout_scale = 0.001
    };
    return 0;
}

static int end(void **state)
{
    (void)state;
    (void)unlink(path);
    int failed = rmdir(directory);
    arena_free(arena);
    return failed;
}

static bool exists(const char *file)
{
    return access(file, F_OK) == 0;
}

static void test_the_lock_file_exists_until_the_lock_is_released(void **state)
{
    (void)state;
    {
        cleanup_lock struct lock lock = LOCK_NONE;
        assert_int_equal(lock_file(&session, path, "the lock", &lock), STATUS_OK);
        assert_true(lock.fd >= 0);
        assert_true(exists(path));
    }
    assert_false(exists(path));
    assert_int_equal(diags.errors, 0);
}

// The kernel's name of this process, which is valgrind's under valgrind.
static const char *own_name(void)
{
    static char name[32];
    FILE *stream = fopen("/proc/self/comm", "re");
    assert_non_null(stream);
    assert_non_null(fgets(name, sizeof name, stream));
    fclose(stream);
    name[strcspn(name, "\n")] = '\0';
    return name;
}

static void test_a_timeout_names_the_holder(void **state)
{
    (void)state;
    cleanup_lock struct lock first = LOCK_NONE, second = LOCK_NONE;
    assert_int_equal(lock_file(&session, path, "the lock", &first), STATUS_OK);
    assert_int_equal(lock_file(&session, path, "the lock", &second), STATUS_TIMEOUT);
    assert_int_equal(second.fd, -1);
    assert_int_equal(diags.errors, 1);
    const char *pid = arena_printf(arena, "(process %d)", (int)getpid());
    const char *holder =
        arena_printf(arena, "could not take the lock within 0.03 s: %s", own_name());
    assert_non_null(strstr(diags.first->message, holder));
    assert_non_null(strstr(diags.first->message, pid));
    assert_true(exists(path));
    lock_release(&second);
    assert_true(exists(path));
}

static void test_a_leftover_file_is_not_locked(void **state)
{
    (void)state;
    cleanup_lock struct lock first = LOCK_NONE, second = LOCK_NONE;
    assert_int_equal(lock_file(&session, path, "the lock", &first), STATUS_OK);
    // The holder unlinks the file before it closes it, so now the name is free for others.
    assert_int_equal(unlink(path), 0);
    assert_int_equal(lock_file(&session, path, "the lock", &second), STATUS_OK);
    struct stat named, held;
    assert_int_equal(stat(path, &named), 0);
    assert_int_equal(fstat(second.fd, &held), 0);
    assert_true(named.st_ino == held.st_ino);
}

static void test_a_released_lock_goes_to_the_next(void **state)
{
    (void)state;
    cleanup_lock struct lock first = LOCK_NONE;
    session.timeout_scale = 1;
    assert_int_equal(lock_file(&session, path, "the lock", &first), STATUS_OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct lock second = LOCK_NONE;
        bool taken = lock_file(&session, path, "the lock", &second) == STATUS_OK;
        lock_release(&second);
        _exit(taken ? 0 : 1);
    }
    lock_release(&first);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_false(exists(path));
}

static void test_waiting_can_be_interrupted(void **state)
{
    (void)state;
    static const struct interrupt interrupt = { .raised = 1, .wake = -1 };
    cleanup_lock struct lock first = LOCK_NONE, second = LOCK_NONE;
    session.timeout_scale = 1;
    session.interrupt = &interrupt;
    assert_int_equal(lock_file(&session, path, "the lock", &first), STATUS_OK);
    assert_int_equal(lock_file(&session, path, "the lock", &second), STATUS_FAILED);
    assert_string_equal(diags.first->message, "interrupted while waiting for the lock");
}

static void test_a_lock_without_a_directory_is_an_error(void **state)
{
    (void)state;
    cleanup_lock struct lock lock = LOCK_NONE;
    const char *nowhere = arena_printf(arena, "%s/nowhere/lock", directory);
    assert_int_equal(lock_file(&session, nowhere, "the lock", &lock), STATUS_FAILED);
    assert_non_null(strstr(diags.first->message, "No such file or directory"));
    assert_int_equal(lock.fd, -1);
}

static void test_libxl_files(void **state)
{
    (void)state;
#define USERDATA "/var/lib/xen/userdata-l.7.01234567-89ab-cdef-0123-456789abcdef."
    assert_string_equal(lock_libxl_path(&session, LOCK_LIBXL_QMP), USERDATA "qmp-socket-lock");
    assert_string_equal(lock_libxl_path(&session, LOCK_LIBXL_USERDATA),
                        USERDATA "domain-userdata-lock");
#undef USERDATA
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_lock_file_exists_until_the_lock_is_released),
        CASE(test_a_timeout_names_the_holder),
        CASE(test_a_leftover_file_is_not_locked),
        CASE(test_a_released_lock_goes_to_the_next),
        CASE(test_waiting_can_be_interrupted),
        CASE(test_a_lock_without_a_directory_is_an_error),
        CASE(test_libxl_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
