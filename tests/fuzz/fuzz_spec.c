// SPDX-License-Identifier: MIT
// Any bytes as the arguments of a command: they compile or give errors, within bounds, and all
// messages are printable. The first byte selects what they describe: C, controllers; else devices.
#include "../dump.h"
#include "config/check.h"
#include "fuzz.h"
#include "parser/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = fuzz_arena();
    struct diags diags;
    diags_init(&diags, arena);
    bool controllers = size && bytes[0] == 'C';
    size_t from = controllers ? 1 : 0;
    const struct source *source =
        source_from_bytes(arena, "fuzz", (const char *)bytes + from, size - from);
    struct config *config =
        parse_specs(arena, &diags, source, controllers ? SPEC_CONTROLLER : SPEC_DEVICE);
    check_config(arena, &diags, config);
    FILE *stream = fopen("/dev/null", "we");
    if (!stream)
        abort();
    dump_config(stream, arena, config);
    fclose(stream);
    fuzz_print(&diags, (struct text){ (const char *)bytes, size });
    arena_free(arena);
    return 0;
}
