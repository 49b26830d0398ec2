// SPDX-License-Identifier: MIT
// The arguments of a command, and the content of a single string.
#include "compiled.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

struct row {
    const char *text;
    const char *words; // all diagnostics
    const char *dump;  // without the first line, which is about the guest
};

#define FROM " (usbcontroller, line 1)\n"

static const struct row devices[] = {
    { "", "", "" },
    { "  ", "", "" },
    { "4.3", "", "device hostdev 4.3" FROM },
    { "1-1.2", "", "device hostdev 1-1.2" FROM },
    { "046d:c52b", "", "device hostdev 046d:c52b" FROM },
    { "46d:0x1", "", "device hostdev 046d:0001" FROM },
    { "tablet", "", "device tablet" FROM },
    { "host:4.3 host:046d:c52b", "", "device hostdev 4.3" FROM "device hostdev 046d:c52b" FROM },
    { "tablet mouse", "", "device tablet" FROM "device mouse" FROM },
    { "hci0.2", "", "device hostdev on unknown hci0 port 2" FROM },
    { "my-bus_2.2.4", "", "device hostdev on unknown my-bus_2 port 2.4" FROM },
    { "0.1", "", "device hostdev on unknown 0 port 1" FROM },
    { "1.200", "", "device hostdev on unknown 1 port 200" FROM },
    { "1-1.2,bus=hci1,port=3", "", "device hostdev 1-1.2 on unknown hci1 port 3" FROM },
    { "tablet,bus=0", "", "device tablet on unknown 0" FROM },
    { "0781:5581,serial=4C530002", "", "device hostdev 0781:5581 serial=4C530002" FROM },
    { "1-1.2,id=046d:c52b", "", "device hostdev 1-1.2 046d:c52b" FROM },
    { "1-1.2,type=hostdev", "", "device hostdev 1-1.2" FROM },
    { "1-1.2,busid=1-1.3",
      "1:1 error: '1-1.2' contradicts a key given with it (give only one of them)\n", NULL },
    { "tablet,type=mouse",
      "1:1 error: 'tablet' contradicts a key given with it (give only one of them)\n", NULL },
    { "hci0.2,port=3",
      "1:1 error: 'hci0.2' contradicts a key given with it (give only one of them)\n", NULL },
    { "id=1050:0407 serial=A,required=no", "",
      "device hostdev 1050:0407" FROM "device hostdev serial=A, not required" FROM },
    { "serial=\"A B, C\",port=2", "", "device hostdev serial=A B, C port 2" FROM },
    { "type=disk,file=/a", "", "device disk file=/a" FROM },
    { "hostaddr=1.2,hostbus=1", "", "device hostdev 1.2" FROM },
    { "hostbus=0x1,hostaddr=0x2", "", "device hostdev 1.2" FROM },
    { "vendor=46D,product=C52B,id=046d:c52b", "", "device hostdev 046d:c52b" FROM },
    { "hostdev", "1:1 error: 'hostdev' does not name a device (write type=hostdev)\n",
      "device hostdev BROKEN" },
    { "tabelt", "1:1 error: 'tabelt' does not name a device (did you mean 'tablet'?)\n", NULL },
    { "hci0",
      "1:1 error: 'hci0' does not name a device (use BUS.ADDRESS, a bus id (1-1.2), "
      "VENDOR:PRODUCT, a type (tablet), or key=value)\n",
      NULL },
    { "hci0.0",
      "1:1 error: 'hci0.0' does not name a device (use BUS.ADDRESS, a bus id (1-1.2), "
      "VENDOR:PRODUCT, a type (tablet), or key=value)\n",
      NULL },
    { "046d:c52bb",
      "1:6 error: the product must be up to four hexadecimal digits, not 'c52bb' (use the form of "
      "lsusb, for example 046d)\n",
      NULL },
    { "/dev/bus/usb/010/003", "", "device hostdev 10.3" FROM },
    { "host:/dev/bus/usb/010/003 1-2", "", "device hostdev 10.3" FROM "device hostdev 1-2" FROM },
    { "Bus 001 Device 007: tablet", "", "device hostdev 1.7" FROM "device tablet" FROM },
    { "Bus 001 Device 007: ID 046d:c52b,port=2", "", "device hostdev 1.7 046d:c52b port 2" FROM },
    { "bus 1 device 9 001:010", "", "device hostdev 1.9" FROM "device hostdev 1.10" FROM },
    { "hostport=3,hostbus=3", "", "device hostdev 3-3" FROM },
    { "host=0529:0001,vendorid=0x529", "", "device hostdev 0529:0001" FROM },
    { "busid=1-1,hostbus=2",
      "1:7 error: 'busid' contradicts another key of this device (give only one of them)\n", NULL },
    { "1-1,hostaddr=2.3",
      "1:1 error: '1-1' contradicts a key given with it (give only one of them)\n", NULL },
    { "serial=\"A\"\"B, C\"\"\",port=2", "", "device hostdev serial=A\"B, C\" port 2" FROM },
    { "serial=A\"B 1-1", "", "device hostdev serial=A\"B" FROM "device hostdev 1-1" FROM },
    { "tablet,mouse", "1:8 error: expected key=value, not 'mouse'\n", NULL },
    { "id=1:2,x,busid=3",
      "1:8 error: expected key=value, not 'x'\n"
      "1:16 error: '3' is not a bus id (a bus id is BUS-PORT, for example 1-8 or 6-2.1)\n",
      NULL },
    { "=x",
      "1:1 error: unknown key '' in usbdevice (one of: type, hostaddr, hostbus, busid, id, vendor, "
      "product, serial, path, behind, count, all, hostport, vendorid, productid, host, usb3, bus, "
      "controller, port, "
      "required, file, format, readonly, chardev, "
      "audiodev, guest-reset, bootindex)\n",
      NULL },
    { "id=", "1:4 error: '' is not VENDOR:PRODUCT (use the form of lsusb, for example 046d:c52b)\n",
      NULL },
    { "bus=,id=1:2", "1:1 error: 'bus' has no value\n", NULL },
    { "id=1:2,id=3:4",
      "1:1 warning: 'id' is given again: this one is ignored also 1:8 the last one wins\n",
      "device hostdev 0003:0004" FROM },
    { "id=1:2,bus=a,controller=b",
      "1:8 warning: 'bus' is given again: this one is ignored also 1:14 the last one wins\n",
      "device hostdev 0001:0002 on unknown b" FROM },
    { "hostaddr=1.010",
      "1:12 warning: '010' is read as 10; xl would read 8 (octal), libvirt 16 "
      "(hex) (write 10)\n",
      NULL },
    { "hostbus=256", "1:9 error: '256' is out of range for hostbus (valid range: 1 to 255)\n",
      NULL },
    { "hostbus=18446744073709551617",
      "1:9 error: '18446744073709551617' is out of range for hostbus (valid range: 1 to 255)\n",
      NULL },
    { "hostbus=-1", "1:9 error: hostbus must be a number, not '-1' (valid range: 1 to 255)\n",
      NULL },
    { "hostaddr=x", "1:10 error: hostaddr must be a number, not 'x' (valid range: 1 to 127)\n",
      NULL },
    { "hostaddr=1", "", "device hostdev address 1" FROM },
    { "vendor=1,port=0", "", "device hostdev vendor=0001" FROM },
    { "product=1,bus=a", "", "device hostdev product=0001 on unknown a" FROM },
    { "id=1:2,port=1.2.3.4.5.6.7",
      "1:13 error: '1.2.3.4.5.6.7' is not a port (use a number from 1, dotted behind a hub (2.4), "
      "or 0 for any port)\n",
      NULL },
};

