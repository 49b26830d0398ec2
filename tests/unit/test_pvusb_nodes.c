// SPDX-License-Identifier: MIT
// The nodes of a PVUSB controller, compared with those that libxl wrote on a real Xen 4.17.
#include "backends/pvusb/nodes.h"
#include "base/arena.h"
#include "host/bind.h"
#include "unit.h"

static struct arena *arena;
static struct controller controller;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    controller =
        (struct controller){ .model = controller_model_pvusb(2), .pvusb = PVUSB_QEMU, .ports = 2 };
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *dump(int domain)
{
    const char *all = "";
    struct nodes nodes = nodes_of_controller(arena, domain, &controller);
    for (size_t i = 0; i < nodes.count; i++) {
        const struct node *node = &nodes.at[i];
        if (node->op == NODE_WRITE)
            all = arena_printf(arena, "%sW %s %s\n", all, node->path, node->value);
        else if (node->op == NODE_REMOVE)
            all = arena_printf(arena, "%sR %s\n", all, node->path);
        else
            all =
                arena_printf(arena, "%sM %s n%u r%u\n", all, node->path, node->owner, node->reader);
    }
    return all;
}

static void test_in_libxls_order(void **state)
{
    (void)state;
    assert_string_equal(
        dump(1), "R /libxl/1/device/vusb/0\n"
                 "W /libxl/1/device/vusb/0/frontend /local/domain/1/device/vusb/0\n"
                 "W /libxl/1/device/vusb/0/backend /local/domain/0/backend/qusb/1/0\n"
                 "R /local/domain/1/device/vusb/0\n"
                 "M /local/domain/1/device/vusb/0 n1 r0\n"
                 "W /local/domain/1/device/vusb/0/backend /local/domain/0/backend/qusb/1/0\n"
                 "W /local/domain/1/device/vusb/0/backend-id 0\n"
                 "W /local/domain/1/device/vusb/0/state 1\n"
                 "R /local/domain/0/backend/qusb/1/0\n"
                 "M /local/domain/0/backend/qusb/1/0 n0 r1\n"
                 "W /local/domain/0/backend/qusb/1/0/frontend /local/domain/1/device/vusb/0\n"
                 "W /local/domain/0/backend/qusb/1/0/frontend-id 1\n"
                 "W /local/domain/0/backend/qusb/1/0/online 1\n"
                 "W /local/domain/0/backend/qusb/1/0/state 1\n"
                 "W /local/domain/0/backend/qusb/1/0/type qusb\n"
                 "W /local/domain/0/backend/qusb/1/0/usb-ver 2\n"
                 "W /local/domain/0/backend/qusb/1/0/num-ports 2\n"
                 "W /local/domain/0/backend/qusb/1/0/port \n"
                 "W /local/domain/0/backend/qusb/1/0/port/1 \n"
                 "W /local/domain/0/backend/qusb/1/0/port/2 \n"
                 "W /libxl/1/device/vusb/0/frontend-id 1\n"
                 "W /libxl/1/device/vusb/0/online 1\n"
                 "W /libxl/1/device/vusb/0/state 1\n"
                 "W /libxl/1/device/vusb/0/type qusb\n"
                 "W /libxl/1/device/vusb/0/usb-ver 2\n"
                 "W /libxl/1/device/vusb/0/num-ports 2\n"
                 "W /libxl/1/device/vusb/0/port \n"
                 "W /libxl/1/device/vusb/0/port/1 \n"
                 "W /libxl/1/device/vusb/0/port/2 \n");
}

static void test_usbback_in_a_driver_domain(void **state)
{
    (void)state;
    controller.pvusb = PVUSB_KERNEL;
    controller.backend_domain = 7;
    controller.index = 3;
    controller.model = controller_model_pvusb(1);
    const char *all = dump(5);
    assert_non_null(strstr(all, "M /local/domain/7/backend/vusb/5/3 n7 r5\n"));
    assert_non_null(strstr(all, "M /local/domain/5/device/vusb/3 n5 r7\n"));
    assert_non_null(strstr(all, "W /local/domain/5/device/vusb/3/backend-id 7\n"));
    assert_non_null(strstr(all, "W /libxl/5/device/vusb/3/type pv\n"));
    assert_non_null(strstr(all, "W /local/domain/7/backend/vusb/5/3/usb-ver 1\n"));
    assert_string_equal(nodes_port(arena, 5, &controller, 31),
                        "/local/domain/7/backend/vusb/5/3/port/31");
}

static void test_the_maximum_number_of_ports(void **state)
{
    (void)state;
    controller.ports = PORTS_MAX_PVUSB;
    assert_int_equal(nodes_of_controller(arena, 1, &controller).count, 25 + 2 * 31);
}

static void test_remembered_drivers(void **state)
{
    (void)state;
    assert_string_equal(nodes_driver(arena, "1-1.3", "1-1.3:1.0"),
                        "/libxl/usbback/1-1_3/1-1_3@1_0/driver_path");
    assert_string_equal(host_driver_path(arena, "usbhid"), "/sys/bus/usb/drivers/usbhid");
    assert_string_equal(host_driver_of_path("/sys/bus/usb/drivers/usb-storage"), "usb-storage");
    static const char *const strange[] = { "",
                                           "/",
                                           "usbhid",
                                           "/sys/bus/usb/drivers/",
                                           "/sys/bus/usb/drivers/a/b",
                                           "/sys/bus/usb/drivers/..",
                                           "/sys/bus/pci/drivers/x" };
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        assert_null(host_driver_of_path(strange[i]));
}

static void test_names_of_states(void **state)
{
    (void)state;
    for (unsigned i = 0; i < XENBUS_STATES; i++) {
        assert_true(*xenbus_state_name((enum xenbus_state)i) > ' ');
        assert_true(*xenbus_backend_meaning((enum xenbus_state)i) > ' ');
        assert_true(*xenbus_frontend_meaning((enum xenbus_state)i) > ' ');
    }
    assert_string_equal(xenbus_state_name(XENBUS_CONNECTED), "connected");
    assert_string_equal(xenbus_state_name((enum xenbus_state)99), "unknown");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_in_libxls_order),
        CASE(test_usbback_in_a_driver_domain),
        CASE(test_the_maximum_number_of_ports),
        CASE(test_remembered_drivers),
        CASE(test_names_of_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
