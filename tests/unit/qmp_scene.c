// SPDX-License-Identifier: MIT
#include "qmp_scene.h"

#include "base/arena.h"

#include <stdlib.h>

struct scene *scene_new(bool q35)
{
    struct scene *scene = calloc(1, sizeof *scene);
    if (!scene || !(scene->arena = arena_new(0)) || !(scene->other = arena_new(0)))
        abort();
    scene->qemu = q35 ? fake_qemu_q35(scene->other) : fake_qemu_new(scene->other);
    diags_init(&scene->diags, scene->arena);
    scene->domain = (struct domain){
        .id = -1, .name = "vm", .type = DOMAIN_HVM, .uuid = "", .qmp_socket = "SOCKET"
    };
    scene->topology.domain = &scene->domain;
    return scene;
}

void scene_connect(struct scene *scene, double timeout_scale)
{
    const char *why = "";
    int fd;
    scene->session = (struct session){ .arena = scene->arena,
                                       .diags = &scene->diags,
                                       .domain = &scene->domain,
                                       .host = &scene->host,
                                       .timeout_scale = timeout_scale };
    scene->handle.session = &scene->session;
    scene->handle.lock = LOCK_NONE;
    scene->peer = fake_start(fake_qemu_script, scene->qemu, true, &fd);
    if (qmp_negotiate(&scene->session, (struct qmp_socket){ fd, "QEMU at SOCKET" }, deadline_in(60),
                      &scene->handle.client, &why) != STATUS_OK)
        abort();
}

void scene_close(struct scene *scene)
{
    qmp_close(scene->handle.client);
    scene->handle.client = NULL;
    fake_join(scene->peer);
}

void scene_free(struct scene *scene)
{
    if (scene->handle.client)
        scene_close(scene);
    if (scene->peer)
        fake_end(scene->peer);
    arena_free(scene->arena);
    arena_free(scene->other);
    free(scene);
}

enum status scene_look(struct scene *scene)
{
    scene_connect(scene, 6);
    enum status status = qmp_look(&scene->handle, &scene->topology);
    scene_close(scene);
    return status;
}

enum status scene_look_supply(struct scene *scene)
{
    scene_connect(scene, 6);
    enum status status = qmp_look(&scene->handle, &scene->topology);
    if (status == STATUS_OK)
        status = qmp_supply(&scene->handle, &scene->topology);
    scene_close(scene);
    return status;
}

struct host_device *scene_host(struct scene *scene, unsigned bus, unsigned address,
                               const char *busid, const char *drivers, bool held)
{
    struct host_device *device = arena_new_of(scene->arena, struct host_device);
    device->bus = (uint8_t)bus;
    device->address = (uint8_t)address;
    snprintf(device->busid, sizeof device->busid, "%s", busid);
    device->vendor = 0x46d;
    device->product = 0xc52b;
    device->speed = SPEED_FULL;
    device->manufacturer = device->name = device->serial = "";
    device->drivers = drivers;
    device->held = held;
    device->next = scene->host.devices;
    scene->host.devices = device;
    scene->host.count++;
    return device;
}

void scene_fill(struct scene *scene, const char *bus, unsigned count)
{
    for (unsigned i = 1; i <= count; i++)
        fake_usb(scene->qemu, bus, arena_printf(scene->other, "/machine/peripheral/t%u", i),
                 "usb-tablet", arena_printf(scene->other, "%u", i % 200 + 1));
}
