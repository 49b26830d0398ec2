// SPDX-License-Identifier: MIT
// The terminal, if a stream is one.
#ifndef XENUSB_CLI_TERMINAL_H
#define XENUSB_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

// How many columns it has, or what COLUMNS says; 0 if the descriptor is no terminal.
size_t terminal_width(int fd);

// Whether it is a terminal, and the locale not one of UTF-8.
bool terminal_is_ascii(int fd);

// Whether a line on it can be replaced.
bool terminal_can_erase(int fd);

#endif