// What a shell passes: a blank in a value does not end it, the end of the argument does.
static void test_arguments(void **state)
{
    static const char *const words[] = { "serial=CPID:8030 CPRV:11 [iBoot-1]",
                                         "serial=A B,port=2",
                                         "1-1",
                                         "Bus 001 Device 002",
                                         "serial=\"A, B\"",
                                         "2-1" };
    struct compiled *compiled = compile_arguments(words, sizeof words / sizeof *words, SPEC_DEVICE);
    (void)state;
    want_words(compiled, "");
    want_dump(compiled, "domain unknown\n"
                        "device hostdev serial=CPID:8030 CPRV:11 [iBoot-1]" FROM
                        "device hostdev serial=A B port 2" FROM "device hostdev 1-1" FROM
                        "device hostdev 1.2" FROM "device hostdev serial=A, B" FROM
                        "device hostdev 2-1" FROM);
}

static const struct row controllers[] = {
    { "pv", "", "controller 0 pv0: pv version 2, ports 16, model any" FROM },
    { "emulated,version=2", "",
      "controller 0 hci0: emulated version 2 given, ports 6, model any" FROM },
    { "nec-xhci,name=fast,ports=8", "",
      "controller 0 fast: emulated version 3, ports 8 given, model nec-xhci" FROM },
    { "hci0", "", "controller 0 hci0: auto version 0, ports 0, model any" FROM },
    { "3", "", "controller 0 3: auto version 0, ports 0, model any" FROM },
    { "type=qusb type=vusb", "",
      "controller 0 pv0: pv qusb version 2, ports 16, model any" FROM
      "controller 1 pv1: pv usbback version 2, ports 16, model any" FROM },
    { "model=foo",
      "1:7 error: unknown controller model 'foo' (use libvirt's or QEMU's name: piix3-uhci, ehci, "
      "nec-xhci, qemu-xhci, pvusb-v2, ...)\n",
      NULL },
    { "backend=dom1", "", "controller 0 pv0: pv version 2, ports 16, model any backend=dom1" FROM },
    { "model=ehci", "", "controller 0 hci0: emulated version 2, ports 6, model ehci" FROM },
    { "a.b",
      "1:1 error: 'a.b' is not a valid controller name (a name is a letter followed by letters, "
      "digits, '-' or '_', 32 characters at most)\n",
      NULL },
    { "name=",
      "1:6 error: '' is not a valid controller name (a name is a letter followed by letters, "
      "digits, '-' or '_', 32 characters at most)\n",
      NULL },
    { "type=pv,usbverison=1",
      "1:9 error: unknown key 'usbverison' in usbcontroller (did you mean 'usbversion'?)\n", NULL },
};

