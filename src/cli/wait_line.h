// SPDX-License-Identifier: MIT
// The line that shows what is waited for.
#ifndef XENUSB_CLI_WAIT_LINE_H
#define XENUSB_CLI_WAIT_LINE_H

// From now on, a wait that takes long has a line at the bottom of the terminal that standard error
// is: "waiting for the guest to eject controller hci0: 4 of 10 s (Ctrl-C undoes)". It is removed
// when the wait ends. No line without a terminal, with one that cannot erase, or in the background.
void wait_line_begin(void);

#endif
