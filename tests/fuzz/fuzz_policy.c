// SPDX-License-Identifier: MIT
// Any bytes as a policy: it is read or has errors, within bounds; what it has errors in denies
// everything; and what is not known about a device never allows more than what is known.
#include "config/policy.h"
#include "fuzz.h"
#include "parser/parser.h"

#include <string.h>

static const struct interface_class codes[] = { { 3, 1, 1 }, { 8, 6, 0x50 } };
static struct host_device device = {
    .busid = "1-1.2", .vendor = 0x46d, .product = 0xc52b, .serial = "A 1"
};

static bool allows(const struct policy *policy, const struct host_traits *traits,
                   const char *domain)
{
    const struct policy_subject subject = { traits ? &device : NULL, traits, domain };
    const struct policy_decision decision = policy_decide(policy, &subject);
    fuzz_check(!decision.rule || decision.rule->allow == decision.allowed, "the rule disagrees",
               NULL);
    return decision.allowed;
}

static void decide(struct arena *arena, const struct policy *policy)
{
    const struct host_traits one = {
        .has_release = true, .release = 0x100, .interfaces = &codes[1], .count = 1
    };
    const struct host_traits two = {
        .has_release = true, .release = 0x100, .interfaces = codes, .count = 2
    };
    const struct host_traits none = { .unread = "it is not configured" };
    const struct policy_subject subject = { &device, &none, NULL };
    bool denied;
    bool unknown = allows(policy, &none, NULL), elsewhere = allows(policy, NULL, NULL);
    bool any = allows(policy, &one, "win10"), both = allows(policy, &two, "win10");
    fuzz_check(!both || any, "two interfaces are allowed, one is not", NULL);
    fuzz_check(!unknown || both, "allowed while it is not known", NULL);
    fuzz_check(!elsewhere || unknown, "allowed in a driver domain", NULL);
    fuzz_check(!policy->broken || !(any || both || unknown || elsewhere), "broken, but allows",
               NULL);
    policy_show_all(arena, policy, &subject, &denied);
    policy_reserved(arena, policy, &subject);
}

// The rules alone, each on a line of its own, are the same policy.
static void read_again(struct arena *arena, const struct policy *policy)
{
    struct diags diags;
    const char *all = "";
    unsigned count = 0;
    for (const struct policy_rule *at = policy->rules; at && count < 32; at = at->next, count++) {
        if (at->text.size == RULE_SHOWN)
            return;
        all = arena_printf(arena, "%s%.*s\n", all, (int)at->text.size, at->text.at);
    }
    diags_init(&diags, arena);
    const struct policy *again =
        parse_policy(arena, &diags, source_from_bytes(arena, "again", all, strlen(all)));
    fuzz_check(!again->broken && again->count == count, "read again it is something else", all);
    const struct policy_rule *other = again->rules;
    for (const struct policy_rule *at = policy->rules; other; at = at->next, other = other->next)
        fuzz_check(at->allow == other->allow && at->criteria == other->criteria &&
                       at->vendor == other->vendor && text_same(at->serial, other->serial) &&
                       text_same(at->domain, other->domain),
                   "read again a rule is something else", all);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = fuzz_arena();
    struct diags diags;
    diags_init(&diags, arena);
    const struct policy *policy =
        parse_policy(arena, &diags, source_from_bytes(arena, "fuzz", (const char *)bytes, size));
    fuzz_check(!policy->broken == !diags.errors, "broken without an error", NULL);
    decide(arena, policy);
    // A NUL byte is refused before (source_read()), and would end the printed rule.
    if (!policy->broken && !memchr(bytes, '\0', size))
        read_again(arena, policy);
    fuzz_print(&diags, (struct text){ (const char *)bytes, size });
    arena_free(arena);
    return 0;
}