static const struct row strings[] = {
    // xl's blanks
    { "usbctrl=['type=pv, version=1','  type=pv ,,']",
      "1:39 warning: xl reads the blank after the type as part of it (xl refuses the file)\n",
      NULL },
    { "usbctrl=['version =1']",
      "1:11 warning: xl refuses tabs, quotes, and blanks around '=' in usbctrl (write "
      "key=value,key=value)\n",
      NULL },
    { "usbctrl=['version= 1 ']",
      "1:11 warning: xl refuses tabs, quotes, and blanks around '=' in usbctrl (write "
      "key=value,key=value)\n",
      NULL },
    { "usbdev=['hostbus=1 ,hostaddr=2 ']", "", "device hostdev 1.2 (usbctrl, line 1)\n" },
    { "usbdev=['TYPE=hostdev,hostbus=1,hostaddr=2']",
      "1:10 error: unknown key 'TYPE' in usbdev (did you mean 'type'?)\n", NULL },
    { "usbctrl=['version=2,x,ports=3','y']",
      "1:21 error: expected key=value, not 'x'\n1:33 error: expected key=value, not 'y'\n", NULL },
    { "usbdev=['hostbus=x,hostaddr=2,controller=y,port=z']",
      "1:18 error: hostbus must be a number, not 'x' (valid range: 1 to 255)\n"
      "1:42 error: controller must be a number, not 'y' (valid range: 0 to 65535)\n"
      "1:49 error: port must be a number, not 'z' (valid range: 0 to 255)\n",
      NULL },
    // items of usbdevice: keyed or classic
    { "usbdevice=[' type = tablet ', ' mouse ']", "",
      "controller 0 usb: emulated version 1, ports 2, model piix3-uhci, made at creation (usb, "
      "line 1)\n"
      "device tablet (usbcontroller, line 1)\n"
      "device mouse on usb, made at creation (usb, line 1)\n" },
    { "usbdevice=['disk:format=raw:/a=b,c=d']",
      "1:13 note: QEMU no longer accepts this on its command line: xl cannot start the guest "
      "(xenusb attaches it to the running guest)\n",
      "device disk file=/a=b,c=d format=raw (usb, line 1)\n" },
    { "usbdevice=['typ=tablet']",
      "1:13 error: unknown key 'typ' in usbdevice (did you mean 'type'?)\n", NULL },
    { "usbdevice=''",
      "1:11 warning: an empty string names no device (xm ignores it; under xl, QEMU does not "
      "start)\n",
      "" },
    // xm's repeated keys
    { "vusb=['port_1=1-8,port_1=1-9']",
      "1:8 warning: 'port_1' is given again: this one is ignored also 1:19 the last one wins\n",
      "controller 0 pv0: pv version 2, ports 8, model any (vusb, line 1)\n"
      "device hostdev 1-9 on pv0 port 1 (vusb, line 1)\n" },
    // xm's blanks
    { "vusb=[' usbver = 1 , numports = 2 , port_2 = 1-8 ']", "",
      "controller 0 pv0: pv version 1 given, ports 2 given, model any (vusb, line 1)\n"
      "device hostdev 1-8 on pv0 port 2 (vusb, line 1)\n" },
};

