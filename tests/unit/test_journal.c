// SPDX-License-Identifier: MIT
// The text of a journal: what was written is read back, and what anybody else has written is
// refused.
#include "base/arena.h"
#include "record/journal.h"
#include "unit.h"
#include "xen/xen.h"

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

static const char uuid[] = "00000000-0000-0000-0000-000000000003";

static struct journal header_of(const char *text)
{
    struct journal journal;
    journal_read_header(arena, text_of(text), &journal);
    return journal;
}

// The state after a node with that text was read.
static enum journal_state state_of(const char *text)
{
    struct journal journal = { .state = JOURNAL_OPEN };
    journal_read_node(arena, text_of(text), 0, &journal);
    return journal.state;
}

static void test_a_header_is_read_back(void **state)
{
    (void)state;
    const struct journal written = { .verb = "attach",
                                     .command = "attach 'my \"guest\"' 1-4",
                                     .process = 123,
                                     .started = "4567",
                                     .uuid = uuid,
                                     .socket = "",
                                     .undoing = true,
                                     .keep_saved = true,
                                     .nodes = 2 };
    const struct text text = journal_header(arena, &written);
    const struct journal read = header_of(arena_copy(arena, text.at, text.size));
    assert_int_equal(read.state, JOURNAL_OPEN);
    assert_string_equal(read.verb, written.verb);
    assert_string_equal(read.command, written.command);
    assert_int_equal(read.process, 123);
    assert_string_equal(read.started, "4567");
    assert_string_equal(read.uuid, uuid);
    assert_true(read.undoing);
    assert_true(read.keep_saved);
    assert_int_equal(read.nodes, 2);
}

static void test_a_long_command_is_cut(void **state)
{
    (void)state;
    char *command = arena_alloc(arena, 100001);
    memset(command, 'a', 100000);
    const struct journal written = {
        .verb = command, .command = command, .started = "", .uuid = uuid, .socket = "", .nodes = 1
    };
    const struct text text = journal_header(arena, &written);
    assert_true(text.size <= XEN_VALUE_MAX);
    assert_int_equal(header_of(arena_copy(arena, text.at, text.size)).state, JOURNAL_OPEN);
}

// A command of that many bytes, written and read back.
static struct journal read_back_command(const char *end, size_t size)
{
    char *command = arena_alloc(arena, size + 1);
    memset(command, 'a', size - strlen(end));
    memcpy(command + size - strlen(end), end, strlen(end));
    const struct journal written = {
        .verb = "apply", .command = command, .started = "", .uuid = uuid, .socket = "", .nodes = 1
    };
    const struct text text = journal_header(arena, &written);
    return header_of(arena_copy(arena, text.at, text.size));
}

