// SPDX-License-Identifier: MIT
#include "../parser/translate.h"

#include "../arena.h"
#include "../check.h"
#include "../parser/parser.h"
#include "../scope.h"
#include "command.h"

static const struct translation *target_of(const struct invocation *invocation)
{
    const char *names[16] = { NULL };
    const char *list = "";
    size_t count = 0;
    if (!invocation->to)
        return &translations[0];
    const struct translation *target = translation_named(invocation->to);
    if (target)
        return target;
    for (const struct translation *at = translations; at->name && count < 15; at++) {
        names[count++] = at->name;
        list = arena_printf(invocation->arena, "%s%s%s", list, *list ? ", " : "", at->name);
    }
    const char *near = text_nearest(text_of(invocation->to), names);
    struct diag *diag = complain_error(invocation->diags, "--to knows no '%s'", invocation->to);
    if (near)
        diag_hint(invocation->diags, diag, "did you mean '%s'?", near);
    else
        diag_hint(invocation->diags, diag, "one of: %s", list);
    return NULL;
}

// Writes the whole translation into memory, so that nothing of it is seen if something is wrong.
static enum status write_whole(struct writing *writing, const struct translation *target,
                               char **bytes, size_t *size)
{
    unsigned errors = writing->diags->errors;
    writing->out = open_memstream(bytes, size);
    if (!writing->out) {
        complain_error(writing->diags, "no memory for the translation");
        return STATUS_FAILED;
    }
    target->write(writing);
    fclose(writing->out);
    return writing->diags->errors == errors ? STATUS_OK : STATUS_REQUEST;
}

static enum status read_document(const struct invocation *invocation, const char *path,
                                 struct document *document)
{
    struct diags *diags = invocation->diags;
    const struct source *source = source_read(invocation->arena, diags, path);
    if (!source)
        return STATUS_REQUEST;
    *document = parse_document(invocation->arena, diags, source);
    check_config(invocation->arena, diags, document->config);
    return diags->errors ? STATUS_REQUEST : STATUS_OK;
}

static enum status run_translate(const struct invocation *invocation)
{
    struct document document;
    cleanup_free char *bytes = NULL;
    size_t size = 0;
    const struct translation *target = target_of(invocation);
    enum status status =
        target ? read_document(invocation, invocation->words[0], &document) : STATUS_REQUEST;
    if (status != STATUS_OK)
        return status;
    struct writing writing = { .arena = invocation->arena,
                               .diags = invocation->diags,
                               .document = &document,
                               .comments = !(invocation->given & OPTION_NO_COMMENTS),
                               .only = invocation->given & OPTION_USB_ONLY };
    status = write_whole(&writing, target, &bytes, &size);
    if (status == STATUS_OK)
        fwrite(bytes, 1, size, stdout);
    return status;
}

const struct command translate_command = {
    .name = "translate",
    .arguments = "FILE",
    .summary = "Say a domain config's USB in another dialect, and leave the rest as it is.",
    .details =
        "Needs neither root nor Xen. FILE may be - for standard input. Nothing is dropped in\n"
        "silence: what the dialect has no word for is an error at its place, and then nothing is\n"
        "printed.\n"
        "--to xl (default): the file with its USB statements as today's xl takes them.\n"
        "--to xenusb: the file with its USB statements in the canonical form.\n"
        "--to json: what the file compiles to, with the place of each thing.",
    .options = OPTION_TO | OPTION_USB_ONLY | OPTION_NO_COMMENTS,
    .least = 1,
    .most = 1,
    .run = run_translate,
};
