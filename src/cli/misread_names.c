// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/buffer.h"
#include "misreading.h"
#include "xen/advice.h"

enum { SHOWN = 8, NAME_SHOWN = 60 }; // devices that a hint lists, bytes of their names

const char *misread_command(const struct misread *misread, size_t word, const char *replaced)
{
    const struct invocation *invocation = misread->invocation;
    const char **words = arena_array_of(misread->arena, const char *, invocation->count);
    size_t count = 0;
    if (!replaced)
        words[count++] = invocation->words[word];
    for (size_t i = 0; i < invocation->count; i++)
        if (replaced || (i != word && !misread_is_filler(invocation->words[i])))
            words[count++] = i == word ? replaced : invocation->words[i];
    return advice_retyped(misread->arena, invocation->command->name, words, count);
}

// What fits a word: the first of them, and all as a list.
struct fits {
    const char *needle;
    const char *word; // names the first
    const char *name;
    struct buffer list;
    size_t count;
};

static bool is_letter(char letter)
{
    char lower = text_lower(letter);
    return lower >= 'a' && lower <= 'z';
}

// A short word must be the beginning of one of the name: "to" is not meant by DataTraveler.
static bool contains(const char *name, const char *needle)
{
    enum { SHORT = 3 };
    size_t size = strlen(needle);
    for (const char *at = name; size && strlen(at) >= size; at++)
        if (text_is_nocase((struct text){ at, size }, needle) &&
            (size > SHORT || at == name || !is_letter(at[-1])))
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

// The word that a complaint is about, up to the next comma or blank; NULL if it is about none.
static const char *needle_of(const struct misread *misread, const struct diag *diag)
{
    if (diag->severity != SEVERITY_ERROR || !diag->source || span_is_none(diag->span))
        return NULL;
    const struct text line = diag->source->text;
    size_t from = diag->span.from, to = diag->span.from;
    while (from && !strchr(" ,", line.at[from - 1]))
        from--;
    while (to < line.size && !strchr(" ,", line.at[to]))
        to++;
    return arena_copy(misread->arena, line.at + from, to - from);
}

static bool can_be_name(const char *needle)
{
    return strlen(needle) >= 2 && !strpbrk(needle, "=/:") && !device_model_named(text_of(needle));
}

// A place of the domain in a word: "hci0:2", "1-4@hci0.2", "bus=hci0.2".
struct named_place {
    struct text before; // up to what separates it; empty if nothing is before it
    struct text controller;
    struct text port;
};

static bool find_place(const struct topology *topology, const char *word, struct named_place *place)
{
    struct port port;
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        const char *name = strstr(word, at->name);
        const char *behind = name ? name + strlen(at->name) : "";
        if (!*at->name || !*behind || !strchr(".:-/@", *behind) ||
            !port_read(text_of(behind + 1), &port) || (name > word && !strchr("@:=/", name[-1])))
            continue;
        size_t before = name > word ? (size_t)(name - word) - 1 : 0;
        *place = (struct named_place){ { word, before }, text_of(at->name), text_of(behind + 1) };
        return true;
    }
    return false;
}

#define WORD(text) (int)(text).size, (text).at

static bool explain_place(const struct misread *misread, struct diag *diag,
                          const struct topology *topology, const char *needle)
{
    struct diags *diags = misread->invocation->diags;
    struct named_place place;
    if (!find_place(topology, needle, &place))
        return false;
    const bool key = text_is(place.before, "bus") || text_is(place.before, "controller");
    if (!misread_is_of(misread->invocation, "attach"))
        diag_hint(diags, diag, "write %.*s.%.*s", WORD(place.controller), WORD(place.port));
    else if (place.before.size && !key)
        diag_hint(diags, diag, "write %.*s,bus=%.*s,port=%.*s", WORD(place.before),
                  WORD(place.controller), WORD(place.port));
    else
        diag_hint(diags, diag, "a device goes to that place with bus=%.*s,port=%.*s",
                  WORD(place.controller), WORD(place.port));
    return true;
}

static void explain_name(const struct misread *misread, struct diag *diag,
                         const struct topology *topology, const char *needle)
{
    struct fits fits = { .needle = needle, .list = buffer_in(misread->arena) };
    struct diags *diags = misread->invocation->diags;
    if (misread_is_of(misread->invocation, "attach"))
        fit_host_devices(misread, &fits);
    else
        fit_topology(misread, topology, &fits);
    const bool alone = misread->invocation->count == misread->skip + 1;
    if (fits.count == 1)
        diag_hint(diags, diag, "%.*s is %s", NAME_SHOWN, fits.name,
                  alone ? misread_command(misread, misread->skip, fits.word) : fits.word);
    else if (fits.count)
        diag_hint(diags, diag, "did you mean one of: %s%s", buffer_string(&fits.list),
                  fits.count > SHOWN ? ", ..." : "");
}

static void explain(const struct misread *misread, struct diag *diag,
                    const struct topology *topology)
{
    const char *needle = needle_of(misread, diag);
    if (!needle || explain_place(misread, diag, topology, needle) || !can_be_name(needle))
        return;
    if (topology_controller_named(topology, text_of(needle)))
        diag_hint(misread->invocation->diags, diag,
                  misread_is_of(misread->invocation, "attach")
                      ? "%s is a controller: a device goes to it with bus=%s"
                      : "%s is a controller: its ports are like %s.1",
                  needle, needle);
    else
        explain_name(misread, diag, topology, needle);
}

void misread_names(const struct misread *misread)
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