// Cut, and with three bytes for one that is not UTF-8, it is still short enough to be read.
static void test_a_long_command_that_is_not_ascii(void **state)
{
    (void)state;
    static const char *const ends[] = { "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x94\x8c", "\xff" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        for (size_t size = 390; size < 610; size++)
            if (strncmp(read_back_command(ends[i], size).command, "aaaa", 4) != 0)
                fail_msg("end %zu, %zu bytes", i, size);
    assert_string_equal(read_back_command("\xff", 20).command, "aaaaaaaaaaaaaaaaaaa\xef\xbf\xbd");
}

static void test_a_command_of_control_characters(void **state)
{
    (void)state;
    char *command = arena_alloc(arena, 1001), *socket = arena_alloc(arena, 108);
    memset(command, 1, 1000);
    memset(socket, 1, 107);
    const struct journal written = { .verb = "apply",
                                     .command = command,
                                     .started = "1",
                                     .uuid = "",
                                     .socket = socket,
                                     .nodes = 1 };
    const struct text text = journal_header(arena, &written);
    assert_true(text.size <= XEN_VALUE_MAX);
    assert_string_equal(header_of(arena_copy(arena, text.at, text.size)).socket, socket);
}

static void test_headers_of_strangers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum journal_state state;
    } rows[] = {
        { "", JOURNAL_TORN },
        { "hello", JOURNAL_TORN },
        { "[1]", JOURNAL_TORN },
        { "{}", JOURNAL_TORN },
        { "{\"xenusb\":0}", JOURNAL_TORN },
        { "{\"xenusb\":\"1\"}", JOURNAL_TORN },
        { "{\"xenusb\":1}", JOURNAL_TORN },
        { "{\"xenusb\":1,\"uuid\":\"x\"}", JOURNAL_TORN },
        { "{\"xenusb\":1,\"uuid\":\"x\",\"nodes\":0}", JOURNAL_TORN },
        { "{\"xenusb\":1,\"uuid\":\"x\",\"nodes\":257}", JOURNAL_TORN },
        { "{\"xenusb\":1,\"uuid\":\"x\",\"nodes\":-1}", JOURNAL_TORN },
        { "{\"xenusb\":1,\"uuid\":\"x\",\"nodes\":1e3}", JOURNAL_TORN },
        { "{\"xenusb\":1,\"nodes\":1}", JOURNAL_TORN },
        { "{\"xenusb\":1,\"uuid\":\"x\",\"nodes\":1} and", JOURNAL_TORN },
        { "{\"xenusb\":1,\"uuid\":\"x\",\"nodes\":1,\"verb\":7,\"pid\":-4}", JOURNAL_OPEN },
        { "{\"xenusb\":3,\"verb\":\"swap\"}", JOURNAL_NEWER },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (header_of(rows[i].text).state != rows[i].state)
            fail_msg("row %zu: %s", i, rows[i].text);
    assert_string_equal(header_of(rows[15].text).verb, "swap");
    assert_string_equal(header_of(rows[14].text).verb, "");
    assert_int_equal(header_of(rows[14].text).process, 0);
    assert_string_equal(
        header_of("{\"xenusb\":1,\"uuid\":\"x\",\"nodes\":1,\"verb\":\"a\\u0000b\"}").verb, "");
}

static void test_a_header_that_is_too_long(void **state)
{
    (void)state;
    const char *start = "{\"xenusb\":1,\"uuid\":\"x\",\"nodes\":1}";
    char *text = arena_alloc(arena, XEN_VALUE_MAX + 2);
    memset(text, ' ', XEN_VALUE_MAX + 1);
    memcpy(text, start, strlen(start));
    assert_int_equal(header_of(text).state, JOURNAL_TORN);
    text[XEN_VALUE_MAX] = '\0';
    assert_int_equal(header_of(text).state, JOURNAL_OPEN);
}

// ---- steps ----

// A plan that adds a controller with `count` devices, and removes one.
static struct plan *plan_of(unsigned count)
{
    struct plan *plan = arena_new_of(arena, struct plan);
    struct controller *controller = arena_new_of(arena, struct controller);
    controller->name = "my \"hci\"";
    controller->index = 4;
    plan_init(plan, NULL);
    plan_add_step(plan, arena, STEP_ADD, controller, NULL);
    plan_add_step(plan, arena, STEP_KEEP, controller, NULL);
    for (unsigned i = 0; i <= count; i++) {
        struct device *device = arena_new_of(arena, struct device);
        device->controller = controller;
        device->kind = i == count ? DEVICE_TABLET : DEVICE_HOSTDEV;
        device->port = (struct port){ 2, { 1, (uint8_t)(i % 255 + 1) } };
        device->selector.criteria = SELECT_BUSID;
        strcpy(device->selector.busid, "1-4.2");
        plan_add_step(plan, arena, i == count ? STEP_REMOVE : STEP_ADD, controller, device);
    }
    return plan;
}

static struct journal read_back(const struct text *nodes, size_t count)
{
    struct journal journal = { .state = JOURNAL_OPEN };
    for (size_t i = 0; i < count; i++) {
        assert_true(nodes[i].size <= XEN_VALUE_MAX);
        journal_read_node(arena, nodes[i], (unsigned)i, &journal);
    }
    return journal;
}

