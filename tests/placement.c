// SPDX-License-Identifier: MIT
// placement DIR... - checks for each NAME.cfg in the directories that `apply` of the config and of
// each of its translations puts the same devices on the same ports. Without a directory, the
// configs are generated: SEED in the environment is the first seed (1), and a failure prints its
// seed. Prints TAP. For the test on a real QEMU (rig/placement.test):
// placement -w COUNT DIR - writes that many generated configs of HVM guests to DIR.
// placement -c FILE - prints QEMU's arguments for what the guest of that config is created with.
#include "trial.h"

#include "base/source_read.h"
#include "host/endpoints.h"
#include "plan/backend.h"
#include "plan/topology.h"

#include <limits.h>

enum { ROUNDS = 1000 };

static unsigned number;
static bool all_passed = true;

static void report(const char *name, const char *what, const char *wrong)
{
    printf("%sok %u - %s %s\n", wrong ? "not " : "", ++number, name, what);
    for (const char *end; wrong && *wrong; wrong = *end ? end + 1 : end) {
        end = strchrnul(wrong, '\n');
        printf("# %.*s\n", (int)(end - wrong), wrong);
    }
    all_passed = all_passed && !wrong;
}

// --- a host with devices of every speed: those of the rig (tests/rig/usbdevices.c) ---

static struct host_device devices[] = {
    { .bus = 1, .address = 2, .busid = "1-1", .vendor = 0x05e3, .product = 0x0608, .hub = true },
    { .bus = 1,
      .address = 5,
      .busid = "1-1.2",
      .vendor = 0x046d,
      .product = 0xc077,
      .speed = SPEED_LOW },
    { .bus = 1,
      .address = 6,
      .busid = "1-1.3",
      .vendor = 0x0781,
      .product = 0x5581,
      .speed = SPEED_HIGH },
    { .bus = 1,
      .address = 8,
      .busid = "1-1.4",
      .vendor = 0x0781,
      .product = 0x5581,
      .speed = SPEED_HIGH },
    { .bus = 1,
      .address = 7,
      .busid = "1-4",
      .vendor = 0x1050,
      .product = 0x0407,
      .speed = SPEED_FULL },
    { .bus = 1,
      .address = 9,
      .busid = "1-5",
      .vendor = 0x046d,
      .product = 0x082d,
      .speed = SPEED_HIGH,
      .endpoints = &(struct host_endpoints){ .isochronous = true } },
    { .bus = 1,
      .address = 10,
      .busid = "1-6",
      .vendor = 0x0525,
      .product = 0xa4a2,
      .speed = SPEED_FULL },
    { .bus = 1,
      .address = 11,
      .busid = "1-7",
      .vendor = 0x1234,
      .product = 0x5678,
      .speed = SPEED_FULL },
    { .bus = 2,
      .address = 2,
      .busid = "2-3",
      .vendor = 0x0bda,
      .product = 0x8153,
      .speed = SPEED_SUPER },
    { .bus = 2,
      .address = 3,
      .busid = "2-4",
      .vendor = 0x0951,
      .product = 0x1666,
      .speed = SPEED_SUPER,
      .endpoints = &(struct host_endpoints){ .fits_high_speed = true } },
};
enum { DEVICES = sizeof devices / sizeof *devices };
static const struct host tree = { .devices = devices, .count = DEVICES };

static void link_host(void)
{
    for (size_t i = 0; i < DEVICES; i++) {
        devices[i].next = i + 1 < DEVICES ? &devices[i + 1] : NULL;
        devices[i].manufacturer = devices[i].name = devices[i].serial = devices[i].drivers = "";
    }
}

// Returns a new device that a selector matches, with a busid that no other has.
static struct host_device *device_for(struct arena *arena, const struct selector *selector,
                                      unsigned count)
{
    static const enum speed speeds[] = { SPEED_HIGH, SPEED_FULL, SPEED_SUPER, SPEED_LOW };
    struct host_device *device = arena_new_of(arena, struct host_device);
    bool has_bus = selector->criteria & SELECT_BUS;
    device->bus = has_bus ? selector->bus : 200;
    device->address = selector->criteria & SELECT_ADDRESS ? selector->address : (uint8_t)count;
    device->vendor = selector->criteria & SELECT_VENDOR ? selector->vendor : 0xffff;
    device->product = selector->criteria & SELECT_PRODUCT ? selector->product : (uint16_t)count;
    device->speed = speeds[count % (sizeof speeds / sizeof *speeds)];
    device->manufacturer = device->name = device->serial = device->drivers = "";
    if (selector->criteria & SELECT_BUSID)
        memcpy(device->busid, selector->busid, sizeof device->busid);
    else
        snprintf(device->busid, sizeof device->busid, "%u-9.%u", device->bus, count);
    if (selector->criteria & SELECT_SERIAL)
        device->serial = arena_copy(arena, selector->serial.at, selector->serial.size);
    return device;
}

