// SPDX-License-Identifier: MIT
// Linked with --wrap=malloc, so that allocations can fail.
#include "base/arena.h"
#include "base/diag.h"
#include "base/source.h"
#include "base/source_read.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool refusing;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
    return refusing ? NULL : __real_malloc(size);
}

static void test_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64);
    for (size_t size = 1; size < 300000; size = size * 3 + 1) {
        unsigned char *bytes = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
        assert_int_equal(bytes[0] | bytes[size - 1], 0);
        memset(bytes, 0xff, size);
    }
    assert_string_equal(arena_printf(arena, "%s-%d", "a", 7), "a-7");
    assert_string_equal(arena_copy(arena, "abc", 2), "ab");
    assert_false(arena_exhausted(arena));
    assert_true(arena_used(arena) > 300000 / 3);
    arena_free(arena);
    arena_free(NULL);
}

static void test_a_small_one_grows(void **state)
{
    (void)state;
    struct arena *arena = arena_new_small();
    unsigned char *first = arena_alloc(arena, 100), *last = first;
    for (size_t size = 1; size < 300000; size = size * 3 + 1) {
        last = arena_alloc(arena, size);
        assert_int_equal(last[0] | last[size - 1], 0);
        memset(last, 0xff, size);
    }
    assert_int_equal(first[99], 0);
    arena_free(arena);
    refusing = true;
    arena = arena_new_small();
    refusing = false;
    assert_null(arena);
}

static void test_the_reserve_is_used_when_memory_is_exhausted(void **state)
{
    (void)state;
    struct arena *arena = arena_new(200000);
    refusing = true;
    char *bytes = arena_alloc(arena, 100000);
    refusing = false;
    assert_true(arena_exhausted(arena));
    memset(bytes, 1, 100000);
    // It stays exhausted although memory is available again: the run is already being undone.
    assert_non_null(arena_alloc(arena, 50000));
    assert_true(arena_exhausted(arena));
    arena_free(arena);
}

static void test_no_arena_without_memory(void **state)
{
    (void)state;
    refusing = true;
    struct arena *arena = arena_new(64);
    refusing = false;
    assert_null(arena);
}

// Fails unless a process that runs `act` reports that it is out of memory and exits with status 1.
static void want_death(void (*act)(struct arena *))
{
    int ends[2];
    char words[256] = { 0 };
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct arena *arena = arena_new(1000);
        dup2(ends[1], STDERR_FILENO);
        refusing = true;
        act(arena);
        _exit(0);
    }
    close(ends[1]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(read(ends[0], words, sizeof words - 1) > 0);
    close(ends[0]);
    assert_string_equal(words, "xenusb: error: out of memory\n");
    assert_int_equal(WEXITSTATUS(status), 1);
}

static void want_too_much(struct arena *arena)
{
    arena_alloc(arena, 2000);
}

static void want_an_overflowing_array(struct arena *arena)
{
    arena_alloc_array(arena, SIZE_MAX / 2, 3);
}

static void want_a_file(struct arena *arena)
{
    struct diags diags;
    diags_init(&diags, arena);
    source_read(arena, &diags, "/proc/self/status");
}

static void test_without_a_reserve_the_process_exits_with_one_line(void **state)
{
    (void)state;
    want_death(want_too_much);
    want_death(want_an_overflowing_array);
    want_death(want_a_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_and_aligned),
        cmocka_unit_test(test_a_small_one_grows),
        cmocka_unit_test(test_the_reserve_is_used_when_memory_is_exhausted),
        cmocka_unit_test(test_no_arena_without_memory),
        cmocka_unit_test(test_without_a_reserve_the_process_exits_with_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
