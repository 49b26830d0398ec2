// SPDX-License-Identifier: MIT
// A session of the QMP backend with a fake QEMU.
#ifndef XENUSB_TESTS_UNIT_QMP_SCENE_H
#define XENUSB_TESTS_UNIT_QMP_SCENE_H

#include "backends/qmp/handle.h"
#include "fake_qemu.h"

struct scene {
    struct arena *arena; // the session's
    struct arena *other; // the fake QEMU's, which runs in another thread
    struct fake_qemu *qemu;
    struct fake_peer *peer;
    struct diags diags;
    struct domain domain;
    struct host host;
    struct session session;
    struct qmp_handle handle;
    struct topology topology;
};

// A scene with a pc or q35 machine, to be set up before scene_connect().
struct scene *scene_new(bool q35);
// Connects. From here until scene_close() the QEMU must not be changed.
void scene_connect(struct scene *scene, double timeout_scale);
// Hangs up, and waits until the QEMU is done: then fake_count() can be called.
void scene_close(struct scene *scene);
void scene_free(struct scene *scene);

// Connects with ample time, looks and closes; also finds out what can be hotplugged.
enum status scene_look(struct scene *scene);
enum status scene_look_supply(struct scene *scene);

// Adds a host device to the scene.
struct host_device *scene_host(struct scene *scene, unsigned bus, unsigned address,
                               const char *busid, const char *drivers, bool held);

// Adds `count` USB devices with ids to a bus.
void scene_fill(struct scene *scene, const char *bus, unsigned count);

#endif