// The rig's host, and all other devices that a config names, in turn with each speed.
static struct host host_of(struct arena *arena, const struct config *config)
{
    struct host host = tree;
    const struct host_device *found;
    for (const struct config_device *at = config->devices; at; at = at->next) {
        if (at->kind != DEVICE_HOSTDEV || !at->selector.criteria ||
            host_select(&host, &at->selector, &found))
            continue;
        struct host_device *device = device_for(arena, &at->selector, host.count++);
        device->next = host.devices;
        host.devices = device;
    }
    return host;
}

// --- apply, to a guest that has only the controller of usb=1 ---

static bool serves_emulated(const struct config_controller *wanted, const struct domain *domain)
{
    return domain_has_machine(domain->type) && wanted->type != CONTROLLER_PV;
}

static bool serves_pvusb(const struct config_controller *wanted, const struct domain *domain)
{
    return domain->id >= 0 && !serves_emulated(wanted, domain);
}

static const struct backend_ops emulating = { .name = "emulating", .suits = serves_emulated };
static const struct backend_ops paravirtual = { .name = "pvusb", .suits = serves_pvusb };
static const struct backend backends[] = { { .ops = &emulating },
                                           { .ops = &paravirtual },
                                           { .ops = NULL } };

struct applied {
    struct domain domain;
    struct topology topology;
    struct plan plan;
    enum status status;
};

// The controller that "-usb" makes is there before any other, and has no id.
static void create_controllers(struct arena *arena, const struct config *config,
                               struct topology *topology)
{
    for (const struct config_controller *at = config->controllers; at; at = at->next) {
        if (at->origin != ORIGIN_USB)
            continue;
        struct controller *controller = arena_new_of(arena, struct controller);
        controller->backend = &backends[0];
        controller->model = at->model;
        controller->driver = at->model->driver;
        controller->name = at->name;
        controller->id = controller->path = controller->bus = "";
        controller->index = -1;
        controller->ports = at->model->ports;
        controller->present = true;
        topology_add_controller(topology, controller);
    }
}

static void apply(struct trial *trial, const struct host *host, bool xen, struct applied *applied)
{
    struct config *config = trial->document.config;
    const struct plan_options options = { .backends = backends };
    if (config->domain.type == DOMAIN_UNKNOWN) {
        config->domain.type = DOMAIN_HVM;
        config_settle(trial->arena, config);
    }
    *applied = (struct applied){ .domain = { .id = xen ? 5 : -1, .name = "guest", .uuid = "" } };
    applied->domain.type = config->domain.type;
    applied->topology.domain = &applied->domain;
    applied->topology.plugging = (struct plugging){ .known = true, .slots = 99, .models = ~0ul };
    create_controllers(trial->arena, config, &applied->topology);
    applied->status =
        plan_make(&trial->diags, config, &applied->topology, host, &options, &applied->plan);
}

// --- the topology as text: a line for each device ---

// Its number in the config; those that were added for devices follow.
static unsigned number_of(const struct controller *controller)
{
    return controller->wanted ? controller->wanted->index : UINT_MAX;
}

