// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "command.h"
#include "explanations.h"
#include "xen/xen.h"

// Somebody waits for the list with a finger on the key.
static const double PATIENCE = 0.2;

struct completion {
    struct arena *arena;
    FILE *stream;
    const struct command *command;
    struct text word;                  // to be completed
    const char *qmp, *domain, *device; // as given so far; NULL: not
};

// Offers `word` if it begins as what was typed. What it is may come from a device.
static void offer(const struct completion *completion, const char *word, const char *what)
{
    if (text_starts(text_of(word),
                    arena_copy(completion->arena, completion->word.at, completion->word.size)))
        fprintf(completion->stream, "%s\t%s\n",
                text_show(completion->arena, text_of(word), SIZE_MAX),
                text_show(completion->arena, text_of(what), 200));
}

// Verbs of two words are completed one word at a time.
static void offer_verbs(const struct completion *completion, const char *first)
{
    const char *last = "";
    for (const struct command *const *at = commands; *at; at++) {
        struct text name = text_of((*at)->name);
        size_t blank = text_find(name, ' ', 0);
        const char *head = arena_copy(completion->arena, name.at, blank);
        if (first && blank < name.size && strcmp(first, head) == 0)
            offer(completion, name.at + blank + 1, (*at)->summary);
        if (!first && strcmp(head, last) != 0)
            offer(completion, head,
                  blank < name.size ? "Add or remove USB controllers." : (*at)->summary);
        last = head;
    }
    if (first)
        return;
    offer(completion, "help", "Explain a verb.");
    offer(completion, "version", "Print the version, and what it was built with.");
    offer(completion, "--help", "list the verbs");
    offer(completion, "--version", "the version, and what it was built with");
}

static void offer_options(const struct completion *completion)
{
    struct option_about about;
    for (size_t i = 0; options_about(completion->command, i, &about); i++)
        offer(completion, arena_printf(completion->arena, "--%s", about.name), about.help);
}

static void offer_domains(const struct completion *completion)
{
    cleanup_xen struct xen *xen = NULL;
    struct diags diags;
    diags_init(&diags, completion->arena);
    const struct domain *domains = NULL;
    size_t count = 0;
    if (xen_open(completion->arena, &diags, XENSTORE_SECONDS * PATIENCE, &xen) != STATUS_OK ||
        xen_domains(xen, &diags, DOMAIN_WHOLE, &domains, &count) != STATUS_OK)
        return;
    for (size_t i = 0; i < count; i++)
        if (domains[i].id != 0 && !domains[i].dying && *domains[i].name)
            offer(completion, domains[i].name,
                  arena_printf(completion->arena, "domain %d", domains[i].id));
}

// Host devices by busid.
static void offer_host_devices(const struct completion *completion)
{
    struct diags diags;
    struct host host = { 0 };
    diags_init(&diags, completion->arena);
    if (host_look(completion->arena, &diags, &host) != STATUS_OK)
        return;
    for (struct host_device *at = host.devices; at; at = at->next) {
        if (at->hub)
            continue;
        host_read_strings(at, HOST_MANUFACTURER | HOST_NAME | HOST_SERIAL);
        offer(completion, at->busid,
              arena_printf(completion->arena, "%04x:%04x %s %s %s", at->vendor, at->product,
                           at->manufacturer, at->name, at->serial));
    }
}

static void offer_free_ports(const struct completion *completion,
                             const struct controller *controller, const char *head)
{
    for (unsigned i = 1; i <= controller->ports && i <= UINT8_MAX; i++)
        if (!controller_device_at(controller, (struct port){ 1, { (uint8_t)i } }))
            offer(completion, arena_printf(completion->arena, "%sport=%u", head, i),
                  arena_printf(completion->arena, "free port of %s", controller->name));
}

// After "1-4,": the controllers; after "1-4,bus=hci0,": the free ports of that one.
static void offer_places(const struct completion *completion, const struct topology *topology)
{
    size_t comma = completion->word.size;
    while (comma && completion->word.at[comma - 1] != ',')
        comma--;
    const char *head = arena_copy(completion->arena, completion->word.at, comma);
    bool named = strstr(head, ",bus=") != NULL;
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        const char *bus = arena_printf(completion->arena, "bus=%s", at->name);
        if (!named)
            offer(completion, arena_printf(completion->arena, "%s%s", head, bus),
                  at->model ? at->model->name : at->driver);
        else if (strstr(head, arena_printf(completion->arena, ",%s,", bus)))
            offer_free_ports(completion, at, head);
    }
}

