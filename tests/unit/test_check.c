// SPDX-License-Identifier: MIT
// A test for each check, with the same name: its message for a wrong config, and no message for a
// right one.
#include "compiled.h"
#include "config/check.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

struct row {
    const char *check;
    const char *wrong;
    const char *words; // the diagnostics of `wrong`
    const char *right; // without diagnostics
};

static const struct row rows[] = {
    { "machine", "type='hvm'\ndevice_model_stubdomain_override=1\n",
      "2:34 warning: this guest's QEMU runs in a stub domain, where xenusb cannot reach it (plan "
      "and apply will refuse this guest)\n",
      "type='hvm'\ndevice_model_stubdomain_override=0\ndevice_model_version='qemu-xen'\n" },
    { "controller_type", "type='pvh'\nusbctrl=['type=devicemodel,version=3']\n",
      "2:16 error: a pvh guest cannot have emulated controllers: it has no emulated machine (use "
      "type=qusb)\n",
      "type='pvh'\nusbctrl=['type=qusb']\n" },
    { "controller_model", "type='hvm'\nusbcontroller=['type=emul,model=qusb2']\n",
      "2:33 error: pvusb-v2 is a PVUSB controller, not an emulated one also 2:22 the type is set "
      "here\n",
      "type='hvm'\nusbcontroller=['type=pv,model=qusb2']\n" },
    { "controller_version", "type='pv'\nusbversion=3\n",
      "2:12 error: PVUSB supports USB 1 and 2, not 3 (USB 3 devices work there at high speed if "
      "their endpoints allow it)\n",
      "type='pv'\nusbversion=2\n" },
    { "controller_ports", "type='hvm'\nusbctrl=['version=2,ports=4']\n",
      "2:27 error: ehci has 6 ports, not 4 (omit the number of ports, or use version 3)\n",
      "type='hvm'\nusbctrl=['version=2,ports=6','version=3,ports=15','type=pv,ports=31']\n" },
    { "controller_backend", "type='hvm'\nusbcontroller=['type=emul,ports=4,backend=dom1']\n",
      "2:43 error: an emulated controller has no backend domain (backend= is for type=pv)\n",
      "type='hvm'\nusbcontroller=['type=pv,backend=dom1']\n" },
    { "controller_name_twice", "usbcontroller=['type=pv,name=a','type=pv,name=a']\n",
      "1:47 error: another controller has the name 'a' also 1:30 it is declared here\n",
      "usbcontroller=['type=pv,name=a','type=pv,name=b']\n" },
    { "device_keys", "usbdevice=['type=mouse,file=/a']\n",
      "1:29 error: 'file' is only for disks, but this is type=mouse\n",
      "usbdevice=['type=disk,file=/a,format=raw,readonly=1','type=audio,audiodev=a']\n" },
    { "device_selector", "usbdevice=['type=hostdev']\n",
      "1:12 error: no host device is selected (use hostaddr=BUS.ADDRESS, busid=1-1.2, id=vvvv:pppp "
      "or serial=)\n",
      "usbdevice=['type=hostdev,hostbus=1,hostaddr=2','serial=A','vendor=1,product=2']\n" },
    { "device_group", "usbdevice=['id=1050:0407,count=2,port=1,bus=0']\nusbcontroller=['']\n",
      "1:39 error: one port for several devices (remove it, or list the devices, each with its "
      "port)\n",
      "usbdevice=['id=1050:0407,count=2,bus=0','vendor=1,all=yes']\nusbcontroller=['']\n" },
    { "device_needs", "usbdevice=['type=redir']\n",
      "1:18 error: type=redir needs chardev=, a character device such as pty, file:PATH or "
      "id:NAME\n",
      "usbdevice=['type=redir,chardev=id:a']\n" },
    { "device_controller", "usbctrl=['type=pv']\nusbdev=['hostbus=1,hostaddr=2,controller=1']\n",
      "2:42 error: there is no controller number 1 in usbctrl (declared: pv0 (line 1))\n",
      "usbctrl=['type=pv']\nusbdev=['hostbus=1,hostaddr=2,controller=0']\n" },
    { "device_port_alone", "usbctrl=['type=pv']\nusbdev=['hostbus=1,hostaddr=2,port=1']\n",
      "2:36 error: a port needs a controller (libxl refuses a port alone: add "
      "controller=0)\n",
      "usbctrl=['type=pv']\nusbdev=['hostbus=1,hostaddr=2,port=0']\nusbdevice=['id=1:2,port=1']"
      "\n" },
    { "device_on_pvusb", "type='pv'\nusbdevice=['type=keyboard']\n",
      "2:18 error: a pv guest has no emulated machine: PVUSB supports host devices only\n",
      "type='pv'\nusbdevice=['type=hostdev,id=1:2']\n" },
    { "device_properties", "type='hvm'\nusbdevice=['id=1:2,bootindex=x']\n",
      "2:20 error: bootindex cannot be 'x' (use a number)\n",
      "type='hvm'\nusbdevice=['id=1:2,bootindex=1']\n" },
    { "device_speed",
      "usbcontroller=['type=emul,usbversion=2,name=e']\nusbdevice=['type=audio,bus=e']\n",
      "2:28 error: type=audio does not support the speed of controller 'e' (ehci) (that controller "
      "has no "
      "companions: use usbversion=3)\n",
      "usbctrl=['type=devicemodel,version=3']\nusbdevice=['type=audio,bus=0']\n" },
    { "device_port_range",
      "usbcontroller=['type=pv,ports=4']\nusbdevice=['id=1:2,bus=pv0,port=5']\n",
      "2:33 error: controller 'pv0' has 4 ports: there is no port 5 also 1:31 it is declared "
      "here\n",
      "usbcontroller=['type=pv,ports=4']\nusbdevice=['id=1:2,bus=pv0,port=4']\n" },
    { "device_port_hub",
      "usbctrl=['type=devicemodel,version=3']\n"
      "usbdevice=['type=mouse,bus=0,port=1','id=1:2,bus=0,port=1.1']\n",
      "2:57 error: this port is behind a device that is not a hub also 2:35 that device is "
      "declared here\n",
      "usbctrl=['type=devicemodel,version=3']\n"
      "usbdevice=['type=hub,bus=0,port=1','id=1:2,bus=0,port=1.1','id=1:3,bus=0,port=2.1']\n" },
    { "device_port_twice",
      "usbctrl=['type=pv']\n"
      "usbdev=['hostbus=1,hostaddr=2,controller=0,port=1']\n"
      "usbdevice=['id=1:2,bus=pv0,port=1']\n",
      "3:33 error: port 1 of controller 'pv0' is already used also 2:49 it is used here\n",
      "usbctrl=['type=pv']\n"
      "usbdev=['hostbus=1,hostaddr=2,controller=0,port=1']\n"
      "usbdevice=['id=1:2,bus=pv0,port=2']\n" },
    { "device_pvusb_port",
      "usbctrl=['type=qusb','type=qusb']\n"
      "usbdev=['hostbus=1,hostaddr=2,controller=0,port=1',"
      "'hostbus=1,hostaddr=3,controller=1,port=1']\n",
      "2:92 error: QEMU aborts if two PVUSB controllers use the same port number (1) (use another "
      "port number) also 2:49 it is also used here\n",
      "usbctrl=['type=pv','type=pv']\n"
      "usbdev=['hostbus=1,hostaddr=2,controller=0,port=1',"
      "'hostbus=1,hostaddr=3,controller=1,port=1']\n" },
    { "device_room",
      "usbctrl=['type=pv,ports=1']\nusbdevice=['id=1:2,bus=0','id=1:3,bus=0','id=1:4,bus=0']\n",
      "2:27 error: controller 'pv0' has 1 ports, too few for its devices (give it more ports, or "
      "move this device to another controller)\n",
      "usbctrl=['type=pv,ports=2']\nusbdevice=['id=1:2,bus=0','id=1:3,bus=0']\n" },
    { "device_twice",
      "usbdev=['hostbus=1,hostaddr=2']\nusbdevice=['type=hostdev,hostaddr=1.2,vendor=1']\n",
      "2:26 error: host device 1.2 vendor=0001 is requested twice also 1:10 it is also requested "
      "here\n",
      "usbdev=['hostbus=1,hostaddr=2']\nusbdevice=['busid=1-1','busid=1-1,serial=A','vendor=1']"
      "\n" },
};

