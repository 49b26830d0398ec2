// SPDX-License-Identifier: MIT
#include "parser/translate.h"

#include "as_config.h"
#include "base/arena.h"
#include "base/capture.h"
#include "base/shell.h"
#include "base/source_read.h"
#include "base/suggest.h"
#include "command.h"
#include "config/check.h"
#include "envelope.h"
#include "in_place.h"
#include "old_command.h"
#include "outcome.h"
#include "parser/foreign.h"
#include "parser/parser.h"

const struct translation *dialect_named(const struct invocation *invocation, const char *name)
{
    const char *names[16] = { NULL };
    size_t count = 0;
    const struct translation *target = translation_named(name);
    if (target)
        return target;
    for (const struct translation *at = translations; at->name && count < 15; at++)
        names[count++] = at->name;
    diag_suggest(invocation->diags,
                 complain_error(invocation->diags, "--to has no dialect '%s'", name), text_of(name),
                 names, NULL);
    return NULL;
}

// Writes the translation into memory, so that nothing is printed if it fails.
static enum status write_whole(struct writing *writing, const struct translation *target,
                               struct outcome *outcome)
{
    unsigned errors = writing->diags->errors;
    struct capture capture;
    capture_begin(&capture, writing->arena);
    writing->out = capture.stream;
    target->write(writing);
    struct text output = capture_end(&capture);
    if (writing->diags->errors != errors)
        return STATUS_REQUEST;
    outcome->output = output;
    return STATUS_OK;
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
        complain_error(invocation->diags, "--hypervisor must be xen or qemu, not '%s'", name);
        return STATUS_REQUEST;
    }
    const char *from = invocation->from;
    if (from && strcmp(from, "libvirt") != 0 && strcmp(from, "sxp") != 0) {
        complain_error(invocation->diags, "--from must be libvirt or sxp, not '%s'", from);
        return STATUS_REQUEST;
    }
    if (!(invocation->given & OPTION_IN_PLACE))
        return STATUS_OK;
    const char *why = from                 ? "rewrites a config, not libvirt's or xend's format"
                      : !target->is_config ? "needs --to xl or --to xenusb"
                      : invocation->given & OPTION_USB_ONLY    ? "and --usb-only cannot be combined"
                      : strcmp(invocation->words[0], "-") == 0 ? "needs a file, not standard input"
                                                               : NULL;
    if (!why)
        return STATUS_OK;
    complain_error(invocation->diags, "--in-place %s", why);
    return STATUS_REQUEST;
}

static enum status put_in_place(const struct invocation *invocation,
                                const struct document *document, struct outcome *outcome)
{
    const char *path = invocation->words[0];
    outcome->in_place = true;
    if (outcome->unchanged)
        return STATUS_OK;
    outcome->backup = arena_printf(invocation->arena, "%s.bak", path);
    enum status status = in_place_write(invocation->arena, invocation->diags, path,
                                        document->source->text, outcome->output);
    if (status == STATUS_OK || status == STATUS_LEFTOVER)
        envelope_changed(invocation);
    return status;
}

// Empty output would leave the user wondering.
static void say_nothing_is_there(const struct invocation *invocation,
                                 const struct translation *target, const struct config *config)
{
    if (!target->is_config && !config->controller_count && !config->device_count)
        complain(invocation->diags, SEVERITY_NOTE, config->source, SPAN_NONE,
                 "there is no USB in this config");
}

static enum status translate(const struct invocation *invocation, const struct translation *target,
                             struct document *document, struct outcome *outcome)
{
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
    status = write_whole(&writing, target, outcome);
    if (status != STATUS_OK)
        return status;
    outcome->unchanged = text_same(outcome->output, document->source->text);
    say_nothing_is_there(invocation, target, document->config);
    return invocation->given & OPTION_IN_PLACE ? put_in_place(invocation, document, outcome)
                                               : STATUS_OK;
}

static enum status translate_command_line(const struct invocation *invocation,
                                          struct outcome *outcome)
{
    struct diags *diags = invocation->diags;
    if (invocation->old_command && !invocation->count) {
        outcome->command = old_command_translate(invocation->arena, diags, invocation->old_command);
        return outcome->command.count ? STATUS_OK : STATUS_REQUEST;
    }
    struct diag *diag = complain_error(diags, "translate needs either a file or --command");
    struct buffer whole = buffer_in(invocation->arena), quoted = whole;
    buffer_add_string(&whole, invocation->old_command ? invocation->old_command : "");
    for (size_t i = 0; i < invocation->count; i++)
        buffer_printf(&whole, " %s", invocation->words[i]);
    shell_add_word(&quoted, buffer_text(&whole));
    if (invocation->old_command)
        diag_hint(diags, diag, "quote the whole command: --command %s", buffer_string(&quoted));
    return STATUS_REQUEST;
}

static enum status translate_file(const struct invocation *invocation, struct outcome *outcome)
{
    struct document document;
    const struct translation *target =
        dialect_named(invocation, invocation->to ? invocation->to : translations[0].name);
    enum status status = target ? refuse_options(invocation, target) : STATUS_REQUEST;
    if (target)
        outcome->to = target->name;
    if (status == STATUS_OK)
        status = read_document(invocation, invocation->words[0], &document);
    return status == STATUS_OK ? translate(invocation, target, &document, outcome) : status;
}

static enum status run_translate(const struct invocation *invocation)
{
    struct outcome outcome = { .to = NULL };
    bool of_command = invocation->old_command || !invocation->count;
    enum status status = of_command ? translate_command_line(invocation, &outcome)
                                    : translate_file(invocation, &outcome);
    if (invocation->given & OPTION_JSON && status == STATUS_OK)
        return outcome_write_json(invocation, &outcome);
    if (status == STATUS_OK)
        outcome_print(invocation, &outcome);
    return status;
}

const struct command translate_command = {
    .name = "translate",
    .arguments = "FILE",
    .summary = "Translate the USB part of a config; leave the rest as it is.",
    .details =
        "Needs neither root nor Xen. FILE may be - for standard input. What the dialect cannot\n"
        "express is an error at its place, and then nothing is printed.\n"
        "--command 'xm usb-attach ...' prints the xenusb command that does the same.\n"
        "--from libvirt reads a domain's XML, --from sxp what 'xm list --long' prints.\n"
        "--to xl (default): the file with its USB statements in the form that xl accepts today.\n"
        "--to xenusb: the file with its USB statements in the canonical form.\n"
        "--to qemu: arguments for qemu-system-x86_64, quoted for a shell. --to qmp: commands for\n"
        "a running QEMU, one per line. --to dot: a graph for Graphviz.\n"
        "--to libvirt: the devices of a libvirt domain, for its Xen or QEMU driver.\n"
        "--to json: what the file compiles to, with the place of each item.\n"
        "--json: for any dialect, one object with the result and all diagnostics.",
    .options = OPTION_COMMAND | OPTION_FROM | OPTION_HYPERVISOR | OPTION_IN_PLACE | OPTION_JSON |
               OPTION_NO_COMMENTS | OPTION_RESOLVE | OPTION_TO | OPTION_USB_ONLY,
    .json = "translation command",
    .least = 0,
    .most = 1,
    .run = run_translate,
};
