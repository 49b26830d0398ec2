// SPDX-License-Identifier: MIT
#include "declaring.h"

#include "base/arena.h"

void declaring_leave_out(struct declaring *declaring, const char *what, const char *why)
{
    struct arena *arena = declaring->arena;
    const char *message = arena_printf(arena, "%s is not in the config: %s", what, why);
    buffer_printf(&declaring->missing, "# %s\n", text_show(arena, text_of(message), 300));
    complain(declaring->diags, SEVERITY_WARNING, CODE_UNSUPPORTED, NULL, SPAN_NONE, "%s", message);
    declaring->incomplete = true;
}
