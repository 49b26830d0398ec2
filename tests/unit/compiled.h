// SPDX-License-Identifier: MIT
// A compiled text, for the tests of the compiler.
#ifndef XENUSB_TESTS_UNIT_COMPILED_H
#define XENUSB_TESTS_UNIT_COMPILED_H

#include "base/arena.h"
#include "base/diag.h"
#include "config/config.h"
#include "parser/parser.h"

struct compiled {
    struct arena *arena;
    struct diags diags;
    struct config *config;
};

// Compile a file's text, bytes that can contain NULs, or the arguments of a command, without the
// checks. Free the result with compiled_free().
struct compiled *compile_file(const char *text);
struct compiled *compile_bytes(const char *bytes, size_t size);
struct compiled *compile_words(const char *words, enum spec_what what);
// The same with the arguments as a shell passes them.
struct compiled *compile_arguments(const char *const *words, size_t count, enum spec_what what);
// Compiles a file's text and runs the checks.
struct compiled *compile_checked(const char *text);
void compiled_free(struct compiled *compiled);

// All diagnostics in the order in which they were reported, one per line: "3:7 error: MESSAGE
// (HINT)", followed by second places: " also 1:2 MESSAGE". Owned by the arena.
const char *compiled_words(const struct compiled *compiled);

// The compiled config, as dump_config() writes it. Owned by the arena.
const char *compiled_dump(const struct compiled *compiled);

// Fails the test unless exactly these diagnostics were reported.
void want_words(const struct compiled *compiled, const char *words);
// Fails the test unless it compiled to this; frees it.
void want_dump(struct compiled *compiled, const char *dump);

#endif
