// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "host/host.h"
#include "unit.h"
#include "usb/selector.h"

#include <string.h>

static void test_busids(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *busid; // NULL: not a busid
    } rows[] = {
        { "1-8", "1-8" },
        { "6-2.1", "6-2.1" },
        { "10,1,2", "10-1.2" },
        { "255-255.255.255.255.255.255", "255-255.255.255.255.255.255" },
        { "1-1.2.3.4.5.6.7", NULL },
        { "256-1", NULL },
        { "0-1", NULL },
        { "1-0", NULL },
        { "1-01", NULL },
        { "1", NULL },
        { "1-", NULL },
        { "-1", NULL },
        { "1-1.", NULL },
        { "1-1 ", NULL },
        { "1-1:1.0", NULL },
        { "1.1", NULL },
        { "", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char busid[BUSID_SIZE] = "untouched";
        assert_int_equal(busid_read(text_of(rows[i].text), busid), rows[i].busid != NULL);
        assert_string_equal(busid, rows[i].busid ? rows[i].busid : "untouched");
    }
    char busid[BUSID_SIZE];
    assert_false(busid_read((struct text){ "1\0002", 3 }, busid));
}

static const struct host_device device = {
    .bus = 1, .address = 5, .busid = "1-1.2", .vendor = 0x46d, .product = 0xc52b, .serial = "A1"
};

// Selects that device by everything.
static const struct selector all = {
    .criteria = SELECT_BUS | SELECT_ADDRESS | SELECT_BUSID | SELECT_VENDOR | SELECT_PRODUCT |
                SELECT_SERIAL | SELECT_PATH,
    .bus = 1,
    .address = 5,
    .busid = "1-1.2",
    .vendor = 0x46d,
    .product = 0xc52b,
    .serial = { "A1", 2 },
    .path = { "pci-0-usb-0:1.2", 15 },
};

static void test_all_criteria_must_match(void **state)
{
    (void)state;
    assert_true(selector_matches(&all, &device));
    for (unsigned mark = SELECT_BUS; mark <= SELECT_PATH; mark <<= 1) {
        struct selector other = { .criteria = all.criteria & ~mark };
        other.bus = all.bus;
        other.address = all.address;
        memcpy(other.busid, all.busid, sizeof other.busid);
        other.vendor = all.vendor;
        other.product = all.product;
        other.serial = all.serial;
        other.path = all.path;
        if (mark == SELECT_BUS)
            other.bus = 2;
        if (mark == SELECT_ADDRESS)
            other.address = 6;
        if (mark == SELECT_BUSID)
            other.busid[0] = '2';
        if (mark == SELECT_VENDOR)
            other.vendor = 1;
        if (mark == SELECT_PRODUCT)
            other.product = 1;
        if (mark == SELECT_SERIAL)
            other.serial = text_of("A");
        if (mark == SELECT_PATH)
            other.path = text_of("pci-0-usb-0:1");
        assert_true(selector_matches(&other, &device)); // that mark is not set
        other.criteria |= mark;
        assert_false(selector_matches(&other, &device));
    }
}

static void test_no_criteria_select_nothing(void **state)
{
    (void)state;
    assert_false(selector_matches(&(struct selector){ .criteria = 0 }, &device));
}

