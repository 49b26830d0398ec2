// SPDX-License-Identifier: MIT
// The grammar of a spec: key=value pairs separated by commas; the first item may be a bare word.
%require "3.8"
%define api.pure full
%define api.prefix {spec_}
%define api.token.prefix {SPEC_}
%define api.location.type {struct span}
%define parse.error custom
%define parse.lac full
%expect 0

%code top {
#include "spec.h"
}

%param { void *scanner }
%parse-param { struct spec_builder *specs }

%code {
#include "spec.lex.h"

static void yyerror(const struct span *at, void *scanner, struct spec_builder *specs,
                    const char *message);

#define YYLLOC_DEFAULT(whole, parts, count)                                                        \
    (whole) = (count) ? (struct span){ YYRHSLOC(parts, 1).from, YYRHSLOC(parts, count).to }        \
                      : (struct span){ YYRHSLOC(parts, 0).to, YYRHSLOC(parts, 0).to }
}

%code provides {
// Selects the tokens: those of a command line, or of one string.
void spec_begin(void *scanner, bool words);
}

%token END 0    "the end"
%token KEY      "a key"
%token VALUE    "a value"
%token WORD     "a word"
%token COMMA    ","
%token SPACE    "a blank"

%%

specs
    : spec                      { spec_end(specs, @1); }
    | specs SPACE spec          { spec_end(specs, @3); }
    ;

spec
    : %empty
    | first
    | spec "," part
    ;

first
    : WORD                      { spec_head(specs, @1); }
    | pair
    | error
    ;

part
    : %empty                    { spec_empty_item(specs, @$); }
    | pair
    | error
    ;

pair
    : KEY value                 { spec_pair(specs, @1, @2); }
    ;

value
    : %empty
    | VALUE
    ;

%%

static int yyreport_syntax_error(const yypcontext_t *context, void *scanner,
                                 struct spec_builder *specs)
{
    (void)scanner;
    spec_unexpected(specs, *yypcontext_location(context));
    return 0;
}

static void yyerror(const struct span *at, void *scanner, struct spec_builder *specs,
                    const char *message)
{
    (void)scanner;
    builder_error(specs->builder, literal_span(specs->builder, specs->literal, at->from, at->to),
                  "%s", message);
}
