// SPDX-License-Identifier: MIT
#include "command.h"

const struct command *const commands[COMMANDS + 1] = {
    &check_command,          &plan_command,
    &apply_command,          &attach_command,
    &detach_command,         &move_command,
    &controller_add_command, &controller_remove_command,
    &list_command,           &devices_command,
    &doctor_command,         &repair_command,
    &park_command,           &unpark_command,
    &watch_command,          &translate_command,
    &explain_command,        NULL,
};

const struct command *command_find(const char *const *words, size_t count, size_t *used)
{
    for (const struct command *const *at = commands; *at; at++) {
        struct text name = text_of((*at)->name);
        size_t blank = text_find(name, ' ', 0);
        bool two = blank < name.size;
        if (!count || !text_is(text_part(name, 0, blank), words[0]))
            continue;
        if (two && (count < 2 || !text_is(text_part(name, blank + 1, name.size), words[1])))
            continue;
        *used = two ? 2 : 1;
        return *at;
    }
    return NULL;
}
