// SPDX-License-Identifier: MIT
// list --tree.
#ifndef XENUSB_CLI_LIST_TREE_H
#define XENUSB_CLI_LIST_TREE_H

#include "list_watch.h"

// Prints a domain, its controllers and devices, and what a watcher is to keep and it does not have;
// for a terminal without UTF-8 with `ascii`.
void list_print_tree(struct arena *arena, const struct topology *topology,
                     const struct watch_view *watch, bool ascii);

#endif
