// SPDX-License-Identifier: MIT
// The grammar of a domain config: assignments of data. Other Python is parsed only as far as needed
// to report it. Every action is one call to build.h or value.h.
%require "3.8"
%define api.pure full
%define api.prefix {config_}
%define api.token.prefix {CONFIG_}
%define api.location.type {struct span}
%define parse.error custom
%define parse.lac full
%expect 0

%code top {
#include "scan.h"
}

%param { void *scanner }
%parse-param { struct builder *builder }

%code {
#include "config.lex.h"

static void yyerror(const struct span *at, void *scanner, struct builder *builder,
                    const char *message);

#define YYLLOC_DEFAULT(whole, parts, count)                                                        \
    (whole) = (count) ? (struct span){ YYRHSLOC(parts, 1).from, YYRHSLOC(parts, count).to }        \
                      : (struct span){ YYRHSLOC(parts, 0).to, YYRHSLOC(parts, 0).to }
}

%union {
    struct value value;
    struct assignment target;
}

%token END 0      "the end of the file"
%token NEWLINE    "the end of the line"
%token NAME       "a name"
%token NUMBER     "a number"
%token STRING     "a string"
%token TRUE       "True"
%token FALSE      "False"
%token NONE       "None"
%token APPEND     "+="
%token OPERATOR   "an operator"
%token PYTHON     "a Python statement"
%token BROKEN     "a broken value"
%token COMMA ","
%token LIST_END "]"
%token TUPLE_END ")"
%token DICT_END "}"
%token STRAY      "a stray character"

%type <target> target
%type <value> value operand string list items tuple pair item

%%

file
    : %empty
    | file statement
    ;

statement
    : end
    | target value end          { build_assign(builder, $1, $2, @2); }
    | PYTHON
    | error end                 { yyerrok; }
    ;

end
    : NEWLINE
    | ';'
    ;

target
    : NAME '='                  { $$ = build_target(builder, @1, false); }
    | NAME "+="                 { $$ = build_target(builder, @1, true); }
    ;

value
    : operand
    | operators operand         { $$ = value_sign(builder, @$, @1, $2); }
    | value operators operand   { $$ = value_apply(builder, @$, $1, @2, $3); }
    ;

operators
    : operator
    | operators operator
    ;

operator
    : '+'
    | '-'
    | OPERATOR
    ;

operand
    : string
    | NUMBER                    { $$ = value_plain(VALUE_NUMBER, @$); }
    | TRUE                      { $$ = value_truth(@$, true); }
    | FALSE                     { $$ = value_truth(@$, false); }
    | NONE                      { $$ = value_plain(VALUE_NONE, @$); }
    | NAME                      { $$ = value_plain(VALUE_WORD, @$); }
    | BROKEN                    { $$ = value_plain(VALUE_BROKEN, @$); }
    | '[' list "]"              { $$ = value_close($2, @$); }
    | '(' tuple ")"             { $$ = value_close($2, @$); }
    | '(' item ")"              { $$ = value_group(builder, $2); }
    | '{' list "}"              { $$ = value_computed(@$); }
    | operand '[' list "]"      { $$ = value_computed(@$); }
    | operand '(' list ")"      { $$ = value_computed(@$); }
    ;

string
    : STRING                    { $$ = value_string(builder, @$); }
    | string STRING             { $$ = value_concat(builder, $1, value_string(builder, @2)); }
    | string BROKEN             { $$ = value_plain(VALUE_BROKEN, @$); }
    ;

list
    : %empty                    { $$ = value_list(); }
    | items
    | items ","
    ;

items
    : item                      { $$ = value_item(builder, value_list(), $1); }
    | items "," item            { $$ = value_item(builder, $1, $3); }
    ;

tuple
    : %empty                    { $$ = value_list(); }
    | item ","                  { $$ = value_item(builder, value_list(), $1); }
    | pair
    | pair ","
    ;

pair
    : item "," item             { $$ = value_pair(builder, $1, $3); }
    | pair "," item             { $$ = value_item(builder, $1, $3); }
    ;

item
    : value
    | operators                 { $$ = value_computed(@$); }
    | value operators           { $$ = value_computed(@$); }
    | NAME '=' value            { $$ = value_computed(@$); }
    | error                     { $$ = value_plain(VALUE_BROKEN, @$); }
    ;

%%

// Describes what the parser expects: the first row whose two tokens it would both accept.
static const char *wanted(const bool expected[YYNTOKENS])
{
    static const struct {
        yysymbol_kind_t one, other;
        const char *words;
    } rows[] = {
        { YYSYMBOL_PYTHON, YYSYMBOL_PYTHON, "a key" },
        { YYSYMBOL_APPEND, YYSYMBOL_APPEND, "'='" },
        { YYSYMBOL_LIST_END, YYSYMBOL_COMMA, "',' or ']'" },
        { YYSYMBOL_TUPLE_END, YYSYMBOL_COMMA, "',' or ')'" },
        { YYSYMBOL_DICT_END, YYSYMBOL_COMMA, "',' or '}'" },
        { YYSYMBOL_NEWLINE, YYSYMBOL_NEWLINE, "the end of the line" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (expected[rows[i].one] && expected[rows[i].other])
            return rows[i].words;
    return "a value";
}

static int yyreport_syntax_error(const yypcontext_t *context, void *scanner,
                                 struct builder *builder)
{
    (void)scanner;
    yysymbol_kind_t kinds[YYNTOKENS];
    bool expected[YYNTOKENS] = { false };
    int count = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
    for (int i = 0; i < count; i++)
        expected[kinds[i]] = true;
    if (yypcontext_token(context) != YYSYMBOL_STRAY) // already reported by the lexer
        build_unexpected(builder, *yypcontext_location(context), wanted(expected));
    return 0;
}

static void yyerror(const struct span *at, void *scanner, struct builder *builder,
                    const char *message)
{
    (void)scanner;
    builder_error(builder, *at, "%s", message);
}
