// SPDX-License-Identifier: MIT
#include "policy.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/verdict.h"

static enum verdict verdict_of(bool matches)
{
    return matches ? VERDICT_YES : VERDICT_NO;
}

// Both: what is certainly not met decides, whatever is not known.
static enum verdict both(enum verdict a, enum verdict b)
{
    if (a == VERDICT_NO || b == VERDICT_NO)
        return VERDICT_NO;
    return a == VERDICT_UNKNOWN ? a : b;
}

static enum verdict match_identity(const struct policy_rule *rule,
                                   const struct policy_subject *subject)
{
    enum {
        IDENTITY = POLICY_VENDOR | POLICY_PRODUCT | POLICY_RELEASE | POLICY_SERIAL | POLICY_BUSID
    };
    const struct host_device *device = subject->device;
    const unsigned asked = rule->criteria;
    if (!(asked & IDENTITY))
        return VERDICT_YES;
    if (!device)
        return VERDICT_UNKNOWN;
    bool differs = (asked & POLICY_VENDOR && device->vendor != rule->vendor) ||
                   (asked & POLICY_PRODUCT && device->product != rule->product) ||
                   (asked & POLICY_BUSID && strcmp(device->busid, rule->busid) != 0) ||
                   (asked & POLICY_SERIAL && !text_same(text_of(device->serial), rule->serial));
    if (differs || !(asked & POLICY_RELEASE))
        return verdict_of(!differs);
    return subject->traits->has_release ? verdict_of(subject->traits->release == rule->release)
                                        : VERDICT_UNKNOWN;
}

// `codes` NULL: an interface of which nothing is known.
static enum verdict match_interface(const struct policy_rule *rule,
                                    const struct interface_class *codes)
{
    const unsigned asked = rule->criteria;
    if (!(asked & (POLICY_CLASS | POLICY_SUBCLASS | POLICY_PROTOCOL)))
        return VERDICT_YES;
    if (!codes)
        return VERDICT_UNKNOWN;
    return verdict_of((!(asked & POLICY_CLASS) || codes->class == rule->codes.class) &&
                      (!(asked & POLICY_SUBCLASS) || codes->subclass == rule->codes.subclass) &&
                      (!(asked & POLICY_PROTOCOL) || codes->protocol == rule->codes.protocol));
}

static enum verdict match_domain(const struct policy_rule *rule, const char *domain)
{
    if (!(rule->criteria & POLICY_DOMAIN))
        return VERDICT_YES;
    return domain ? verdict_of(text_is(rule->domain, domain)) : VERDICT_UNKNOWN;
}

static struct policy_decision decide(const struct policy *policy,
                                     const struct policy_subject *subject,
                                     const struct interface_class *codes)
{
    const char *unread = !subject->device          ? "it cannot be looked at from here"
                         : subject->traits->unread ? subject->traits->unread
                                                   : "the domain's name is not known";
    for (const struct policy_rule *at = policy->rules; at; at = at->next) {
        enum verdict verdict = both(match_identity(at, subject), match_interface(at, codes));
        verdict = both(verdict, match_domain(at, subject->domain));
        if (verdict == VERDICT_YES)
            return (struct policy_decision){ at->allow, at, NULL };
        if (verdict == VERDICT_UNKNOWN && !at->allow)
            return (struct policy_decision){ false, at, unread };
    }
    return (struct policy_decision){ .allowed = false };
}

struct policy_decision policy_decide(const struct policy *policy,
                                     const struct policy_subject *subject)
{
    struct policy_decision decision = { .allowed = false };
    if (policy->broken)
        return decision;
    const struct host_traits none = { .unread = NULL };
    const struct host_traits *traits = subject->device ? subject->traits : &none;
    for (size_t i = 0; i < traits->count; i++) {
        const struct policy_decision own = decide(policy, subject, &traits->interfaces[i]);
        if (!own.allowed)
            return own;
        if (!decision.rule || own.rule->line > decision.rule->line)
            decision = own;
    }
    // An interface that could not be read may be of any class.
    return traits->count && !traits->unread ? decision : decide(policy, subject, NULL);
}

const char *policy_show(struct arena *arena, const struct policy *policy,
                        const struct policy_decision *decision)
{
    const struct policy_rule *rule = decision->rule;
    const char *verb = decision->allowed ? "allowed" : "denied";
    if (policy->broken)
        return arena_printf(arena, "%s cannot be used, so it denies every device: %s", policy->path,
                            policy->broken);
    if (!rule)
        return arena_printf(arena, "no line of %s allows it", policy->path);
    return arena_printf(arena, "%s by %s, line %u: %.*s%s%s%s", verb, policy->path, rule->line,
                        (int)rule->text.size, rule->text.at, decision->unread ? " (" : "",
                        decision->unread ? decision->unread : "", decision->unread ? ")" : "");
}

// Whether an earlier rule names the same domain.
static bool is_named_before(const struct policy *policy, const struct policy_rule *rule)
{
    for (const struct policy_rule *at = policy->rules; at != rule; at = at->next)
        if (at->criteria & POLICY_DOMAIN && text_same(at->domain, rule->domain))
            return true;
    return false;
}

static struct policy_decision decide_for(struct arena *arena, const struct policy *policy,
                                         const struct policy_subject *subject,
                                         const struct policy_rule *rule)
{
    struct policy_subject own = *subject;
    own.domain = arena_copy(arena, rule->domain.at, rule->domain.size);
    return policy_decide(policy, &own);
}

// Whether the rule can match the device in some domain.
static bool concerns(const struct policy_rule *rule, const struct policy_subject *subject)
{
    return rule->criteria & POLICY_DOMAIN && match_identity(rule, subject) != VERDICT_NO;
}

static const char *show_short(struct arena *arena, const struct policy_decision *decision)
{
    const char *verb = decision->allowed ? "allow" : "deny";
    return decision->rule ? arena_printf(arena, "%s, line %u", verb, decision->rule->line)
                          : arena_printf(arena, "%s, no line allows it", verb);
}

const char *policy_show_all(struct arena *arena, const struct policy *policy,
                            const struct policy_subject *subject, bool *denied)
{
    // No domain has this name: Xen's are not empty.
    struct policy_subject other = *subject;
    other.domain = "";
    const struct policy_decision usual = policy_decide(policy, &other);
    struct buffer shown = buffer_in(arena);
    *denied = !usual.allowed;
    if (policy->broken)
        return arena_printf(arena, "deny, %s cannot be used", policy->path);
    buffer_join(&shown, "; ", "%s", show_short(arena, &usual));
    for (const struct policy_rule *at = policy->rules; at; at = at->next) {
        if (!concerns(at, subject) || is_named_before(policy, at))
            continue;
        struct policy_decision own = decide_for(arena, policy, subject, at);
        if (own.allowed == usual.allowed)
            continue;
        *denied = *denied && !own.allowed;
        buffer_join(&shown, "; ", "%s in %.*s, line %u", own.allowed ? "allow" : "deny",
                    (int)at->domain.size, at->domain.at, own.rule ? own.rule->line : 0);
    }
    return buffer_string(&shown);
}

const struct policy_rule *policy_reserved(struct arena *arena, const struct policy *policy,
                                          const struct policy_subject *subject)
{
    for (const struct policy_rule *at = policy->rules; at; at = at->next) {
        if (!at->allow || !concerns(at, subject))
            continue;
        const struct policy_decision own = decide_for(arena, policy, subject, at);
        if (own.allowed && own.rule == at)
            return at;
    }
    return NULL;
}
