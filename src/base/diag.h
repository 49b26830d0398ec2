// SPDX-License-Identifier: MIT
// Diagnostics are values: created where something is wrong, collected, and printed once.
#ifndef XENUSB_BASE_DIAG_H
#define XENUSB_BASE_DIAG_H

#include "diag_code.h"
#include "source.h"
#include "status.h"

#include <stdarg.h>
#include <stdio.h>

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

// A note, warning or error. Without a place in a text, `source` is NULL and the span is none.
struct diag {
    struct diag *next;
    enum severity severity;
    enum diag_code code;
    const struct source *source;
    struct span span;
    const char *message; // what happened, where, why; lower case, no full stop
    const char *hint;    // after the caret: what was expected, what to do; or NULL
    struct diag *also;   // a second place that belongs to it; or NULL
};

enum { DIAGS_KEPT = 200 }; // more are counted but not kept

struct json_writer;

struct diags {
    struct arena *arena;
    struct diag *first;
    struct diag **last;
    unsigned kept;
    unsigned errors;
    unsigned warnings;
    unsigned dropped;
    struct diag spare; // returned for those that are not kept
};

void diags_init(struct diags *diags, struct arena *arena);

// Adds a diagnostic and returns it, so that a hint or a second place can be added. The message may
// quote untrusted text: it is escaped when printed.
struct diag *complain(struct diags *diags, enum severity severity, enum diag_code code,
                      const struct source *source, struct span span, const char *format, ...)
    __attribute__((returns_nonnull, format(printf, 6, 7)));
// The same with what `like` has: its severity, its code, and its place.
struct diag *complain_va(struct diags *diags, const struct diag *like, const char *format,
                         va_list args) __attribute__((returns_nonnull, format(printf, 3, 0)));
// An error without a place in a text.
struct diag *complain_error(struct diags *diags, enum diag_code code, const char *format, ...)
    __attribute__((returns_nonnull, format(printf, 3, 4)));

// The message of the first error, as a reason; `otherwise` if there is none.
const char *diags_reason(const struct diags *diags, const char *otherwise);
// Its code; CODE_FAILED if there is none.
enum diag_code diags_code(const struct diags *diags);

// Sets another code, for those that were raised with the usual one of their kind. Returns `diag`.
struct diag *diag_is(struct diag *diag, enum diag_code code) __attribute__((returns_nonnull));
// Sets the text after the caret. Returns `diag`.
struct diag *diag_hint(struct diags *diags, struct diag *diag, const char *format, ...)
    __attribute__((returns_nonnull, format(printf, 3, 4)));
// A second place (the earlier declaration, the contradicting line), shown below the first.
void diag_also(struct diags *diags, struct diag *diag, const struct source *source,
               struct span span, const char *format, ...) __attribute__((format(printf, 5, 6)));

// Whether a kept warning or error has its place within that span.
bool diags_within(const struct diags *diags, const struct source *source, struct span span);
// Drops the warnings within that span, because they no longer apply.
void diags_settle(struct diags *diags, const struct source *source, struct span span);

// Prints all in the order of their places (those without one last), each with its line and caret,
// then drops them but keeps the counts. `color`: with ANSI colours.
void diags_print(struct diags *diags, FILE *stream, bool color);

// Writes all as JSON objects, elements of an open array, in the same order, and keeps them.
void diags_write_json(struct diags *diags, struct json_writer *json);

// Moves all from one list to the end of another, of the same arena.
void diags_append(struct diags *diags, struct diags *from);

// "2 errors, 1 warning in NAME", or nothing if there are none.
void diags_print_summary(const struct diags *diags, const char *name, FILE *stream);

#endif
