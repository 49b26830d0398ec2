// SPDX-License-Identifier: MIT
// Calls the functions of record/, one for each verb, as the backend does after QEMU has answered,
// to test what no command line of xenusb reaches. Words describe controllers and devices:
//
//     INDEX:VERSION:PORTS:NAME      a controller that libxl can express
//     ID:NAME                       a controller that it cannot
//     INDEX:PORT:BUSID              a host device on xenusb-INDEX, by its present address
//     INDEX:PORT:BUSID:gone         a host device that only the record still has
//     INDEX:PORT:KIND:ID            anything else on it, such as 0:2:tablet:xenusb_tablet0
//
// "look" and "tidy" take QEMU's topology as such words, controllers first.
#include "base/arena.h"
#include "record/record.h"
#include "record/saved.h"
#include "xen/xen.h"

#include <stdlib.h>

static struct arena *arena;
static struct diags diags;
static struct session session;
static struct host host;
static struct topology topology;

enum { WORDS_MAX = 4 };

static unsigned split(const char *string, const char *words[WORDS_MAX])
{
    unsigned count = 0;
    struct text rest = text_of(string);
    while (count < WORDS_MAX && rest.at) {
        size_t end = count + 1 < WORDS_MAX ? text_find(rest, ':', 0) : rest.size;
        words[count++] = arena_copy(arena, rest.at, end);
        rest = end < rest.size ? text_part(rest, end + 1, rest.size) : TEXT_EMPTY;
    }
    return count;
}

static unsigned number(const char *string)
{
    uint64_t value = 0;
    (void)text_number(text_of(string), 10, 0, UINT32_MAX, &value);
    return (unsigned)value;
}

static struct controller *controller_of(const char *string)
{
    const char *words[WORDS_MAX];
    unsigned count = split(string, words);
    struct controller *controller = arena_new_of(arena, struct controller);
    bool known = count == 4;
    controller->model = known ? controller_model_for(number(words[1]))
                              : controller_model_named(text_of("qemu-xhci"));
    controller->driver = controller->model->driver;
    controller->id = known ? arena_printf(arena, "xenusb-%s", words[0]) : words[0];
    controller->name = words[known ? 3 : 1];
    controller->index = known ? (int)number(words[0]) : -1;
    controller->ports = known ? number(words[2]) : 4;
    controller->path = controller->bus = "";
    controller->present = true;
    return controller;
}

static struct controller *controller_at(const char *index)
{
    struct controller *there = topology_controller_index(&topology, (int)number(index));
    return there ? there : controller_of(arena_printf(arena, "%s:3:4:hci%s", index, index));
}

static struct device *device_of(const char *string)
{
    const char *words[WORDS_MAX];
    unsigned count = split(string, words);
    struct device *device = arena_new_of(arena, struct device);
    device->controller = controller_at(words[0]);
    (void)port_read(text_of(words[1]), &device->port);
    const struct device_model *model = count == 4 ? device_model_named(text_of(words[2])) : NULL;
    device->kind = model ? model->kind : DEVICE_HOSTDEV;
    device->driver = model ? model->driver : "usb-host";
    device->path = "";
    if (model) {
        device->id = words[3];
        device->state = DEVICE_PRESENT;
    } else if (count == 4) {
        device->id = "";
        device->state = DEVICE_GONE;
        if (busid_read(text_of(words[2]), device->selector.busid))
            device->selector.criteria = SELECT_BUSID;
    } else {
        device->host = host_device_busid(&host, words[2]);
        device->id = device->host ? arena_printf(arena, "xenusb-%u-%u", device->host->bus,
                                                 device->host->address)
                                  : "xenusb-1-99";
        device->state = device->host ? DEVICE_ATTACHED : DEVICE_GONE;
    }
    return device;
}

// ---- words ----

// Writes the saved config as well, as a run does at its end.
static enum status record(enum step_op op, struct controller *controller, struct device *device)
{
    enum status status = record_one(&session, op, controller, device);
    return status_worse(status, saved_write(&session));
}

static enum status controller_added(char **words)
{
    return record(STEP_ADD, controller_of(words[0]), NULL);
}

static enum status controller_removed(char **words)
{
    return record(STEP_REMOVE, controller_of(words[0]), NULL);
}

static enum status device_added(char **words)
{
    struct device *device = device_of(words[0]);
    return record(STEP_ADD, device->controller, device);
}

static enum status device_removed(char **words)
{
    struct device *device = device_of(words[0]);
    return record(STEP_REMOVE, device->controller, device);
}

// All of them together; prints what became of each.
// Records the devices up to the word "then" together, and those behind it afterwards.
static enum status devices_added(char **words)
{
    struct step steps[WORDS_MAX], *of[WORDS_MAX] = { NULL };
    enum status outcomes[WORDS_MAX];
    size_t count = 0;
    for (; words[count] && count < WORDS_MAX && strcmp(words[count], "then") != 0; count++) {
        struct device *device = device_of(words[count]);
        steps[count] = (struct step){
            .op = STEP_ADD, .state = STEP_DONE, .controller = device->controller, .device = device
        };
        of[count] = &steps[count];
    }
    enum status status = record_steps(&session, of, count, outcomes);
    for (size_t i = 0; i < count; i++)
        printf("%s: %d\n", words[i], (int)outcomes[i]);
    if (words[count])
        return status_worse(status, devices_added(words + count + 1));
    return status_worse(status, saved_write(&session));
}

