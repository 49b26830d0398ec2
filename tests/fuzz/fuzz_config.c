// SPDX-License-Identifier: MIT
// Any bytes as a config: it compiles or gives errors, within bounds, and all messages are
// printable. What compiles is written in our own dialect and read again: it is the same.
#include "../dump.h"
#include "../trial.h"
#include "fuzz.h"

static void read_again(struct trial *trial)
{
    struct trial again;
    trial_translate(trial, "xenusb", false);
    if (!trial->done)
        return;
    trial_compile(&again, trial->arena, "again", trial->out, parse_document);
    fuzz_check(again.compiled, "its translation has errors",
               diags_reason(&again.diags, "none is kept"));
    const char *wrong =
        trial_difference(trial->arena, trial->document.config, again.document.config, TRIAL_ALL);
    fuzz_check(!wrong, "its translation is something else", wrong);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = fuzz_arena();
    struct trial trial;
    trial_compile(&trial, arena, "fuzz", (struct text){ (const char *)bytes, size },
                  parse_document);
    dump_config(fuzz_nowhere(), arena, trial.document.config);
    if (trial.compiled)
        read_again(&trial);
    fuzz_print(&trial.diags, (struct text){ (const char *)bytes, size });
    arena_free(arena);
    return 0;
}
