// SPDX-License-Identifier: MIT
#include "compiled.h"

#include "../dump.h"
#include "config/check.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct compiled *begin(void)
{
    struct compiled *compiled = calloc(1, sizeof *compiled);
    assert_non_null(compiled);
    compiled->arena = arena_new(4096);
    assert_non_null(compiled->arena);
    diags_init(&compiled->diags, compiled->arena);
    return compiled;
}

struct compiled *compile_bytes(const char *bytes, size_t size)
{
    struct compiled *compiled = begin();
    compiled->config = parse_config(compiled->arena, &compiled->diags,
                                    source_from_bytes(compiled->arena, "a.cfg", bytes, size));
    return compiled;
}

struct compiled *compile_file(const char *text)
{
    return compile_bytes(text, strlen(text));
}

struct compiled *compile_words(const char *words, enum spec_what what)
{
    struct compiled *compiled = begin();
    const struct source *source =
        source_from_bytes(compiled->arena, "<command line>", words, strlen(words));
    compiled->config = parse_specs(compiled->arena, &compiled->diags, source, what);
    return compiled;
}

struct compiled *compile_arguments(const char *const *words, size_t count, enum spec_what what)
{
    struct compiled *compiled = begin();
    const struct source *source =
        source_from_words(compiled->arena, "<command line>", words, count);
    compiled->config = parse_specs(compiled->arena, &compiled->diags, source, what);
    return compiled;
}

struct compiled *compile_checked(const char *text)
{
    struct compiled *compiled = compile_file(text);
    check_config(compiled->arena, &compiled->diags, compiled->config);
    return compiled;
}

void compiled_free(struct compiled *compiled)
{
    arena_free(compiled->arena);
    free(compiled);
}

const char *compiled_words(const struct compiled *compiled)
{
    static const char *const severities[] = { "note", "warning", "error" };
    struct arena *arena = compiled->arena;
    const char *words = "";
    for (const struct diag *diag = compiled->diags.first; diag; diag = diag->next) {
        struct position at = source_position(compiled->config->source, diag->span.from);
        words = arena_printf(arena, "%s%u:%u %s: %s", words, at.line, at.column,
                             severities[diag->severity], diag->message);
        if (diag->hint)
            words = arena_printf(arena, "%s (%s)", words, diag->hint);
        for (const struct diag *also = diag->also; also; also = also->also) {
            at = source_position(compiled->config->source, also->span.from);
            words =
                arena_printf(arena, "%s also %u:%u %s", words, at.line, at.column, also->message);
        }
        words = arena_printf(arena, "%s\n", words);
    }
    return words;
}

const char *compiled_dump(const struct compiled *compiled)
{
    char *dumped = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&dumped, &size);
    assert_non_null(stream);
    dump_config(stream, compiled->arena, compiled->config);
    fclose(stream);
    const char *copy = arena_copy(compiled->arena, dumped, size);
    free(dumped);
    return copy;
}

void want_words(const struct compiled *compiled, const char *words)
{
    assert_string_equal(compiled_words(compiled), words);
}

void want_dump(struct compiled *compiled, const char *dump)
{
    assert_string_equal(compiled_dump(compiled), dump);
    compiled_free(compiled);
}
