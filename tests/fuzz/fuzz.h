// SPDX-License-Identifier: MIT
// Shared by the fuzz targets.
#ifndef XENUSB_TESTS_FUZZ_H
#define XENUSB_TESTS_FUZZ_H

#include "base/arena.h"
#include "base/diag.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static inline struct arena *fuzz_arena(void)
{
    struct arena *arena = arena_new(4096);
    if (!arena)
        abort();
    return arena;
}

// A stream for what is only formatted. Never closed.
static inline FILE *fuzz_nowhere(void)
{
    static FILE *stream;
    if (!stream)
        stream = fopen("/dev/null", "we");
    if (!stream)
        abort();
    return stream;
}

// Ends the run with a message if something that must always hold does not.
static inline void fuzz_check(bool holds, const char *what, const char *detail)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %s\n", what, detail ? detail : "");
    abort();
}

// What is printed must be safe for a terminal. Printing takes longer than everything else, so it is
// done for one input in eight, which the input itself decides.
static inline void fuzz_print(struct diags *diags, struct text input)
{
    unsigned sum = 0;
    for (size_t i = 0; i < input.size; i++)
        sum += (unsigned char)input.at[i];
    char *bytes = NULL;
    size_t size = 0;
    FILE *stream = sum % 8 ? NULL : open_memstream(&bytes, &size);
    if (!stream)
        return;
    diags_print(diags, stream, false);
    fclose(stream);
    uint32_t point;
    for (size_t at = 0, length; at < size; at += length) {
        length = text_utf8((struct text){ bytes + at, size - at }, &point);
        fuzz_check(length && (point == '\n' || !text_unsafe(point)), "printed", bytes);
    }
    free(bytes);
}

#endif