static void test_row(void **state)
{
    const struct row *row = *state;
    struct compiled *wrong = compile_checked(row->wrong);
    want_words(wrong, row->words);
    compiled_free(wrong);
    struct compiled *right = compile_checked(row->right);
    want_words(right, "");
    compiled_free(right);
}

static void test_every_check_has_a_test(void **state)
{
    (void)state;
    size_t count = sizeof rows / sizeof *rows;
    const char *const *names = check_names();
    for (size_t i = 0; i < count; i++)
        assert_string_equal(names[i], rows[i].check);
    assert_null(names[count]);
}

static void test_status_ignores_warnings(void **state)
{
    (void)state;
    struct compiled *compiled = compile_file("device_model_stubdomain_override=1\n");
    assert_int_equal(check_config(compiled->arena, &compiled->diags, compiled->config), STATUS_OK);
    compiled_free(compiled);
    compiled = compile_file("type='pv'\nusbdevice='type=tablet'\n");
    assert_int_equal(check_config(compiled->arena, &compiled->diags, compiled->config),
                     STATUS_REQUEST);
    compiled_free(compiled);
}

static void test_broken_items_are_not_checked_again(void **state)
{
    (void)state;
    struct compiled *compiled =
        compile_checked("type='pv'\nusbcontroller=['type=emul,colour=red']\n"
                        "usbdevice=['type=tablet,colour=red']\n");
    assert_int_equal(compiled->diags.errors, 2);
    compiled_free(compiled);
}

