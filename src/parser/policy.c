// SPDX-License-Identifier: MIT
#include "config/policy.h"
#include "base/arena.h"
#include "rules.h"

// Generated; these need the includes and macros above them.
#include "rules.tab.h"
#define YYSTYPE RULES_STYPE
#define YYLTYPE RULES_LTYPE
#include "rules.lex.h"

struct policy *parse_policy(struct arena *arena, struct diags *diags, const struct source *source)
{
    struct rules rules = { .arena = arena, .diags = diags, .source = source, .line = 1 };
    struct text text = source->text;
    void *scanner = NULL;
    unsigned errors = diags->errors;
    rules.policy = arena_new_of(arena, struct policy);
    rules.policy->path = source->name;
    rules.end = &rules.policy->rules;
    rules_lex_init_extra(&rules, &scanner);
    rules__scan_bytes(text.size ? text.at : "", (int)text.size, scanner);
    rules_parse(scanner, &rules);
    rules_lex_destroy(scanner);
    if (diags->errors > errors)
        rules.policy->broken = "it has errors";
    return rules.policy;
}
