// SPDX-License-Identifier: MIT
// Translations with the devices of a host, and for QEMU without Xen; the others are golden files
// (tests/golden-translate).
#include "../trial.h"
#include "host/endpoints.h"
#include "unit.h"

static struct arena *arena;
static struct trial trial;
static struct host_device devices[] = {
    { .bus = 1,
      .address = 5,
      .busid = "1-4",
      .vendor = 0x1050,
      .product = 0x407,
      .speed = SPEED_FULL,
      .name = "YubiKey" },
    { .bus = 2,
      .address = 2,
      .busid = "2-3",
      .vendor = 0x951,
      .product = 0x1666,
      .speed = SPEED_SUPER,
      .name = "Fast",
      .endpoints = &(struct host_endpoints){ .isochronous = false } },
    { .bus = 1,
      .address = 2,
      .busid = "1-1",
      .vendor = 0x5e3,
      .product = 0x608,
      .speed = SPEED_HIGH,
      .hub = true,
      .name = "Hub" },
    { .bus = 1,
      .address = 6,
      .busid = "1-5",
      .vendor = 0x781,
      .product = 0x5581,
      .speed = SPEED_HIGH,
      .name = "Ultra" },
    { .bus = 1,
      .address = 7,
      .busid = "1-6",
      .vendor = 0x781,
      .product = 0x5581,
      .speed = SPEED_HIGH,
      .name = "Ultra" },
    { .bus = 1,
      .address = 8,
      .busid = "1-7",
      .vendor = 0x46d,
      .product = 0x825,
      .speed = SPEED_HIGH,
      .name = "Webcam",
      .endpoints = &(struct host_endpoints){ .isochronous = true } },
};
static struct host host = { .devices = devices, .count = sizeof devices / sizeof *devices };

