// SPDX-License-Identifier: MIT
#include "qemu/image.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/xenusb-image-XXXXXX";
static char file[64], to_file[64], to_device[64], nowhere[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof file, "%s/a.img", folder);
    snprintf(to_file, sizeof to_file, "%s/b", folder);
    snprintf(to_device, sizeof to_device, "%s/c", folder);
    snprintf(nowhere, sizeof nowhere, "%s/d", folder);
    FILE *stream = fopen(file, "we");
    return !stream || fclose(stream) || symlink("a.img", to_file) ||
           symlink("/dev/null", to_device) || symlink("/dev/xenusb-none", nowhere);
}

static int remove_folder(void **state)
{
    (void)state;
    return unlink(file) || unlink(to_file) || unlink(to_device) || unlink(nowhere) || rmdir(folder);
}

static void test_an_existing_image_is_examined(void **state)
{
    (void)state;
    assert_false(image_is_device(file));
    assert_false(image_is_device(to_file));
    assert_true(image_is_device("/dev/null"));
    assert_true(image_is_device(to_device));
}

static void test_a_missing_image_is_classified_by_its_name(void **state)
{
    (void)state;
    static const char *const devices[] = { "/dev/xenusb-none", "/dev/xenusb-none/stick",
                                           "/dev/disk/by-id/xenusb-none" };
    static const char *const files[] = { "/dev/shm/xenusb-none",   "/devices/none.img",
                                         "/srv/dev/xenusb-none",   "dev/xenusb-none",
                                         "/srv/xenusb-none/a.img", "" };
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        assert_true(image_is_device(devices[i]));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        assert_false(image_is_device(files[i]));
    assert_false(image_is_device(nowhere));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_existing_image_is_examined),
        cmocka_unit_test(test_a_missing_image_is_classified_by_its_name),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
