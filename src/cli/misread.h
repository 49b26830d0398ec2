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

// After the words of attach, detach or controller were refused: gives the first error a hint if the
// domain is not the first of them, or if they are keys of one device; else each that is about a
// name which a device or a controller has. Looks at the host and the domain for that.
void misread_words(const struct invocation *invocation, enum spec_what what);

// After a file was not found: gives the error a hint if a domain has that name.
void misread_file(const struct invocation *invocation);

#endif
