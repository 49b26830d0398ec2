// SPDX-License-Identifier: MIT
#include "misread.h"

#include "base/arena.h"
#include "base/shell.h"
#include "base/suggest.h"
#include "old_command.h"
#include "xen/advice.h"

// Words of xl, xm, virsh, usbip and of people.
static const struct {
    const char *word, *verb;
} meanings[] = {
    { "ls", "list" },
    { "show", "list" },
    { "status", "list" },
    { "usb-list", "list" },
    { "lsusb", "devices" },
    { "device", "devices" },
    { "hostdevices", "devices" },
    { "usb-list-assignable-devices", "devices" },
    { "add", "attach" },
    { "plug", "attach" },
    { "insert", "attach" },
    { "attach-device", "attach" },
    { "usb-add", "attach" },
    { "device_add", "attach" },
    { "attach-usb", "attach" },
    { "bind", "attach" },
    { "usb-attach", "attach" },
    { "usbdev-attach", "attach" },
    { "rm", "detach" },
    { "del", "detach" },
    { "delete", "detach" },
    { "remove", "detach" },
    { "unplug", "detach" },
    { "eject", "detach" },
    { "detach-device", "detach" },
    { "usb-del", "detach" },
    { "device_del", "detach" },
    { "detach-usb", "detach" },
    { "unbind", "detach" },
    { "mv", "move" },
    { "ps", "list" },
    { "info", "list" },
    { "ctrl", "controller" },
    { "hc", "controller" },
    { "up", "apply" },
    { "start", "apply" },
    { "xml", "translate" },
    { "usb-detach", "detach" },
    { "usbdev-detach", "detach" },
    { "usb-hc-create", "controller add" },
    { "usbctrl-attach", "controller add" },
    { "usb-hc-destroy", "controller remove" },
    { "usbctrl-detach", "controller remove" },
    { "diff", "plan" },
    { "run", "apply" },
    { "create", "apply" },
    { "update", "apply" },
    { "lint", "check" },
    { "test", "check" },
    { "validate", "check" },
    { "convert", "translate" },
    { "export", "translate" },
    { "diagnose", "doctor" },
    { "fix", "repair" },
    { "daemon", "watch" },
    { "monitor", "watch" },
};

// Whether two words are the same but for case, dashes and underscores.
static bool is_same_word(const char *a, const char *b)
{
    static const char ignored[] = "-_";
    for (;; a++, b++) {
        a += strspn(a, ignored);
        b += strspn(b, ignored);
        if (text_lower(*a) != text_lower(*b) || !*a)
            return text_lower(*a) == text_lower(*b);
    }
}

static const char *meaning_of(const char *word)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (is_same_word(word, meanings[i].word))
            return meanings[i].verb;
    return NULL;
}

// The only verb that begins with the word; NULL if there are none or several.
static const char *begun_with(const char *word)
{
    const char *found = NULL;
    for (size_t i = 0; commands[i]; i++) {
        if (!text_starts(text_of(commands[i]->name), word))
            continue;
        if (found)
            return NULL;
        found = commands[i]->name;
    }
    return found;
}

static bool is_verb(const char *word)
{
    for (size_t i = 0; commands[i]; i++) {
        struct text name = text_of(commands[i]->name);
        if (text_is(text_part(name, 0, text_find(name, ' ', 0)), word))
            return true;
    }
    return false;
}

// The command that does what these words ask of xl or xm; NULL if they are none of theirs.
static const char *translated(const struct invocation *invocation)
{
    static const char *const tools[] = { "xl", "xm" };
    struct arena *arena = invocation->arena;
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        struct diags quiet;
        struct buffer line = buffer_in(arena);
        diags_init(&quiet, arena);
        const bool typed = strcmp(invocation->typed[0], tools[i]) == 0;
        if (!typed)
            buffer_add_string(&line, tools[i]);
        for (size_t j = 0; j < invocation->typed_count; j++)
            shell_add_word(&line, text_of(invocation->typed[j]));
        const struct advice_command command =
            old_command_translate(arena, &quiet, buffer_string(&line));
        if (command.count)
            return typed ? arena_printf(arena, "that is here: %s", advice_line(arena, &command))
                         : arena_printf(arena, "%s's %s is here: %s", tools[i],
                                        invocation->typed[0], advice_line(arena, &command));
    }
    return NULL;
}

