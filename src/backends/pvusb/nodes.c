// SPDX-License-Identifier: MIT
#include "nodes.h"

#include "base/arena.h"
#include "record/record.h"

const char *nodes_backend(struct arena *arena, int domain, const struct controller *controller)
{
    // The kernel's driver and QEMU each watch a kind of their own; the frontend is the same.
    return arena_printf(arena, "/local/domain/%u/backend/%s/%d/%d", controller->backend_domain,
                        controller->pvusb == PVUSB_KERNEL ? "vusb" : "qusb", domain,
                        controller->index);
}

const char *nodes_frontend(struct arena *arena, int domain, const struct controller *controller)
{
    return arena_printf(arena, "/local/domain/%d/device/vusb/%d", domain, controller->index);
}

const char *nodes_record(struct arena *arena, int domain, const struct controller *controller)
{
    return record_libxl_path(arena, domain, controller->index);
}

const char *nodes_port(struct arena *arena, int domain, const struct controller *controller,
                       unsigned port)
{
    return arena_printf(arena, "%s/port/%u", nodes_backend(arena, domain, controller), port);
}

struct node_list {
    struct arena *arena;
    const struct controller *controller;
    const char *frontend;
    const char *backend;
    unsigned domain;
    struct node *at;
    size_t count;
};

static void add(struct node_list *writing, struct node node)
{
    writing->at[writing->count++] = node;
}

static void put(struct node_list *writing, const char *directory, const char *name,
                const char *value)
{
    const char *path = arena_printf(writing->arena, "%s/%s", directory, name);
    add(writing, (struct node){ .op = NODE_WRITE, .path = path, .value = value });
}

static void put_number(struct node_list *writing, const char *directory, const char *name,
                       unsigned number)
{
    put(writing, directory, name, arena_printf(writing->arena, "%u", number));
}

// The nodes in the backend's directory, and in libxl's record: a copy that neither the guest nor a
// driver domain can change.
static void put_description(struct node_list *writing, const char *directory)
{
    const struct controller *controller = writing->controller;
    put_number(writing, directory, "frontend-id", writing->domain);
    put(writing, directory, "online", "1");
    put_number(writing, directory, "state", XENBUS_INITIALISING);
    put(writing, directory, "type", controller->pvusb == PVUSB_KERNEL ? "pv" : "qusb");
    put_number(writing, directory, "usb-ver", controller->model->version);
    put_number(writing, directory, "num-ports", controller->ports);
    put(writing, directory, "port", "");
    for (unsigned port = 1; port <= controller->ports; port++)
        put(writing, directory, arena_printf(writing->arena, "port/%u", port), "");
}

struct nodes nodes_of_controller(struct arena *arena, int domain,
                                 const struct controller *controller)
{
    enum { FIXED = 11 + 2 * 7 }; // nodes apart from the ports: the ends, and two descriptions
    struct node_list writing = {
        .arena = arena,
        .controller = controller,
        .frontend = nodes_frontend(arena, domain, controller),
        .backend = nodes_backend(arena, domain, controller),
        .domain = (unsigned)domain,
        .at = arena_array_of(arena, struct node, FIXED + 2 * (size_t)controller->ports),
    };
    const char *record = nodes_record(arena, domain, controller);
    unsigned guest = (unsigned)domain, host = controller->backend_domain;
    add(&writing, (struct node){ .op = NODE_REMOVE, .path = record });
    put(&writing, record, "frontend", writing.frontend);
    put(&writing, record, "backend", writing.backend);
    add(&writing, (struct node){ .op = NODE_REMOVE, .path = writing.frontend });
    add(&writing, (struct node){ NODE_MAKE, writing.frontend, NULL, guest, host });
    put(&writing, writing.frontend, "backend", writing.backend);
    put_number(&writing, writing.frontend, "backend-id", host);
    put_number(&writing, writing.frontend, "state", XENBUS_INITIALISING);
    add(&writing, (struct node){ .op = NODE_REMOVE, .path = writing.backend });
    add(&writing, (struct node){ NODE_MAKE, writing.backend, NULL, host, guest });
    put(&writing, writing.backend, "frontend", writing.frontend);
    put_description(&writing, writing.backend);
    put_description(&writing, record);
    return (struct nodes){ writing.at, writing.count };
}

static const char *encoded(struct arena *arena, const char *name)
{
    char *copy = arena_strdup(arena, name);
    for (char *at = copy; *at; at++) {
        if (*at == '.')
            *at = '_';
        if (*at == ':')
            *at = '@';
    }
    return copy;
}

const char *nodes_all_drivers(void)
{
    return "/libxl/usbback";
}

const char *nodes_drivers(struct arena *arena, const char *busid)
{
    return arena_printf(arena, "%s/%s", nodes_all_drivers(), encoded(arena, busid));
}

const char *nodes_driver(struct arena *arena, const char *busid, const char *interface)
{
    return arena_printf(arena, "%s/%s/driver_path", nodes_drivers(arena, busid),
                        encoded(arena, interface));
}
