// SPDX-License-Identifier: MIT
// The findings for given facts and topologies.
#include "base/arena.h"
#include "doctor/diagnose.h"
#include "unit.h"

static struct arena *arena;
static struct findings findings;
static struct domain domain;
static struct host_facts host;
static struct domain_facts facts;
static struct topology topology;
static struct controller controller;

// An HVM guest with a QEMU that answers and one xHCI controller.
static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    findings_init(&findings);
    domain = (struct domain){
        .id = 3, .name = "win10", .type = DOMAIN_HVM, .qmp_socket = "/run/xen/qmp-libxl-3"
    };
    host =
        (struct host_facts){ .toolstack = { .qemu_has_pvusb = VERDICT_YES, .qemu_why = "it has" },
                             .xenstored = PROBE_ANSWERED,
                             .xenstored_path = "/run/xenstored/socket" };
    facts = (struct domain_facts){ .answers = VERDICT_YES,
                                   .why = "QEMU 7.2.22 at /run/xen/qmp-libxl-3",
                                   .offers = VERDICT_YES,
                                   .offered = "backends/qusb" };
    controller = (struct controller){ .model = controller_model_for(3),
                                      .driver = "nec-usb-xhci",
                                      .name = "hci0",
                                      .id = "xenusb-0",
                                      .ports = 4,
                                      .ports_usb2 = 4,
                                      .ports_usb3 = 4 };
    topology = (struct topology){ .qemu = "QEMU 7.2.22", .domain = &domain };
    topology.plugging = (struct plugging){ .known = true, .slots = 5, .models = 1 };
    topology.pvusb = (struct pvusb_supply){ .known = true, .no_kernel = "no usbback" };
    topology_add_controller(&topology, &controller);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct finding *asked(const char *question)
{
    for (const struct finding *at = findings.first; at; at = at->next)
        if (strcmp(at->question, question) == 0)
            return at;
    fail_msg("no such question: %s", question);
    return NULL;
}

static const struct finding *want(const char *question, enum verdict answer, const char *evidence)
{
    const struct finding *finding = asked(question);
    assert_int_equal(finding->answer, answer);
    assert_string_equal(finding->evidence, evidence);
    return finding;
}

static void look(void)
{
    findings_init(&findings);
    const struct domain_diagnosis known = {
        .domain = &domain, .host = &host, .facts = &facts, .topology = &topology
    };
    diagnose_domain(arena, &known, &findings);
}

static void test_healthy_guest(void **state)
{
    (void)state;
    look();
    want("QEMU of win10 answers", VERDICT_YES, "QEMU 7.2.22 at /run/xen/qmp-libxl-3");
    want("QEMU of win10 offers PVUSB", VERDICT_YES, "backends/qusb");
    want("a PVUSB controller can be hot-plugged into win10", VERDICT_YES,
         "through its QEMU (qusb)");
    want("emulated controllers can be hot-plugged into win10", VERDICT_YES,
         arena_printf(arena, "%s; room for 5", controller_models[0].name));
    want("win10 has a connected PVUSB frontend", VERDICT_NO,
         "libxl's record has no PVUSB controller");
    want("controller hci0 accepts USB 1.1 devices", VERDICT_YES,
         "nec-xhci: all 4 ports accept low and full speed");
    assert_int_equal(findings.attention, 0);
}

static void test_controller_hotplug(void **state)
{
    static const char question[] = "emulated controllers can be hot-plugged into win10";
    (void)state;
    topology.plugging =
        (struct plugging){ .known = true, .why_not = "its bus is full", .models = 1 };
    look();
    want(question, VERDICT_NO, "its bus is full");
    topology.plugging = (struct plugging){ .known = true, .slots = 2 };
    look();
    want(question, VERDICT_NO, "its QEMU has no model that can be hot-plugged");
    topology.plugging.known = false;
    look();
    want(question, VERDICT_UNKNOWN, "could not ask its QEMU");
    domain.type = DOMAIN_PVH;
    look();
    want(question, VERDICT_NO, "it has no emulated machine");
}

