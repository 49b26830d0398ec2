// SPDX-License-Identifier: MIT
// The reader of a policy file (policy.conf(5)): one rule a line, "ALLOW:" or "DENY:" and its
// criteria. The grammar is rules.y. Private to the parser.
#ifndef XENUSB_PARSER_RULES_H
#define XENUSB_PARSER_RULES_H

#include "parser.h"

struct policy_rule;

// The state of one parse_policy(). Lives on its stack.
struct rules {
    struct arena *arena;
    struct diags *diags;
    const struct source *source;
    struct policy *policy;
    uint32_t offset;  // of the lexer
    uint32_t counted; // up to here the lines are counted:
    unsigned line;    // that of this offset, from 1
    bool closed;      // the lexer has ended the last line
    struct policy_rule *rule, **end;
};

// --- called by the grammar; spans are offsets in the source ---

// A rule begins with this word, ALLOW or DENY in any case.
void rules_begin(struct rules *rules, struct span action);
// A criterion of the current rule.
void rules_criterion(struct rules *rules, struct span key, struct span value);
// The current rule is at `at`.
void rules_end(struct rules *rules, struct span at);
// The end of the file: true the first time, when it ends the last line.
bool rules_end_of_file(struct rules *rules);
// Reports a syntax error at a token, with what the grammar expected there.
void rules_unexpected(struct rules *rules, struct span at, const char *expected);

#endif
