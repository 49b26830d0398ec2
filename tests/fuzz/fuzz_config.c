// SPDX-License-Identifier: MIT
// Any bytes as a config, or as the arguments of a command: they compile or give errors, within
// bounds, and all messages are printable. The first byte selects which.
#include "../dump.h"
#include "base/arena.h"
#include "config/check.h"
#include "parser/parser.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void compile(const struct source *source, struct arena *arena, int how)
{
    struct diags diags;
    diags_init(&diags, arena);
    struct config *config =
        how == 0 ? parse_config(arena, &diags, source)
                 : parse_specs(arena, &diags, source, how == 1 ? SPEC_DEVICE : SPEC_CONTROLLER);
    check_config(arena, &diags, config);
    FILE *stream = fopen("/dev/null", "we");
    if (!stream)
        abort();
    diags_print(&diags, stream, false);
    dump_config(stream, arena, config);
    fclose(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char hows[] = "DC"; // devices, controllers; anything else is a file
    const char *how = size && bytes[0] ? strchr(hows, bytes[0]) : NULL;
    size_t from = how ? 1 : 0;
    struct arena *arena = arena_new(4096);
    if (!arena)
        abort();
    const struct source *source =
        source_from_bytes(arena, "fuzz", (const char *)bytes + from, size - from);
    compile(source, arena, how ? (int)(how - hows) + 1 : 0);
    arena_free(arena);
    return 0;
}