static void test_shown_in_the_syntax_of_the_user(void **state)
{
    (void)state;
    static const struct {
        struct selector selector;
        const char *shown;
    } rows[] = {
        { { .criteria = SELECT_BUS | SELECT_ADDRESS, .bus = 1, .address = 5 }, "1.5" },
        { { .criteria = SELECT_BUS, .bus = 1 }, "bus 1" },
        { { .criteria = SELECT_ADDRESS, .address = 5 }, "address 5" },
        { { .criteria = SELECT_BUSID, .busid = "1-1.2" }, "1-1.2" },
        { { .criteria = SELECT_VENDOR | SELECT_PRODUCT, .vendor = 0x46d, .product = 1 },
          "046d:0001" },
        { { .criteria = SELECT_VENDOR, .vendor = 0x46d }, "vendor=046d" },
        { { .criteria = SELECT_PRODUCT, .product = 1 }, "product=0001" },
        { { .criteria = SELECT_SERIAL, .serial = { "A", 1 } }, "serial=A" },
        { { .criteria = SELECT_BUSID | SELECT_VENDOR | SELECT_PRODUCT | SELECT_SERIAL,
            .busid = "1-1",
            .vendor = 1,
            .product = 2,
            .serial = { "A", 1 } },
          "1-1 0001:0002 serial=A" },
        { { .criteria = SELECT_PATH, .path = { "a-usb-0:1", 9 } }, "path=a-usb-0:1" },
    };
    struct arena *arena = arena_new(1024);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(selector_show(arena, &rows[i].selector), rows[i].shown);
    arena_free(arena);
}

static void test_criteria_are_joined_unless_they_differ(void **state)
{
    (void)state;
    struct selector joined = { 0 };
    assert_true(selector_join(&joined, &all));
    assert_true(selector_matches(&joined, &device));
    assert_int_equal(joined.criteria, all.criteria);
    assert_true(selector_join(&joined, &all)); // again
    for (unsigned mark = SELECT_BUS; mark <= SELECT_PATH; mark <<= 1) {
        // Of all criteria only this one is given, and it differs.
        const struct selector other = { .criteria = mark,
                                        .bus = 2,
                                        .address = 6,
                                        .busid = "1-9",
                                        .vendor = 1,
                                        .product = 1,
                                        .serial = { "A2", 2 },
                                        .path = { "pci-1-usb-0:1.3", 15 } };
        joined = all;
        assert_false(selector_join(&joined, &other));
        assert_true(selector_matches(&joined, &device));
        joined.criteria &= ~(mark == SELECT_BUS     ? mark | SELECT_BUSID
                             : mark == SELECT_BUSID ? mark | SELECT_PATH
                             : mark == SELECT_PATH  ? mark | SELECT_BUSID
                                                    : mark);
        assert_true(selector_join(&joined, &other));
        assert_false(selector_matches(&joined, &device));
    }
}

