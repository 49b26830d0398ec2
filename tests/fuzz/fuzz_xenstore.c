// SPDX-License-Identifier: MIT
// Any nodes of xenstore, most of which a guest or a driver domain can write: the record, the claims
// and the PVUSB controllers of a domain are read within bounds, and what is printed of them is safe
// for a terminal. The domain is 3, there is another one with id 4, and this host is domain 0.
#include "backends/pvusb/handle.h"
#include "idle.h"
#include "plan/presence.h"
#include "record/record.h"
#include "tree.h"
#include "xen/connection.h"
#include "xen/request.h"

static struct tree tree;

struct arena *__wrap_xen_arena(const struct xen *xen);
struct arena *__wrap_xen_arena(const struct xen *xen)
{
    (void)xen;
    return tree.arena;
}

double __wrap_xen_seconds(const struct xen *xen);
double __wrap_xen_seconds(const struct xen *xen)
{
    (void)xen;
    return 1;
}

const char *__wrap_xen_why(const struct xen *xen);
const char *__wrap_xen_why(const struct xen *xen)
{
    (void)xen;
    return "no reason";
}

const char *__wrap_xen_broken(const struct xen *xen);
const char *__wrap_xen_broken(const struct xen *xen)
{
    (void)xen;
    return NULL;
}

struct wire *__wrap_connection_wire(const struct xen *xen);
struct wire *__wrap_connection_wire(const struct xen *xen)
{
    (void)xen;
    return NULL;
}

enum xen_result __wrap_connection_refuse(struct xen *xen, const char *why);
enum xen_result __wrap_connection_refuse(struct xen *xen, const char *why)
{
    (void)xen;
    (void)why;
    return XEN_FAILED;
}

enum xen_result __wrap_request_read(struct xen *xen, struct xen_transaction *in, const char *path,
                                    struct text *value);
enum xen_result __wrap_request_read(struct xen *xen, struct xen_transaction *in, const char *path,
                                    struct text *value)
{
    (void)xen;
    (void)in;
    const struct text *found = tree_value(&tree, path + 1);
    *value = found ? *found : TEXT_EMPTY;
    return found ? XEN_OK : XEN_ABSENT;
}

enum xen_result __wrap_request_list(struct xen *xen, struct xen_transaction *in, const char *path,
                                    const char *const **names, size_t *count);
enum xen_result __wrap_request_list(struct xen *xen, struct xen_transaction *in, const char *path,
                                    const char *const **names, size_t *count)
{
    const char **found = arena_array_of(tree.arena, const char *, TREE_MOST);
    (void)xen;
    (void)in;
    *count = tree_list(&tree, path + 1, found);
    *names = found;
    return *count ? XEN_OK : XEN_ABSENT;
}

static void print(struct arena *arena, struct diags *diags, const struct topology *topology)
{
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        fuzz_check(at->ports <= RECORD_PORTS_MAX, "too many ports", at->name);
        complain_error(diags, CODE_FAILED, "controller %s: %s", at->name,
                       at->no_backend ? at->no_backend : "served");
        for (const struct device *device = at->devices; device; device = device->next)
            complain_error(diags, CODE_FAILED, "%s at %s: %s", device_describe(arena, device),
                           device_position(arena, device), device_busid(device));
    }
}

static struct host_device plugged[] = {
    { .bus = 1,
      .address = 4,
      .busid = "1-1.2",
      .manufacturer = "",
      .name = "",
      .serial = "",
      .drivers = "usbback" },
    { .bus = 1,
      .address = 5,
      .busid = "1-4",
      .manufacturer = "",
      .name = "",
      .serial = "",
      .drivers = "usbfs",
      .held = true },
};

// What is claimed, by both domains, is a bus id at a port that exists.
static void mark_owners(struct session *session, struct host *host)
{
    const struct domain domains[] = { *session->domain, { .id = 4, .name = "", .uuid = "" } };
    struct record_claim *claims;
    (void)record_claims_of(session, domains, NULL, 2, &claims);
    for (const struct record_claim *at = claims; at; at = at->next) {
        char busid[BUSID_SIZE];
        fuzz_check(busid_read(text_of(at->busid), busid), "it claims something else", at->busid);
        fuzz_check(at->index >= -1 && at->port <= RECORD_PORTS_MAX, "no such port", at->place);
        complain_error(session->diags, CODE_FAILED, "%s at %s of %s", at->busid, at->place,
                       at->name);
    }
    for (size_t i = 0; i < host->count; i++)
        plugged[i].owner = NULL;
    record_mark_owners(session->arena, claims, host);
    for (size_t i = 0; i < host->count; i++)
        if (plugged[i].owner)
            complain_error(session->diags, CODE_FAILED, "%s", plugged[i].owner);
}

static void read_all(struct session *session, struct host *host)
{
    const struct host_nodes nodes = { .part = part_read() };
    struct topology topology = { .domain = session->domain };
    struct qemu_round round = { .listed = true };
    struct pvusb_handle handle = { .session = session, .lock = LOCK_NONE, .round = &round };
    const struct record *record;
    if (record_look(session, &record) != STATUS_OK)
        return;
    mark_owners(session, host);
    if (pvusb_look(&handle, &topology) != STATUS_OK)
        return;
    record_merge(session, record, &topology);
    topology.nodes = &nodes;
    presence_find(session, &topology);
    print(session->arena, session->diags, &topology);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static char connection;
    struct arena *arena = fuzz_arena();
    struct diags diags;
    struct domain domain = {
        .id = 3, .type = DOMAIN_PV, .name = "web", .uuid = "5b8f2a52-0000-4000-8000-000000000003"
    };
    struct host host = { .devices = plugged, .count = sizeof plugged / sizeof *plugged };
    struct session session = { .arena = arena,
                               .diags = &diags,
                               .domain = &domain,
                               .host = &host,
                               .xen = (struct xen *)&connection,
                               .timeout_scale = 1.0 };
    plugged[0].next = &plugged[1];
    diags_init(&diags, arena);
    tree_read(&tree, arena, (struct text){ (const char *)bytes, size });
    read_all(&session, &host);
    fuzz_print(&diags, (struct text){ (const char *)bytes, size });
    arena_free(arena);
    return 0;
}
