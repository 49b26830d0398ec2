// SPDX-License-Identifier: MIT
// Any bytes as libvirt's XML, or, after an opening parenthesis, as xend's S-expression: it compiles
// or gives errors, within bounds. What compiles is written in our own dialect and read again: it is
// the same.
#include "../trial.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = fuzz_arena();
    struct trial trial, again;
    const struct text text = { (const char *)bytes, size };
    trial_compile(&trial, arena, "fuzz", text, text_starts(text, "(") ? parse_sxp : parse_libvirt);
    if (trial.compiled) {
        trial_translate(&trial, "xenusb", false);
        if (trial.done) {
            trial_compile(&again, arena, "again", trial.out, parse_document);
            fuzz_check(again.compiled, "its translation has errors",
                       diags_reason(&again.diags, "none is kept"));
            const char *wrong =
                trial_difference(arena, trial.document.config, again.document.config, TRIAL_WHICH);
            fuzz_check(!wrong, "its translation is something else", wrong);
        }
    }
    fuzz_print(&trial.diags, (struct text){ (const char *)bytes, size });
    arena_free(arena);
    return 0;
}
