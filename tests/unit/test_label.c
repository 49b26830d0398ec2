// SPDX-License-Identifier: MIT
// Labels of what is at the ports of libxl's record: their text, and a xenstore that fails.
#include "record/label.h"

#include "base/arena.h"
#include "unit.h"

static struct arena *arena;
static struct diags diags;
static struct session session;
static struct topology topology;
static struct domain domain = { .id = 3, .name = "web", .uuid = "u" };
static struct host_device stick = {
    .bus = 1, .address = 6, .busid = "1-1.3", .vendor = 0x781, .product = 0x5581, .name = "Ultra\n"
};
static struct controller controller;
static struct device device;
static struct record_controller recorded;
static struct record record;

// What the wrapped calls do.
static enum xen_result read_result, list_result, begin_result;
static const char *labels;
static unsigned reads;

enum xen_result __wrap_xen_read(struct xen *xen, struct xen_transaction *in, const char *path,
                                struct text *value);
enum xen_result __wrap_xen_read(struct xen *xen, struct xen_transaction *in, const char *path,
                                struct text *value)
{
    (void)xen;
    (void)in;
    assert_string_equal(path, "/xenusb/3/label/vusb-0");
    *value = text_of(labels);
    reads++;
    return read_result;
}

enum xen_result __wrap_xen_list(struct xen *xen, struct xen_transaction *in, const char *path,
                                const char *const **names, size_t *count);
enum xen_result __wrap_xen_list(struct xen *xen, struct xen_transaction *in, const char *path,
                                const char *const **names, size_t *count)
{
    static const char *const keys[] = { "vusb-0" };
    (void)xen;
    (void)in;
    assert_string_equal(path, "/xenusb/3/label");
    *names = keys;
    *count = list_result == XEN_OK;
    return list_result;
}

enum xen_result __wrap_xen_begin(struct xen *xen, struct xen_transaction **in);
enum xen_result __wrap_xen_begin(struct xen *xen, struct xen_transaction **in)
{
    (void)xen;
    *in = NULL;
    return begin_result;
}

const char *__wrap_xen_why(const struct xen *xen);
const char *__wrap_xen_why(const struct xen *xen)
{
    (void)xen;
    return "it failed";
}

enum status __wrap_xen_status(const struct xen *xen, enum xen_result result);
enum status __wrap_xen_status(const struct xen *xen, enum xen_result result)
{
    (void)xen;
    return result == XEN_OK ? STATUS_OK : STATUS_FAILED;
}

// The stick is attached to port 2 of a PVUSB controller, and its label is noted.
static int begin(void **state)
{
    static const char *const noted[] = { "3" };
    (void)state;
    arena = arena_new(4096);
    diags_init(&diags, arena);
    session = (struct session){
        .arena = arena, .diags = &diags, .domain = &domain, .record = &record, .xen = (void *)1
    };
    topology = (struct topology){ .qemu = NULL };
    controller =
        (struct controller){ .id = "vusb-0", .name = "0", .pvusb = PVUSB_KERNEL, .ports = 4 };
    device = (struct device){ .kind = DEVICE_HOSTDEV,
                              .port = { 1, { 2 } },
                              .host = &stick,
                              .state = DEVICE_ATTACHED,
                              .selector = { .criteria = SELECT_BUSID, .busid = "1-1.3" } };
    topology_add_controller(&topology, &controller);
    controller_add_device(&controller, &device);
    recorded = (struct record_controller){ .kind = RECORD_KERNEL,
                                           .ports = 4,
                                           .port = { NULL, "", "1-1.3", NULL, "" } };
    record = (struct record){ .controllers = &recorded, .noted = noted, .noted_count = 1 };
    read_result = list_result = begin_result = XEN_OK;
    labels = "2 1-1.3 1.6 0781:5581 Ultra";
    reads = 0;
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void assert_text(struct text text, const char *wanted)
{
    assert_int_equal(text.size, strlen(wanted));
    assert_true(text_is(text, wanted));
}

static void test_a_line_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct label label;
    const char *line = label_of(arena, 31, &stick);
    assert_string_equal(line, "31 1-1.3 1.6 0781:5581 Ultra\\x0a");
    assert_true(label_find(text_of(line), 31, &label));
    assert_string_equal(label.busid, "1-1.3");
    assert_int_equal(label.bus, 1);
    assert_int_equal(label.address, 6);
    assert_text(label.shown, "0781:5581 Ultra\\x0a");
    assert_false(label_find(text_of(line), 30, &label));
}

