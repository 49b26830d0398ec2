// SPDX-License-Identifier: MIT
#include "store_scene.h"

#include "xen/xen.h"

#include <stdlib.h>

int store_group_setup(void **state)
{
    (void)state;
    return fake_store_start() ? 0 : -1;
}

int store_group_teardown(void **state)
{
    (void)state;
    fake_store_stop();
    return 0;
}

void store_domain(int id, const char *name, const char *uuid)
{
    char path[64], value[64];
    snprintf(path, sizeof path, "/local/domain/%d/name", id);
    fake_store_set(path, name);
    snprintf(path, sizeof path, "/local/domain/%d/vm", id);
    snprintf(value, sizeof value, "/vm/%s", uuid);
    fake_store_set(path, value);
}

void store_controller(int domain, unsigned index, const char *type, unsigned ports)
{
    char at[100], path[128], number[16], base[100];
    bool emulated = strcmp(type, "devicemodel") == 0;
    snprintf(at, sizeof at, "/libxl/%d/device/vusb/%u", domain, index);
    snprintf(base, sizeof base, "%s", at);
    snprintf(path, sizeof path, "%s/type", at);
    fake_store_set(path, type);
    if (!emulated) {
        snprintf(base, sizeof base, "/local/domain/0/backend/%s/%d/%u",
                 strcmp(type, "qusb") == 0 ? "qusb" : "vusb", domain, index);
        snprintf(path, sizeof path, "%s/backend", at);
        fake_store_set(path, base);
    }
    snprintf(path, sizeof path, "%s/usb-ver", base);
    fake_store_set(path, emulated ? "3" : "2");
    snprintf(path, sizeof path, "%s/num-ports", base);
    snprintf(number, sizeof number, "%u", ports);
    fake_store_set(path, number);
    for (unsigned port = 1; port <= ports; port++) {
        snprintf(path, sizeof path, "%s/port/%u", base, port);
        fake_store_set(path, "");
    }
}

static struct device device_on(struct host_device *host, unsigned port, const char *id)
{
    struct device device = { .kind = DEVICE_HOSTDEV,
                             .driver = "usb-host",
                             .port = { 1, { (uint8_t)port } },
                             .id = id,
                             .path = "/machine/peripheral/x",
                             .host = host,
                             .state = DEVICE_ATTACHED };
    device.selector = (struct selector){ .criteria = SELECT_BUSID };
    snprintf(device.selector.busid, sizeof device.selector.busid, "%s", host->busid);
    return device;
}

static void add_topology(struct store_scene *scene)
{
    scene->stick = (struct host_device){ .bus = 1,
                                         .address = 6,
                                         .busid = "1-1.3",
                                         .vendor = 0x781,
                                         .product = 0x5581,
                                         .name = "Ultra",
                                         .manufacturer = "",
                                         .serial = "" };
    scene->key = (struct host_device){ .bus = 1,
                                       .address = 7,
                                       .busid = "1-4",
                                       .vendor = 0x1050,
                                       .product = 0x407,
                                       .name = "YubiKey",
                                       .manufacturer = "",
                                       .serial = "" };
    scene->topology = (struct topology){ .domain = &scene->domain, .qemu = "QEMU" };
    scene->libxl = (struct controller){ .model = controller_model_for(3),
                                        .driver = "nec-usb-xhci",
                                        .name = "zero",
                                        .id = "xenusb-0",
                                        .path = "",
                                        .bus = "",
                                        .ports = 4,
                                        .present = true };
    scene->own = (struct controller){ .model = controller_model_named(text_of("qemu-xhci")),
                                      .driver = "qemu-xhci",
                                      .name = "fast",
                                      .id = "xenusb_fast",
                                      .path = "",
                                      .bus = "",
                                      .index = -1,
                                      .ports = 4,
                                      .present = true };
    scene->pvusb = (struct controller){ .model = controller_model_pvusb(2),
                                        .driver = "usbback",
                                        .name = "pv",
                                        .id = "vusb-1",
                                        .path = "",
                                        .bus = "",
                                        .index = 1,
                                        .ports = 4,
                                        .pvusb = PVUSB_KERNEL,
                                        .present = true };
    scene->on_libxl = device_on(&scene->stick, 1, "xenusb-1-6");
    scene->on_own = device_on(&scene->key, 2, "xenusb_key");
    scene->on_pvusb = device_on(&scene->key, 2, "");
    scene->tablet = (struct device){ .kind = DEVICE_TABLET,
                                     .driver = "usb-tablet",
                                     .port = { 1, { 3 } },
                                     .id = "xenusb_tablet",
                                     .path = "/x",
                                     .state = DEVICE_PRESENT };
    topology_add_controller(&scene->topology, &scene->libxl);
    topology_add_controller(&scene->topology, &scene->own);
    topology_add_controller(&scene->topology, &scene->pvusb);
    controller_add_device(&scene->libxl, &scene->on_libxl);
    controller_add_device(&scene->libxl, &scene->tablet);
    controller_add_device(&scene->own, &scene->on_own);
    controller_add_device(&scene->pvusb, &scene->on_pvusb);
}