static void test_pvusb_hotplug(void **state)
{
    static const char question[] = "a PVUSB controller can be hot-plugged into win10";
    (void)state;
    topology.pvusb.no_qemu = "QEMU 10 aborts";
    topology.pvusb.advice = "restart it";
    look();
    assert_string_equal(want(question, VERDICT_NO, "QEMU 10 aborts; no usbback")->fix,
                        "restart it");
    topology.pvusb.no_kernel = NULL;
    look();
    want(question, VERDICT_YES, "through usbback");
    topology.pvusb.known = false;
    look();
    want(question, VERDICT_UNKNOWN, "it could not be examined");
}

static void test_speeds(void **state)
{
    static const char question[] = "controller hci0 accepts USB 1.1 devices";
    (void)state;
    controller.model = controller_model_for(2);
    look();
    want(question, VERDICT_NO,
         "ehci without companions does not accept low and full speed: use usbversion=3");
    controller.companion_ports = 0x6;
    look();
    want(question, VERDICT_YES,
         "ehci: 2 of 4 ports accept low and full speed, the first is port 2");
    controller.model = NULL;
    controller.driver = "odd-hcd";
    look();
    want(question, VERDICT_UNKNOWN, "the port speeds of odd-hcd are not known");
}

static void test_frontends(void **state)
{
    static const char question[] = "frontend of win10 at controller hci0 is connected";
    (void)state;
    controller.model = controller_model_pvusb(2);
    controller.pvusb = PVUSB_QEMU;
    controller.frontend_state = controller.backend_state = XENBUS_CONNECTED;
    look();
    want(question, VERDICT_YES,
         "PVUSB through QEMU: frontend connected (state 4), backend connected (state 4)");
    assert_int_equal(findings.attention, 0);
    controller.frontend_state = XENBUS_INITIALISING;
    controller.backend_state = XENBUS_INIT_WAIT;
    look();
    const struct finding *finding = asked(question);
    assert_int_equal(finding->answer, VERDICT_NO);
    assert_true(finding->attention);
    assert_non_null(strstr(finding->evidence, "frontend initialising (state 1)"));
    assert_non_null(strstr(finding->evidence, "for how long is unknown"));
    assert_string_equal(finding->fix, "load xen-hcd in the guest");
    // A paused guest cannot connect, so nothing is wrong.
    domain.paused = true;
    look();
    assert_false(asked(question)->attention);
    assert_int_equal(findings.attention, 0);
    domain.paused = false;
    controller.pvusb = PVUSB_KERNEL;
    controller.frontend_state = XENBUS_CONNECTED;
    look();
    assert_string_equal(asked(question)->fix, "see the backend's log");
}

static void test_silent_qemu(void **state)
{
    (void)state;
    facts.answers = VERDICT_NO;
    facts.why = "nobody listens";
    const struct domain_diagnosis known = {
        .domain = &domain, .host = &host, .facts = &facts, .why_not = "no time"
    };
    diagnose_domain(arena, &known, &findings);
    assert_true(want("QEMU of win10 answers", VERDICT_NO, "nobody listens")->attention);
    assert_true(want("win10 can be examined", VERDICT_NO, "no time")->attention);
    want("win10 has a connected PVUSB frontend", VERDICT_UNKNOWN, "it could not be examined");
    want("a PVUSB controller can be hot-plugged into win10", VERDICT_UNKNOWN,
         "it could not be examined");
    assert_int_equal(findings.attention, 2);
    facts.answers = VERDICT_UNKNOWN;
    look();
    assert_true(asked("QEMU of win10 answers")->attention);
}

// A guest with neither an emulated machine nor PVUSB cannot have any USB.
static void test_no_pvusb_at_all(void **state)
{
    (void)state;
    domain.type = DOMAIN_PV;
    domain.qmp_socket = NULL;
    facts.answers = facts.offers = VERDICT_NO;
    look();
    assert_false(asked("QEMU of win10 answers")->attention);
    assert_true(asked("QEMU of win10 offers PVUSB")->attention);
    host.usbback = true;
    look();
    assert_int_equal(findings.attention, 0);
}

