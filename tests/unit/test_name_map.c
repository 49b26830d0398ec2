// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/name_map.h"
#include "unit.h"

static void test_the_first_keeps_a_name(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024);
    struct name_map *names = name_map_new(arena);
    int one = 1, two = 2;
    assert_null(name_map_get(names, text_of("hci0")));
    name_map_add(names, text_of("hci0"), &one);
    name_map_add(names, text_of("hci0"), &two);
    name_map_add(names, TEXT_EMPTY, &two);
    assert_ptr_equal(name_map_get(names, text_of("hci0")), &one);
    assert_ptr_equal(name_map_get(names, TEXT_EMPTY), &two);
    assert_null(name_map_get(names, text_of("hci")));
    arena_free(arena);
}

// Many names, and lookups of similar ones that are not in the map.
static void test_the_map_grows(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static int things[COUNT];
    struct arena *arena = arena_new(1024);
    struct name_map *names = name_map_new(arena);
    for (int i = 0; i < COUNT; i++)
        name_map_add(names, text_of(arena_printf(arena, "c%d", i * 2)), &things[i]);
    for (int i = 0; i < COUNT; i++) {
        assert_ptr_equal(name_map_get(names, text_of(arena_printf(arena, "c%d", i * 2))),
                         &things[i]);
        assert_null(name_map_get(names, text_of(arena_printf(arena, "c%d", i * 2 + 1))));
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_keeps_a_name),
        cmocka_unit_test(test_the_map_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
