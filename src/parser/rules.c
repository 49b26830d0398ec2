// SPDX-License-Identifier: MIT
#include "rules.h"

#include "base/arena.h"
#include "base/suggest.h"
#include "config/policy.h"

static const char *const key_names[] = { "vid",  "pid",    "rel",   "class",  "subclass",
                                         "prot", "serial", "busid", "domain", NULL };
static const char *const action_names[] = { "ALLOW", "DENY", NULL };

static struct text text_at(const struct rules *rules, struct span at)
{
    return text_part(rules->source->text, at.from, at.to);
}

static struct diag *report(struct rules *rules, struct span at, const char *format, ...)
    __attribute__((returns_nonnull, format(printf, 3, 4)));
static struct diag *report(struct rules *rules, struct span at, const char *format, ...)
{
    const struct diag like = {
        .severity = SEVERITY_ERROR, .code = CODE_INVALID, .source = rules->source, .span = at
    };
    va_list args;
    va_start(args, format);
    struct diag *diag = complain_va(rules->diags, &like, format, args);
    va_end(args);
    return diag;
}

// The line of an offset that is not before the last one asked for.
static unsigned line_of(struct rules *rules, uint32_t offset)
{
    for (; rules->counted < offset; rules->counted++)
        rules->line += rules->source->text.at[rules->counted] == '\n';
    return rules->line;
}

void rules_begin(struct rules *rules, struct span action)
{
    struct text word = text_at(rules, action);
    rules->rule = arena_new_of(rules->arena, struct policy_rule);
    rules->rule->line = line_of(rules, action.from);
    rules->rule->allow = text_is_nocase(word, action_names[0]);
    if (!rules->rule->allow && !text_is_nocase(word, action_names[1]))
        diag_suggest(rules->diags,
                     report(rules, action, "a rule begins with ALLOW: or DENY:, not '%.*s:'",
                            (int)word.size, word.at),
                     word, action_names, "valid: ALLOW: and DENY:");
}

// As many hexadecimal digits as `digits`, which is the form that XenServer requires too: a digit
// that was forgotten would make it another number.
static bool read_hex(struct rules *rules, const char *key, struct span at, size_t digits,
                     uint16_t *value)
{
    uint64_t number;
    struct text text = text_at(rules, at);
    if (text.size == digits && text_number(text, 16, 0, UINT16_MAX, &number) == NUMBER_OK) {
        *value = (uint16_t)number;
        return true;
    }
    diag_hint(rules->diags,
              report(rules, at, "%s must be %s hexadecimal digits, not '%.*s'", key,
                     digits == 2 ? "two" : "four", (int)text.size, text.at),
              "for example %s", digits == 2 ? "08" : "046d");
    return false;
}

static void read_code(struct rules *rules, const char *key, struct span at, uint8_t *value)
{
    uint16_t number;
    if (read_hex(rules, key, at, 2, &number))
        *value = (uint8_t)number;
}

// A value without its double quotes.
static struct text read_text(struct rules *rules, const char *key, struct span at)
{
    struct text text = text_at(rules, at);
    if (*text.at == '"')
        text = text_part(text, 1, text.size - 1);
    if (text.size == 0)
        report(rules, at, "%s is empty", key);
    return text;
}

static void read_busid(struct rules *rules, struct span at, char busid[BUSID_SIZE])
{
    struct text text = text_at(rules, at);
    if (!busid_read(text, busid))
        diag_hint(rules->diags, report(rules, at, "'%.*s' is not a busid", (int)text.size, text.at),
                  "for example 1-1.2, as lsusb -t and sysfs number ports");
}

static void read_value(struct rules *rules, enum policy_criterion criterion, const char *key,
                       struct span at)
{
    struct policy_rule *rule = rules->rule;
    switch (criterion) {
    case POLICY_VENDOR: read_hex(rules, key, at, 4, &rule->vendor); break;
    case POLICY_PRODUCT: read_hex(rules, key, at, 4, &rule->product); break;
    case POLICY_RELEASE: read_hex(rules, key, at, 4, &rule->release); break;
    case POLICY_CLASS: read_code(rules, key, at, &rule->codes.class); break;
    case POLICY_SUBCLASS: read_code(rules, key, at, &rule->codes.subclass); break;
    case POLICY_PROTOCOL: read_code(rules, key, at, &rule->codes.protocol); break;
    case POLICY_SERIAL: rule->serial = read_text(rules, key, at); break;
    case POLICY_BUSID: read_busid(rules, at, rule->busid); break;
    case POLICY_DOMAIN: rule->domain = read_text(rules, key, at); break;
    }
}

void rules_criterion(struct rules *rules, struct span key_at, struct span value_at)
{
    static const enum policy_criterion criteria[] = {
        POLICY_VENDOR,   POLICY_PRODUCT, POLICY_RELEASE, POLICY_CLASS,  POLICY_SUBCLASS,
        POLICY_PROTOCOL, POLICY_SERIAL,  POLICY_BUSID,   POLICY_DOMAIN,
    };
    struct text key = text_at(rules, key_at);
    size_t row = 0;
    while (key_names[row] && !text_is_nocase(key, key_names[row]))
        row++;
    if (!key_names[row]) {
        diag_suggest(rules->diags,
                     diag_is(report(rules, key_at, "unknown key '%.*s'", (int)key.size, key.at),
                             CODE_UNKNOWN_KEY),
                     key, key_names, NULL);
        return;
    }
    if (rules->rule->criteria & criteria[row])
        report(rules, key_at, "%s is given twice in this rule", key_names[row]);
    rules->rule->criteria |= criteria[row];
    read_value(rules, criteria[row], key_names[row], value_at);
}

void rules_end(struct rules *rules, struct span at)
{
    struct text text = text_at(rules, at);
    rules->rule->text = text_part(text, 0, RULE_SHOWN);
    if (++rules->policy->count == POLICY_RULES_MAX + 1)
        report(rules, at, "more than %d rules", POLICY_RULES_MAX);
    if (rules->policy->count > POLICY_RULES_MAX)
        return;
    *rules->end = rules->rule;
    rules->end = &rules->rule->next;
}

bool rules_end_of_file(struct rules *rules)
{
    bool first = !rules->closed;
    rules->closed = true;
    return first;
}

void rules_unexpected(struct rules *rules, struct span at, const char *expected)
{
    struct text text = text_at(rules, at);
    if (text.size == 0 || *text.at == '\n')
        report(rules, (struct span){ at.from, at.from + 1 }, "expected %s", expected);
    else
        report(rules, at, "expected %s, not '%.*s'", expected, (int)text.size, text.at);
}