static void test_steps_are_read_back(void **state)
{
    (void)state;
    size_t count;
    const struct text *nodes = journal_nodes(arena, plan_of(1), NULL, &count);
    assert_int_equal(count, 1);
    const struct journal journal = read_back(nodes, count);
    const struct journal_step *step = journal.steps;
    assert_int_equal(journal.state, JOURNAL_OPEN);
    assert_true(step->adds && !step->qemu && !step->pvusb);
    assert_string_equal(step->name, "my \"hci\"");
    assert_int_equal(step->index, 4);
    assert_string_equal(step->kind, "");
    step = step->next;
    assert_true(step->adds);
    assert_string_equal(step->kind, "hostdev");
    assert_string_equal(step->busid, "1-4.2");
    assert_true(port_same(step->port, (struct port){ 2, { 1, 1 } }));
    step = step->next;
    assert_false(step->adds);
    assert_string_equal(step->kind, "tablet");
    assert_string_equal(step->busid, "");
    assert_null(step->next);
}

static void test_spare_removals_are_read_back(void **state)
{
    (void)state;
    size_t count;
    struct plan *plan = plan_of(0);
    plan->first->controller->as_needed = true;
    plan->first->next->next->spare = true;
    const struct text *nodes = journal_nodes(arena, plan, NULL, &count);
    const struct journal_step *step = read_back(nodes, count).steps;
    assert_true(step->as_needed && !step->spare);
    assert_true(step->next->spare && !step->next->as_needed);
}

// Only a version that knows moves takes a journal with one.
static void test_moves_are_read_back(void **state)
{
    (void)state;
    size_t count;
    struct plan *plan = plan_of(1);
    struct step *addition = plan->first->next->next;
    plan_pair(plan, addition->next, addition);
    const struct text *nodes = journal_nodes(arena, plan, NULL, &count);
    const struct journal_step *step = read_back(nodes, count).steps;
    assert_false(step->moves);
    assert_true(step->next->moves && step->next->adds);
    assert_true(step->next->next->moves && !step->next->next->adds);
    for (int moves = 0; moves <= 1; moves++) {
        const struct journal journal = { .verb = "",
                                         .command = "",
                                         .started = "",
                                         .uuid = uuid,
                                         .socket = "",
                                         .moves = moves,
                                         .to = moves ? 4 : 0,
                                         .nodes = 1 };
        const struct text header = journal_header(arena, &journal);
        const char *text = arena_copy(arena, header.at, header.size);
        assert_non_null(strstr(text, moves ? "\"xenusb\":2," : "\"xenusb\":1,"));
        assert_int_equal(header_of(text).state, JOURNAL_OPEN);
        assert_int_equal(header_of(text).to, moves ? 4 : 0);
    }
    assert_int_equal(header_of("{\"xenusb\":2,\"to\":65536}").to, 0);
}

// Each of two domains has its own steps of a move in its journal.
static void test_a_move_to_another_domain(void **state)
{
    (void)state;
    size_t count;
    struct plan *plan = plan_of(1);
    const struct domain one = { .id = 3 }, other = { .id = 4 };
    struct topology there = { .domain = &one }, here = { .domain = &other };
    struct controller *left = arena_new_of(arena, struct controller);
    struct step *removal = plan->first;
    while (removal->op != STEP_REMOVE)
        removal = removal->next;
    plan->topology = &here;
    for (struct step *at = plan->first; at; at = at->next)
        at->controller->topology = &here;
    *left = *removal->controller;
    left->topology = &there;
    removal->controller = left;
    const struct text *nodes = journal_nodes(arena, plan, &one, &count);
    const struct journal_step *step = read_back(nodes, count).steps;
    assert_false(step->adds);
    assert_null(step->next);
    nodes = journal_nodes(arena, plan, &other, &count);
    for (step = read_back(nodes, count).steps; step; step = step->next)
        assert_true(step->adds);
}

static void test_many_steps_are_in_several_nodes(void **state)
{
    (void)state;
    size_t count, steps = 0;
    const struct text *nodes = journal_nodes(arena, plan_of(500), NULL, &count);
    const struct journal journal = read_back(nodes, count);
    assert_int_equal(journal.state, JOURNAL_OPEN);
    assert_true(count > 5);
    for (const struct journal_step *at = journal.steps; at; at = at->next)
        steps++;
    assert_int_equal(steps, 502);
}

