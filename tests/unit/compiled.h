// SPDX-License-Identifier: MIT
// A text that was compiled, for the tests of the compiler.
#ifndef XENUSB_TESTS_COMPILED_H
#define XENUSB_TESTS_COMPILED_H

#include "base/arena.h"
#include "base/diag.h"
#include "config/config.h"
#include "parser/parser.h"

struct compiled {
    struct arena *arena;
    struct diags diags;
    struct config *config;
};

// Compile a file's text, bytes that may hold NULs, or the words of a command line; without the
// checks. The result is freed with compiled_free().
struct compiled *compile_file(const char *text);
struct compiled *compile_bytes(const char *bytes, size_t size);
struct compiled *compile_words(const char *words, enum spec_what what);
// Compiles a file's text and runs the checks.
struct compiled *compile_checked(const char *text);
void compiled_free(struct compiled *compiled);

// All complaints in the order in which they were made, a line each: "3:7 error: MESSAGE (HINT)",
// with second places behind them: " also 1:2 MESSAGE". Owned by the arena.
const char *compiled_words(const struct compiled *compiled);

// What it compiled to, as dump_config() writes it. Owned by the arena.
const char *compiled_dump(const struct compiled *compiled);

// Fails the test unless exactly these complaints were made.
void want_words(const struct compiled *compiled, const char *words);
// Fails the test unless it compiled to that; frees it.
void want_dump(struct compiled *compiled, const char *dump);

#endif
