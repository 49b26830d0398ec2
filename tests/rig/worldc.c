// SPDX-License-Identifier: MIT
// Calls functions of host/, xen/ and other folders, one for each verb, and prints their results, to
// test what no command line of xenusb reaches. The exit status is the function's; errors go to
// stderr.
#include "base/arena.h"
#include "base/json.h"
#include "base/scope.h"
#include "base/source.h"
#include "base/source_read.h"
#include "base/text.h"
#include "host/endpoints.h"
#include "plan/backend.h"
#include "plan/log.h"
#include "xen/lock.h"
#include "xen/xen.h"

#include <inttypes.h>

static struct arena *arena;
static struct diags diags;
static struct session session;
static double patience = 2;

static const char *shown(const char *string)
{
    return string ? text_show(arena, text_of(string), 4096) : "-";
}

static enum status open_xen(void)
{
    return xen_open(arena, &diags, patience, &session.xen);
}

static enum status find(const char *name)
{
    enum status status = open_xen();
    return status == STATUS_OK ? xen_find_domain(session.xen, &diags, name, &session.domain)
                               : status;
}

// ---- the host ----

static enum status list_devices(char **words)
{
    (void)words;
    struct host host;
    enum status status = host_look(arena, &diags, &host);
    for (struct host_device *at = host.devices; at; at = at->next) {
        host_find_use(&session, &at, 1);
        host_read_strings(at, HOST_MANUFACTURER | HOST_NAME | HOST_SERIAL);
        const struct host_endpoints endpoints = host_endpoints(at);
        const char *use = at->use.why ? arena_printf(arena, " unknown=(%s)", at->use.why) : "";
        printf("%s %u.%u %04x:%04x %s%s%s%s%s%s [%s] [%s] [%s] drivers=%s%s busy=%s%s\n", at->busid,
               at->bus, at->address, at->vendor, at->product, speed_name(at->speed),
               at->hub ? " hub" : "",
               endpoints.unread ? arena_printf(arena, " endpoints=(%s)", endpoints.unread) : "",
               endpoints.isochronous ? " isochronous" : "",
               endpoints.fits_high_speed ? " fits-high" : "",
               endpoints.fits_full_speed ? " fits-full" : "", shown(at->manufacturer),
               shown(at->name), shown(at->serial), shown(at->drivers), at->held ? " held" : "",
               shown(at->busy), use);
    }
    return status;
}

static enum status show_device(char **words)
{
    struct host host;
    enum status status = host_look(arena, &diags, &host);
    const struct host_device *device = host_device_busid(&host, words[0]);
    if (!device)
        return status == STATUS_OK ? STATUS_REQUEST : status;
    bool same = device == host_device_at(&host, device->bus, device->address);
    printf("%s%s\n", host_device_show(arena, device), same ? "" : " (not at its address)");
    return status;
}

static enum status usbback(char **words)
{
    (void)words;
    printf("%s\n", host_has_usbback() ? "yes" : "no");
    return STATUS_OK;
}

// ---- Xen ----

static void print_domain(const struct domain *domain)
{
    static const char *const types[] = { "unknown", "pv", "pvh", "hvm" };
    printf("%d [%s] %s %s %s%s%s%s\n", domain->id, shown(domain->name), types[domain->type],
           shown(domain->uuid), shown(domain->qmp_socket), domain->shared_socket ? " locked" : "",
           domain->paused ? " paused" : "", domain->dying ? " dying" : "");
}

static enum status list_domains(char **words)
{
    (void)words;
    const struct domain *domains;
    size_t count;
    enum status status = open_xen();
    if (status == STATUS_OK)
        status = xen_domains(session.xen, &diags, DOMAIN_WHOLE, &domains, &count);
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        print_domain(&domains[i]);
    return status;
}

static enum status find_domain(char **words)
{
    enum status status = find(words[0]);
    if (status == STATUS_OK)
        print_domain(session.domain);
    return status;
}

// Prints "found", waits for a line on standard input, and prints whether the domain is still alive.
static enum status watch_domain(char **words)
{
    enum status status = find(words[0]);
    if (status != STATUS_OK)
        return status;
    puts("found");
    fflush(stdout);
    (void)getchar();
    puts(xen_domain_is_alive(session.xen, session.domain) == VERDICT_YES ? "lives" : "gone");
    return STATUS_OK;
}

static enum status tell(enum xen_result result)
{
    if (result != XEN_OK)
        complain_error(&diags, CODE_FAILED, "result %u: %s", result, xen_why(session.xen));
    return xen_status(session.xen, result);
}

static enum status read_node(char **words)
{
    struct text value;
    enum status status = open_xen();
    if (status == STATUS_OK)
        status = tell(xen_read(session.xen, NULL, words[0], &value));
    if (status == STATUS_OK)
        printf("%zu [%s]\n", value.size, text_show(arena, value, 4096));
    return status;
}

static enum status read_number(char **words)
{
    uint64_t value = 0;
    enum status status = open_xen();
    if (status == STATUS_OK)
        status = tell(xen_read_number(session.xen, NULL, words[0], 1000, &value));
    if (status == STATUS_OK)
        printf("%" PRIu64 "\n", value);
    return status;
}

static enum status list_node(char **words)
{
    const char *const *names;
    size_t count;
    enum status status = open_xen();
    if (status == STATUS_OK)
        status = tell(xen_list(session.xen, NULL, words[0], &names, &count));
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        printf("%s\n", shown(names[i]));
    return status;
}

// Connects, prints "open", waits for a line, then reads a node: for a daemon that dies or stalls in
// between.
static enum status read_late(char **words)
{
    struct text value;
    enum status status = open_xen();
    if (status != STATUS_OK)
        return status;
    puts("open");
    fflush(stdout);
    (void)getchar();
    tell(xen_read(session.xen, NULL, words[0], &value));
    return tell(xen_read(session.xen, NULL, words[0], &value));
}

