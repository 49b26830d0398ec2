// SPDX-License-Identifier: MIT
#include "backends/qmp/ids.h"
#include "backends/qmp/wire.h"
#include "base/arena.h"
#include "base/json.h"
#include "unit.h"

static int setup(void **state)
{
    *state = arena_new(0);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

#define assert_command(command, expected_name, expected)                                           \
    do {                                                                                           \
        assert_string_equal((command).name, expected_name);                                        \
        assert_string_equal((command).arguments.at, expected);                                     \
    } while (0)

static struct controller xhci = { .model = NULL,
                                  .driver = "nec-usb-xhci",
                                  .name = "0",
                                  .id = "xenusb-0",
                                  .bus = "xenusb-0.0",
                                  .index = 0,
                                  .ports = 8,
                                  .ports_usb2 = 8,
                                  .ports_usb3 = 4 };

static struct device device_of(enum device_kind kind, const char *id)
{
    return (struct device){ .controller = &xhci,
                            .kind = kind,
                            .driver = device_model_of(kind)->driver,
                            .id = id,
                            .path = "",
                            .port = { 2, { 1, 3 } } };
}

static struct wire_add added(void **state, const struct device *device)
{
    struct wire_add wire;
    const char *why = NULL;
    assert_true(wire_add_device(*state, device, false, &wire, &why));
    assert_null(why);
    return wire;
}

static struct config_text given(const char *words)
{
    return (struct config_text){ { 1, 2 }, text_of(words) };
}

// ---- ids ----

static void assert_controller_id(void **state, int index, const char *name, const char *expected)
{
    int found;
    struct controller controller = { .name = name, .index = index };
    const char *id = ids_for_controller(*state, &controller);
    assert_string_equal(id, expected);
    assert_string_equal(ids_controller_name(*state, id, &found), name);
    assert_int_equal(found, index);
}

static void test_controller_ids_round_trip(void **state)
{
    assert_controller_id(state, 0, "0", "xenusb-0");
    assert_controller_id(state, 12, "12", "xenusb-12");
    assert_controller_id(state, -1, "hci0", "xenusb_hci0");
    assert_controller_id(state, -1, "0", "xenusb_0");
    assert_controller_id(state, -1, "my ctrl/1.2", "xenusb_my.20ctrl.2F1.2E2");
    assert_controller_id(state, -1, "b\xc3\xbcro", "xenusb_b.C3.BCro");
}

static void test_names_of_foreign_controllers(void **state)
{
    static const struct {
        const char *id, *name;
    } cases[] = {
        { "", "usb" },
        { "usb", "usb" },
        { "ehci.0", "ehci.0" },
        { "xenusb-", "xenusb-" },
        { "xenusb-x", "xenusb-x" },
        { "xenusb-01", "xenusb-01" },
        { "xenusb-1-4", "xenusb-1-4" },
        { "xenusb-99999999999", "xenusb-99999999999" },
        { "xenusb_", "xenusb_" },
        { "xenusb_a.", "a." },
        { "xenusb_a.0", "a.0" },
        { "xenusb_a.00", "a.00" },
        { "xenusb_a.xy", "a.xy" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int index = 5;
        assert_string_equal(ids_controller_name(*state, cases[i].id, &index), cases[i].name);
        assert_int_equal(index, -1);
    }
}

static void test_ids_of_devices(void **state)
{
    struct controller own = { .name = "hci0", .id = "xenusb_hci0", .index = -1 };
    struct device host = device_of(DEVICE_HOSTDEV, "");
    host.selector =
        (struct selector){ .criteria = SELECT_BUS | SELECT_ADDRESS, .bus = 1, .address = 4 };
    assert_true(ids_is_libxl_device(&host));
    assert_string_equal(ids_for_device(*state, &host, 7), "xenusb-1-4");
    host.controller = &own;
    assert_false(ids_is_libxl_device(&host));
    assert_string_equal(ids_for_device(*state, &host, 7), "xenusb_hostdev7");
    host.controller = &xhci;
    host.selector.criteria = SELECT_VENDOR;
    assert_string_equal(ids_for_device(*state, &host, 2), "xenusb_hostdev2");
    struct device tablet = device_of(DEVICE_WACOM_TABLET, "");
    assert_string_equal(ids_for_device(*state, &tablet, 0), "xenusb_wacom-tablet0");
    tablet.kind = DEVICE_OTHER;
    assert_string_equal(ids_for_device(*state, &tablet, 0), "xenusb_device0");
}

static void test_backing_names_are_short(void **state)
{
    assert_string_equal(ids_backing(*state, "xenusb_disk12"), "xenusb_disk12-back");
    assert_string_equal(ids_backing(*state, "stick"), "xenusb_stick-back");
    assert_true(strlen(ids_backing(*state, "a-very-long-id-that-somebody-gave-it")) <= 31);
}

// ---- adding ----

static void test_a_controller(void **state)
{
    struct controller controller = xhci;
    assert_command(wire_add_controller(*state, &controller, ""), "device_add",
                   "{\"driver\":\"nec-usb-xhci\",\"id\":\"xenusb-0\"}");
    controller.model = controller_model_for(3);
    assert_command(wire_add_controller(*state, &controller, "rp0"), "device_add",
                   "{\"driver\":\"nec-usb-xhci\",\"id\":\"xenusb-0\",\"bus\":\"rp0\","
                   "\"p2\":8,\"p3\":4}");
    controller = (struct controller){
        .model = controller_model_for(2), .driver = "usb-ehci", .id = "xenusb_e", .ports_usb2 = 6
    };
    assert_command(wire_add_controller(*state, &controller, "pci.0"), "device_add",
                   "{\"driver\":\"usb-ehci\",\"id\":\"xenusb_e\",\"bus\":\"pci.0\"}");
}

static void test_a_host_device_by_address(void **state)
{
    struct device device = device_of(DEVICE_HOSTDEV, "xenusb-1-4");
    device.selector = (struct selector){ .criteria = SELECT_BUS | SELECT_ADDRESS | SELECT_BUSID |
                                                     SELECT_VENDOR | SELECT_PRODUCT,
                                         .bus = 1,
                                         .address = 4,
                                         .busid = "1-1.2",
                                         .vendor = 0x46d,
                                         .product = 0xc52b };
    struct wire_add wire = added(state, &device);
    assert_null(wire.back.name);
    assert_null(wire.delete_backing.name);
    assert_command(wire.add, "device_add",
                   "{\"driver\":\"usb-host\",\"id\":\"xenusb-1-4\",\"bus\":\"xenusb-0.0\","
                   "\"port\":\"1.3\",\"hostbus\":1,\"hostaddr\":4}");
}

// By a descriptor, and still by its address.
static void test_a_host_device_that_is_passed(void **state)
{
    struct device device = device_of(DEVICE_HOSTDEV, "xenusb-1-4");
    device.selector =
        (struct selector){ .criteria = SELECT_BUS | SELECT_ADDRESS, .bus = 1, .address = 4 };
    struct wire_pass wire = wire_pass_device(*state, &device);
    assert_command(wire.fill, "add-fd", "{\"fdset-id\":1001004}");
    assert_command(wire.add, "device_add",
                   "{\"driver\":\"usb-host\",\"id\":\"xenusb-1-4\",\"bus\":\"xenusb-0.0\","
                   "\"port\":\"1.3\",\"hostbus\":1,\"hostaddr\":4,"
                   "\"hostdevice\":\"/dev/fdset/1001004\"}");
    assert_command(wire.empty, "remove-fd", "{\"fdset-id\":1001004}");
    assert_true(wire_is_not_opened("failed to open host usb device 1:4"));
    assert_true(wire_is_not_opened("failed to find host usb device 1:4"));
    assert_false(wire_is_not_opened("Duplicate device ID 'xenusb-1-4'"));
}

static void test_a_host_device_that_qemu_waits_for(void **state)
{
    struct device device = device_of(DEVICE_HOSTDEV, "h");
    device.port = PORT_ANY;
    device.selector =
        (struct selector){ .criteria = SELECT_BUS | SELECT_BUSID, .bus = 1, .busid = "1-1.2" };
    struct wire_add wire = added(state, &device);
    assert_command(wire.add, "device_add",
                   "{\"driver\":\"usb-host\",\"id\":\"h\",\"bus\":\"xenusb-0.0\",\"hostbus\":1,"
                   "\"hostport\":\"1.2\"}");
    device.selector = (struct selector){ .criteria = SELECT_VENDOR | SELECT_PRODUCT,
                                         .vendor = 0x46d,
                                         .product = 0xc52b };
    assert_command(added(state, &device).add, "device_add",
                   "{\"driver\":\"usb-host\",\"id\":\"h\",\"bus\":\"xenusb-0.0\","
                   "\"vendorid\":1133,\"productid\":50475}");
}

static void test_devices_without_a_backing(void **state)
{
    static const struct {
        enum device_kind kind;
        const char *driver;
    } cases[] = {
        { DEVICE_TABLET, "usb-tablet" }, { DEVICE_MOUSE, "usb-mouse" },
        { DEVICE_KEYBOARD, "usb-kbd" },  { DEVICE_WACOM_TABLET, "usb-wacom-tablet" },
        { DEVICE_HUB, "usb-hub" },       { DEVICE_SMARTCARD, "usb-ccid" },
        { DEVICE_AUDIO, "usb-audio" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct device device = device_of(cases[i].kind, "d");
        struct wire_add wire = added(state, &device);
        const char *expected = arena_printf(
            *state, "{\"driver\":\"%s\",\"id\":\"d\",\"bus\":\"xenusb-0.0\",\"port\":\"1.3\"}",
            cases[i].driver);
        assert_command(wire.add, "device_add", expected);
        assert_null(wire.back.name);
        assert_null(wire.delete_backing.name);
    }
}

// Properties have the types that QEMU gives them.
static void test_properties(void **state)
{
    struct config_property
        words = { .name = text_of("display"), .value = given("d,1") },
        number = { .next = &words, .name = text_of("head"), .value = given("0x10") },
        version = { .next = &number, .name = text_of("usb_version"), .value = given("1") },
        on = { .next = &version, .name = text_of("msos-desc"), .value = given("y") };
    struct config_device wanted = { .properties = &on };
    struct device tablet = device_of(DEVICE_TABLET, "t");
    tablet.wanted = &wanted;
    assert_command(
        added(state, &tablet).add, "device_add",
        "{\"driver\":\"usb-tablet\",\"id\":\"t\",\"bus\":\"xenusb-0.0\",\"port\":\"1.3\","
        "\"msos-desc\":true,\"usb_version\":1,\"head\":16,\"display\":\"d,1\"}");
    struct config_property boot = { .name = text_of("bootindex"), .value = given("-1") }, reset = {
        .next = &boot, .name = text_of("guest-reset"), .value = given("off")
    };
    struct device host = device_of(DEVICE_HOSTDEV, "h");
    wanted.properties = &reset;
    host.wanted = &wanted;
    host.selector =
        (struct selector){ .criteria = SELECT_BUS | SELECT_ADDRESS, .bus = 1, .address = 5 };
    const char *given_to_qemu = ",\"guest-reset\":false,\"bootindex\":-1}";
    assert_non_null(strstr(added(state, &host).add.arguments.at, given_to_qemu));
    assert_non_null(strstr(wire_pass_device(*state, &host).add.arguments.at, given_to_qemu));
}

static void test_audio_with_its_backend(void **state)
{
    struct config_device wanted = { .audiodev = given("snd0") };
    struct device device = device_of(DEVICE_AUDIO, "a");
    device.wanted = &wanted;
    assert_command(added(state, &device).add, "device_add",
                   "{\"driver\":\"usb-audio\",\"id\":\"a\",\"bus\":\"xenusb-0.0\",\"port\":\"1.3\","
                   "\"audiodev\":\"snd0\"}");
}

static void test_a_disk(void **state)
{
    struct config_device wanted = { .format = given("qcow2"), .readonly = { { 1, 2 }, true } };
    struct device device = device_of(DEVICE_DISK, "xenusb_disk0");
    device.file = "/srv/\"a\".img";
    struct wire_add wire = added(state, &device);
    assert_command(wire.back, "blockdev-add",
                   "{\"driver\":\"raw\",\"node-name\":\"xenusb_disk0-back\",\"read-only\":false,"
                   "\"auto-read-only\":false,\"file\":{\"driver\":\"file\","
                   "\"filename\":\"/srv/\\\"a\\\".img\"}}");
    assert_command(wire.add, "device_add",
                   "{\"driver\":\"usb-storage\",\"id\":\"xenusb_disk0\",\"bus\":\"xenusb-0.0\","
                   "\"port\":\"1.3\",\"drive\":\"xenusb_disk0-back\"}");
    assert_command(wire.delete_backing, "blockdev-del", "{\"node-name\":\"xenusb_disk0-back\"}");
    const char *why;
    device.wanted = &wanted;
    device.file = "/dev/sdb";
    assert_true(wire_add_device(*state, &device, true, &wire, &why));
    assert_command(wire.back, "blockdev-add",
                   "{\"driver\":\"qcow2\",\"node-name\":\"xenusb_disk0-back\",\"read-only\":true,"
                   "\"auto-read-only\":false,\"file\":{\"driver\":\"host_device\","
                   "\"filename\":\"/dev/sdb\"}}");
}

static void test_character_devices(void **state)
{
    static const struct {
        enum device_kind kind;
        const char *words;
        const char *backend;
    } cases[] = {
        { DEVICE_SERIAL, "pty", "{\"type\":\"pty\",\"data\":{}}" },
        { DEVICE_SERIAL, "", "{\"type\":\"pty\",\"data\":{}}" },
        { DEVICE_SERIAL, "null", "{\"type\":\"null\",\"data\":{}}" },
        { DEVICE_SERIAL, "file:/tmp/a b", "{\"type\":\"file\",\"data\":{\"out\":\"/tmp/a b\"}}" },
        { DEVICE_REDIR, "unix:/run/r",
          "{\"type\":\"socket\",\"data\":{\"addr\":{\"type\":\"unix\",\"data\":{\"path\":\"/run/"
          "r\"}},\"server\":false}}" },
        { DEVICE_REDIR, "", "{\"type\":\"spicevmc\",\"data\":{\"type\":\"usbredir\"}}" },
        { DEVICE_BRAILLE, "", "{\"type\":\"braille\",\"data\":{}}" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config_device wanted = { .chardev = given(cases[i].words) };
        struct device device = device_of(cases[i].kind, "xenusb_c0");
        device.wanted = &wanted;
        struct wire_add wire = added(state, &device);
        assert_command(
            wire.back, "chardev-add",
            arena_printf(*state, "{\"id\":\"xenusb_c0-back\",\"backend\":%s}", cases[i].backend));
        assert_command(wire.delete_backing, "chardev-remove", "{\"id\":\"xenusb_c0-back\"}");
        assert_non_null(strstr(wire.add.arguments.at, ",\"chardev\":\"xenusb_c0-back\"}"));
    }
}

static void test_an_existing_character_device(void **state)
{
    struct config_device wanted = { .chardev = given("id:com1") };
    struct device device = device_of(DEVICE_SERIAL, "s");
    device.wanted = &wanted;
    struct wire_add wire = added(state, &device);
    assert_null(wire.back.name);
    assert_null(wire.delete_backing.name);
    assert_non_null(strstr(wire.add.arguments.at, ",\"chardev\":\"com1\"}"));
}

static void assert_cannot_express(void **state, const struct device *device, const char *why_not)
{
    struct wire_add wire;
    const char *why = "";
    assert_false(wire_add_device(*state, device, false, &wire, &why));
    assert_non_null(strstr(why, why_not));
}

static void test_what_qmp_cannot_express(void **state)
{
    struct device device = device_of(DEVICE_SERIAL, "s");
    static const char *const words[] = {
        "vc", "file:", "unix:", "id:", "ptyx", "tcp::1", "\x1b[m"
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct config_device wanted = { .chardev = given(words[i]) };
        device.wanted = &wanted;
        assert_cannot_express(state, &device, "xenusb does not support the character device '");
    }
    device = device_of(DEVICE_DISK, "d");
    assert_cannot_express(state, &device, "it has no image");
    device.file = "/a";
    device.path = "/machine/peripheral/d";
    assert_cannot_express(state, &device, "no longer known");
    device = device_of(DEVICE_TABLET, "t");
    device.kind = DEVICE_OTHER;
    device.driver = "usb-net";
    assert_cannot_express(state, &device, "usb-net");
}

// ---- removing ----

static void test_removals(void **state)
{
    assert_command(wire_remove(*state, "t1", "/machine/peripheral/t1"), "device_del",
                   "{\"id\":\"t1\"}");
    assert_command(wire_remove(*state, "", "/machine/unattached/device[3]"), "device_del",
                   "{\"id\":\"/machine/unattached/device[3]\"}");
    assert_null(wire_delete_backing(*state, DEVICE_TABLET, "t1").name);
    assert_null(wire_delete_backing(*state, DEVICE_OTHER, "t1").name);
    assert_command(wire_list(*state, "/machine"), "qom-list", "{\"path\":\"/machine\"}");
}

static void test_errors_of_removals(void **state)
{
    (void)state;
    assert_int_equal(wire_removal_error("DeviceNotFound", "Device 'zz' not found"), WIRE_ABSENT);
    assert_int_equal(
        wire_removal_error("GenericError", "Device c is already in the process of unplug"),
        WIRE_ASKED);
    assert_int_equal(
        wire_removal_error("GenericError", "Bus 'pcie.0' does not support hotplugging"),
        WIRE_REFUSED);
    assert_true(wire_is_in_use("Node b0 is in use"));
    assert_true(wire_is_in_use("Chardev 'c0' is busy"));
    assert_false(wire_is_in_use("Failed to find node with node-name='b0'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_controller_ids_round_trip),
        cmocka_unit_test(test_names_of_foreign_controllers),
        cmocka_unit_test(test_ids_of_devices),
        cmocka_unit_test(test_backing_names_are_short),
        cmocka_unit_test(test_a_controller),
        cmocka_unit_test(test_a_host_device_by_address),
        cmocka_unit_test(test_a_host_device_that_is_passed),
        cmocka_unit_test(test_a_host_device_that_qemu_waits_for),
        cmocka_unit_test(test_devices_without_a_backing),
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_audio_with_its_backend),
        cmocka_unit_test(test_a_disk),
        cmocka_unit_test(test_character_devices),
        cmocka_unit_test(test_an_existing_character_device),
        cmocka_unit_test(test_what_qmp_cannot_express),
        cmocka_unit_test(test_removals),
        cmocka_unit_test(test_errors_of_removals),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
