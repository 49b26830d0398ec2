// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "host/tables.h"
#include "unit.h"

static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char mounts[] =
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw\n"
    "30 22 8:17 / /media/my\\040stick rw shared:3 master:4 - vfat /dev/sdb1 rw,fmask=0022\n"
    "31 22 0:45 /@ /srv rw - btrfs /dev/sdc2 rw\n"
    "32 22 0:46 / /net rw - nfs server:/dev/sdd1 rw\n"
    "33 22 0:47 / /odd\\04 rw - tmpfs tmpfs rw\n"
    "short line\n"
    "34 22 0:48 / /last rw - btrfs /dev/mapper/luks-1 rw";

static const char *mounted(const char *number, const char *name, const char *mapped)
{
    struct block_device block = { number, name, mapped };
    return mounts_find(arena, text_of(mounts), &block);
}

static void test_mount_by_number(void **state)
{
    (void)state;
    assert_string_equal(mounted("8:17", "sdb1", ""), "/media/my stick");
    assert_string_equal(mounted("254:0", "dm-0", ""), "/");
    assert_null(mounted("8:1", "sda1", ""));
    assert_null(mounted("8:18", "sdb", ""));
    assert_null(mounted("", "sdz", ""));
}

static void test_mount_by_source_name(void **state)
{
    (void)state;
    assert_string_equal(mounted("8:34", "sdc2", ""), "/srv");
    assert_string_equal(mounted("254:3", "dm-3", "luks-1"), "/last");
    assert_null(mounted("8:49", "sdd1", ""));
    assert_null(mounted("254:9", "dm-9", "luks"));
}

static void test_mount_with_a_truncated_escape(void **state)
{
    (void)state;
    assert_string_equal(mounted("0:47", "x", ""), "/odd\\04");
}

static void test_swap(void **state)
{
    (void)state;
    struct text swaps = text_of("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
                                "/dev/sdb2                               partition\t999420\t0\t-2\n"
                                "/swapfile                               file\t\t999420\t0\t-3\n");
    assert_true(swaps_contain(swaps, &(struct block_device){ "8:18", "sdb2", "" }));
    assert_false(swaps_contain(swaps, &(struct block_device){ "8:2", "sdb", "" }));
    assert_false(swaps_contain(swaps, &(struct block_device){ "8:3", "swapfile", "" }));
    assert_false(swaps_contain(TEXT_EMPTY, &(struct block_device){ "8:18", "sdb2", "" }));
}

static void test_btrfs(void **state)
{
    (void)state;
    struct btrfs_member one = { NULL, "sda1", "aaaa" }, two = { &one, "sdb", "bbbb" };
    assert_string_equal(btrfs_find(&two, "sda1")->uuid, "aaaa");
    assert_string_equal(btrfs_find(&two, "sdb")->uuid, "bbbb");
    assert_null(btrfs_find(&two, "sda"));
    assert_null(btrfs_find(NULL, "sda1"));
}

static void test_default_route(void **state)
{
    (void)state;
    struct text routes =
        text_of("Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\n"
                "eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
                "usb0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
                "bad0\t00000000\t0100A8C0\t0201\t0\t0\t0\t00000000\t0\t0\t0\n"
                "vpn0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n");
    assert_true(routes_have_any(routes, "usb0"));
    assert_true(routes_have_any(routes, "eth0"));
    assert_true(routes_have_any(routes, "vpn0"));
    assert_false(routes_have_any(routes, "bad0"));
    assert_false(routes_have_any(routes, "Iface"));
    assert_true(routes_have_default(routes, "usb0"));
    assert_false(routes_have_default(routes, "eth0"));
    assert_false(routes_have_default(routes, "bad0"));
    assert_false(routes_have_default(routes, "vpn0"));
    assert_false(routes_have_default(routes, "usb"));
    assert_false(routes_have_default(TEXT_EMPTY, "usb0"));
}

