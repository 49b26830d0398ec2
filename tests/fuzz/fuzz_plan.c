// SPDX-License-Identifier: MIT
// Any bytes as a config, applied to a model of a guest. Applied without a failure, there is nothing
// left to plan; if one of the steps fails, the undo leaves the model as it was. The first byte
// selects the guest (a capital: --prune), the second the step that fails. After a line "---" there
// is another config, which is applied to what the first one has left.
#include "../trial.h"
#include "fuzz.h"
#include "plan/execute.h"

// ---- the host ----

#define DEVICE(number, its_busid, its_vendor, its_product, its_speed)                              \
    {                                                                                              \
        .bus = 1, .address = (number), .busid = its_busid, .vendor = (its_vendor),                 \
        .product = (its_product), .speed = (its_speed), .manufacturer = "", .name = "",            \
        .serial = "A1", .drivers = ""                                                              \
    }

static struct host_device devices[] = {
    DEVICE(4, "1-1", 0x046d, 0xc52b, SPEED_FULL),
    DEVICE(5, "1-1.2", 0x1050, 0x0407, SPEED_HIGH),
    DEVICE(6, "1-4", 0x0781, 0x5581, SPEED_SUPER),
    DEVICE(7, "1-8", 0x1234, 0x5678, SPEED_LOW),
};
enum { DEVICES = sizeof devices / sizeof *devices };

// ---- the model: what the steps have done to the topology ----

static unsigned steps_run, failing; // the number of the step that fails; 0: none
static bool prune;

static bool model_suits(const struct config_controller *wanted, const struct domain *domain)
{
    return wanted->type != CONTROLLER_PV && domain_has_machine(domain->type);
}

static bool model_suits_pv(const struct config_controller *wanted, const struct domain *domain)
{
    return !model_suits(wanted, domain);
}

static enum status model_run(void *handle, struct step *const *steps, size_t count)
{
    (void)handle;
    for (size_t i = 0; i < count; i++) {
        if (++steps_run == failing) {
            steps[i]->state = STEP_FAILED;
            steps[i]->words = "the model refuses";
            return STATUS_FAILED;
        }
        steps[i]->state = STEP_DONE;
        if (steps[i]->device)
            steps[i]->device->state = steps[i]->op == STEP_REMOVE                ? DEVICE_PLANNED
                                      : steps[i]->device->kind == DEVICE_HOSTDEV ? DEVICE_ATTACHED
                                                                                 : DEVICE_PRESENT;
    }
    return STATUS_OK;
}

static const struct backend_ops emulated = { .name = "model",
                                             .suits = model_suits,
                                             .run = model_run };
static const struct backend_ops paravirtual = { .name = "pv model",
                                                .suits = model_suits_pv,
                                                .run = model_run };
static const struct backend model[] = { { .ops = &emulated },
                                        { .ops = &paravirtual },
                                        { .ops = NULL } };

static bool is_there(const struct device *device)
{
    return device->controller->present && device->state != DEVICE_PLANNED;
}

static const char *shown(struct arena *arena, const struct topology *topology)
{
    const char *all = "";
    char buf[PORT_TEXT_SIZE];
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        if (at->present)
            all = arena_printf(arena, "%s%s %s\n", all, at->name, at->driver);
        for (const struct device *device = at->devices; device; device = device->next)
            if (is_there(device))
                all = arena_printf(arena, "%s  %s %s %s\n", all, port_write(device->port, buf),
                                   device->driver, device_busid(device));
    }
    return all;
}

// What a backend would find of it.
static void look(struct arena *arena, const struct topology *model_of, struct topology *found)
{
    *found = (struct topology){ .domain = model_of->domain,
                                .plugging = model_of->plugging,
                                .pvusb = model_of->pvusb };
    for (const struct controller *at = model_of->controllers; at; at = at->next) {
        struct controller *copy = arena_new_of(arena, struct controller);
        if (!at->present)
            continue;
        *copy = *at;
        copy->id = "xenusb-0"; // so that it can be pruned
        copy->wanted = NULL;
        copy->next = NULL;
        copy->devices = NULL;
        copy->root_devices = 0;
        topology_add_controller(found, copy);
        for (const struct device *device = at->devices; device; device = device->next) {
            struct device *other = arena_new_of(arena, struct device);
            if (!is_there(device))
                continue;
            *other = *device;
            other->wanted = NULL;
            other->next = NULL;
            controller_add_device(copy, other);
        }
    }
}