static void test_type_found_by_a_look(void **state)
{
    (void)state;
    struct compiled *compiled = compile_file("usbcontroller=['']\nusbdevice=['id=1:2,bus=pv0']\n");
    assert_string_equal(compiled->config->controllers->name, "hci0");
    compiled->config->domain.type = DOMAIN_PVH;
    config_settle(compiled->arena, compiled->config);
    check_config(compiled->arena, &compiled->diags, compiled->config);
    want_words(compiled, "");
    const struct config_controller *controller = compiled->config->controllers;
    assert_string_equal(controller->name, "pv0");
    assert_int_equal(controller->type, CONTROLLER_PV);
    assert_int_equal(controller->version.value, 2);
    assert_int_equal(controller->ports.value, PORTS_DEFAULT);
    assert_ptr_equal(compiled->config->devices->controller, controller);
    compiled_free(compiled);
}

static void test_checks_wait_for_an_unknown_type(void **state)
{
    (void)state;
    struct compiled *compiled = compile_checked(
        "usbcontroller=['']\nusbdevice=['id=1:2,bus=pv0','type=tablet,bus=other']\n");
    want_words(compiled,
               "2:46 error: controller 'other' is not declared (declared: hci0 (line 1))\n");
    compiled_free(compiled);
}

static void test_arguments_can_name_a_controller_of_the_domain(void **state)
{
    (void)state;
    struct compiled *compiled = compile_words("id=1:2,bus=hci7", SPEC_DEVICE);
    check_config(compiled->arena, &compiled->diags, compiled->config);
    want_words(compiled, "");
    compiled_free(compiled);
}

int main(void)
{
    enum { ROWS = sizeof rows / sizeof *rows };
    struct CMUnitTest checks[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        checks[i] = (struct CMUnitTest){ rows[i].check, test_row, NULL, NULL, (void *)&rows[i] };
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_every_check_has_a_test),
        cmocka_unit_test(test_status_ignores_warnings),
        cmocka_unit_test(test_broken_items_are_not_checked_again),
        cmocka_unit_test(test_type_found_by_a_look),
        cmocka_unit_test(test_checks_wait_for_an_unknown_type),
        cmocka_unit_test(test_arguments_can_name_a_controller_of_the_domain),
    };
    int failed = cmocka_run_group_tests(checks, NULL, NULL);
    return failed + cmocka_run_group_tests(others, NULL, NULL);
}
