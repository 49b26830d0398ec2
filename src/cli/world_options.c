// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/shell.h"
#include "command.h"

// The command without its options, as a shell takes it.
static const char *command_line(const struct invocation *invocation)
{
    struct buffer line = buffer_in(invocation->arena);
    buffer_add_string(&line, invocation->command ? invocation->command->name : "");
    for (size_t i = 0; i < invocation->count; i++)
        shell_add_word(&line, text_of(invocation->words[i]));
    return buffer_string(&line);
}

struct world_options options_for_world(const struct invocation *invocation)
{
    return (struct world_options){
        .arena = invocation->arena,
        .diags = invocation->diags,
        .known = invocation->known,
        .qmp_socket = invocation->qmp,
        .verb = invocation->command ? invocation->command->name : NULL,
        .command = command_line(invocation),
        .timeout_scale = invocation->timeout_scale,
        .undo_scale = invocation->undo_scale,
        .keep_saved = invocation->given & OPTION_NO_SAVE,
        .require_guest = invocation->given & OPTION_REQUIRE_GUEST,
    };
}
