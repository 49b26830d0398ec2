// SPDX-License-Identifier: MIT
#include "cli/option_table.h"
#include "unit.h"

// Two options with the same bit would be taken for each other.
static void test_each_option_has_a_bit_of_its_own(void **state)
{
    (void)state;
    uint64_t seen = 0;
    for (size_t i = 0; i < OPTION_ROWS; i++) {
        const uint64_t bit = option_rows[i].option;
        assert_true(bit != 0 && (bit & (bit - 1)) == 0);
        assert_true((seen & bit) == 0);
        seen |= bit;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_option_has_a_bit_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
