// SPDX-License-Identifier: MIT
// How a host uses its devices, from a /sys and /proc in a directory of the test: sound, networks,
// disks, and what is too deep or cannot be read.
#include "fake_calls.h"
#include "host/guest_disks.h"
#include "host/search.h"
#include "store_scene.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static struct store_scene scene;
static struct host_tables tables;

static int begin(void **state)
{
    (void)state;
    store_scene_begin(&scene);
    tables = (struct host_tables){ .session = &scene.session };
    fake_file("sys/.keep", "");
    fake_file("proc/1/fd/0", "");
    fake_file("proc/1/ns/mnt", "");
    fake_file("proc/1/root/.keep", "");
    fake_file("proc/self/mountinfo", "22 1 0:5 / /proc rw - proc proc rw\n");
    fake_file("proc/self/ns/mnt", "");
    fake_file("proc/self/root/.keep", "");
    fake_redirect("/sys", fake_path(scene.arena, "sys"));
    fake_redirect("/proc", fake_path(scene.arena, "proc"));
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_calls_reset();
    fake_directory_remove();
    store_scene_end(&scene);
    return 0;
}

// Why the interface is in use; "not".
static const char *busy(void)
{
    const struct host_use use = host_busy(&tables, "/sys/if");
    return use.why ? use.why : "not";
}

// What could not be read; "all was".
static const char *unread(void)
{
    const struct host_use use = host_busy(&tables, "/sys/if");
    return part_is_unreadable(&use.part) ? use.part.why : "all was";
}

static void assert_has(const char *words, const char *part)
{
    if (!strstr(words, part))
        fail_msg("not \"%s\" in: %s", part, words);
}

// ---- sound ----

static void test_pcms(void **state)
{
    static const char *const odd[] = { "pcmC",  "pcmCxD0p",     "pcmC1Dxp",
                                       "pcmC1", "pcmC99999D0p", "controlC1" };
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        fake_file(arena_printf(scene.arena, "sys/if/sound/card1/%s/dev", odd[i]), "116:1\n");
    assert_string_equal(busy(), "not");
    fake_file("sys/if/sound/card1/pcmC1D0c/dev", "116:2\n");
    assert_string_equal(busy(), "not"); // nobody has it open
    for (int i = 0; i < 300; i++)       // more than are looked at
        fake_file(arena_printf(scene.arena, "proc/asound/card1/pcm0c/sub%d/status", i), "closed\n");
    assert_string_equal(busy(), "not");
    fake_file("proc/asound/card1/pcm0c/sub1/status", "state: RUNNING\nowner_pid : x\n");
    assert_string_equal(busy(), "/dev/snd/pcmC1D0c records");
    fake_file("proc/asound/card1/pcm0c/sub0/status", "state: DRAINING\nowner_pid : 1\n");
    assert_string_equal(busy(), "/dev/snd/pcmC1D0c records for process 1");
    fake_file("proc/asound/card1/pcm0c/sub0/status", "state: PAUSED\n");
    assert_string_equal(busy(), "/dev/snd/pcmC1D0c records");
    // The first that is in use is named, whatever follows.
    fake_file("sys/if/sound/card2/pcmC2D0p/dev", "116:3\n");
    fake_file("proc/asound/card2/pcm0p/sub0/status", "state: RUNNING\n");
    assert_string_equal(busy(), "/dev/snd/pcmC1D0c records");
    fail_calls("open", "pcm0c/sub0/status", EIO);
    assert_has(unread(), "/proc/asound/card1/pcm0c/sub0/status: Input/output error");
}

// ---- networks ----

static void test_networks(void **state)
{
    (void)state;
    fake_file("sys/if/net/eth0/flags", "0x1002\n");
    assert_string_equal(busy(), "not");
    assert_string_equal(unread(), "all was");
    static const char *const odd[] = { "0xq\n", "1\n", "\n" };
    for (size_t i = 0; i < 3; i++) {
        fake_file("sys/if/net/eth0/flags", odd[i]);
        assert_has(unread(), "/net/eth0/flags does not say whether it is up");
    }
    fake_file("sys/if/net/eth0/flags", "0x1003\n");
    fake_file("sys/if/net/eth1/flags", "0x1003\n");
    assert_string_equal(busy(), "eth0 is up");
}

static void test_a_network_of_another_namespace(void **state)
{
    (void)state;
    fake_file("sys/if/net/x", "");
    assert_int_equal(unlink(fake_path(scene.arena, "sys/if/net/x")), 0);
    assert_has(busy(), "another network namespace");
    fail_calls("opendir", "/net", EACCES);
    assert_string_equal(busy(), "not");
    assert_has(unread(), "/sys/if/net: Permission denied");
}

// ---- disks ----