static void test_what_is_not_a_line_is_ignored(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "2",
        "2 1-1.3",
        "2 1-1.3 1.6",
        "2 1-1.3 1.6 ",
        "2 1-1.3 1.6 0781-5581",
        "2 1-1.3 1.6 0781:558",
        "2 1-1.3 1.6 078x:5581",
        "2 1-1.3 1.6 0781:558x a",
        "2 1-1.3 1 0781:5581",
        "2 1-1.3 0.6 0781:5581",
        "2 1-1.3 1.999 0781:5581",
        "2 usb1 1.6 0781:5581",
        "2  1-1.3 1.6 0781:5581",
        "0 1-1.3 1.6 0781:5581",
        "32 1-1.3 1.6 0781:5581",
        "-2 1-1.3 1.6 0781:5581",
    };
    struct label label;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_false(label_find(text_of(lines[i]), 2, &label));
        const char *all = arena_printf(arena, "%s\n2 1-4 1.7 1050:0407", lines[i]);
        assert_true(label_find(text_of(all), 2, &label));
        assert_text(label.shown, "1050:0407");
    }
}

static void test_lines_are_in_the_order_of_ports(void **state)
{
    (void)state;
    struct text text = label_replace(arena, TEXT_EMPTY, 12, "12 1-4 1.7 1050:0407");
    text = label_replace(arena, text, 2, "2 1-1.3 1.6 0781:5581");
    assert_text(text, "2 1-1.3 1.6 0781:5581\n12 1-4 1.7 1050:0407");
    text = label_replace(arena, text, 2, "2 1-1.4 1.8 0781:5581");
    assert_text(text, "2 1-1.4 1.8 0781:5581\n12 1-4 1.7 1050:0407");
    text = label_replace(arena, text, 3, NULL);
    text = label_replace(arena, text, 12, NULL);
    assert_text(text, "2 1-1.4 1.8 0781:5581");
    assert_text(label_replace(arena, text, 2, NULL), "");
}

static void test_a_node_never_becomes_too_large(void **state)
{
    (void)state;
    struct text text = TEXT_EMPTY;
    struct label label;
    for (unsigned port = 1; port <= RECORD_PORTS_MAX; port++)
        text = label_replace(arena, text, port,
                             arena_printf(arena, "%u 1-1 1.2 0781:5581 %0150d", port, 0));
    assert_in_range(text.size, 3000, 3500);
    assert_true(label_find(text, 1, &label));
    assert_false(label_find(text, RECORD_PORTS_MAX, &label));
}

static struct text corrected(void)
{
    return label_correct(arena, text_of(labels), &controller, &recorded);
}

static void test_a_correct_label_stays(void **state)
{
    (void)state;
    assert_text(corrected(), labels);
}

static void test_a_device_without_a_label_gets_one(void **state)
{
    (void)state;
    labels = "";
    assert_text(corrected(), "2 1-1.3 1.6 0781:5581 Ultra\\x0a");
}

static void test_the_label_of_another_device_is_replaced(void **state)
{
    (void)state;
    static const char *const wrong[] = { "2 1-1.3 1.5 0781:5581 A", "2 1-1.3 2.6 0781:5581 A",
                                         "2 1-1.3 1.6 0782:5581 A", "2 1-1.3 1.6 0781:5582 A",
                                         "2 1-1.4 1.6 0781:5581 A" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        labels = wrong[i];
        assert_text(corrected(), "2 1-1.3 1.6 0781:5581 Ultra\\x0a");
    }
}

static void test_a_device_that_is_gone_keeps_its_label(void **state)
{
    (void)state;
    device.host = NULL;
    device.state = DEVICE_GONE;
    labels = "1 1-1.4 1.8 0781:5581 A\n2 1-1.3 1.6 0781:5581 B\n3 1-4 1.7 1050:0407 C";
    assert_text(corrected(), "2 1-1.3 1.6 0781:5581 B");
    recorded.port[2] = "1-4";
    assert_text(corrected(), "");
    labels = "";
    assert_text(corrected(), "");
}

