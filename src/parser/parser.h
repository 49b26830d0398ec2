// SPDX-License-Identifier: MIT
// All that the rest of the house sees of the parser: a source goes in, a config comes out.
#ifndef XENUSB_PARSER_PARSER_H
#define XENUSB_PARSER_PARSER_H

#include "document.h"

#include "base/diag.h"

// Compiles a domain config, whatever dialects its USB statements are in. Everything that is wrong
// is complained of in one run. Never NULL: with errors among the complaints the config holds what
// could be read.
struct config *parse_config(struct arena *arena, struct diags *diags, const struct source *source);

// The same, with the places of the statements that a translation may touch.
struct document parse_document(struct arena *arena, struct diags *diags,
                               const struct source *source);

// What the words of `attach`, `detach` or `controller` may mean.
enum spec_what { SPEC_DEVICE, SPEC_CONTROLLER };

// Compiles the words of a command line, each one spec: what the spec grammar takes, and the bare
// forms 4.3, 1-1.2, 046d:c52b, tablet. A controller that a device names is kept by name in
// `controller_name` where it is not declared in the same words: it must then be one that the domain
// has.
struct config *parse_specs(struct arena *arena, struct diags *diags, const struct source *source,
                           enum spec_what what);

#endif