static void test_disks(void **state)
{
    (void)state;
    fake_file("sys/if/block/sda/dev", "8:0\n");
    assert_string_equal(busy(), "not");
    const struct host_use use = host_busy(&tables, "/sys/if");
    assert_string_equal(use.disks->path, "/dev/sda");
    assert_null(use.disks->next);
    static const char *const odd[] = { "8\n", "x:0\n", "8:x\n", "" };
    for (size_t i = 0; i < 4; i++) {
        fake_file("sys/if/block/sda/dev", odd[i]);
        assert_null(host_busy(&tables, "/sys/if").disks);
    }
    fake_file("sys/if/block/sda/dev", "8:0\n");
    fake_file("sys/if/block/sdb/dev", "8:16\n");
    tables = (struct host_tables){ .session = &scene.session };
    fake_file("proc/self/mountinfo", "22 1 8:0 / /a rw - ext4 /dev/sda rw\n"
                                     "23 1 8:16 / /b rw - ext4 /dev/sdb rw\n");
    assert_has(busy(), "is mounted on /a");
    // A disk counts more than what else the interface has, before it and behind it.
    fake_file("sys/if/a/net/eth0/flags", "0x1003\n");
    fake_file("sys/if/z/net/eth1/flags", "0x1003\n");
    assert_has(busy(), "is mounted on /a");
}

static void test_what_comes_first_counts(void **state)
{
    (void)state;
    fake_file("sys/if/a/net/eth0/flags", "0x1003\n");
    fake_file("sys/if/b/net/eth1/flags", "0x1003\n");
    assert_string_equal(busy(), "eth0 is up");
}

// ---- what is not understood ----

static void test_directories_that_are_too_deep(void **state)
{
    (void)state;
    fake_file("sys/if/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/x", "");
    assert_has(unread(), "Too many levels of symbolic links");
    // One that was unplugged meanwhile has nothing.
    fail_calls("opendir", NULL, ENODEV);
    assert_string_equal(unread(), "all was");
}

// Programs may have its nodes open, and an adapter may be in use.
static void test_parts_for_warnings(void **state)
{
    (void)state;
    tables.cautions = true;
    fake_file("sys/if/input/event5/dev", "13:69\n");
    fake_file("sys/if/input/event5/uevent", "MAJOR=13\nMINOR=69\nDEVNAME=input/event5\n");
    fake_file("sys/if/hidraw/hidraw0/dev", "240:0\n");
    fake_file("sys/if/hidraw/hidraw0/uevent", "MAJOR=240\n");
    fake_file("sys/if/bluetooth/x", "");
    assert_int_equal(unlink(fake_path(scene.arena, "sys/if/bluetooth/x")), 0);
    struct host_use use = host_busy(&tables, "/sys/if");
    assert_true(use.input);
    assert_string_equal(use.nodes->path, "/dev/input/event5");
    assert_string_equal(use.nodes->number, "13:69");
    assert_null(use.nodes->next);
    assert_null(use.adapter);
    fake_file("sys/if/bluetooth/hci0/type", "");
    use = host_busy(&tables, "/sys/if");
    assert_string_equal(use.adapter, "hci0");
}

// ---- the disks of guests ----

static void test_disks_of_guests(void **state)
{
    struct guest_disks disks;
    (void)state;
    struct part part = guest_disks_read(&scene.session, &disks);
    assert_false(part_is_unreadable(&part));
    assert_int_equal(disks.count, 0);
    fake_store_set("/local/domain/0/backend/vbd/3/768/physical-device", "8:10");
    fake_store_set("/local/domain/0/backend/vbd/3/832/physical-device", ""); // a file
    fake_store_set("/local/domain/0/backend/vbd/3/896/state", "1");          // not set up yet
    fake_store_set("/local/domain/0/backend/vbd/x/768/physical-device", "8:20");
    part = guest_disks_read(&scene.session, &disks);
    assert_false(part_is_unreadable(&part));
    assert_int_equal(disks.count, 2);
    assert_int_equal(disks.at[0].domain, 3);
    assert_int_equal(disks.at[1].domain, -1);
    fake_store_set("/local/domain/0/backend/vbd/3/832/physical-device", "disk");
    part = guest_disks_read(&scene.session, &disks);
    assert_has(part.why, "/832/physical-device is not a device number");
    for (unsigned number = 1; number <= 3; number++) {
        store_scene_end(&scene);
        store_scene_begin(&scene);
        fake_store_set("/local/domain/0/backend/vbd/3/768/physical-device", "8:10");
        fake_store_fail_from(number, "EIO");
        part = guest_disks_read(&scene.session, &disks);
        assert_true(part_is_unreadable(&part));
        assert_has(part.why, "cannot read the disks of guests in xenstore: Input/output error");
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_pcms),
        CASE(test_networks),
        CASE(test_a_network_of_another_namespace),
        CASE(test_disks),
        CASE(test_what_comes_first_counts),
        CASE(test_directories_that_are_too_deep),
        CASE(test_parts_for_warnings),
        CASE(test_disks_of_guests),
    };
    return cmocka_run_group_tests(tests, store_group_setup, store_group_teardown);
}
