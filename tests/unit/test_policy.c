// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "config/policy.h"
#include "parser/parser.h"
#include "unit.h"

#include <string.h>

static struct arena *arena;
static struct diags diags;

static const struct policy *policy_of(const char *text)
{
    diags_init(&diags, arena);
    return parse_policy(arena, &diags, source_from_bytes(arena, "p", text, strlen(text)));
}

static int begin(void **state)
{
    (void)state;
    arena = arena_new(0);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct interface_class boot_keyboard = { 3, 1, 1 };
static const struct interface_class storage = { 8, 6, 0x50 };
static const struct interface_class composite[] = { { 3, 1, 1 }, { 8, 6, 0x50 } };

// A device that the rows below name by a letter.
static struct policy_subject subject_of(char which)
{
    static struct host_device device;
    static struct host_traits traits;
    device = (struct host_device){
        .busid = "1-1.2", .vendor = 0x046d, .product = 0xc52b, .serial = "A 1"
    };
    traits = (struct host_traits){ .has_release = true, .release = 0x1234 };
    traits.interfaces = which == 'k' ? &boot_keyboard : which == 'c' ? composite : &storage;
    traits.count = which == 'c' ? 2 : 1;
    if (which == 'u') { // not configured
        traits.count = 0;
        traits.unread = "it is not configured";
    }
    if (which == 'r') // one interface could be read, and the release could not
        traits.unread = "not all can be read", traits.has_release = false;
    return (struct policy_subject){ which == 'e' ? NULL : &device, &traits, "win10" };
}

static void test_decisions(void **state)
{
    (void)state;
    static const struct {
        char device; // k: keyboard, s: storage, c: both, u: not configured, r: half read, e:
                     // elsewhere
        const char *policy;
        bool allowed;
        unsigned line; // that decides; 0: none
    } rows[] = {
        { 's', "", false, 0 },
        { 's', "# nothing\n\n", false, 0 },
        { 's', "ALLOW:", true, 1 },
        { 's', "DENY: class=03\nALLOW:\n", true, 2 },
        { 'k', "DENY: class=03\nALLOW:\n", false, 1 },
        { 'k', "ALLOW:\nDENY: class=03\n", true, 1 },
        { 'k', "\n\n  deny :CLASS = 03 subclass=01 prot=01 # boot keyboard\nALLOW:", false, 3 },
        { 'k', "DENY: class=03 subclass=01 prot=02\nALLOW:", true, 2 },
        { 'k', "ALLOW: subclass=01", true, 1 },
        { 'k', "ALLOW: class=03 subclass=02", false, 0 },
        // Each interface is judged by itself.
        { 'c', "ALLOW: class=03\nALLOW: class=08\n", true, 2 },
        { 'c', "ALLOW: class=08\nDENY: class=03\n", false, 2 },
        { 'c', "ALLOW: class=08\n", false, 0 },
        { 'c', "ALLOW: class=08\nALLOW: class=03\n", true, 2 },
        { 's', "ALLOW: vid=046d pid=c52b rel=1234", true, 1 },
        { 's', "ALLOW: vid=046D PID=C52B", true, 1 },
        { 's', "ALLOW: vid=046d pid=c52c", false, 0 },
        { 's', "ALLOW: rel=1235", false, 0 },
        { 's', "ALLOW: serial=\"A 1\"", true, 1 },
        { 's', "ALLOW: serial=\"a 1\"", false, 0 },
        { 's', "ALLOW: serial=A", false, 0 },
        { 's', "ALLOW: busid=1-1.2", true, 1 },
        { 's', "ALLOW: busid=1-1", false, 0 },
        { 's', "ALLOW: domain=win10", true, 1 },
        { 's', "ALLOW: domain=win1", false, 0 },
        { 's', "ALLOW: domain=WIN10", false, 0 },
        { 's', "DENY: domain=\"win10\"\nALLOW:", false, 1 },
        // What is not known may match a DENY, and does not match an ALLOW.
        { 'u', "DENY: class=08\nALLOW:", false, 1 },
        { 'u', "ALLOW: class=08\nDENY:", false, 2 },
        { 'u', "DENY: class=08 vid=1111\nALLOW:", true, 2 },
        { 'u', "ALLOW: vid=046d\nDENY:", true, 1 },
        { 'r', "ALLOW: class=08\n", false, 0 },
        { 'r', "DENY: rel=9999\nALLOW:", false, 1 },
        { 'r', "ALLOW: vid=046d", true, 1 },
        { 'e', "ALLOW:", true, 1 },
        { 'e', "ALLOW: domain=win10", true, 1 },
        { 'e', "ALLOW: vid=046d", false, 0 },
        { 'e', "ALLOW: busid=1-1.2", false, 0 },
        { 'e', "DENY: class=08\nALLOW:", false, 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct policy *policy = policy_of(rows[i].policy);
        const struct policy_subject subject = subject_of(rows[i].device);
        const struct policy_decision decision = policy_decide(policy, &subject);
        if (policy->broken || decision.allowed != rows[i].allowed ||
            (decision.rule ? decision.rule->line : 0) != rows[i].line)
            fail_msg("row %zu: %s: allowed %d, line %u", i, rows[i].policy, decision.allowed,
                     decision.rule ? decision.rule->line : 0);
    }
}

static void test_domain_not_known(void **state)
{
    (void)state;
    struct policy_subject subject = subject_of('s');
    subject.domain = NULL;
    const struct policy *policy = policy_of("DENY: domain=win10\nALLOW:");
    assert_false(policy_decide(policy, &subject).allowed);
    policy = policy_of("ALLOW: domain=win10\nALLOW: class=08");
    assert_int_equal(policy_decide(policy, &subject).rule->line, 2);
}

static void test_messages(void **state)
{
    (void)state;
    struct policy_subject subject = subject_of('u');
    const struct policy *policy = policy_of("DENY: class=08 # disks\n");
    struct policy_decision decision = policy_decide(policy, &subject);
    assert_string_equal(policy_show(arena, policy, &decision),
                        "denied by p, line 1: DENY: class=08 (it is not configured)");
    policy = policy_of("");
    decision = policy_decide(policy, &subject);
    assert_string_equal(policy_show(arena, policy, &decision), "no line of p allows it");
    policy = policy_of("ALLOW: class=8");
    decision = policy_decide(policy, &subject);
    assert_false(decision.allowed);
    assert_string_equal(policy_show(arena, policy, &decision),
                        "p cannot be used, so it denies every device: it has errors");
}

static void test_for_all_domains(void **state)
{
    (void)state;
    static const struct {
        const char *policy, *shown;
        bool denied;
        unsigned reserved; // line that keeps it for guests; 0: none
    } rows[] = {
        { "ALLOW:", "allow, line 1", false, 0 },
        { "DENY: class=08", "deny, line 1", true, 0 },
        { "ALLOW: domain=win10", "deny, no line allows it; allow in win10, line 1", false, 1 },
        { "DENY: domain=a\nALLOW:\n", "allow, line 2; deny in a, line 1", false, 0 },
        { "ALLOW: domain=a class=03\nDENY: class=08\n", "deny, line 2", true, 0 },
        { "ALLOW: domain=a class=08\nALLOW: domain=b\nALLOW: domain=a\n",
          "deny, no line allows it; allow in a, line 1; allow in b, line 2", false, 1 },
        { "ALLOW:\nALLOW: domain=a\n", "allow, line 1", false, 0 },
        { "DENY: domain=a\nALLOW: domain=a\n", "deny, no line allows it", true, 0 },
        { "NO", "deny, p cannot be used", true, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct policy *policy = policy_of(rows[i].policy);
        const struct policy_subject subject = subject_of('s');
        bool denied = !rows[i].denied;
        assert_string_equal(policy_show_all(arena, policy, &subject, &denied), rows[i].shown);
        assert_int_equal(denied, rows[i].denied);
        const struct policy_rule *rule = policy_reserved(arena, policy, &subject);
        assert_int_equal(rule ? rule->line : 0, rows[i].reserved);
    }
}

static void test_errors(void **state)
{
    (void)state;
    static const struct {
        const char *policy, *message;
        unsigned line;
        unsigned errors;
    } rows[] = {
        { "PERMIT: vid=1234", "a rule begins with ALLOW: or DENY:, not 'PERMIT:'", 1, 1 },
        { "ALLOW:\nDENY vid=1234", "expected ':' after ALLOW or DENY, not 'vid'", 2, 1 },
        { "ALLOW", "expected ':' after ALLOW or DENY", 1, 1 },
        { "ALLOW: vid", "expected '=' and a value", 1, 1 },
        { "ALLOW: vid=", "expected a value", 1, 1 },
        { "ALLOW: vid= # 1234\n", "expected a value", 1, 1 },
        { "ALLOW: vid=046", "vid must be four hexadecimal digits, not '046'", 1, 1 },
        { "ALLOW: vid=0x46", "vid must be four hexadecimal digits, not '0x46'", 1, 1 },
        { "ALLOW: rel=00001", "rel must be four hexadecimal digits, not '00001'", 1, 1 },
        { "ALLOW: class=3", "class must be two hexadecimal digits, not '3'", 1, 1 },
        { "ALLOW: prot=1g", "prot must be two hexadecimal digits, not '1g'", 1, 1 },
        { "ALLOW: class=03 CLASS=03", "class is given twice in this rule", 1, 1 },
        { "ALLOW: vendor=046d", "unknown key 'vendor'", 1, 1 },
        { "ALLOW: busid=1.1", "'1.1' is not a busid", 1, 1 },
        { "ALLOW: domain=\"\"", "domain is empty", 1, 1 },
        { "ALLOW: serial=\"a", "expected a '\"' at the end of the value, not '\"a'", 1, 1 },
        { "ALLOW: : vid=1234", "expected ALLOW:, DENY:, or key=value after them, not ':'", 1, 1 },
        { "\n\xff\n", "expected ALLOW:, DENY:, or key=value after them, not '\xff'", 2, 1 },
        { "ALLOW: vid=1\nDENY: class=1\nX\n", "vid must be four hexadecimal digits, not '1'", 1,
          3 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct policy *policy = policy_of(rows[i].policy);
        assert_non_null(policy->broken);
        assert_int_equal(diags.errors, rows[i].errors);
        assert_string_equal(diags.first->message, rows[i].message);
        assert_int_equal(source_position(diags.first->source, diags.first->span.from).line,
                         rows[i].line);
    }
}

static void test_too_many_rules(void **state)
{
    (void)state;
    static const char rule[] = "ALLOW:\n";
    enum { SIZE = sizeof rule - 1 };
    char *text = arena_alloc(arena, (POLICY_RULES_MAX + 2) * SIZE + 1);
    for (size_t i = 0; i < POLICY_RULES_MAX; i++)
        memcpy(text + i * SIZE, rule, SIZE);
    const struct policy *policy = policy_of(text);
    assert_null(policy->broken);
    assert_int_equal(policy->count, POLICY_RULES_MAX);
    memcpy(text + POLICY_RULES_MAX * SIZE, rule, SIZE);
    memcpy(text + (POLICY_RULES_MAX + 1) * SIZE, rule, SIZE);
    assert_non_null(policy_of(text)->broken);
    assert_int_equal(diags.errors, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_decisions, begin, end),
        cmocka_unit_test_setup_teardown(test_domain_not_known, begin, end),
        cmocka_unit_test_setup_teardown(test_messages, begin, end),
        cmocka_unit_test_setup_teardown(test_for_all_domains, begin, end),
        cmocka_unit_test_setup_teardown(test_errors, begin, end),
        cmocka_unit_test_setup_teardown(test_too_many_rules, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
