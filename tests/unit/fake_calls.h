// SPDX-License-Identifier: MIT
// System calls and calls of libc that fail, and files that are elsewhere. For tests that are linked
// with $(FAKE_CALLS) (Makefile); without a rule, all calls are the real ones.
#ifndef XENUSB_TESTS_UNIT_FAKE_CALLS_H
#define XENUSB_TESTS_UNIT_FAKE_CALLS_H

#include "base/arena.h"

#include <stdbool.h>

// From now on, these calls ("open") fail with that errno; only those with a path that contains
// `part`, unless it is NULL. 0: they return 0, without doing anything. A later rule comes first.
void fail_calls(const char *call, const char *part, int error);
// Only the one of that number among them, counted from 1, fails.
void fail_call_nth(const char *call, const char *part, int error, unsigned nth);
// Paths that begin with `from` are taken from the directory `to` instead.
void fake_redirect(const char *from, const char *to);
// Removes the rules about failures; and those about paths too.
void fake_calls_succeed(void);
void fake_calls_reset(void);

// A directory for files, which fake_directory_remove() removes with all that is in it.
const char *fake_directory(void);
void fake_directory_remove(void);
// The path of a file below it, owned by the arena.
const char *fake_path(struct arena *arena, const char *path);
// Writes a file below it, with the directories that it needs; "" makes an empty one.
void fake_file(const char *path, const char *text);
// Makes a symbolic link there.
void fake_link_to(const char *path, const char *target);

#endif
