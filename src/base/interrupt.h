// SPDX-License-Identifier: MIT
// Signals that end a run: SIGINT, SIGTERM and SIGHUP.
#ifndef XENUSB_BASE_INTERRUPT_H
#define XENUSB_BASE_INTERRUPT_H

#include "waiting.h"

#include <signal.h>

struct pollfd;

// Whether a signal came, and how to wait without missing it.
struct interrupt {
    volatile sig_atomic_t raised;
    int wake; // a descriptor that is readable once `raised` is set; -1: none
};

// The signals of this process: `raised` is never set before interrupt_catch() is called, and `wake`
// is -1 until then.
const struct interrupt *interrupt_of_process(void);

// From now on those signals raise the interrupt, because something may have to be undone before the
// process exits. Those that the process was started to ignore (nohup) stay ignored.
void interrupt_catch(void);

// In a child that was forked after interrupt_catch(): its signals no longer wake its parent and
// the other children. To be called with those signals blocked.
void interrupt_renew(void);

// Polls the descriptor (`wanted` NULL: none) until it is ready, until the interrupt (NULL: none) is
// raised, also if that was before the call, or for at most `seconds`. `waiting` as of
// waiting_poll().
void interrupt_poll(const struct interrupt *interrupt, struct waiting *waiting,
                    struct pollfd *wanted, double seconds);

#endif
