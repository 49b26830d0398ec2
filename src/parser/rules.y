// SPDX-License-Identifier: MIT
// The grammar of a policy file: one rule a line, an action and its criteria.
%require "3.8"
%define api.pure full
%define api.prefix {rules_}
%define api.token.prefix {RULES_}
%define api.location.type {struct span}
%define parse.error custom
%define parse.lac full
%expect 0

%code top {
#include "rules.h"
}

%param { void *scanner }
%parse-param { struct rules *rules }

%code {
#include "rules.lex.h"

static void yyerror(const struct span *at, void *scanner, struct rules *rules,
                    const char *message);

#define YYLLOC_DEFAULT(whole, parts, count)                                                        \
    (whole) = (count) ? (struct span){ YYRHSLOC(parts, 1).from, YYRHSLOC(parts, count).to }        \
                      : (struct span){ YYRHSLOC(parts, 0).to, YYRHSLOC(parts, 0).to }
}

%token END 0    "the end of the file"
%token NEWLINE  "the end of the line"
%token WORD     "a word"
%token COLON    "':'"
%token EQUALS   "'='"
%token VALUE    "a value"
%token OPEN     "a value without its closing quote"
%token STRAY    "a stray character"

%%

file
    : %empty
    | file line
    ;

line
    : NEWLINE
    | rule NEWLINE              { rules_end(rules, @1); }
    | error NEWLINE             { yyerrok; }
    ;

rule
    : action
    | rule criterion
    ;

action
    : WORD COLON                { rules_begin(rules, @1); }
    ;

criterion
    : WORD EQUALS VALUE         { rules_criterion(rules, @1, @3); }
    ;

%%

// What the rule needs at this place.
static const char *wanted(const yypcontext_t *context)
{
    static const struct {
        yysymbol_kind_t token;
        const char *words;
    } rows[] = {
        { YYSYMBOL_COLON, "':' after ALLOW or DENY" },
        { YYSYMBOL_EQUALS, "'=' and a value" },
        { YYSYMBOL_VALUE, "a value" },
    };
    yysymbol_kind_t expected[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, expected, YYNTOKENS);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int j = 0; j < count; j++)
            if (expected[j] == rows[i].token)
                return rows[i].words;
    return "ALLOW:, DENY:, or key=value after them";
}

static int yyreport_syntax_error(const yypcontext_t *context, void *scanner, struct rules *rules)
{
    (void)scanner;
    if (yypcontext_token(context) == YYSYMBOL_OPEN)
        rules_unexpected(rules, *yypcontext_location(context), "a '\"' at the end of the value");
    else
        rules_unexpected(rules, *yypcontext_location(context), wanted(context));
    return 0;
}

static void yyerror(const struct span *at, void *scanner, struct rules *rules,
                    const char *message)
{
    (void)scanner;
    complain(rules->diags, SEVERITY_ERROR, CODE_INVALID, rules->source, *at, "%s", message);
}