static void set_up(struct store_scene *scene)
{
    *scene = (struct store_scene){ .arena = arena_new(0) };
    assert_non_null(scene->arena);
    diags_init(&scene->diags, scene->arena);
    scene->domain =
        (struct domain){ .id = 3, .name = "web", .type = DOMAIN_HVM, .uuid = SCENE_UUID };
    add_topology(scene);
    fake_store_clear();
    store_domain(0, "Domain-0", "00000000-0000-0000-0000-000000000000");
    store_domain(3, "web", SCENE_UUID);
}

static void connect_scene(struct store_scene *scene)
{
    struct xen *xen;
    assert_int_equal(xen_open(scene->arena, &scene->diags, 5, &xen), STATUS_OK);
    scene->session = (struct session){ .arena = scene->arena,
                                       .diags = &scene->diags,
                                       .xen = xen,
                                       .domain = &scene->domain,
                                       .host = &scene->host,
                                       .saved = &scene->saved,
                                       .verb = "attach",
                                       .command = "attach web 1-4",
                                       .timeout_scale = 1 };
}

void store_scene_begin(struct store_scene *scene)
{
    set_up(scene);
    connect_scene(scene);
}

void store_scene_end(struct store_scene *scene)
{
    xen_close(scene->session.xen);
    arena_free(scene->arena);
}

const char *store_reported(struct store_scene *scene)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    diags_print(&scene->diags, stream, false);
    fclose(stream);
    const char *kept = arena_strdup(scene->arena, text);
    free(text);
    return kept;
}

// ---- each request fails ----

static void prepare(const struct store_act *act, struct store_scene *scene)
{
    store_scene_begin(scene);
    if (act->prepare)
        act->prepare(scene);
}

static bool is_error(enum status status)
{
    return status == STATUS_FAILED || status == STATUS_REFUSED || status == STATUS_TIMEOUT ||
           status == STATUS_LEFTOVER;
}

struct trial {
    unsigned number; // of the request
    const char *error;
    bool from_then; // all that follow fail too
    const char *before, *after;
};

static void try_one(const struct store_act *act, const struct trial *trial)
{
    struct store_scene scene;
    prepare(act, &scene);
    (trial->from_then ? fake_store_fail_from : fake_store_fail)(trial->number, trial->error);
    enum status status = act->act(&scene);
    char *now = fake_store_dump("/");
    const char *reported = store_reported(&scene);
    const bool done = strcmp(now, trial->after) == 0, same = strcmp(now, trial->before) == 0;
    const bool unheard = strcmp(trial->error, FAKE_UNHEARD) == 0;
    bool right;
    if (status == STATUS_OK)
        right = act->lenient || done;
    else if (!is_error(status) || !scene.diags.errors)
        right = false;
    else
        right = same || (unheard && done) || status == STATUS_LEFTOVER;
    if (!right)
        fail_msg("request %u%s fails with %s: status %d, %s\n%s\nNodes now:\n%s\nBefore:\n%s",
                 trial->number, trial->from_then ? " and those after it" : "", trial->error,
                 (int)status,
                 done   ? "done"
                 : same ? "as before"
                        : "half done",
                 reported, now, trial->before);
    free(now);
    store_scene_end(&scene);
}

void store_try(const struct store_act *act)
{
    static const char *const errors[] = { "EIO", "EACCES", "EAGAIN", FAKE_LOST, FAKE_UNHEARD };
    struct store_scene scene;
    prepare(act, &scene);
    char *before = fake_store_dump("/");
    fake_store_fail(0, "");
    enum status status = act->act(&scene);
    if (status != STATUS_OK)
        fail_msg("status %d: %s", (int)status, store_reported(&scene));
    const unsigned requests = fake_store_requests();
    char *after = fake_store_dump("/");
    if (act->check)
        act->check(&scene);
    store_scene_end(&scene);
    assert_int_not_equal(requests, 0);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        for (unsigned number = 1; number <= requests; number++)
            try_one(act, &(struct trial){ number, errors[i], false, before, after });
    for (unsigned number = 1; number <= requests; number++) {
        try_one(act, &(struct trial){ number, "EIO", true, before, after });
        try_one(act, &(struct trial){ number, FAKE_LOST, true, before, after });
    }
    free(before);
    free(after);
}