static void test_default_route_ipv6(void **state)
{
    (void)state;
#define ANY "00000000000000000000000000000000"
    struct text routes = text_of(
        "fe800000000000000000000000000000 40 " ANY " 00 " ANY " 00000100 00000001 00000000 "
        "00000001     eth0\n" ANY " 00 " ANY " 00 fe800000000000000000000000000001 00000400 "
        "00000001 00000000 00000003     usb0\n" ANY " 00 " ANY " 00 " ANY
        " ffffffff 00000001 00000000 00200200       lo\n");
    struct text more = text_of("ff000000000000000000000000000000 08 " ANY " 00 " ANY
                               " 00000100 00000002 00000000 00000001     eth0\n"
                               "20010db8000000000000000000000000 40 " ANY " 00 " ANY
                               " 00000100 00000001 00000000 00000001     eth1\n");
#undef ANY
    assert_true(routes6_have_any(routes, "usb0"));
    assert_false(routes6_have_any(routes, "eth0"));
    assert_false(routes6_have_any(more, "eth0"));
    assert_true(routes6_have_any(more, "eth1"));
    assert_true(routes6_have_default(routes, "usb0"));
    assert_false(routes6_have_default(routes, "eth0"));
    assert_false(routes6_have_default(routes, "lo"));
}

// Lines of another form than the kernel's are not routes or swaps.
static void test_lines_that_are_too_short(void **state)
{
    (void)state;
    const struct block_device block = { "8:17", "sdb1", "" };
    assert_false(swaps_contain(text_of("\n\n"), &block));
    assert_true(swaps_contain(text_of("\n/dev/sdb1 partition 1 0 -2\n"), &block));
    static const char *const routes[] = {
        "eth0 00000000 0100A8C0 0003 0 0 100\n",
        "\n",
        "eth0\n",
    };
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        assert_false(routes_have_default(text_of(routes[i]), "eth0"));
        assert_false(routes_have_any(text_of(routes[i]), "eth0"));
        assert_false(routes6_have_default(text_of(routes[i]), "eth0"));
        assert_false(routes6_have_any(text_of(routes[i]), "eth0"));
    }
#define ZERO "00000000000000000000000000000000"
    assert_true(routes6_have_default(
        text_of(ZERO " 00 " ZERO " 00 " ZERO " 00000400 1 0 00000001 eth0\n"), "eth0"));
    // To a part of all addresses, and of one that is down.
    assert_false(routes6_have_default(
        text_of(ZERO " 01 " ZERO " 00 " ZERO " 00000400 1 0 00000001 eth0\n"), "eth0"));
    assert_false(routes6_have_any(
        text_of("2001" ZERO " 40 " ZERO " 00 " ZERO " 00000400 1 0 00000000 eth0\n"), "eth0"));
}

static void test_escapes_that_are_none(void **state)
{
    (void)state;
    static const char *const paths[] = { "/a\\0!0", "/a\\080", "/a\\04", "/a\\x40" };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *line = arena_printf(arena, "1 1 8:17 / %s rw - ext4 /dev/sdb1 rw\n", paths[i]);
        const struct block_device block = { "8:17", "sdb1", "" };
        assert_string_equal(mounts_find(arena, text_of(line), &block), paths[i]);
    }
}

// More optional fields than a line is split into.
static void test_a_mount_with_many_fields(void **state)
{
    (void)state;
    const char *line = "1 1 0:17 / /a rw";
    for (int i = 0; i < 40; i++)
        line = arena_printf(arena, "%s shared:%d", line, i);
    const struct block_device block = { "8:17", "sdb1", "" }, other = { "0:17", "x", "" };
    line = arena_printf(arena, "%s - ext4 /dev/sdb1 rw\n", line);
    assert_null(mounts_find(arena, text_of(line), &block));
    assert_string_equal(mounts_find(arena, text_of(line), &other), "/a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_mount_by_number, begin, end),
        cmocka_unit_test_setup_teardown(test_mount_by_source_name, begin, end),
        cmocka_unit_test_setup_teardown(test_mount_with_a_truncated_escape, begin, end),
        cmocka_unit_test_setup_teardown(test_swap, begin, end),
        cmocka_unit_test(test_btrfs),
        cmocka_unit_test_setup_teardown(test_default_route, begin, end),
        cmocka_unit_test_setup_teardown(test_default_route_ipv6, begin, end),
        cmocka_unit_test_setup_teardown(test_lines_that_are_too_short, begin, end),
        cmocka_unit_test_setup_teardown(test_escapes_that_are_none, begin, end),
        cmocka_unit_test_setup_teardown(test_a_mount_with_many_fields, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