// "win10 attach", "add controller": the words with the verb first. NULL: that is not the mistake.
static const char *reordered(struct arena *arena, const char *const *words, size_t count)
{
    if (count < 2)
        return NULL;
    const char *turned[] = { words[1], words[0] };
    size_t used = 0;
    if (command_find(turned, 2, &used) && used == 2)
        return arena_printf(arena, "%s %s", turned[0], turned[1]);
    return is_verb(words[1]) && !meaning_of(words[0]) ? words[1] : NULL;
}

// Another program, whose command was typed behind "xenusb".
static bool is_program(const char *word)
{
    static const char *const programs[] = { "xenusb", "sudo", "doas",   "xl",     "xm",
                                            "virsh",  "qm",   "podman", "docker", NULL };
    return text_is_among(text_of(word), programs);
}

static bool is_file(const char *word)
{
    size_t size = strlen(word);
    return strchr(word, '/') || (size > 4 && strcmp(word + size - 4, ".cfg") == 0);
}

static enum status complain_controller(const struct invocation *invocation,
                                       const char *const *words, size_t count)
{
    const char *word = count > 1 ? words[1] : NULL;
    const char *turned =
        count > 2 ? arena_printf(invocation->arena, "%s %s", words[0], words[2]) : "";
    struct diag *diag =
        complain_error(invocation->diags, CODE_USAGE, "controller needs a verb: add or remove");
    if (!word)
        return STATUS_REQUEST;
    const char *meant = is_verb(word) ? word : meaning_of(word);
    if (strcmp(turned, controller_add_command.name) == 0 ||
        strcmp(turned, controller_remove_command.name) == 0)
        diag_hint(invocation->diags, diag, "the verb comes first: '%s'", turned);
    else if (meant && strcmp(meant, "list") == 0)
        diag_hint(invocation->diags, diag, "'list' lists the controllers");
    else if (meant && strcmp(meant, "detach") == 0)
        diag_hint(invocation->diags, diag, "did you mean 'controller remove'?");
    else if (meant && (strcmp(meant, "attach") == 0 || strcmp(meant, "apply") == 0))
        diag_hint(invocation->diags, diag, "did you mean 'controller add'?");
    else
        diag_hint(invocation->diags, diag, "not '%s'", word);
    return STATUS_REQUEST;
}

enum status misread_verb(const struct invocation *invocation, const char *const *words,
                         size_t count)
{
    struct diags *diags = invocation->diags;
    if (strcmp(words[0], "controller") == 0)
        return complain_controller(invocation, words, count);
    struct diag *diag = complain_error(diags, CODE_USAGE, "unknown verb '%s'", words[0]);
    const char *line = translated(invocation);
    const char *meant = meaning_of(words[0]);
    const char *first = reordered(invocation->arena, words, count);
    const char *names[COMMANDS + 2] = { NULL };
    for (size_t i = 0; commands[i]; i++)
        names[i] = commands[i]->name;
    names[COMMANDS] = "controller";
    const char *xml = NULL;
    for (size_t i = 1; i < count; i++)
        if (strlen(words[i]) > 4 && strcmp(words[i] + strlen(words[i]) - 4, ".xml") == 0)
            xml = words[i];
    if (line)
        diag_hint(diags, diag, "%s", line);
    else if (xml)
        diag_hint(diags, diag, "%s", advice(diags->arena, ADVICE_FROM_LIBVIRT, NULL, xml));
    else if (strchr(words[0], ' '))
        diag_hint(diags, diag, "leave out the quotes around all of it");
    else if (is_program(words[0]))
        diag_hint(diags, diag, "leave out '%s': the verb follows xenusb", words[0]);
    else if (first)
        diag_hint(diags, diag, "the verb comes first: '%s'", first);
    else if (meant)
        diag_hint(diags, diag, "did you mean '%s'?", meant);
    else if (is_file(words[0]))
        diag_hint(diags, diag, "'plan' shows what that file would change, 'apply' changes it");
    else
        diag_suggest(diags, diag, text_of(words[0]), names,
                     begun_with(words[0])
                         ? arena_printf(diags->arena, "did you mean '%s'?", begun_with(words[0]))
                         : advice(diags->arena, ADVICE_VERBS, NULL, NULL));
    return STATUS_REQUEST;
}