static void test_paths_of_sockets(void **state)
{
    (void)state;
    static const struct {
        const char *text, *path; // NULL: not a path
    } rows[] = {
        { "pci-0000:00:14.0-usb-0:4", "pci-0000:00:14.0-usb-0:4" },
        { "pci-0000:00:14.0-usb-0:1.2.3", "pci-0000:00:14.0-usb-0:1.2.3" },
        { "pci-0000:00:14.0-usb-0:1.2:1.0", "pci-0000:00:14.0-usb-0:1.2" },
        { "platform-a.pcie-pci-0000:01:00.0-usb-0:1", "platform-a.pcie-pci-0000:01:00.0-usb-0:1" },
        { "pci-0000:00:14.0-usb-0:", NULL },
        { "pci-0000:00:14.0-usb-0", NULL },
        { "pci-0000:00:14.0-usb-0:0", NULL },
        { "pci-0000:00:14.0-usb-0:256", NULL },
        { "pci-0000:00:14.0-usb-0:1.2.3.4.5.6.7", NULL },
        { "pci-0000:00:14.0-usb-0:1:", NULL },
        { "pci-0000:00:14.0-usb-0:1:1.0-port0", NULL },
        { "-usb-0:1", NULL },
        { "a b-usb-0:1", NULL },
        { "046d:c52b", NULL },
        { "", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text path = text_of("untouched");
        assert_int_equal(path_read(text_of(rows[i].text), &path), rows[i].path != NULL);
        assert_true(text_is(path, rows[i].path ? rows[i].path : "untouched"));
    }
    char large[300] = { 0 };
    memset(large, 'a', 250);
    memcpy(large + 250, "-usb-0:1", 8);
    struct text path = TEXT_EMPTY;
    assert_false(path_read(text_of(large), &path));
    assert_true(path_has_ports(text_of("a-usb-0:1.2"), "3-1.2"));
    assert_false(path_has_ports(text_of("a-usb-0:1.2"), "3-1"));
    assert_false(path_has_ports(text_of("a-usb-0:1.2"), "usb3"));
}

static void test_device_nodes(void **state)
{
    (void)state;
    static const char *const others[] = { "",
                                          "/dev/bus/usb/",
                                          "/dev/bus/usb/001",
                                          "/dev/bus/usb/001/",
                                          "/dev/bus/usb/000/004",
                                          "/dev/bus/usb/001/128",
                                          "/dev/bus/usb/256/004",
                                          "/dev/bus/usb/001/004/1",
                                          "/dev/fdset/1" };
    struct selector selector = { .criteria = SELECT_VENDOR, .vendor = 0x1050 };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(selector_read_node(text_of(others[i]), &selector));
    assert_int_equal(selector.criteria, SELECT_VENDOR);
    assert_true(selector_read_node(text_of("/dev/bus/usb/002/127"), &selector));
    assert_int_equal(selector.criteria, SELECT_VENDOR | SELECT_BUS | SELECT_ADDRESS);
    assert_int_equal(selector.bus, 2);
    assert_int_equal(selector.address, 127);
}

static void test_printed_by_other_tools(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown; // NULL: none of these forms
    } rows[] = {
        { "/dev/bus/usb/002/127", "2.127" },
        { "Bus 001 Device 007", "1.7" },
        { "Bus 001 Device 007:", "1.7" },
        { "bus 1  DEVICE 127", "1.127" },
        { "Bus 001 Device 007: ID 046d:c52b", "1.7 046d:c52b" },
        { "Bus 001 Device 007: ID 046d:C52B Logitech, Inc.", "1.7 046d:c52b" },
        { "001:007", "1.7" },
        { "255:127", "255.127" },
        { "01:007", NULL },
        { "0001:0007", NULL },
        { "256:007", NULL },
        { "001:128", NULL },
        { "001:000", NULL },
        { "00a:007", NULL },
        { "Bus 001", NULL },
        { "Bus 001 Device", NULL },
        { "Bus x Device 007", NULL },
        { "Bus 001 Dev 007", NULL },
        { "Bus 001 Device 128", NULL },
        { "Bus 001 Device 007: 046d:c52b", NULL },
        { "Bus 001 Device 007: ID 46d:c52b", NULL },
        { "Bus 001 Device 007: ID 046d:c52x", NULL },
        { "Bus 001 Device 007: ID 046x:c52b", NULL },
        { "", NULL },
    };
    struct arena *arena = arena_new(1024);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct selector selector = { 0 };
        assert_int_equal(selector_read_printed(text_of(rows[i].text), &selector),
                         rows[i].shown != NULL);
        assert_string_equal(selector_show(arena, &selector), rows[i].shown ? rows[i].shown : "");
    }
    arena_free(arena);
}

static void test_a_bus_id_contradicts_another_bus(void **state)
{
    (void)state;
    const struct selector bus = { .criteria = SELECT_BUS, .bus = 2 };
    const struct selector same = { .criteria = SELECT_BUSID, .busid = "2-1.2" };
    const struct selector other = { .criteria = SELECT_BUSID, .busid = "21-1" };
    struct selector joined = bus;
    assert_false(selector_join(&joined, &other));
    assert_true(selector_join(&joined, &same));
    joined = other;
    assert_false(selector_join(&joined, &bus));
    assert_int_equal(joined.criteria, SELECT_BUSID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_busids),
        cmocka_unit_test(test_all_criteria_must_match),
        cmocka_unit_test(test_no_criteria_select_nothing),
        cmocka_unit_test(test_criteria_are_joined_unless_they_differ),
        cmocka_unit_test(test_paths_of_sockets),
        cmocka_unit_test(test_device_nodes),
        cmocka_unit_test(test_printed_by_other_tools),
        cmocka_unit_test(test_a_bus_id_contradicts_another_bus),
        cmocka_unit_test(test_shown_in_the_syntax_of_the_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
