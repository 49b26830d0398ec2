// SPDX-License-Identifier: MIT
// Events from a libudev that sends what it is told.
#include "host/plug.h"
#include "unit.h"

#include <errno.h>
#include <libudev.h>

enum { PROPERTIES_MAX = 8 };

// An event: pairs of names and values, or an errno instead.
struct sent {
    const char *action, *sysname;
    const char *properties[PROPERTIES_MAX];
    int error;
};

static const struct sent *sent;
static unsigned taken, released;
static int open_error; // of the function named `failing`
static const char *failing;
static char object; // that all of libudev's pointers point to
static struct host_plug *plug;

static int outcome(const char *function)
{
    return failing && strcmp(failing, function) == 0 ? -open_error : 0;
}

static void *made(const char *function)
{
    errno = -outcome(function);
    return errno ? NULL : &object;
}

struct udev *__wrap_udev_new(void);
struct udev *__wrap_udev_new(void)
{
    return made("new");
}

struct udev *__wrap_udev_unref(struct udev *udev);
struct udev *__wrap_udev_unref(struct udev *udev)
{
    (void)udev;
    return NULL;
}

struct udev_monitor *__wrap_udev_monitor_new_from_netlink(struct udev *udev, const char *group);
struct udev_monitor *__wrap_udev_monitor_new_from_netlink(struct udev *udev, const char *group)
{
    (void)udev;
    assert_true(strcmp(group, "udev") == 0 || strcmp(group, "kernel") == 0);
    return made("monitor");
}

struct udev_monitor *__wrap_udev_monitor_unref(struct udev_monitor *monitor);
struct udev_monitor *__wrap_udev_monitor_unref(struct udev_monitor *monitor)
{
    (void)monitor;
    return NULL;
}

int __wrap_udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *monitor,
                                                           const char *subsystem,
                                                           const char *devtype);
int __wrap_udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *monitor,
                                                           const char *subsystem,
                                                           const char *devtype)
{
    (void)monitor;
    assert_string_equal(subsystem, "usb");
    assert_string_equal(devtype, "usb_device");
    return outcome("filter");
}

int __wrap_udev_monitor_set_receive_buffer_size(struct udev_monitor *monitor, int size);
int __wrap_udev_monitor_set_receive_buffer_size(struct udev_monitor *monitor, int size)
{
    (void)monitor;
    (void)size;
    return outcome("size");
}

int __wrap_udev_monitor_enable_receiving(struct udev_monitor *monitor);
int __wrap_udev_monitor_enable_receiving(struct udev_monitor *monitor)
{
    (void)monitor;
    return outcome("enable");
}

int __wrap_udev_monitor_get_fd(struct udev_monitor *monitor);
int __wrap_udev_monitor_get_fd(struct udev_monitor *monitor)
{
    (void)monitor;
    return 7;
}

struct udev_device *__wrap_udev_monitor_receive_device(struct udev_monitor *monitor);
struct udev_device *__wrap_udev_monitor_receive_device(struct udev_monitor *monitor)
{
    (void)monitor;
    const struct sent *now = &sent[taken++];
    errno = now->error;
    return now->error ? NULL : (struct udev_device *)&object;
}

struct udev_device *__wrap_udev_device_unref(struct udev_device *device);
struct udev_device *__wrap_udev_device_unref(struct udev_device *device)
{
    released += device != NULL;
    return NULL;
}

const char *__wrap_udev_device_get_action(struct udev_device *device);
const char *__wrap_udev_device_get_action(struct udev_device *device)
{
    (void)device;
    return sent[taken - 1].action;
}

const char *__wrap_udev_device_get_sysname(struct udev_device *device);
const char *__wrap_udev_device_get_sysname(struct udev_device *device)
{
    (void)device;
    return sent[taken - 1].sysname;
}

const char *__wrap_udev_device_get_property_value(struct udev_device *device, const char *name);
const char *__wrap_udev_device_get_property_value(struct udev_device *device, const char *name)
{
    (void)device;
    const char *const *properties = sent[taken - 1].properties;
    for (unsigned i = 0; i + 1 < PROPERTIES_MAX && properties[i]; i += 2)
        if (strcmp(properties[i], name) == 0)
            return properties[i + 1];
    return NULL;
}

static int begin(void **state)
{
    const char *why;
    (void)state;
    failing = NULL;
    taken = released = 0;
    plug = host_plug_open(&why);
    return plug ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    host_plug_close(plug);
    return 0;
}

#define DEVICE(product, bus, number)                                                               \
    {                                                                                              \
        "PRODUCT", product, "BUSNUM", bus, "DEVNUM", number                                        \
    }

