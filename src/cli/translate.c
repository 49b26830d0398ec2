// SPDX-License-Identifier: MIT
#include "parser/translate.h"

#include "as_config.h"
#include "base/arena.h"
#include "base/capture.h"
#include "base/file.h"
#include "base/scope.h"
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

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

const struct translation *dialect_named(const struct invocation *invocation, const char *name)
{
    const char *names[16] = { NULL };
    size_t count = 0;
    const struct translation *target = translation_named(name);
    if (target)
        return target;
    for (const struct translation *at = translations; at->name && count < 15; at++)
        names[count++] = at->name;
    struct diag *diag =
        complain_error(invocation->diags, CODE_USAGE, "--to has no dialect '%s'", name);
    if (text_is_nocase(text_of(name), "xml"))
        diag_hint(invocation->diags, diag, "did you mean 'libvirt'?");
    else
        diag_suggest(invocation->diags, diag, text_of(name), names, NULL);
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

static bool is_cold(const struct invocation *invocation)
{
    return invocation->controllers && strcmp(invocation->controllers, "cold") == 0;
}

static enum status refuse_controllers(const struct invocation *invocation,
                                      const struct translation *target)
{
    const char *word = invocation->controllers;
    const bool known = !word || is_cold(invocation) || strcmp(word, "hot") == 0;
    if (!known)
        complain_error(invocation->diags, CODE_USAGE, "--controllers must be cold or hot, not '%s'",
                       word);
    else if (word && strcmp(target->name, "xl") != 0)
        complain_error(invocation->diags, CODE_USAGE, "--controllers needs --to xl");
    else if (invocation->devices && !is_cold(invocation))
        complain_error(invocation->diags, CODE_USAGE, "--devices needs --controllers cold");
    else
        return STATUS_OK;
    return STATUS_REQUEST;
}

static enum status refuse_options(const struct invocation *invocation,
                                  const struct translation *target)
{
    const char *name = invocation->hypervisor;
    if (name && strcmp(name, "xen") != 0 && strcmp(name, "qemu") != 0) {
        complain_error(invocation->diags, CODE_USAGE, "--hypervisor must be xen or qemu, not '%s'",
                       name);
        return STATUS_REQUEST;
    }
    const char *from = invocation->from;
    if (from && strcmp(from, "libvirt") != 0 && strcmp(from, "sxp") != 0) {
        struct diag *diag = complain_error(invocation->diags, CODE_USAGE,
                                           "--from must be libvirt or sxp, not '%s'", from);
        if (text_is_nocase(text_of(from), "xml"))
            diag_hint(invocation->diags, diag, "did you mean 'libvirt'?");
        else if (translation_named(from))
            diag_hint(invocation->diags, diag, "a config is recognised without it");
        return STATUS_REQUEST;
    }
    enum status status = refuse_controllers(invocation, target);
    if (status != STATUS_OK || !(invocation->given & OPTION_IN_PLACE))
        return status;
    const char *why = from                 ? "rewrites a config, not libvirt's or xend's format"
                      : !target->is_config ? "needs --to xl or --to xenusb"
                      : invocation->given & OPTION_USB_ONLY    ? "and --usb-only cannot be combined"
                      : strcmp(invocation->words[0], "-") == 0 ? "needs a file, not standard input"
                                                               : NULL;
    if (!why)
        return STATUS_OK;
    complain_error(invocation->diags, CODE_USAGE, "--in-place %s", why);
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
        complain(invocation->diags, SEVERITY_NOTE, CODE_NOTE, config->source, SPAN_NONE,
                 "there is no USB in this config");
}

// ---- the devices that xl cannot attach ----

// Whether the file has that text already.
static bool has_text(struct arena *arena, const char *path, struct text text)
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *bytes = arena_alloc(arena, text.size + 1);
    size_t size;
    return fd >= 0 && read_up_to(fd, bytes, text.size + 1, &size) &&
           text_same((struct text){ bytes, size }, text);
}

// Nothing is overwritten: the file may have been changed by hand.
static enum status create_file(const struct invocation *invocation, struct text text)
{
    const char *path = invocation->devices;
    struct diags *diags = invocation->diags;
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST && has_text(invocation->arena, path, text))
        return STATUS_OK;
    if (fd < 0 && errno == EEXIST) {
        diag_hint(diags,
                  complain_error(diags, CODE_REFUSED, "%s exists, and has something else", path),
                  "remove it, or name another file");
        return STATUS_REFUSED;
    }
    if (fd >= 0 && write_all(fd, text) && fsync(fd) == 0)
        return STATUS_OK;
    complain_error(diags, CODE_UNWRITABLE, "cannot write %s: %s", path, strerror(errno));
    if (fd >= 0)
        unlink(path);
    return STATUS_FAILED;
}

static enum status write_devices(const struct invocation *invocation, struct text devices)
{
    struct diags *diags = invocation->diags;
    if (!devices.size && invocation->devices)
        complain(diags, SEVERITY_NOTE, CODE_NOTE, NULL, SPAN_NONE,
                 "xl attaches all devices of this guest, so %s is not written",
                 invocation->devices);
    if (!devices.size)
        return STATUS_OK;
    if (!invocation->devices) {
        diag_hint(diags,
                  complain_error(diags, CODE_UNSUPPORTED,
                                 "xl cannot attach devices to these controllers when it "
                                 "creates the guest"),
                  "--devices FILE writes them to a config for apply and watch");
        return STATUS_REQUEST;
    }
    enum status status = create_file(invocation, devices);
    if (status == STATUS_OK)
        diag_hint(diags,
                  complain(diags, SEVERITY_NOTE, CODE_NOTE, NULL, SPAN_NONE,
                           "the devices of this guest are in %s", invocation->devices),
                  "apply it once the guest runs, or put it where the watcher finds it");
    return status;
}

static enum translate_controllers chosen_controllers(const struct invocation *invocation)
{
    if (!invocation->controllers)
        return CONTROLLERS_ANY;
    return is_cold(invocation) ? CONTROLLERS_COLD : CONTROLLERS_HOT;
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
                               .controllers = chosen_controllers(invocation),
                               .for_qemu = invocation->hypervisor &&
                                           strcmp(invocation->hypervisor, "qemu") == 0 };
    status = write_whole(&writing, target, outcome);
    if (status == STATUS_OK)
        status = write_devices(invocation, writing.devices);
    if (status != STATUS_OK) {
        outcome->output = TEXT_EMPTY;
        return status;
    }
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
    struct diag *diag =
        complain_error(diags, CODE_USAGE, "translate needs either a file or --command");
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
        "--controllers cold: QEMU is started with the controllers of an hvm guest, which can then "
        "be\n"
        "saved and restored; --devices FILE gets what xl cannot attach to them.\n"
        "--to xenusb: the file with its USB statements in the canonical form.\n"
        "--to qemu: arguments for qemu-system-x86_64, quoted for a shell. --to qmp: commands for\n"
        "a running QEMU, one per line. --to dot: a graph for Graphviz.\n"
        "--to libvirt: the devices of a libvirt domain, for its Xen or QEMU driver.\n"
        "--to json: what the file compiles to, with the place of each item.\n"
        "--json: for any dialect, one object with the result and all diagnostics.",
    .options = OPTION_COMMAND | OPTION_CONTROLLERS | OPTION_DEVICES | OPTION_FROM |
               OPTION_HYPERVISOR | OPTION_IN_PLACE | OPTION_JSON | OPTION_NO_COMMENTS |
               OPTION_RESOLVE | OPTION_TO | OPTION_USB_ONLY,
    .json = "translation command",
    .least = 0,
    .most = 1,
    .run = run_translate,
};
