// SPDX-License-Identifier: MIT
#include "../parser/translate.h"

#include "../arena.h"
#include "../check.h"
#include "../parser/foreign.h"
#include "../parser/parser.h"
#include "../scope.h"
#include "command.h"
#include "in_place.h"
#include "old_command.h"

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
    if (!invocation->from)
        *document = parse_document(invocation->arena, diags, source);
    else if (strcmp(invocation->from, "libvirt") == 0)
        *document = parse_libvirt(invocation->arena, diags, source);
    else
        *document = parse_sxp(invocation->arena, diags, source);
    check_config(invocation->arena, diags, document->config);
    return diags->errors ? STATUS_REQUEST : STATUS_OK;
}

static enum status refuse_options(const struct invocation *invocation,
                                  const struct translation *target)
{
    const char *name = invocation->hypervisor;
    if (name && strcmp(name, "xen") != 0 && strcmp(name, "qemu") != 0) {
        complain_error(invocation->diags, "--hypervisor is xen or qemu, not '%s'", name);
        return STATUS_REQUEST;
    }
    const char *from = invocation->from;
    if (from && strcmp(from, "libvirt") != 0 && strcmp(from, "sxp") != 0) {
        complain_error(invocation->diags, "--from is libvirt or sxp, not '%s'", from);
        return STATUS_REQUEST;
    }
    if (!(invocation->given & OPTION_IN_PLACE))
        return STATUS_OK;
    const char *why = from                                     ? "a config"
                      : !target->is_config                     ? "a whole config"
                      : invocation->given & OPTION_USB_ONLY    ? "the whole file"
                      : strcmp(invocation->words[0], "-") == 0 ? "a file"
                                                               : NULL;
    if (!why)
        return STATUS_OK;
    complain_error(invocation->diags, "--in-place is for %s", why);
    return STATUS_REQUEST;
}

static enum status put_in_place(const struct invocation *invocation,
                                const struct document *document, struct text text)
{
    struct arena *arena = invocation->arena;
    const char *path = invocation->words[0];
    const char *shown = text_show(arena, text_of(path), 1024);
    if (text_same(text, document->source->text)) {
        printf("%s: nothing to change\n", shown);
        return STATUS_OK;
    }
    enum status status =
        in_place_write(arena, invocation->diags, path, document->source->text, text);
    if (status == STATUS_OK)
        printf("%s: translated; the old one is %s.bak\n", shown, shown);
    return status;
}

static enum status translate(const struct invocation *invocation, const struct translation *target,
                             struct document *document)
{
    cleanup_free char *bytes = NULL;
    size_t size = 0;
    struct host host = { 0 };
    enum status status = STATUS_OK;
    if (invocation->given & OPTION_RESOLVE)
        status = host_look(invocation->arena, invocation->diags, &host);
    if (status != STATUS_OK)
        return status;
    struct writing writing = { .arena = invocation->arena,
                               .diags = invocation->diags,
                               .document = document,
                               .host = invocation->given & OPTION_RESOLVE ? &host : NULL,
                               .comments = !(invocation->given & OPTION_NO_COMMENTS),
                               .only = invocation->given & OPTION_USB_ONLY,
                               .for_qemu = invocation->hypervisor &&
                                           strcmp(invocation->hypervisor, "qemu") == 0 };
    status = write_whole(&writing, target, &bytes, &size);
    if (status != STATUS_OK)
        return status;
    if (invocation->given & OPTION_IN_PLACE)
        return put_in_place(invocation, document, (struct text){ bytes, size });
    fwrite(bytes, 1, size, stdout);
    return STATUS_OK;
}

static enum status translate_command_line(const struct invocation *invocation)
{
    if (invocation->old_command && !invocation->count)
        return old_command_translate(invocation->arena, invocation->diags, invocation->old_command);
    complain_error(invocation->diags, "translate wants a file, or --command, and not both");
    return STATUS_REQUEST;
}

static enum status run_translate(const struct invocation *invocation)
{
    struct document document;
    if (invocation->old_command || !invocation->count)
        return translate_command_line(invocation);
    const struct translation *target = target_of(invocation);
    enum status status = target ? refuse_options(invocation, target) : STATUS_REQUEST;
    if (status == STATUS_OK)
        status = read_document(invocation, invocation->words[0], &document);
    return status == STATUS_OK ? translate(invocation, target, &document) : status;
}

const struct command translate_command = {
    .name = "translate",
    .arguments = "FILE",
    .summary = "Say a domain config's USB in another dialect, and leave the rest as it is.",
    .details =
        "Needs neither root nor Xen. FILE may be - for standard input. Nothing is dropped in\n"
        "silence: what the dialect has no word for is an error at its place, and then nothing is\n"
        "printed.\n"
        "--command 'xm usb-attach ...' prints the xenusb command that does the same.\n"
        "--from libvirt reads a domain's XML, --from sxp what 'xm list --long' prints.\n"
        "--to xl (default): the file with its USB statements as today's xl takes them.\n"
        "--to xenusb: the file with its USB statements in the canonical form.\n"
        "--to qemu: arguments for qemu-system-x86_64, as a shell reads them. --to qmp: commands\n"
        "for a QEMU that runs, one a line. --to dot: a graph for Graphviz.\n"
        "--to libvirt: the devices of a libvirt domain, for its driver of Xen or of QEMU.\n"
        "--to json: what the file compiles to, with the place of each thing.",
    .options = OPTION_COMMAND | OPTION_FROM | OPTION_HYPERVISOR | OPTION_IN_PLACE |
               OPTION_NO_COMMENTS | OPTION_RESOLVE | OPTION_TO | OPTION_USB_ONLY,
    .least = 0,
    .most = 1,
    .run = run_translate,
};
