// SPDX-License-Identifier: MIT
// How the command line wants tables.
#ifndef XENUSB_CLI_LAYOUT_H
#define XENUSB_CLI_LAYOUT_H

#include "command.h"
#include "table.h"
#include "terminal.h"

// The layout that the options ask for: on a terminal, as wide as that.
static inline struct table_layout layout_of(const struct invocation *invocation)
{
    return (struct table_layout){ .width = terminal_width(STDOUT_FILENO),
                                  .ascii = terminal_is_ascii(STDOUT_FILENO),
                                  .bare = invocation->given & OPTION_NOHEADINGS,
                                  .color = invocation->color_output,
                                  .tree = invocation->given & OPTION_TREE,
                                  .raw = invocation->given & OPTION_RAW,
                                  .output = invocation->output };
}

// Whether there are the columns that the options ask for; if not, reports it.
static inline bool layout_fits(const struct invocation *invocation, const struct table *table)
{
    return !invocation->output || table_has(table, invocation->diags, invocation->output);
}

#endif
