// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/buffer.h"
#include "misreading.h"
#include "parser/parser.h"
#include "xen/advice.h"
#include "xen/xen.h"

static bool list_domains(struct misread *misread, const struct domain **domains, size_t *count)
{
    cleanup_xen struct xen *xen = NULL;
    const double limit = XENSTORE_SECONDS * misread->invocation->timeout_scale;
    return xen_open(misread->arena, &misread->quiet, limit, &xen) == STATUS_OK &&
           xen_domains(xen, &misread->quiet, DOMAIN_WHOLE, domains, count) == STATUS_OK;
}

static const char *target_last(const struct misread *misread)
{
    const char *const *words = misread->invocation->words;
    const char *const turned[] = { words[0], words[2], words[1] };
    return arena_printf(misread->arena, "the target comes last: %s",
                        advice_retyped(misread->arena, "move", turned, 3));
}

// "the domain comes first", if another word than the first is one; NULL if not.
static const char *order_of(struct misread *misread)
{
    const struct invocation *invocation = misread->invocation;
    const struct domain *domains = NULL;
    size_t count = 0;
    if (!list_domains(misread, &domains, &count))
        return NULL;
    if (xen_domains_have(domains, count, invocation->words[0]))
        return misread_is_of(invocation, "move") &&
                       xen_domains_have(domains, count, invocation->words[1])
                   ? target_last(misread)
                   : NULL;
    for (size_t i = 1; i < invocation->count; i++)
        if (xen_domains_have(domains, count, invocation->words[i]))
            return arena_printf(misread->arena, "the domain comes first: %s",
                                misread_command(misread, i, NULL));
    return NULL;
}

// What lsusb prints of a device, not quoted; NULL if that is not the mistake.
static const char *printed(struct misread *misread)
{
    const struct invocation *invocation = misread->invocation;
    for (size_t i = 1; i + 2 < invocation->count; i++)
        if (strcmp(invocation->words[i], "ID") == 0)
            return arena_printf(misread->arena,
                                "lsusb prints a name after the id, which cannot be selected: leave "
                                "it out, or quote all of it");
    return NULL;
}

// A file in place of a device; NULL if that is not the mistake.
static const char *is_file(struct misread *misread)
{
    const struct invocation *invocation = misread->invocation;
    for (size_t i = misread->skip; i < invocation->count; i++) {
        const char *word = invocation->words[i], *dot = strrchr(word, '.');
        if (dot && strcmp(dot, ".xml") == 0)
            return advice(misread->arena, ADVICE_FROM_LIBVIRT, NULL, word);
        if (dot && strcmp(dot, ".cfg") == 0)
            return "'plan' and 'apply' take the file of a config";
    }
    return NULL;
}

// The words with commas between them, and in place of the blanks in them.
static const char *with_commas(const struct misread *misread)
{
    const struct invocation *invocation = misread->invocation;
    struct buffer line = buffer_in(misread->arena);
    for (size_t i = misread->skip; i < invocation->count; i++)
        buffer_join(&line, ",", "%s", invocation->words[i]);
    struct buffer joined = buffer_in(misread->arena);
    const char *all = buffer_string(&line);
    for (char before = ','; *all; before = *all++)
        if (*all != ' ')
            buffer_printf(&joined, "%c", *all);
        else if (before != ',' && before != ' ')
            buffer_add_string(&joined, ",");
    return buffer_string(&joined);
}

// "1-4 port=2" for "1-4,port=2"; NULL if that is not the mistake.
static const char *joined(struct misread *misread, enum spec_what what)
{
    const struct invocation *invocation = misread->invocation;
    struct diags diags;
    const char *word = with_commas(misread);
    const bool one = invocation->count < misread->skip + 2;
    if (!strchr(word, '=') || misread_is_of(invocation, "move") ||
        (one && !strchr(invocation->words[misread->skip], ' ')))
        return NULL;
    diags_init(&diags, misread->arena);
    parse_specs(misread->arena, &diags,
                source_from_words(misread->arena, "<command line>", &word, 1), what);
    return diags.errors || diags.warnings // a key is given again
               ? NULL
               : arena_printf(misread->arena, "commas join what one of them is: %s", word);
}

enum status misread_split(const struct invocation *invocation)
{
    struct misread misread = { .invocation = invocation,
                               .arena = invocation->arena,
                               .skip = invocation->qmp ? 0 : 1 };
    const size_t count = invocation->count - misread.skip;
    const char *why = count > 1 ? joined(&misread, SPEC_CONTROLLER) : NULL;
    if (!why)
        return STATUS_OK;
    diag_hint(invocation->diags,
              complain_error(invocation->diags, CODE_USAGE,
                             "each word is a controller: these would be %zu", count),
              "%s", why);
    return STATUS_REQUEST;
}

static struct diag *first_error(const struct diags *diags)
{
    struct diag *at = diags->first;
    while (at && at->severity != SEVERITY_ERROR)
        at = at->next;
    return at;
}

void misread_file(const struct invocation *invocation)
{
    struct misread misread = { .invocation = invocation, .arena = invocation->arena };
    struct diag *first = first_error(invocation->diags);
    const struct domain *domains = NULL;
    size_t count = 0;
    diags_init(&misread.quiet, misread.arena);
    if (first && !first->hint && list_domains(&misread, &domains, &count) &&
        xen_domains_have(domains, count, invocation->words[0]))
        diag_hint(invocation->diags, first, "%s is a domain: %s takes the file with its config",
                  invocation->words[0], invocation->command->name);
}

void misread_words(const struct invocation *invocation, enum spec_what what)
{
    struct misread misread = { .invocation = invocation,
                               .arena = invocation->arena,
                               .skip = invocation->qmp ? 0 : 1 };
    struct diag *first = first_error(invocation->diags);
    if (!first)
        return;
    diags_init(&misread.quiet, misread.arena);
    const char *why = misread.skip ? order_of(&misread) : NULL;
    if (!why)
        why = printed(&misread);
    if (!why)
        why = misread_filler(invocation);
    if (!why)
        why = is_file(&misread);
    if (!why)
        why = joined(&misread, what);
    if (why)
        diag_hint(invocation->diags, first, "%s", why);
    else if (what == SPEC_DEVICE)
        misread_names(&misread);
}