static int begin(void **state)
{
    (void)state;
    arena = arena_new(0);
    for (size_t i = 0; i < host.count; i++) {
        devices[i].next = i + 1 < host.count ? &devices[i + 1] : NULL;
        devices[i].manufacturer = devices[i].serial = devices[i].drivers = "";
    }
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

// What is reported, followed by the translation.
static const char *translated(const char *config, const char *to, bool for_qemu,
                              const struct host *present)
{
    char *words = NULL;
    size_t size = 0;
    trial_compile(&trial, arena, "a.cfg", text_of(config), parse_document);
    trial.host = present;
    if (trial.compiled)
        trial_translate(&trial, to, for_qemu);
    FILE *stream = open_memstream(&words, &size);
    assert_non_null(stream);
    diags_print(&trial.diags, stream, false);
    if (trial.compiled)
        fwrite(trial.out.at, 1, trial.out.size, stream);
    fclose(stream);
    const char *kept = arena_copy(arena, words, size);
    free(words);
    return kept;
}

static void assert_has(const char *words, const char *part)
{
    if (!strstr(words, part))
        fail_msg("not \"%s\" in:\n%s", part, words);
}

static void assert_lacks(const char *words, const char *part)
{
    if (strstr(words, part))
        fail_msg("\"%s\" in:\n%s", part, words);
}

#define HVM "name='a'\ntype='hvm'\n"
#define PV  "name='a'\ntype='pv'\n"

// ---- arguments of QEMU ----

static const char *translated_arguments(const char *arguments)
{
    const char *config = arena_printf(
        arena, HVM "device_model_args=['-device','nec-usb-xhci,id=x',%s]\n", arguments);
    return translated(config, "libvirt", true, NULL);
}

// Where the same thing has a word in libvirt's XML, it is written.
static void test_arguments_are_written_for_libvirt(void **state)
{
    static const struct {
        const char *arguments, *element;
    } rows[] = {
        { "'-device','usb-host,hostbus=1,hostaddr=3,guest-reset=off'", "guestReset='off'>" },
        { "'-device','usb-host,hostbus=1,hostaddr=3,guest-resets-all=yes'", "guestReset='on'>" },
        { "'-device','usb-host,hostbus=1,hostaddr=3,guest-reset=true,guest-resets-all=n'",
          "guestReset='uninitialized'>" },
        { "'-device','usb-host,hostbus=1,hostaddr=3,guest-reset=off,guest-resets-all=on'",
          "guestReset='on'>" },
        { "'-device','usb-host,hostbus=1,hostaddr=3,guest-reset=on,bootindex=-1'", "<source>" },
        { "'-device','usb-host,hostbus=1,hostaddr=3,bootindex=2'", "<boot order='2'/>" },
        { "'-drive','file=/a,,b,format=qcow2,id=d,if=none','-device','usb-storage,drive=d'",
          "type='qcow2'/>\n    <source file='/a,b'/>" },
        { "'-device','usb-storage,drive=d','-blockdev','raw,node-name=d,read-only=on,"
          "file.driver=file,file.filename=/a'",
          "<source file='/a'/>\n    <target dev='sda' bus='usb'/>\n    <readonly/>" },
        { "'-blockdev','driver=file,node-name=d,filename=/a','-device','usb-storage,drive=d'",
          "type='raw'/>\n    <source file='/a'/>" },
        { "'-drive','file=/a,format=raw,id=d','-device','usb-storage,drive=d,removable=on,"
          "serial=<A>,bootindex=1'",
          "removable='on'/>\n    <serial>&lt;A&gt;</serial>\n    <boot order='1'/>" },
        { "'-chardev','spicevmc,name=usbredir,id=c','-device','usb-redir,chardev=c,bootindex=3'",
          "type='spicevmc'>\n    <boot order='3'/>" },
        { "'-chardev','socket,path=/s,id=c','-device','usb-redir,chardev=c'",
          "mode='connect' path='/s'" },
        { "'-chardev','backend=pty,id=c','-device','usb-serial,chardev=c'", "<serial type='pty'>" },
        { "'-chardev','file,path=/f,id=c','-device','usb-serial,chardev=c'", "path='/f'" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *words = translated_arguments(rows[i].arguments);
        assert_has(words, rows[i].element);
        assert_lacks(words, ": warning: ");
        assert_lacks(words, ": error: ");
    }
}

// What has no word there is reported at its place.
static void test_arguments_without_a_word_are_reported(void **state)
{
    static const struct {
        const char *arguments, *report;
    } rows[] = {
        { "'-device','nec-usb-xhci,id=y,streams=off'",
          "a.cfg:3:79: error: libvirt has no element for QEMU's property streams=off" },
        { "'-device','qemu-xhci,id=y,p2=4,p3=8'", "warning: ignoring p3=8" },
        { "'-device','usb-host,hostbus=1,hostaddr=3,pcap=/p'", "property pcap=/p" },
        { "'-device','usb-host,hostbus=1,hostaddr=3,bootindex=0'", "property bootindex=0" },
        { "'-device','usb-host,hostbus=1,hostaddr=3,serial=x'", "property serial=x" },
        { "'-device','usb-tablet,usb_version=1'", "property usb_version=1" },
        { "'-device','usb-audio,audiodev=a'", "warning: ignoring audiodev=a" },
        { "'-drive','file=/a,id=d,cache=none','-device','usb-storage,drive=d'",
          "warning: ignoring cache=none" },
        { "'-drive','file=/a,id=d','-device','usb-storage,drive=d'",
          "warning: writing the format of this image as raw" },
        { "'-drive','file=/a,format=raw,id=d,media=cdrom','-device','usb-storage,drive=d'",
          "property media=cdrom" },
        { "'-chardev','file,path=/f,append=on,id=c','-device','usb-serial,chardev=c'",
          "warning: ignoring append=on" },
        { "'-chardev','pty,path=/f,id=c','-device','usb-serial,chardev=c'",
          "warning: ignoring path=/f" },
        { "'-device','usb-storage,drive=d'",
          "error: libvirt has no element for drive=d without an image" },
        { "'-drive','file=a,id=d','-device','usb-storage,drive=d'", "drive=d without an image" },
        { "'-drive','id=d','-device','usb-storage,drive=d'", "drive=d without an image" },
        { "'-chardev','socket,path=/s,server=on,id=c','-device','usb-redir,chardev=c'",
          "error: libvirt has no element for this character device" },
        { "'-device','usb-serial,chardev=c'",
          "error: libvirt has no element for this character device" },
        { "'-chardev','pty,id=c','-device','usb-redir,chardev=c,filter=-1:-1:-1:-1:0'",
          "write a <redirfilter>" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_has(translated_arguments(rows[i].arguments), rows[i].report);
}

// What a device refers to is printed before it.
static void test_arguments_that_others_refer_to(void **state)
{
    (void)state;
    const char *words = translated(
        HVM
        "device_model_args=['-usb','-drive','file=/a,,b,id=d','-device','usb-storage,drive=d',"
        "'-device','usb-serial,chardev=c','-chardev','pty,id=c','-device','usb-storage,drive=e']\n",
        "qemu", true, NULL);
    assert_has(words, "-drive file=/a,,b,id=d\n-device usb-storage,drive=d\n"
                      "-chardev pty,id=c\n-device usb-serial,chardev=c\n"
                      "-device usb-storage,drive=e\n");
    assert_lacks(words, "add the argument that defines drive=d");
    assert_has(words, "note: add the argument that defines drive=e");
    // A device that libvirt does not have needs no more than that.
    assert_lacks(translated_arguments("'-device','usb-net,netdev=n,mac=00:00:00:00:00:01'"),
                 "ignoring");
}

static void test_smart_card_readers(void **state)
{
    (void)state;
    const char *words = translated(HVM "usbcontroller=['type=emul,usbversion=3']\n"
                                       "usbdevice=['type=smartcard','type=smartcard']\n",
                                   "libvirt", true, NULL);
    assert_has(words,
               "<controller type='ccid' index='0'>\n    <address type='usb' bus='0' port='1'");
    assert_has(words,
               "<controller type='ccid' index='1'>\n    <address type='usb' bus='0' port='2'");
}

// ---- a host ----

static void test_devices_are_resolved(void **state)
{
    (void)state;
    const char *words = translated(HVM "usbdevice=['id=1050:0407', 'busid=1-9,required=no',"
                                       "'hostaddr=1.99', 'busid=1-1', 'id=0781:5581',"
                                       "'busid=1-8,required=yes']\n",
                                   "xl", false, &host);
    assert_has(words, "a.cfg:3:28: warning: skipping 1-9: it is not plugged in");
    assert_has(words, "warning: this host has no device 1.99 at the moment");
    assert_has(words, "error: 1-1 is a hub");
    assert_has(words, "error: 2 devices on this host match 0781:5581");
    assert_has(words, "error: 1-8 is not plugged into this host");
    words =
        translated(HVM "usbdevice=['id=1050:0407', 'busid=1-9,required=no']\n", "xl", false, &host);
    assert_has(words, "hostbus=1,hostaddr=5");
    assert_lacks(words, "error");
}

// The others are left out of every dialect.
static void test_devices_that_are_not_plugged_in_are_left_out(void **state)
{
    static const char *const dialects[] = { "xl", "libvirt", "qemu" };
    static const char *const key[] = { "hostaddr=5", "bus='1' device='5'", "hostaddr=5" };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const char *words = translated(PV "usbdevice=['busid=1-9,required=no', 'busid=1-4']\n",
                                       dialects[i], false, &host);
        if (i < 2)
            assert_has(words, key[i]);
        assert_has(words, "skipping 1-9");
        assert_lacks(words, "hostaddr=0");
    }
}

static void test_devices_that_pvusb_does_not_support(void **state)
{
    (void)state;
    const char *words = translated(PV "usbdevice=['busid=2-3', 'busid=1-7']\n", "xl", false, &host);
    assert_has(words, "PVUSB does not support its speed");
    assert_has(words, "PVUSB does not support isochronous transfers");
    words = translated(PV "usbcontroller=['type=pv,name=a,usbversion=2']\n"
                          "usbdevice=['busid=2-3,bus=a', 'busid=1-7,bus=a']\n",
                       "xl", false, &host);
    assert_has(words, "warning: Fast (2-3, super speed) does not work on this controller");
    assert_has(words, "warning: Webcam (1-7, high speed) does not work on this controller");
    assert_has(words, "PVUSB does not support its speed");
    assert_has(words, "PVUSB does not support isochronous transfers");
    assert_lacks(words, "version 3");
}

// ---- libvirt for QEMU ----

static void test_disks_have_26_letters(void **state)
{
    (void)state;
    const char *config = HVM "usbcontroller=['type=emul,name=a,usbversion=3,numports=15',"
                             "'type=emul,name=b,usbversion=3,numports=15']\nusbdevice=[";
    for (int i = 0; i < 27; i++)
        config = arena_printf(arena, "%s'type=disk,file=/srv/%d.img,bus=%c',", config, i,
                              i % 2 ? 'b' : 'a');
    const char *words = translated(arena_printf(arena, "%s]\n", config), "libvirt", true, NULL);
    assert_has(words, "<source file='/srv/25.img'/>\n    <target dev='sdz' bus='usb'/>");
    assert_lacks(words, "/srv/26.img");
}

static void test_values_in_xml(void **state)
{
    (void)state;
    const char *words =
        translated(HVM "usbcontroller=['type=emul,name=a,usbversion=3']\n"
                       "usbdevice=[\"type=disk,file=/srv/<a>&'b'\\\"c.img,bus=a\","
                       "'type=serial,chardev=pty,bus=a', 'type=redir,chardev=spicevmc,bus=a']\n",
                   "libvirt", true, NULL);
    assert_has(words, "<source file='/srv/&lt;a&gt;&amp;&apos;b&apos;&quot;c.img'/>");
    assert_has(words, "<serial type='pty'>");
    assert_has(words, "<redirdev bus='usb' type='spicevmc'>");
    static const char *const bad[] = { "type=disk,file=/srv/a\\tb.img", "type=disk,file=/srv/\xff",
                                       "type=serial,chardev=file:/a\\tb" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        words = translated(arena_printf(arena,
                                        HVM "usbcontroller=['type=emul,name=a,usbversion=3']\n"
                                            "usbdevice=[\"%s,bus=a\"]\n",
                                        bad[i]),
                           "libvirt", true, NULL);
        assert_has(words, "error: XML cannot represent some characters of this value");
    }
}

static void test_the_machines_own_controller(void **state)
{
    (void)state;
    const char *words = translated(HVM "usb=1\nusbdevice=['tablet', 'type=mouse,bus=usb,port=2']\n",
                                   "libvirt", true, NULL);
    assert_has(
        words,
        "<controller type='usb' index='0' model='piix3-uhci'/>\n  <input type='tablet' bus='usb'>");
    words = translated(HVM "usb=1\nusbdevice=['tablet', 'mouse']\n", "qemu", false, NULL);
    assert_has(words, "-usb\n");
    assert_has(words, "-device usb-mouse");
}

// ---- xl ----

static void test_what_xl_cannot_express(void **state)
{
    (void)state;
    const char *words =
        translated(HVM "usb=1\nusbdevice=['tablet', 'type=mouse,port=2', 'type=serial,chardev=pty',"
                       "'type=audio']\nusbcontroller=['type=emul,name=x,model=qemu-xhci']\n",
                   "xl", false, NULL);
    assert_has(words, "error: xl cannot express this mouse");
    assert_has(words, "error: xl cannot express this serial");
    assert_has(words, "error: xl cannot create a qemu-xhci");
    words = translated(HVM "usbdevice=['hostaddr=1.5,required=no', 'hostaddr=1.6,required=yes']\n",
                       "xl", false, NULL);
    assert_has(words, "warning: xl does not support 'required'");
    words = translated(HVM "usbdevice=['hostaddr=1.5,required=no']\n", "xl", false, &host);
    assert_lacks(words, "warning");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_arguments_are_written_for_libvirt),
        CASE(test_arguments_without_a_word_are_reported),
        CASE(test_arguments_that_others_refer_to),
        CASE(test_smart_card_readers),
        CASE(test_devices_are_resolved),
        CASE(test_devices_that_are_not_plugged_in_are_left_out),
        CASE(test_devices_that_pvusb_does_not_support),
        CASE(test_disks_have_26_letters),
        CASE(test_values_in_xml),
        CASE(test_the_machines_own_controller),
        CASE(test_what_xl_cannot_express),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