static void offer_devices_of(const struct completion *completion, const struct topology *topology)
{
    for (const struct controller *at = topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            offer(completion, device_word(completion->arena, device),
                  arena_printf(completion->arena, "%s, on %s",
                               device_label(completion->arena, device), at->name));
}

// The free ports, as move takes them.
static void offer_targets(const struct completion *completion, const struct topology *topology)
{
    for (struct controller *at = topology->controllers; at; at = at->next)
        for (unsigned i = 1; i <= at->ports && i <= UINT8_MAX; i++) {
            const struct device there = { .controller = at, .port = { 1, { (uint8_t)i } } };
            const char *word = controller_device_at(at, there.port)
                                   ? NULL
                                   : device_word(completion->arena, &there);
            if (word)
                offer(completion, word,
                      arena_printf(completion->arena, "free port of %s", at->name));
        }
}

static void offer_controllers(const struct completion *completion, const struct topology *topology)
{
    for (const struct controller *at = topology->controllers; at; at = at->next)
        offer(completion, at->name, at->model ? at->model->name : at->driver);
}

// What the domain has, for a SPEC.
static void offer_of_domain(const struct completion *completion)
{
    cleanup_world struct world world = WORLD_NONE;
    struct diags diags;
    diags_init(&diags, completion->arena);
    const struct world_options options = { .arena = completion->arena,
                                           .diags = &diags,
                                           .qmp_socket = completion->qmp,
                                           .timeout_scale = PATIENCE };
    if (world_find(&world, &options, completion->domain) != STATUS_OK ||
        world_open(&world, false) != STATUS_OK)
        return;
    if (completion->command == &attach_command)
        offer_places(completion, &world.topology);
    else if (completion->command == &move_command && completion->device)
        offer_targets(completion, &world.topology);
    else if (completion->command == &detach_command || completion->command == &move_command)
        offer_devices_of(completion, &world.topology);
    else if (completion->command == &controller_remove_command)
        offer_controllers(completion, &world.topology);
}

static void offer_codes(const struct completion *completion)
{
    for (unsigned code = 0; code < DIAG_CODES; code++)
        offer(completion, diag_code_name(code), explanations[code].summary);
}

static void offer_argument(const struct completion *completion)
{
    const struct command *command = completion->command;
    bool takes_domain = strstr(command->arguments, "DOMAIN") && !completion->qmp;
    bool takes_more = command == &attach_command || command == &detach_command ||
                      command == &move_command || command == &controller_remove_command;
    if (command == &explain_command)
        offer_codes(completion);
    else if (takes_domain && !completion->domain)
        offer_domains(completion);
    else if (command == &attach_command &&
             text_find(completion->word, ',', 0) == completion->word.size)
        offer_host_devices(completion);
    else if (takes_more)
        offer_of_domain(completion);
}

// The option whose value follows `word`, or NULL.
static const char *argument_of(const struct command *command, const char *word)
{
    struct option_about about;
    for (size_t i = 0; options_about(command, i, &about); i++)
        if (about.argument && strncmp(word, "--", 2) == 0 && strcmp(word + 2, about.name) == 0)
            return about.argument;
    return NULL;
}

// Takes in a word after the verb; returns what the next one is a value of, or NULL.
static const char *take(struct completion *completion, const char *word, const char *value_of)
{
    if (value_of && strcmp(value_of, "SOCKET") == 0)
        completion->qmp = word;
    else if (strncmp(word, "--qmp=", 6) == 0)
        completion->qmp = word + 6;
    if (value_of)
        return NULL;
    if (*word == '-')
        return argument_of(completion->command, word);
    if (!completion->domain && !completion->qmp)
        completion->domain = word;
    else
        completion->device = word;
    return NULL;
}

void complete_print(struct arena *arena, const char *const *words, size_t count, FILE *stream)
{
    struct completion completion = { .arena = arena, .stream = stream };
    if (!count)
        return;
    completion.word = text_of(words[--count]);
    for (; count && *words[0] == '-'; words++)
        count--;
    size_t used = 0;
    completion.command = command_find(words, count, &used);
    if (!completion.command) {
        if (count <= 1)
            offer_verbs(&completion, count ? words[0] : NULL);
        return;
    }
    const char *value_of = NULL;
    for (size_t i = used; i < count; i++)
        value_of = take(&completion, words[i], value_of);
    if (value_of && strcmp(value_of, "DOMAIN") == 0)
        offer_domains(&completion);
    else if (!value_of && completion.word.size && *completion.word.at == '-')
        offer_options(&completion);
    else if (!value_of)
        offer_argument(&completion);
}
