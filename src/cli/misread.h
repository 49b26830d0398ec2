// SPDX-License-Identifier: MIT
// What was probably meant by words that mean nothing as they are.
#ifndef XENUSB_CLI_MISREAD_H
#define XENUSB_CLI_MISREAD_H

#include "command.h"
#include "parser/parser.h"

// Reports that there is no such verb, and offers the one that does what was probably wanted: also
// if it is a command of xl or xm, or a word that other tools have, or stands behind its domain.
// `words` begin with that of the verb. Returns STATUS_REQUEST.
enum status misread_verb(const struct invocation *invocation, const char *const *words,
                         size_t count);

// What was meant by an option that the verb does not have: an option of another tool, a key of
// SPEC, another dash. NULL if that is unknown.
const char *misread_option(const struct invocation *invocation, const char *word);

// Reports a word that is an option but for its dash, which a word processor has written: it would
// be taken for a file or a device, and the option be missed. Returns STATUS_REQUEST if there is
// one.
enum status misread_dashes(const struct invocation *invocation, const char *const *words,
                           size_t count);

// What was meant by too few or too many arguments; NULL if that is unknown.
const char *misread_count(const struct invocation *invocation);

// After the words of attach, detach or controller were refused: gives the first error a hint if the
// domain is not the first of them, or if they are keys of one device; else each that is about a
// name which a device or a controller has. Looks at the host and the domain for that.
void misread_words(const struct invocation *invocation, enum spec_what what);

// Reports words of "controller add" that are keys of one controller: each word would be one.
// Returns STATUS_REQUEST if they are.
enum status misread_split(const struct invocation *invocation);

// After a file was not found: gives the error a hint if a domain has that name.
void misread_file(const struct invocation *invocation);

#endif