static void test_ports_that_are_not_recorded_have_no_label(void **state)
{
    (void)state;
    assert_text(label_correct(arena, text_of(labels), NULL, NULL), "");
    recorded.port[2] = "";
    assert_text(corrected(), "");
}

// ---- all of a domain ----

static void test_nothing_is_changed_if_all_are_correct(void **state)
{
    (void)state;
    begin_result = XEN_FAILED;
    assert_int_equal(record_correct_labels(&session, &topology), STATUS_OK);
    assert_int_equal(reads, 1);
}

static void assert_cannot_correct(void)
{
    assert_int_equal(record_correct_labels(&session, &topology), STATUS_FAILED);
    assert_string_equal(diags.first->message,
                        "cannot record what is attached of domain web (3): it failed");
}

static void test_labels_cannot_be_listed(void **state)
{
    (void)state;
    list_result = XEN_FAILED;
    begin_result = XEN_FAILED;
    assert_cannot_correct();
}

static void test_labels_cannot_be_read(void **state)
{
    (void)state;
    read_result = XEN_FAILED;
    begin_result = XEN_FAILED;
    assert_cannot_correct();
}

static void test_labels_cannot_be_written(void **state)
{
    (void)state;
    labels = "";
    begin_result = XEN_FAILED;
    assert_cannot_correct();
}

static void lose(void)
{
    device.host = NULL;
    device.state = DEVICE_GONE;
}

static void test_a_device_that_is_gone_gets_its_label(void **state)
{
    (void)state;
    assert_int_equal(record_recall_labels(&session, &topology), STATUS_OK);
    assert_int_equal(reads, 0);
    lose();
    assert_int_equal(record_recall_labels(&session, &topology), STATUS_OK);
    assert_string_equal(device.label, "0781:5581 Ultra");
    assert_string_equal(device_label(arena, &device), "0781:5581 Ultra");
}

static void test_a_label_of_another_device_is_not_its(void **state)
{
    (void)state;
    lose();
    device.selector.criteria |= SELECT_BUS | SELECT_ADDRESS;
    device.selector.bus = 1;
    device.selector.address = 12;
    assert_int_equal(record_recall_labels(&session, &topology), STATUS_OK);
    assert_null(device.label);
    assert_string_equal(device_label(arena, &device), "unknown device");
    device.selector.address = 6;
    assert_int_equal(record_recall_labels(&session, &topology), STATUS_OK);
    assert_string_equal(device.label, "0781:5581 Ultra");
}

static void test_labels_of_another_domain_are_not_read(void **state)
{
    (void)state;
    lose();
    record.foreign = true;
    assert_int_equal(record_recall_labels(&session, &topology), STATUS_OK);
    record.foreign = false;
    record.noted_count = 0;
    assert_int_equal(record_recall_labels(&session, &topology), STATUS_OK);
    session.xen = NULL;
    assert_int_equal(record_recall_labels(&session, &topology), STATUS_OK);
    assert_int_equal(record_correct_labels(&session, &topology), STATUS_OK);
    assert_int_equal(reads, 0);
    assert_null(device.label);
}

static void test_a_label_cannot_be_recalled(void **state)
{
    (void)state;
    lose();
    read_result = XEN_FAILED;
    assert_int_equal(record_recall_labels(&session, &topology), STATUS_FAILED);
    assert_string_equal(diags.first->message,
                        "cannot read the record of domain web (3) from xenstore: it failed");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_line_is_read_as_it_was_written),
        CASE(test_what_is_not_a_line_is_ignored),
        CASE(test_lines_are_in_the_order_of_ports),
        CASE(test_a_node_never_becomes_too_large),
        CASE(test_a_correct_label_stays),
        CASE(test_a_device_without_a_label_gets_one),
        CASE(test_the_label_of_another_device_is_replaced),
        CASE(test_a_device_that_is_gone_keeps_its_label),
        CASE(test_ports_that_are_not_recorded_have_no_label),
        CASE(test_nothing_is_changed_if_all_are_correct),
        CASE(test_labels_cannot_be_listed),
        CASE(test_labels_cannot_be_read),
        CASE(test_labels_cannot_be_written),
        CASE(test_a_device_that_is_gone_gets_its_label),
        CASE(test_a_label_of_another_device_is_not_its),
        CASE(test_labels_of_another_domain_are_not_read),
        CASE(test_a_label_cannot_be_recalled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