// In one transaction: reads the first node, waits for a line, writes the second.
static enum status transact(char **words)
{
    struct text value;
    struct xen_transaction *transaction = NULL;
    enum status status = open_xen();
    if (status == STATUS_OK)
        status = tell(xen_begin(session.xen, &transaction));
    if (status != STATUS_OK)
        return status;
    (void)xen_read(session.xen, transaction, words[0], &value);
    puts("begun");
    fflush(stdout);
    (void)getchar();
    enum xen_result result = xen_write(session.xen, transaction, words[1], text_of("written"));
    if (result == XEN_OK)
        result = xen_commit(session.xen, transaction);
    else
        xen_abort(session.xen, transaction);
    printf("result %u\n", result);
    return STATUS_OK;
}

// Watches the nodes below a path, prints "watching", waits for a line, and prints what has changed,
// and how much of that is reported again.
static enum status watch_nodes(char **words)
{
    const char *const watched[] = { words[0] }, *const * paths;
    size_t count = 0;
    enum status status = open_xen();
    if (status == STATUS_OK)
        status = tell(xen_watch(session.xen, watched, 1));
    if (status != STATUS_OK)
        return status;
    puts("watching");
    fflush(stdout);
    (void)getchar();
    status = tell(xen_changes(session.xen, &paths, &count));
    for (size_t i = 0; i < count; i++)
        printf("%s\n", shown(paths[i]));
    if (status == STATUS_OK)
        status = tell(xen_changes(session.xen, &paths, &count));
    printf("then %zu\n", count);
    return status;
}

static enum status set_node(char **words)
{
    const struct xen_permission permissions[] = { { 3, 'n' }, { 0, 'r' } };
    enum status status = open_xen();
    if (status == STATUS_OK)
        status = tell(xen_make_directory(session.xen, NULL, words[0]));
    if (status == STATUS_OK)
        status = tell(xen_write(session.xen, NULL, words[0], text_of(words[1])));
    if (status == STATUS_OK)
        status = tell(xen_set_permissions(session.xen, NULL, words[0], permissions, 2));
    return status;
}

static enum status remove_node(char **words)
{
    enum status status = open_xen();
    return status == STATUS_OK ? tell(xen_remove(session.xen, NULL, words[0])) : status;
}

// ---- locks ----

// Finds a domain and prints "found", takes a lock for it, prints "held", and releases it after a
// line on standard input.
static enum status hold_lock(char **words)
{
    static const char *const names[] = { "qmp", "userdata" };
    cleanup_lock struct lock lock = LOCK_NONE;
    enum status status = find(words[1]);
    if (status != STATUS_OK)
        return status;
    puts("found");
    fflush(stdout);
    if (strcmp(words[0], "host") == 0)
        status = lock_host(&session, &lock);
    else if (strcmp(words[0], "domain") == 0)
        status = lock_domain(&session, &lock);
    for (unsigned i = LOCK_LIBXL_QMP; i <= LOCK_LIBXL_USERDATA; i++)
        if (strcmp(words[0], names[i]) == 0)
            status = lock_libxl(&session, (enum libxl_lock)i, &lock);
    if (status == STATUS_OK) {
        printf("held %s\n", lock.path);
        fflush(stdout);
        (void)getchar();
    }
    return status;
}

// ---- syslog ----

static enum status log_something(char **words)
{
    struct domain domain = { .id = 3, .name = words[0] };
    struct controller controller = { .name = "hci0", .driver = "nec-usb-xhci" };
    struct step step = { .op = STEP_ADD, .state = STEP_DONE, .controller = &controller };
    log_step(arena, &domain, &step);
    step.state = STEP_PLANNED;
    log_step(arena, &domain, &step);
    step.state = STEP_LEFT;
    log_step(arena, &domain, &step);
    return STATUS_OK;
}

// ---- JSON ----

// Fails unless a file is a single JSON value.
static enum status read_json(char **words)
{
    const char *why = NULL;
    const struct source *source = source_read(arena, &diags, words[0]);
    if (!source)
        return STATUS_REQUEST;
    if (json_read(arena, source->text, &why))
        return STATUS_OK;
    complain_error(&diags, CODE_FAILED, "this is no JSON: %s", why);
    return STATUS_FAILED;
}

static const struct {
    const char *name;
    int words;
    enum status (*run)(char **words);
} verbs[] = {
    { "devices", 0, list_devices }, { "device", 1, show_device },  { "usbback", 0, usbback },
    { "domains", 0, list_domains }, { "find", 1, find_domain },    { "watch", 1, watch_domain },
    { "read", 1, read_node },       { "number", 1, read_number },  { "list", 1, list_node },
    { "late", 1, read_late },       { "transact", 2, transact },   { "set", 2, set_node },
    { "remove", 1, remove_node },   { "lock", 2, hold_lock },      { "log", 1, log_something },
    { "json", 1, read_json },       { "changes", 1, watch_nodes },
};

int main(int count, char **words)
{
    enum status status = STATUS_REQUEST;
    arena = arena_new(65536);
    if (!arena)
        return STATUS_FAILED;
    diags_init(&diags, arena);
    session = (struct session){ .arena = arena, .diags = &diags, .timeout_scale = 1 };
    const char *limit = getenv("PATIENCE");
    if (limit && strcmp(limit, "little") == 0) {
        patience = 0.2;
        session.timeout_scale = 0.01;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (count == verbs[i].words + 2 && strcmp(words[1], verbs[i].name) == 0)
            status = verbs[i].run(words + 2);
    diags_print(&diags, stderr, false);
    xen_close(session.xen);
    arena_free(arena);
    return (int)status;
}