static void test_host(void **state)
{
    static const char question[] = "xenstored of this host answers";
    static const struct {
        enum xen_probe probe;
        enum verdict answer;
        bool attention;
    } rows[] = {
        { PROBE_ANSWERED, VERDICT_YES, false },  { PROBE_ABSENT, VERDICT_NO, false },
        { PROBE_DENIED, VERDICT_UNKNOWN, true }, { PROBE_TIMEOUT, VERDICT_NO, true },
        { PROBE_FAILED, VERDICT_UNKNOWN, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        findings_init(&findings);
        host.xenstored = rows[i].probe;
        diagnose_host(arena, &host, &findings);
        assert_int_equal(asked(question)->answer, rows[i].answer);
        assert_int_equal(asked(question)->attention, rows[i].attention);
        assert_non_null(strstr(asked(question)->evidence, "/run/xenstored/socket"));
        assert_null(findings.first->domain);
    }
    want("QEMU on this host supports PVUSB", VERDICT_YES, "it has");
    want("xl is installed on this host", VERDICT_NO, "found neither the program nor libxl");
    host.toolstack.xl = "/usr/sbin/xl";
    host.toolstack.libxl = "4.17";
    host.toolstack.library = "/lib/x";
    host.usbback = true;
    findings_init(&findings);
    diagnose_host(arena, &host, &findings);
    want("xl is installed on this host", VERDICT_YES, "/usr/sbin/xl, libxl 4.17 (/lib/x)");
    want("the kernel of this host supports PVUSB (usbback)", VERDICT_YES,
         "/sys/bus/usb/drivers/usbback");
}

// What the watcher has found, of this instance of the domain only.
static void test_watcher(void **state)
{
    struct watch_entry refused = {
        .text = "id=0951:1666", .verdict = WATCH_REFUSED, .busid = "", .why = "the policy denies it"
    };
    struct watch_entry there = {
        .next = &refused, .text = "tablet", .verdict = WATCH_THERE, .busid = "", .why = ""
    };
    struct watch_known known = { .file = "/etc/xenusb/guests/win10.cfg",
                                 .domain = "win10",
                                 .report = { .why = "", .domain = 3, .uuid = "u" } };
    (void)state;
    known.report.entries = &there;
    known.report.count = 2;
    domain.uuid = "u";
    host.watch = (struct watch_view){ .runs = VERDICT_YES, .process = 812, .known = &known };
    diagnose_host(arena, &host, &findings);
    assert_int_equal(asked("a watcher runs on this host")->answer, VERDICT_YES);
    assert_string_equal(asked("a watcher runs on this host")->evidence, "process 812");
    static const char question[] = "win10 has what /etc/xenusb/guests/win10.cfg asks for";
    look();
    assert_int_equal(asked(question)->answer, VERDICT_NO);
    assert_false(asked(question)->attention);
    assert_string_equal(asked(question)->evidence,
                        "1 of 2; id=0951:1666 refused: the policy denies it");
    findings_init(&findings);
    known.report.given_up = true;
    look();
    assert_true(asked(question)->attention);
    assert_string_equal(asked(question)->evidence,
                        "1 of 2; id=0951:1666 refused: the policy denies it; given up until "
                        "something changes");
    findings_init(&findings);
    known.report.uuid = "v";
    look();
    for (const struct finding *at = findings.first; at; at = at->next)
        assert_null(strstr(at->question, "asks for"));
}

static void test_problems(void **state)
{
    (void)state;
    const struct part read = part_read(), unread = part_unreadable("libusb failed");
    struct problems problems;
    problems_init(&problems);
    diagnose_problems(arena, &domain, &problems, &read, &findings);
    want("records of win10 are stale", VERDICT_NO, "they match what is there");
    findings_init(&findings);
    diagnose_problems(arena, &domain, &problems, &unread, &findings);
    want("records of win10 are stale", VERDICT_UNKNOWN, "it could not be examined");
    findings_init(&findings);
    struct problem *problem =
        problem_add(arena, &problems, PROBLEM_CONTROLLER, &domain, "0 xenusb-0");
    problem->what = "controller 100%s";
    problem->why = "QEMU has none";
    problem = problem_add(arena, &problems, PROBLEM_ORPHAN, NULL, "1-4");
    problem->what = "key";
    problem->why = "nobody has it";
    diagnose_problems(arena, &domain, &problems, &read, &findings);
    diagnose_problems(arena, NULL, &problems, &read, &findings);
    const struct finding *finding = want("controller 100%s: stale", VERDICT_YES, "QEMU has none");
    assert_string_equal(finding->fix, "to fix it: xenusb repair win10");
    assert_string_equal(finding->domain, "win10");
    assert_string_equal(want("key: without a driver", VERDICT_YES, "nobody has it")->fix,
                        "to fix it: xenusb repair");
    assert_int_equal(findings.attention, 2);
}

static void test_what_could_not_be_looked_at(void **state)
{
    (void)state;
    const struct part read = part_read(), unread = part_unreadable("libusb failed");
    struct problems problems;
    problems_init(&problems);
    diagnose_problems(arena, NULL, &problems, &unread, &findings);
    assert_true(want("host devices have lost their drivers", VERDICT_UNKNOWN,
                     "could not be looked at: libusb failed")
                    ->attention);
    struct problem *problem = problem_add(arena, &problems, PROBLEM_ORPHAN, NULL, "1-4");
    problem->what = "key";
    problem->why = "who has it is unknown: no answer";
    problem->unknown = "no answer";
    problem->alone = true;
    problem->fix = NULL;
    findings_init(&findings);
    diagnose_problems(arena, NULL, &problems, &read, &findings);
    const struct finding *finding =
        want("key: without a driver", VERDICT_UNKNOWN, "who has it is unknown: no answer");
    assert_true(finding->attention);
    assert_null(finding->fix);
    host.xenstored = PROBE_ABSENT;
    host.xen_host = true;
    diagnose_host(arena, &host, &findings);
    assert_true(asked("xenstored of this host answers")->attention);
}

static void test_toolstack_files(void **state)
{
    static const char library[] = "x\0qemu-system-i386\0%s/qemu-system-i386\0"
                                  "/usr/libexec/xen-qemu-system-i386\0y";
    static const char cut[] = "/usr/bin/qemu-system-i38";
    (void)state;
    assert_string_equal(toolstack_qemu_in(arena, (struct text){ library, sizeof library }),
                        "/usr/libexec/xen-qemu-system-i386");
    assert_null(toolstack_qemu_in(arena, (struct text){ library, 30 }));
    assert_null(toolstack_qemu_in(arena, (struct text){ cut, sizeof cut }));
    assert_null(toolstack_qemu_in(arena, TEXT_EMPTY));
    assert_true(toolstack_has_qusb((struct text){ "a\0qusb\0b", 9 }));
    assert_false(toolstack_has_qusb((struct text){ "a\0qusba\0", 9 }));
    assert_false(toolstack_has_qusb((struct text){ "qusb", 4 }));
    assert_false(toolstack_has_qusb(TEXT_EMPTY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_healthy_guest, begin, end),
        cmocka_unit_test_setup_teardown(test_controller_hotplug, begin, end),
        cmocka_unit_test_setup_teardown(test_pvusb_hotplug, begin, end),
        cmocka_unit_test_setup_teardown(test_speeds, begin, end),
        cmocka_unit_test_setup_teardown(test_frontends, begin, end),
        cmocka_unit_test_setup_teardown(test_silent_qemu, begin, end),
        cmocka_unit_test_setup_teardown(test_no_pvusb_at_all, begin, end),
        cmocka_unit_test_setup_teardown(test_host, begin, end),
        cmocka_unit_test_setup_teardown(test_what_could_not_be_looked_at, begin, end),
        cmocka_unit_test_setup_teardown(test_watcher, begin, end),
        cmocka_unit_test_setup_teardown(test_problems, begin, end),
        cmocka_unit_test_setup_teardown(test_toolstack_files, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
