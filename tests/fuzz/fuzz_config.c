// SPDX-License-Identifier: MIT
// Any bytes as a config: it compiles or gives errors, within bounds, and all messages are
// printable. What compiles is written in our own dialect and read again: it is the same.
#include "../dump.h"
#include "written.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (memchr(bytes, '\0', size)) // source_read.c refuses such a file
        return 0;
    struct arena *arena = fuzz_arena();
    struct trial trial, again;
    trial_compile(&trial, arena, "fuzz", (struct text){ (const char *)bytes, size },
                  parse_document);
    dump_config(fuzz_nowhere(), arena, trial.document.config);
    if (trial.compiled)
        (void)fuzz_write_and_read(&trial, &again);
    fuzz_print(&trial.diags, (struct text){ (const char *)bytes, size });
    arena_free(arena);
    return 0;
}