// A controller by its libxl index, or if it has none, by its model and its rank among those.
static const char *controller_shown(struct arena *arena, const struct topology *topology,
                                    const struct controller *controller)
{
    unsigned rank = 0;
    if (controller->index >= 0)
        return arena_printf(arena, "%d (%s)", controller->index, controller->model->name);
    bool is_behind = false;
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        is_behind = is_behind || at == controller;
        if (at != controller && at->index < 0 && at->model == controller->model)
            rank += number_of(at) < number_of(controller) ||
                    (!is_behind && number_of(at) == number_of(controller));
    }
    return arena_printf(arena, "%s #%u", controller->model->name, rank);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *shown(struct arena *arena, const struct topology *topology, bool only_host)
{
    enum { MOST = 400 };
    const char *lines[MOST];
    size_t count = 0;
    char buf[PORT_TEXT_SIZE];
    for (const struct controller *at = topology->controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            if ((device->host || !only_host) && count < MOST)
                lines[count++] = arena_printf(arena, "%s port %s: %s %s\n",
                                              controller_shown(arena, topology, at),
                                              port_write(device->port, buf), device->driver,
                                              device->host ? device->host->busid : "");
    qsort(lines, count, sizeof *lines, compare);
    const char *all = "";
    for (size_t i = 0; i < count; i++)
        all = arena_printf(arena, "%s%s", all, lines[i]);
    return all;
}

// --- buses and ports in QEMU's arguments ---

// Each device of the plan has a line in the translation with its controller's bus and its port,
// which end the argument: quoted if it has blanks.
static const char *check_qemu(struct trial *trial, const struct applied *applied)
{
    char buf[PORT_TEXT_SIZE];
    const struct text out = trial->out;
    for (const struct controller *at = applied->topology.controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next) {
            const char *end = arena_printf(trial->arena, ",bus=%s.0,port=%s\n", at->name,
                                           port_write(device->port, buf));
            const char *quoted = arena_printf(trial->arena, "%.*s'\n", (int)strlen(end) - 1, end);
            const char *found = memmem(out.at, out.size, end, strlen(end));
            found = found ? found : memmem(out.at, out.size, quoted, strlen(quoted));
            const char *line = found;
            while (line && line > out.at && line[-1] != '\n')
                line--;
            size_t size = line ? (size_t)(found - line) : 0;
            if (!line || !memmem(line, size, device->driver, strlen(device->driver)))
                return arena_printf(trial->arena, "no %s with %s\n%.*s", device->driver, end,
                                    (int)out.size, out.at);
        }
    return NULL;
}

// --- comparison ---

static const struct dialect {
    const char *name;
    bool xen;          // for a guest of Xen
    bool for_qemu;     // libvirt
    bool only_host;    // the guest is created with its emulated devices
    bool has_words;    // QEMU's arguments instead of a config
    unsigned compared; // how many of the generated configs are, from the default seed
} dialects[] = {
    { "xl", true, false, true, false, 635 },
    { "xenusb", true, false, false, false, 1000 },
    { "libvirt", false, true, false, false, 778 },
    { "qemu", false, false, false, true, 656 },
    { .name = NULL },
};

// Drops the devices that the guest is created with, or those that are attached to it later.
static void drop_devices(struct config *config, bool created)
{
    for (struct config_device **at = &config->devices; *at;) {
        bool dropped = (*at)->at_creation == created;
        config->device_count -= dropped;
        if (dropped)
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
}

static bool is_created(const struct config *config)
{
    for (const struct config_controller *at = config->controllers; at; at = at->next)
        if (at->at_creation)
            return true;
    for (const struct config_device *at = config->devices; at; at = at->next)
        if (at->at_creation)
            return true;
    return false;
}

static bool compile_again(struct trial *again, const struct trial *trial,
                          const struct dialect *dialect)
{
    struct arena *arena = trial->arena;
    if (strcmp(dialect->name, "libvirt") != 0) {
        trial_compile(again, arena, dialect->name, trial->out, parse_document);
        return again->compiled;
    }
    const char *whole = arena_printf(
        arena, "<domain type='kvm'><name>x</name><os><type>hvm</type></os>%.*s</domain>",
        (int)trial->out.size, trial->out.at);
    trial_compile(again, arena, dialect->name, text_of(whole), parse_libvirt);
    return again->compiled;
}

static const char *complaints_of(struct trial *trial)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&bytes, &size);
    if (!stream)
        abort();
    diags_print(&trial->diags, stream, false);
    fclose(stream);
    const char *text = arena_copy(trial->arena, bytes, size);
    free(bytes);
    return text;
}

