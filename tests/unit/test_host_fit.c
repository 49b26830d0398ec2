// SPDX-License-Identifier: MIT
#include "host/fit.h"
#include "unit.h"

enum { CONTROL, ISOCHRONOUS, BULK, INTERRUPT };

static struct host_fit fit_of(uint8_t attributes, uint16_t packet, unsigned streams)
{
    struct host_fit fit = HOST_FIT_START;
    host_fit_endpoint(&fit, attributes, packet, streams);
    return fit;
}

static void check(struct host_fit fit, bool isochronous, bool high, bool full)
{
    assert_int_equal(fit.isochronous, isochronous);
    assert_int_equal(fit.high, high);
    assert_int_equal(fit.full, full);
}

static void test_control_fits_everywhere(void **state)
{
    (void)state;
    check(fit_of(CONTROL, 512, 0), false, true, true);
}

static void test_isochronous_fits_its_own_speed_only(void **state)
{
    (void)state;
    check(fit_of(ISOCHRONOUS, 8, 0), true, false, false);
    // The bits above the transfer type are the synchronisation and usage types.
    check(fit_of(ISOCHRONOUS | 0x24, 8, 0), true, false, false);
}

static void test_bulk_fits_without_streams(void **state)
{
    (void)state;
    check(fit_of(BULK, 1024, 0), false, true, true);
    check(fit_of(BULK, 1024, 1), false, false, false);
}

static void test_interrupt_fits_by_its_packet(void **state)
{
    (void)state;
    check(fit_of(INTERRUPT, 64, 0), false, true, true);
    check(fit_of(INTERRUPT, 65, 0), false, true, false);
    check(fit_of(INTERRUPT, 1024, 0), false, true, false);
    check(fit_of(INTERRUPT, 1025, 0), false, false, false);
}

static void test_one_bad_endpoint_decides(void **state)
{
    (void)state;
    struct host_fit fit = HOST_FIT_START;
    host_fit_endpoint(&fit, INTERRUPT, 2048, 0);
    host_fit_endpoint(&fit, BULK, 64, 0);
    host_fit_endpoint(&fit, INTERRUPT, 8, 0);
    check(fit, false, false, false);
}

static void test_scsi_storage_is_skipped(void **state)
{
    (void)state;
    assert_true(host_fit_skips(8, 6));
    assert_false(host_fit_skips(8, 4));
    assert_false(host_fit_skips(3, 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control_fits_everywhere),
        cmocka_unit_test(test_isochronous_fits_its_own_speed_only),
        cmocka_unit_test(test_bulk_fits_without_streams),
        cmocka_unit_test(test_interrupt_fits_by_its_packet),
        cmocka_unit_test(test_one_bad_endpoint_decides),
        cmocka_unit_test(test_scsi_storage_is_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