static const char *shown(const char *string)
{
    return text_show(arena, text_of(string), 4096);
}

static enum status read_it(char **words)
{
    static const char *const kinds[] = { "emulated", "kernel", "qemu", "strange" };
    struct record record;
    (void)words;
    enum status status = record_read(&session, &record);
    for (const struct record_controller *at = record.controllers; at; at = at->next) {
        printf("%u %s version=%u ports=%u", at->index, kinds[at->kind], at->version, at->ports);
        for (unsigned port = 1; port <= at->ports; port++)
            printf(" [%s]", at->port[port] ? shown(at->port[port]) : "-");
        putchar('\n');
    }
    for (const struct record_note *at = record.notes; at; at = at->next)
        printf("%s %s name=%s busid=%s at=%s.%s\n", at->of_device ? "device" : "controller",
               shown(at->id), shown(at->name), shown(at->busid), shown(at->controller),
               shown(at->port));
    if (record.foreign)
        puts("foreign");
    return status;
}

static enum status look(char **words, bool tidy)
{
    struct record record;
    topology = (struct topology){ .domain = session.domain, .qemu = "QEMU" };
    for (; *words; words++) {
        const char *parts[WORDS_MAX];
        unsigned count = split(*words, parts);
        bool device = count == 3 || (count == 4 && (device_model_named(text_of(parts[2])) ||
                                                    strcmp(parts[3], "gone") == 0));
        if (device) {
            struct device *made = device_of(*words);
            controller_add_device(made->controller, made);
        } else {
            topology_add_controller(&topology, controller_of(*words));
        }
    }
    enum status status = record_read(&session, &record);
    if (status != STATUS_OK)
        return status;
    record_merge(&session, &record, &topology);
    return tidy ? record_tidy(&session, &record, &topology) : STATUS_OK;
}

static enum status show_merged(char **words)
{
    char room[PORT_TEXT_SIZE];
    enum status status = look(words, false);
    for (const struct controller *at = topology.controllers; at; at = at->next) {
        printf("%d %s %s ports=%u%s\n", at->index, at->driver, shown(at->name), at->ports,
               at->stale ? " stale" : "");
        for (const struct device *device = at->devices; device; device = device->next)
            printf("  %s %s %s [%s] %s\n", port_write(device->port, room), device->driver,
                   device_state_name(device->state), device->id,
                   device->selector.criteria & SELECT_BUSID ? device->selector.busid : "-");
    }
    return status;
}

static enum status tidy_up(char **words)
{
    return look(words, true);
}

static enum status list_claims(char **words)
{
    struct record_claim *claims;
    (void)words;
    enum status status = record_claims(&session, &claims);
    for (const struct record_claim *at = claims; at; at = at->next)
        printf("%s %d [%s] %d.%u %s\n", at->busid, at->domain, shown(at->name), at->index, at->port,
               shown(at->place));
    record_mark_owners(arena, claims, &host);
    for (const struct host_device *at = host.devices; at; at = at->next)
        if (at->owner)
            printf("%s is owned: %s\n", at->busid, shown(at->owner));
    return status;
}

static const struct {
    const char *name;
    enum status (*run)(char **words);
    int words; // at least
} verbs[] = {
    { "controller-added", controller_added, 1 },
    { "controller-removed", controller_removed, 1 },
    { "device-added", device_added, 1 },
    { "devices-added", devices_added, 1 },
    { "device-removed", device_removed, 1 },
    { "read", read_it, 0 },
    { "look", show_merged, 0 },
    { "tidy", tidy_up, 0 },
    { "claims", list_claims, 0 },
};

// recordc VERB DOMAIN WORDS...
int main(int count, char **words)
{
    enum status status = STATUS_REQUEST;
    arena = arena_new(65536);
    if (!arena || count < 3)
        return STATUS_REQUEST;
    diags_init(&diags, arena);
    static struct saved saved;
    session =
        (struct session){ .arena = arena, .diags = &diags, .saved = &saved, .timeout_scale = 1 };
    if (getenv("RECORDC_PATIENCE"))
        session.timeout_scale = 0.01;
    status = xen_open(arena, &diags, 5, &session.xen);
    if (status == STATUS_OK)
        status = xen_find_domain(session.xen, &diags, words[2], &session.domain);
    if (status == STATUS_OK)
        status = host_look(arena, &diags, &host);
    for (size_t i = 0; status == STATUS_OK && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(words[1], verbs[i].name) == 0) {
            if (getenv("RECORDC_WATCHES"))
                record_watch_claims(&session);
            if (getenv("RECORDC_WAITS")) {
                puts("ready");
                fflush(stdout);
                (void)getchar();
            }
            status = count >= verbs[i].words + 3 ? verbs[i].run(words + 3) : STATUS_REQUEST;
            break;
        }
    diags_print(&diags, stderr, false);
    xen_close(session.xen);
    arena_free(arena);
    return (int)status;
}