// Returns false if there is nothing to compare: the config does not compile, apply refuses it, or
// the dialect cannot express it.
static bool try_dialect(struct arena *arena, const char *name, struct text text,
                        const struct dialect *dialect, const char **wrong)
{
    struct trial trial, translated, again;
    struct applied ours, theirs;
    *wrong = NULL;
    trial_compile(&trial, arena, name, text, parse_document);
    if (!trial.compiled || (dialect->has_words && is_created(trial.document.config)))
        return false;
    if (dialect->only_host)
        drop_devices(trial.document.config, true);
    const struct host host = host_of(arena, trial.document.config);
    apply(&trial, &host, dialect->xen, &ours);
    if (ours.status != STATUS_OK)
        return false;
    trial_compile(&translated, arena, name, text, parse_document);
    translated.host = &host;
    trial_translate(&translated, dialect->name, dialect->for_qemu);
    if (!translated.done)
        return false;
    if (dialect->has_words) {
        *wrong = check_qemu(&translated, &ours);
        return true;
    }
    if (!compile_again(&again, &translated, dialect)) {
        *wrong = complaints_of(&again);
        return true;
    }
    if (dialect->only_host)
        drop_devices(again.document.config, true);
    apply(&again, &host, dialect->xen, &theirs);
    const char *before = shown(arena, &ours.topology, dialect->only_host);
    const char *after = shown(arena, &theirs.topology, dialect->only_host);
    if (theirs.status != STATUS_OK)
        *wrong = complaints_of(&again);
    else if (strcmp(before, after) != 0)
        *wrong = arena_printf(arena, "of the file:\n%sof the translation:\n%s%.*s", before, after,
                              (int)translated.out.size, translated.out.at);
    return true;
}

static void check_file(const char *directory, const char *name)
{
    for (const struct dialect *at = dialects; at->name; at++) {
        cleanup_arena struct arena *arena = arena_new(1024);
        struct diags diags;
        const char *wrong;
        diags_init(&diags, arena);
        const struct source *source =
            source_read(arena, &diags, arena_printf(arena, "%s/%s", directory, name));
        if (source && try_dialect(arena, name, source->text, at, &wrong))
            report(name, at->name, wrong);
    }
}

// --- generated configs ---

static uint64_t state;

// Never call it twice in one expression: compilers evaluate arguments in different orders, and the
// same seed must give the same configs.
static unsigned pick(unsigned below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % below;
}