static void test_events(void **state)
{
    (void)state;
    static const struct sent events[] = {
        { "add", "1-1.2", DEVICE("46d/c52b/1200", "001", "005"), 0 },
        { "bind", "1-1.2", DEVICE("46d/c52b/1200", "001", "005"), 0 },
        { "remove", "255-1", DEVICE("ffff/0/0", "255", "127"), 0 },
        { "change", "1-1.2", DEVICE("1/2/3", "001", "128"), 0 },
        { "unbind", "1-1.2", DEVICE("1/2/3", "001", "128"), 0 },
        { NULL, "1-1.2", DEVICE("1/2/3", "001", "128"), 0 },
        { .error = EAGAIN },
    };
    static const enum plug_kind kinds[] = { PLUG_COMES,   PLUG_COMES,   PLUG_GOES,
                                            PLUG_CHANGES, PLUG_CHANGES, PLUG_CHANGES };
    struct host_plug_event event;
    sent = events;
    assert_int_equal(host_plug_fd(plug), 7);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(host_plug_take(plug, &event), PLUG_EVENT);
        assert_int_equal(event.kind, kinds[i]);
        assert_string_equal(event.busid, events[i].sysname);
        if (i == 0) {
            assert_int_equal(event.bus, 1);
            assert_int_equal(event.address, 5);
            assert_int_equal(event.vendor, 0x46d);
            assert_int_equal(event.product, 0xc52b);
        }
    }
    assert_int_equal(host_plug_take(plug, &event), PLUG_NONE);
    assert_int_equal(released, 6);
}

static void test_hubs(void **state)
{
    (void)state;
    static const struct sent events[] = {
        { "add", "usb1", DEVICE("1d6b/2/601", "001", "001"), 0 },
        { "add", "1-1", { "TYPE", "9/0/1", "PRODUCT", "5e3/608/100" }, 0 },
        { "add", "1-2", { "TYPE", "0/0/0", "PRODUCT", "1/2/3", "BUSNUM", "1", "DEVNUM", "2" }, 0 },
        { .error = EAGAIN },
    };
    struct host_plug_event event;
    sent = events;
    assert_int_equal(host_plug_take(plug, &event), PLUG_EVENT);
    assert_string_equal(event.busid, "1-2");
    assert_int_equal(host_plug_take(plug, &event), PLUG_NONE);
    assert_int_equal(released, 3);
}

static void test_what_cannot_be_read(void **state)
{
    (void)state;
    static const struct sent events[] = {
        { "add", NULL, DEVICE("1/2/3", "001", "005"), 0 },
        { "add", "", DEVICE("1/2/3", "001", "005"), 0 },
        { "add", "1-1:1.0", DEVICE("1/2/3", "001", "005"), 0 },
        { "add", "../../1-1", DEVICE("1/2/3", "001", "005"), 0 },
        { "add", "1-1", DEVICE("1/2/3", "000", "005"), 0 },
        { "add", "1-1", DEVICE("1/2/3", "256", "005"), 0 },
        { "add", "1-1", DEVICE("1/2/3", "001", "-5"), 0 },
        { "add", "1-1", DEVICE("1/2/3", "001", "99999999999999999999"), 0 },
        { "add", "1-1", { "PRODUCT", "1/2/3", "BUSNUM", "001" }, 0 },
        { "add", "1-1", { "BUSNUM", "001", "DEVNUM", "005" }, 0 },
        { "add", "1-1", DEVICE("", "001", "005"), 0 },
        { "add", "1-1", DEVICE("1/2", "001", "005"), 0 },
        { "add", "1-1", DEVICE("/2/3", "001", "005"), 0 },
        { "add", "1-1", DEVICE("10000/2/3", "001", "005"), 0 },
        { "add", "1-1", DEVICE("1/x/3", "001", "005"), 0 },
    };
    for (unsigned i = 0; i < sizeof events / sizeof *events; i++) {
        const struct sent two[] = { events[i], { .error = EAGAIN }, { .error = EAGAIN } };
        struct host_plug_event event;
        sent = two;
        taken = 0;
        assert_int_equal(host_plug_take(plug, &event), PLUG_LOST);
        assert_int_equal(host_plug_take(plug, &event), PLUG_NONE);
    }
    assert_int_equal(released, sizeof events / sizeof *events);
}

// The loss is reported when no event is left.
static void test_lost_events(void **state)
{
    (void)state;
    static const struct sent events[] = {
        { .error = ENOBUFS },
        { "add", "1-1", DEVICE("1/2/3", "001", "005"), 0 },
        { "add", "usb1", DEVICE("1d6b/2/601", "001", "001"), 0 },
        { .error = EAGAIN },
        { .error = EAGAIN },
        { .error = EINVAL },
        { .error = EAGAIN },
    };
    static const enum plug_result results[] = { PLUG_EVENT, PLUG_LOST, PLUG_NONE, PLUG_LOST,
                                                PLUG_NONE };
    struct host_plug_event event;
    sent = events;
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(host_plug_take(plug, &event), results[i]);
    assert_int_equal(taken, 7);
}

static void test_failures_to_open(void **state)
{
    (void)state;
    static const char *const functions[] = { "new", "monitor", "filter", "enable" };
    const char *why;
    open_error = EMFILE;
    for (unsigned i = 0; i < 4; i++) {
        why = NULL;
        failing = functions[i];
        assert_null(host_plug_open(&why));
        assert_string_equal(why, strerror(EMFILE));
    }
    // It works with a small buffer too.
    failing = "size";
    open_error = EPERM;
    struct host_plug *small = host_plug_open(&why);
    assert_non_null(small);
    host_plug_close(small);
    host_plug_close(NULL);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_events),
        CASE(test_hubs),
        CASE(test_what_cannot_be_read),
        CASE(test_lost_events),
        CASE(test_failures_to_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