static void test_names_that_are_long_and_not_utf8(void **state)
{
    (void)state;
    size_t count;
    char *name = arena_alloc(arena, 301);
    struct controller *controller = arena_new_of(arena, struct controller);
    struct plan plan;
    memset(name, '\xff', 300);
    controller->name = name;
    plan_init(&plan, NULL);
    plan_add_step(&plan, arena, STEP_ADD, controller, NULL);
    const struct text *nodes = journal_nodes(arena, &plan, NULL, &count);
    const struct journal journal = read_back(nodes, count);
    assert_int_equal(journal.state, JOURNAL_OPEN);
    assert_int_equal(strlen(journal.steps->name), 255);
}

static void test_too_many_steps(void **state)
{
    (void)state;
    size_t count;
    (void)journal_nodes(arena, plan_of(20000), NULL, &count);
    assert_int_equal(count, JOURNAL_NODES_MAX + 1);
}

static void test_nodes_of_strangers(void **state)
{
    (void)state;
    static const char *const torn[] = {
        "",
        "x",
        "[]",
        "{}",
        "[1]",
        "[{}]",
        "[{\"op\":\"add\"}]",
        "[{\"op\":\"format\",\"qemu\":true}]",
        "[{\"op\":\"add\",\"index\":-2,\"name\":\"a\"}]",
        "[{\"op\":\"add\",\"index\":10000,\"name\":\"a\"}]",
        "[{\"op\":\"add\",\"index\":0,\"name\":\"\"}]",
        "[{\"op\":\"add\",\"index\":0,\"name\":\"a\\u0000b\"}]",
        "[{\"op\":\"add\",\"index\":0,\"name\":\"a\",\"kind\":\"\"}]",
        "[{\"op\":\"add\",\"index\":0,\"name\":\"a\",\"kind\":\"hostdev\",\"port\":\"300\"}]",
        "[{\"op\":\"add\",\"index\":0,\"name\":\"a\",\"kind\":\"hostdev\",\"busid\":\"../x\"}]",
        "[{\"op\":\"add\",\"index\":0,\"name\":\"a\",\"kind\":\"hostdev\",\"busid\":\"1,4\"}]",
        "[{\"op\":\"add\",\"qemu\":true},{\"op\":\"add\"}]",
        "[{\"op\":\"add\",\"qemu\":true}",
    };
    for (size_t i = 0; i < sizeof torn / sizeof *torn; i++)
        if (state_of(torn[i]) != JOURNAL_TORN)
            fail_msg("row %zu: %s", i, torn[i]);
    assert_int_equal(state_of("[{\"op\":\"add\",\"qemu\":true}]"), JOURNAL_OPEN);
    assert_int_equal(state_of("[{\"op\":\"remove\",\"index\":-1,\"name\":\"usb\"}]"), JOURNAL_OPEN);
}

static void test_it_is_shown_safely(void **state)
{
    (void)state;
    struct journal journal = { .command = "attach \033[2J", .process = 7 };
    assert_string_equal(journal_show(arena, &journal), "\"attach \\x1b[2J\" (process 7)");
    journal = (struct journal){ .command = "" };
    assert_string_equal(journal_show(arena, &journal), "\"a command\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_header_is_read_back, begin, end),
        cmocka_unit_test_setup_teardown(test_a_long_command_is_cut, begin, end),
        cmocka_unit_test_setup_teardown(test_a_long_command_that_is_not_ascii, begin, end),
        cmocka_unit_test_setup_teardown(test_a_command_of_control_characters, begin, end),
        cmocka_unit_test_setup_teardown(test_headers_of_strangers, begin, end),
        cmocka_unit_test_setup_teardown(test_a_header_that_is_too_long, begin, end),
        cmocka_unit_test_setup_teardown(test_steps_are_read_back, begin, end),
        cmocka_unit_test_setup_teardown(test_spare_removals_are_read_back, begin, end),
        cmocka_unit_test_setup_teardown(test_moves_are_read_back, begin, end),
        cmocka_unit_test_setup_teardown(test_a_move_to_another_domain, begin, end),
        cmocka_unit_test_setup_teardown(test_many_steps_are_in_several_nodes, begin, end),
        cmocka_unit_test_setup_teardown(test_names_that_are_long_and_not_utf8, begin, end),
        cmocka_unit_test_setup_teardown(test_too_many_steps, begin, end),
        cmocka_unit_test_setup_teardown(test_nodes_of_strangers, begin, end),
        cmocka_unit_test_setup_teardown(test_it_is_shown_safely, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
