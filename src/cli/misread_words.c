// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/buffer.h"
#include "misread.h"
#include "parser/parser.h"
#include "xen/advice.h"
#include "xen/xen.h"

enum { SHOWN = 8, NAME_SHOWN = 60 }; // devices that a hint lists, bytes of their names

// The words of a command that were refused, and what could explain it.
struct misread {
    const struct invocation *invocation;
    struct arena *arena;
    struct diags quiet;
    size_t skip; // words before the first that names a device
};

// The command with that word first, or with `replaced` at its place.
static const char *command_with(const struct misread *misread, size_t word, const char *replaced)
{
    const struct invocation *invocation = misread->invocation;
    const char **words = arena_array_of(misread->arena, const char *, invocation->count);
    size_t count = 0;
    if (!replaced)
        words[count++] = invocation->words[word];
    for (size_t i = 0; i < invocation->count; i++)
        if (i != word || replaced)
            words[count++] = i == word ? replaced : invocation->words[i];
    return advice_retyped(misread->arena, invocation->command->name, words, count);
}

static bool list_domains(struct misread *misread, const struct domain **domains, size_t *count)
{
    cleanup_xen struct xen *xen = NULL;
    const double limit = XENSTORE_SECONDS * misread->invocation->timeout_scale;
    return xen_open(misread->arena, &misread->quiet, limit, &xen) == STATUS_OK &&
           xen_domains(xen, &misread->quiet, DOMAIN_WHOLE, domains, count) == STATUS_OK;
}

// "the domain comes first", if another word than the first is one; NULL if not.
static const char *order_of(struct misread *misread)
{
    const struct invocation *invocation = misread->invocation;
    const struct domain *domains = NULL;
    size_t count = 0;
    if (!list_domains(misread, &domains, &count) ||
        xen_domains_have(domains, count, invocation->words[0]))
        return NULL;
    for (size_t i = 1; i < invocation->count; i++)
        if (xen_domains_have(domains, count, invocation->words[i]))
            return arena_printf(misread->arena, "the domain comes first: %s",
                                command_with(misread, i, NULL));
    return NULL;
}

// "1-4 port=2" for "1-4,port=2"; NULL if that is not the mistake.
static const char *joined(struct misread *misread, enum spec_what what)
{
    const struct invocation *invocation = misread->invocation;
    struct buffer line = buffer_in(misread->arena);
    struct diags diags;
    for (size_t i = misread->skip; i < invocation->count; i++)
        buffer_join(&line, ",", "%s", invocation->words[i]);
    if (invocation->count < misread->skip + 2 || text_find(buffer_text(&line), '=', 0) == line.size)
        return NULL;
    const char *word = buffer_string(&line);
    diags_init(&diags, misread->arena);
    parse_specs(misread->arena, &diags,
                source_from_words(misread->arena, "<command line>", &word, 1), what);
    return diags.errors ? NULL
                        : arena_printf(misread->arena, "commas join what one of them is: %s", word);
}

// What fits a word: the first of them, and all as a list.
struct fits {
    const char *needle;
    const char *word; // names the first
    const char *name;
    struct buffer list;
    size_t count;
};

static bool contains(const char *name, const char *needle)
{
    size_t size = strlen(needle);
    for (; size && strlen(name) >= size; name++)
        if (text_is_nocase((struct text){ name, size }, needle))
            return true;
    return false;
}

static void fit(struct fits *fits, const char *word, const char *name)
{
    if (!contains(name, fits->needle) || !word)
        return;
    if (!fits->count) {
        fits->word = word;
        fits->name = name;
    }
    if (fits->count++ < SHOWN)
        buffer_join(&fits->list, ", ", "%s (%.*s)", word, NAME_SHOWN, name);
}

static const char *name_of(struct arena *arena, const struct host_device *device)
{
    struct buffer name = buffer_in(arena);
    host_read_strings(device, HOST_MANUFACTURER | HOST_NAME | HOST_SERIAL);
    const char *const strings[] = { device->manufacturer, device->name, device->serial };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        if (*strings[i])
            buffer_join(&name, " ", "%s", strings[i]);
    return buffer_string(&name);
}

static void fit_host_devices(const struct misread *misread, struct fits *fits)
{
    struct host host = { 0 };
    struct diags quiet;
    diags_init(&quiet, misread->arena);
    if (host_look(misread->arena, &quiet, &host) != STATUS_OK)
        return;
    for (struct host_device *at = host.devices; at; at = at->next) {
        if (at->hub)
            continue;
        fit(fits, at->busid, name_of(misread->arena, at));
    }
}

static void fit_topology(const struct misread *misread, const struct topology *topology,
                         struct fits *fits)
{
    for (const struct controller *at = topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            fit(fits, device_word(misread->arena, device),
                device->host ? name_of(misread->arena, device->host)
                             : device_label(misread->arena, device));
}

// The word that a complaint is about, if it can be a name; NULL if not.
static const char *needle_of(const struct misread *misread, const struct diag *diag)
{
    if (diag->severity != SEVERITY_ERROR || !diag->source || span_is_none(diag->span))
        return NULL;
    struct text text = text_part(diag->source->text, diag->span.from, diag->span.to);
    bool name = text.size >= 2 && text_find(text, '=', 0) == text.size &&
                text_find(text, '/', 0) == text.size;
    return name ? arena_copy(misread->arena, text.at, text.size) : NULL;
}

static void explain(const struct misread *misread, struct diag *diag,
                    const struct topology *topology)
{
    struct fits fits = { .needle = needle_of(misread, diag), .list = buffer_in(misread->arena) };
    struct diags *diags = misread->invocation->diags;
    const bool attaches = misread->invocation->command->options & OPTION_FORCE;
    if (!fits.needle)
        return;
    if (attaches)
        fit_host_devices(misread, &fits);
    else
        fit_topology(misread, topology, &fits);
    const bool alone = misread->invocation->count == misread->skip + 1;
    if (topology_controller_named(topology, text_of(fits.needle)))
        diag_hint(diags, diag,
                  attaches ? "%s is a controller: a device goes to it with bus=%s"
                           : "%s is a controller: its ports are like %s.1",
                  fits.needle, fits.needle);
    else if (fits.count == 1)
        diag_hint(diags, diag, "%.*s is %s", NAME_SHOWN, fits.name,
                  alone ? command_with(misread, misread->skip, fits.word) : fits.word);
    else if (fits.count)
        diag_hint(diags, diag, "did you mean one of: %s%s", buffer_string(&fits.list),
                  fits.count > SHOWN ? ", ..." : "");
}

static void explain_names(const struct misread *misread)
{
    const struct invocation *invocation = misread->invocation;
    cleanup_world struct world world = WORLD_NONE;
    struct world_options options = options_for_world(invocation);
    struct diags quiet;
    diags_init(&quiet, misread->arena);
    options.diags = &quiet;
    if (world_find(&world, &options, misread->skip ? invocation->words[0] : NULL) == STATUS_OK)
        (void)world_open(&world, false);
    for (struct diag *at = invocation->diags->first; at; at = at->next)
        explain(misread, at, &world.topology);
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
        why = joined(&misread, what);
    if (why)
        diag_hint(invocation->diags, first, "%s", why);
    else if (what == SPEC_DEVICE)
        explain_names(&misread);
}
