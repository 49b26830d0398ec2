// SPDX-License-Identifier: MIT
// The interface of the parser: it turns a source into a config.
#ifndef XENUSB_PARSER_PARSER_H
#define XENUSB_PARSER_PARSER_H

#include "document.h"

#include "base/diag.h"
#include "config/policy.h"

// Compiles a domain config, whatever dialects its USB statements are in. All errors are reported in
// one run. Never NULL: after errors the config contains what could be read. The config lives in the
// arena and refers to the source, which must outlive it.
struct config *parse_config(struct arena *arena, struct diags *diags, const struct source *source);

// The same, with the statements that a translation may change.
struct document parse_document(struct arena *arena, struct diags *diags,
                               const struct source *source);

// Warns, at its place, about whatever xl refuses in the file, unless the line has an error or a
// warning already.
void parse_check_xl(struct diags *diags, const struct document *document);

// What the arguments of a verb describe.
enum spec_what { SPEC_DEVICE, SPEC_CONTROLLER };

// Compiles the arguments of a command line, one spec each: key=value pairs, or one of the bare
// forms 4.3, 1-1.2, 046d:c52b, tablet. If a device names a controller that is not declared in the
// same arguments, the name stays in `controller_name` and must be that of a controller of the
// domain. Never NULL; reports all errors.
struct config *parse_specs(struct arena *arena, struct diags *diags, const struct source *source,
                           enum spec_what what);

// Reads a policy file. Never NULL; reports all errors, after any of which it is `broken`. The
// policy lives in the arena and refers to the source, which must outlive it.
struct policy *parse_policy(struct arena *arena, struct diags *diags, const struct source *source);

#endif