static const char *one_of(const char *const *words, unsigned count)
{
    return words[pick(count)];
}
#define ONE_OF(...)                                                                                \
    one_of((const char *const[]){ __VA_ARGS__ },                                                   \
           sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static const char *maybe(struct arena *arena, unsigned in, const char *key, unsigned below)
{
    return pick(in) ? "" : arena_printf(arena, ",%s=%u", key, 1 + pick(below));
}

static const char *a_host_device(struct arena *arena)
{
    const struct host_device *device = &devices[1 + pick(DEVICES - 1)];
    return pick(2) ? arena_printf(arena, "busid=%s", device->busid)
                   : arena_printf(arena, "hostaddr=%u.%u", device->bus, device->address);
}

static const char *a_controller(struct arena *arena, bool pv, unsigned i)
{
    const char *what = pv ? arena_printf(arena, "type=qusb%s", maybe(arena, 2, "usbversion", 2))
                          : ONE_OF("type=emul", "type=emul,usbversion=1", "type=emul,usbversion=2",
                                   "type=emul,usbversion=3", "type=emul,model=qemu-xhci",
                                   "type=emul,model=ehci", "type=emul,model=piix4-uhci");
    bool counted = pv || strstr(what, "=3") || strstr(what, "xhci") || !strchr(what, ',');
    return arena_printf(arena, "'%s,name=c%u%s'", what, i,
                        counted ? maybe(arena, 2, "numports", 15) : "");
}

static const char *a_device(struct arena *arena, bool pv, unsigned controllers)
{
    const char *what =
        pv || pick(2) ? a_host_device(arena)
                      : ONE_OF("type=tablet", "type=mouse", "type=keyboard", "type=wacom-tablet",
                               "type=hub", "type=serial,chardev=null", "type=smartcard");
    if (!controllers || !pick(2))
        return arena_printf(arena, "'%s'", what);
    unsigned on = pick(controllers);
    bool behind_hub = !pick(6);
    const char *port =
        behind_hub ? arena_printf(arena, ",port=%u", 1 + pick(4)) : maybe(arena, 3, "port", 8);
    const char *behind = behind_hub ? arena_printf(arena, ".%u", 1 + pick(8)) : "";
    return arena_printf(arena, "'%s,bus=c%u%s%s'", what, on, port, behind);
}

static const char *in_xenusb(struct arena *arena, bool pv)
{
    unsigned controllers = pick(4);
    unsigned count = 1 + pick(8);
    const char *text = "usbcontroller=[";
    for (unsigned i = 0; i < controllers; i++)
        text = arena_printf(arena, "%s%s,", text, a_controller(arena, pv, i));
    text = arena_printf(arena, "%s]\nusbdevice=[", text);
    for (unsigned i = 0; i < count; i++)
        text = arena_printf(arena, "%s%s,", text, a_device(arena, pv, controllers));
    return arena_printf(arena, "%s]\n", text);
}

static const char *an_xl_controller(struct arena *arena, bool pv)
{
    if (!pv)
        return ONE_OF("type=devicemodel,version=3", "type=devicemodel,version=1",
                      "type=devicemodel,version=3,ports=15", "type=devicemodel",
                      "type=devicemodel,version=3,ports=2");
    unsigned version = 1 + pick(2);
    return arena_printf(arena, "type=qusb,version=%u%s", version, maybe(arena, 2, "ports", 12));
}

static const char *in_xl(struct arena *arena, bool pv)
{
    unsigned controllers = pick(3);
    unsigned count = 1 + pick(5);
    const char *text = "usbctrl=[";
    for (unsigned i = 0; i < controllers; i++)
        text = arena_printf(arena, "%s'%s',", text, an_xl_controller(arena, pv));
    text = arena_printf(arena, "%s]\nusbdev=[", text);
    for (unsigned i = 0; i < count; i++) {
        const struct host_device *device = &devices[1 + pick(DEVICES - 1)];
        bool placed = controllers && pick(2);
        const char *on = placed ? arena_printf(arena, ",controller=%u", pick(controllers)) : "";
        text = arena_printf(arena, "%s'hostbus=%u,hostaddr=%u%s%s',", text, device->bus,
                            device->address, on, placed ? maybe(arena, 2, "port", 6) : "");
    }
    return arena_printf(arena, "%s]\n", text);
}

static const char *in_classic(struct arena *arena)
{
    const char *text =
        ONE_OF("usb=1\n", "usb=1\n", "usbversion=1\n", "usbversion=2\n", "usbversion=3\n");
    if (strncmp(text, "usb=", 4) != 0)
        return arena_printf(arena, "%s%s", text, pick(2) ? "" : "spice=1\nspiceusbredirection=2\n");
    text = arena_printf(arena, "%susbdevice=['tablet'", text);
    for (unsigned i = pick(4); i; i--) {
        const struct host_device *device = &devices[1 + pick(DEVICES - 1)];
        text = pick(3) ? arena_printf(arena, "%s,'host:%u.%u'", text, device->bus, device->address)
                       : arena_printf(arena, "%s,%s", text, ONE_OF("'mouse'", "'keyboard'"));
    }
    return arena_printf(arena, "%s]\n%s", text, pick(3) ? "" : in_xl(arena, false));
}

static const char *in_xm(struct arena *arena)
{
    const char *text = "vusb=[";
    for (unsigned i = 1 + pick(3); i; i--) {
        unsigned version = 1 + pick(2);
        text = arena_printf(arena, "%s'usbver=%u,numports=%u", text, version, 3 + pick(6));
        for (unsigned port = 1 + pick(3); port <= 3; port += 1 + pick(3))
            text = arena_printf(arena, "%s,port_%u=%s", text, port,
                                devices[1 + pick(DEVICES - 1)].busid);
        text = arena_printf(arena, "%s',", text);
    }
    return arena_printf(arena, "%s]\n", text);
}

static struct text generate(struct arena *arena, uint64_t seed)
{
    state = seed;
    for (unsigned i = 0; i < 4; i++)
        (void)pick(2);
    bool pv = !pick(5);
    const char *body = "";
    switch (pick(6)) {
    case 0: body = in_xl(arena, pv); break;
    case 1: body = pv ? in_xm(arena) : in_classic(arena); break;
    default: body = in_xenusb(arena, pv);
    }
    return text_of(arena_printf(arena, "name='g'\ntype='%s'\n%s", pv ? "pv" : "hvm", body));
}

// Returns the next seed whose config compiles and can be applied.
static uint64_t next_seed(uint64_t seed)
{
    for (;; seed++) {
        cleanup_arena struct arena *arena = arena_new(1024);
        struct trial trial;
        struct applied applied;
        trial_compile(&trial, arena, "generated", generate(arena, seed), parse_document);
        if (!trial.compiled)
            continue;
        apply(&trial, &tree, true, &applied);
        if (applied.status == STATUS_OK)
            return seed;
    }
}

enum { DEFAULT_SEED = 1 };

static uint64_t first_seed(void)
{
    const char *given = getenv("SEED");
    uint64_t seed = DEFAULT_SEED;
    if (given)
        (void)text_number(text_of(given), 10, 0, UINT32_MAX, &seed);
    return seed;
}

static void check_generated(void)
{
    unsigned compared[sizeof dialects / sizeof *dialects] = { 0 };
    bool failed[sizeof dialects / sizeof *dialects] = { false };
    uint64_t seed = first_seed();
    for (unsigned round = 0; round < ROUNDS; round++, seed++) {
        seed = next_seed(seed);
        for (size_t i = 0; dialects[i].name; i++) {
            cleanup_arena struct arena *arena = arena_new(1024);
            const char *wrong;
            struct text text = generate(arena, seed);
            if (failed[i] || !try_dialect(arena, "generated", text, &dialects[i], &wrong))
                continue;
            compared[i]++;
            failed[i] = wrong;
            if (wrong)
                report("generated", dialects[i].name,
                       arena_printf(arena, "SEED=%ju\n%s%s", (uintmax_t)seed, text.at, wrong));
        }
    }
    for (size_t i = 0; dialects[i].name; i++) {
        if (failed[i])
            continue;
        printf("# %u of %u compared, seeds from %ju\n", compared[i], (unsigned)ROUNDS,
               (uintmax_t)first_seed());
        bool is_default = first_seed() == DEFAULT_SEED;
        unsigned wanted = is_default ? dialects[i].compared : compared[i];
        report("generated", dialects[i].name,
               compared[i] == wanted
                   ? NULL
                   : "not as many as the table says: has translate begun to refuse some?");
    }
}

// --- for a real QEMU ---

static int write_generated(unsigned count, const char *directory)
{
    uint64_t seed = first_seed();
    for (unsigned i = 0; i < count; seed++) {
        cleanup_arena struct arena *arena = arena_new(1024);
        seed = next_seed(seed);
        struct text text = generate(arena, seed);
        if (!strstr(text.at, "hvm"))
            continue;
        const char *path = arena_printf(arena, "%s/seed-%ju.cfg", directory, (uintmax_t)seed);
        FILE *file = fopen(path, "we");
        if (!file || fputs(text.at, file) < 0 || fclose(file) != 0) {
            perror(path);
            return 1;
        }
        i++;
    }
    return 0;
}

static int print_created(const char *path)
{
    cleanup_arena struct arena *arena = arena_new(1024);
    struct trial trial;
    struct diags diags;
    diags_init(&diags, arena);
    const struct source *source = source_read(arena, &diags, path);
    if (!source)
        return 1;
    trial_compile(&trial, arena, path, source->text, parse_document);
    struct config *config = trial.document.config;
    struct config_controller *kept = NULL, **last = &kept;
    drop_devices(config, false);
    config->controller_count = 0;
    for (struct config_controller *at = config->controllers; at; at = at->next)
        if (at->at_creation) {
            at->index = config->controller_count++;
            *last = at;
            last = &at->next;
        }
    *last = NULL;
    config->controllers = kept;
    if (trial.compiled)
        trial_translate(&trial, "qemu", false);
    fwrite(trial.out.at, 1, trial.out.size, stdout);
    return trial.done ? 0 : 1;
}

int main(int argc, char **argv)
{
    uint64_t count = 0;
    link_host();
    if (argc == 4 && strcmp(argv[1], "-w") == 0)
        return text_number(text_of(argv[2]), 10, 1, 10000, &count) == NUMBER_OK
                   ? write_generated((unsigned)count, argv[3])
                   : 2;
    if (argc == 3 && strcmp(argv[1], "-c") == 0)
        return print_created(argv[2]);
    for (int i = 1; i < argc; i++)
        all_passed = trial_directory(argv[i], check_file) && all_passed;
    if (argc == 1)
        check_generated();
    printf("1..%u\n", number);
    return all_passed && number ? 0 : 1;
}