static void want_rest_of_dump(struct compiled *compiled, const char *dump)
{
    const char *rest = strchr(compiled_dump(compiled), '\n') + 1;
    if (dump)
        assert_string_equal(rest, dump);
    compiled_free(compiled);
}

static void test_device(void **state)
{
    const struct row *row = *state;
    struct compiled *compiled = compile_words(row->text, SPEC_DEVICE);
    want_words(compiled, row->words);
    want_rest_of_dump(compiled, *row->words ? NULL : row->dump);
}

static void test_controller(void **state)
{
    const struct row *row = *state;
    struct compiled *compiled = compile_words(row->text, SPEC_CONTROLLER);
    want_words(compiled, row->words);
    want_rest_of_dump(compiled, row->dump);
}

static void test_string(void **state)
{
    const struct row *row = *state;
    struct compiled *compiled = compile_file(row->text);
    want_words(compiled, row->words);
    want_rest_of_dump(compiled, row->dump);
}

static void test_too_many_keys(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    fputs("usbctrl=['ports=4", stream);
    for (size_t i = 0; i < 64; i++)
        fputs(",ports=4", stream);
    fputs("']", stream);
    fclose(stream);
    struct compiled *compiled = compile_file(text);
    free(text);
    assert_int_equal(compiled->diags.errors, 1);
    assert_string_equal(compiled->diags.first->message, "more than 64 keys");
    compiled_free(compiled);
}

static int run(const char *group, CMUnitTestFunction function, const struct row *rows, size_t count)
{
    struct CMUnitTest *tests = calloc(count, sizeof *tests);
    if (!tests)
        abort();
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){ rows[i].text, function, NULL, NULL, (void *)&rows[i] };
    int failed = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
    free(tests);
    return failed;
}

#define RUN(function, rows) run(#rows, function, rows, sizeof(rows) / sizeof *(rows))

int main(void)
{
    const struct CMUnitTest bounds[] = { cmocka_unit_test(test_too_many_keys),
                                         cmocka_unit_test(test_arguments) };
    return RUN(test_device, devices) + RUN(test_controller, controllers) +
           RUN(test_string, strings) + cmocka_run_group_tests(bounds, NULL, NULL);
}