// ---- the run ----

static enum status plan_for(struct trial *trial, struct topology *topology, struct plan *plan)
{
    static const struct host host = { .devices = devices, .count = DEVICES };
    const struct plan_options options = { .backends = model, .prune = prune };
    return plan_make(&trial->diags, trial->document.config, topology, &host, &options, plan);
}

// Returns whether all of it was done.
static bool apply(struct trial *trial, struct domain *domain, struct topology *topology)
{
    struct arena *arena = trial->arena;
    struct topology again;
    struct session session = { .arena = arena, .diags = &trial->diags, .domain = domain };
    const struct execution execution = { .save = NULL };
    struct plan plan, rest;
    steps_run = 0;
    if (plan_for(trial, topology, &plan) != STATUS_OK)
        return false;
    const char *before = shown(arena, topology);
    enum status status = execute(&session, &plan, &execution);
    const char *after = shown(arena, topology);
    fuzz_check((status != STATUS_OK) == (failing && steps_run >= failing), "the status is wrong",
               after);
    if (status != STATUS_OK) {
        fuzz_check(strcmp(before, after) == 0, "the undo has left something", after);
        return false;
    }
    look(arena, topology, &again);
    status = plan_for(trial, &again, &rest);
    fuzz_check(status == STATUS_OK, "applied again it is refused",
               diags_reason(&trial->diags, after));
    fuzz_check(rest.add + rest.remove + rest.refuse == 0, "there is still something to do", after);
    return true;
}

static bool compile(struct trial *trial, struct arena *arena, const struct domain *domain,
                    struct text text)
{
    trial_compile(trial, arena, "fuzz", text, parse_document);
    struct config *config = trial->document.config;
    if (!trial->compiled ||
        (config->domain.type != DOMAIN_UNKNOWN && config->domain.type != domain->type))
        return false;
    config->domain.type = domain->type;
    config_settle(arena, config);
    return true;
}

// Where the line that separates the configs begins; text.size if there is none.
static size_t separator(struct text text)
{
    size_t at = 0;
    while (at < text.size && !text_starts(text_part(text, at, text.size), "---\n"))
        at = text_find(text, '\n', at) + 1;
    return at < text.size ? at : text.size;
}

static void run(struct arena *arena, struct domain *domain, struct text text, unsigned fails)
{
    struct trial first, second;
    struct topology found;
    struct topology topology = {
        .domain = domain,
        .plugging = { .asked = true, .known = true, .slots = 8, .models = ~0ul },
        .pvusb = { .known = true }
    };
    const size_t to = separator(text);
    failing = to < text.size ? 0 : fails;
    const bool done =
        compile(&first, arena, domain, text_part(text, 0, to)) && apply(&first, domain, &topology);
    if (done && to < text.size) {
        failing = fails;
        look(arena, &topology, &found);
        if (compile(&second, arena, domain, text_part(text, to + 4, text.size)))
            (void)apply(&second, domain, &found);
        fuzz_print(&second.diags, text);
    }
    fuzz_print(&first.diags, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2)
        return 0;
    struct arena *arena = fuzz_arena();
    const char guest = (char)bytes[0];
    struct domain domain = { .id = 5,
                             .name = "guest",
                             .uuid = "",
                             .type = text_lower(guest) == 'p' ? DOMAIN_PV : DOMAIN_HVM };
    prune = guest != text_lower(guest);
    for (size_t i = 0; i + 1 < DEVICES; i++)
        devices[i].next = &devices[i + 1];
    run(arena, &domain, (struct text){ (const char *)bytes + 2, size - 2 },
        bytes[1] >= '1' && bytes[1] <= '9' ? (unsigned)(bytes[1] - '0') : 0);
    arena_free(arena);
    return 0;
}
