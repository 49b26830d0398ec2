// SPDX-License-Identifier: MIT
//
// pvplay backend qusb|vusb DOMID [QEMU-VERSION]
// pvplay frontend [stuck|busy|full|deaf]
//     simulate what a machine without Xen lacks: the backend of a guest's PVUSB controllers (QEMU's
//     hw/usb/xen-usb.c, or the kernel's usbback as far as xenstore shows it), or the guest's
//     frontend (Linux' xen-hcd). Nodes, states and their order are those of the real ones. The
//     frontend runs with the permissions of its guest. "stuck" connects and never closes; "busy"
//     has an open request (pvrings.c); "full" has as many as fit into the ring; "deaf" has one and
//     never notices that its devices are gone.
//
// The backend qusb opens devices through libusb, as QEMU does, and has a QMP socket that reports
// which ones it holds. Like QEMU, it connects a controller only in state 1, and from version 9 on
// it aborts if one is added while it runs (hw/xen/xen-legacy-backend.c). With
// PVPLAY_DIES=controllers it dies after a first command, when it would connect a controller; with
// PVPLAY_DIES=device when it has opened a device. With PVPLAY_CONFIGURES_FROM=N the guest does not
// configure the devices before the Nth; with PVPLAY_REFUSES=BUSID this QEMU cannot open that
// device. With PVPLAY_PONDERS=MS a backend that has found a new controller, and a frontend that is
// to close, take that long before they write to their nodes, without looking at them again.

#define _GNU_SOURCE
#include "pvplay.h"

#include <errno.h>
#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenstore.h>

enum { TURN = 10 }; // milliseconds

static struct xs_handle *store;
static bool is_qemu;

// What the simulated QEMU has opened.
static struct port {
    char busid[32]; // "": nothing
    libusb_context *context;
    libusb_device_handle *handle; // NULL: QEMU waits for the device
    int address;
} ports[PVPLAY_CONTROLLERS][PVPLAY_PORTS];

// ---- xenstore ----

// Returns the value of a node, or "" if it has none. The tenth later call overwrites it.
static const char *get(const char *directory, const char *name)
{
    static char values[10][512];
    static unsigned turn;
    char path[512], *value = values[turn++ % 10];
    unsigned size;
    char *found;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    found = xs_read(store, XBT_NULL, path, &size);
    snprintf(value, sizeof(values[0]), "%s", found ? found : "");
    free(found);
    return value;
}

static void put(const char *directory, const char *name, const char *value)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (!xs_write(store, XBT_NULL, path, value, (unsigned)strlen(value)))
        fprintf(stderr, "pvplay: %s: cannot write\n", path);
}

// Calls `each` with every child of a directory.
static void for_children(const char *directory, void (*each)(const char *path, int index))
{
    unsigned count = 0;
    char **names = xs_directory(store, XBT_NULL, directory, &count);
    char path[512];

    for (unsigned i = 0; names && i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        each(path, atoi(names[i]));
    }
    free(names);
}

static bool dies_at(const char *what)
{
    const char *dies = getenv("PVPLAY_DIES");

    return dies && !strcmp(dies, what);
}

// ---- devices ----

// The address of the device with this busid, 0 if it is not plugged in.
static int address_of(const char *busid)
{
    char path[96], line[16] = "";
    snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/devnum", busid);
    FILE *file = fopen(path, "r");

    if (file && !fgets(line, sizeof(line), file))
        line[0] = '\0';
    if (file)
        fclose(file);
    return atoi(line);
}

static libusb_device_handle *open_busid(libusb_context *context, const char *busid)
{
    libusb_device_handle *handle = NULL;
    libusb_device **list = NULL;
    ssize_t count = libusb_get_device_list(context, &list);

    for (ssize_t i = 0; i < count && !handle; i++) {
        uint8_t path[7];
        char name[40];
        int depth = libusb_get_port_numbers(list[i], path, sizeof(path));
        int used = snprintf(name, sizeof(name), "%d", libusb_get_bus_number(list[i]));
        for (int p = 0; p < depth; p++)
            used +=
                snprintf(name + used, sizeof(name) - (size_t)used, "%c%d", p ? '.' : '-', path[p]);
        if (!strcmp(name, busid) && libusb_open(list[i], &handle))
            handle = NULL;
    }
    if (count >= 0)
        libusb_free_device_list(list, 1);
    return handle;
}

static int interface_count(libusb_device_handle *handle)
{
    struct libusb_config_descriptor *config = NULL;
    int count;

    if (libusb_get_active_config_descriptor(libusb_get_device(handle), &config))
        return 0;
    count = config->bNumInterfaces;
    libusb_free_config_descriptor(config);
    return count;
}

// As usb_host_open of QEMU's hw/usb/host-libusb.c does; interfaces are claimed when the guest
// configures the device.
static void open_port(struct port *port, bool is_configured)
{
    const char *refused = getenv("PVPLAY_REFUSES");

    port->address = address_of(port->busid);
    if (libusb_init(&port->context))
        return;
    if (!refused || strcmp(refused, port->busid) != 0)
        port->handle = open_busid(port->context, port->busid);
    for (int i = 0; port->handle && i < interface_count(port->handle); i++) {
        libusb_detach_kernel_driver(port->handle, i);
        if (is_configured)
            libusb_claim_interface(port->handle, i);
    }
}

static void close_port(struct port *port)
{
    if (port->handle)
        libusb_close(port->handle);
    if (port->context)
        libusb_exit(port->context);
    port->handle = NULL;
    port->context = NULL;
}

static void take_device(struct port *port, const char *busid)
{
    static int count;
    const char *first = getenv("PVPLAY_CONFIGURES_FROM");

    snprintf(port->busid, sizeof(port->busid), "%s", busid);
    open_port(port, ++count >= (first ? atoi(first) : 0));
    if (port->handle && dies_at("device"))
        abort();
}

// usb_host_auto_check: QEMU closes a device that was unplugged, and opens one that is plugged in at
// its place. It does not tell the guest.
static void check_device(struct port *port)
{
    int address = address_of(port->busid);

    if (port->context && address == port->address)
        return;
    close_port(port);
    if (address)
        open_port(port, false);
}

static void give_device(int index, int number)
{
    struct port *port = &ports[index][number];

    if (port->busid[0] && is_qemu)
        pvqmp_deleted(index, number);
    for (int i = 0; port->handle && i < interface_count(port->handle); i++) {
        libusb_release_interface(port->handle, i);
        libusb_attach_kernel_driver(port->handle, i);
    }
    close_port(port);
    *port = (struct port){ .handle = NULL };
}

int pvplay_holds(int index, int port)
{
    if (index < 0 || index >= PVPLAY_CONTROLLERS || port < 1 || port >= PVPLAY_PORTS ||
        !ports[index][port].busid[0])
        return -1;
    return ports[index][port].handle != NULL;
}

// ---- the backend ----

static bool is_starting;
static int major_version;
static bool is_served[PVPLAY_CONTROLLERS];

// Returns whether a controller in that state is served.
static bool takes_up(int index, int state)
{
    if (!is_qemu || is_served[index])
        return true;
    if (state != 1)
        return false;
    if (dies_at("controllers") && !pvqmp_was_asked())
        return false;
    if (dies_at("controllers"))
        exit(1);
    if (!is_starting && major_version >= 9) {
        fprintf(stderr, "Device 'xen-backend' does not support hotplugging\n");
        exit(1);
    }
    return is_served[index] = true;
}

static void serve_ports(const char *path, int index)
{
    for (int number = 1; number < PVPLAY_PORTS && number <= atoi(get(path, "num-ports"));
         number++) {
        struct port *port = &ports[index][number];
        char name[16];
        const char *busid;
        snprintf(name, sizeof(name), "port/%d", number);
        busid = get(path, name);
        if (port->busid[0] && !*busid)
            give_device(index, number);
        else if (!port->busid[0] && *busid) // as QEMU, ignores another device at a port in use
            take_device(port, busid);
        else if (port->busid[0])
            check_device(port);
    }
}

// Between seeing something and writing to its nodes.
static void ponder(void)
{
    const char *milliseconds = getenv("PVPLAY_PONDERS");

    if (!milliseconds)
        return;
    puts("pondering");
    fflush(stdout);
    usleep((useconds_t)atoi(milliseconds) * 1000);
}

// Switches a state that nothing else has changed since it was read, as the kernel does.
static void switch_state(const char *path, int own, const char *state)
{
    char node[512];
    bool ended = false;

    snprintf(node, sizeof(node), "%s/state", path);
    while (!ended) {
        unsigned size;
        xs_transaction_t transaction = xs_transaction_start(store);
        char *present = xs_read(store, transaction, node, &size);
        bool same = present && atoi(present) == own &&
                    xs_write(store, transaction, node, state, (unsigned)strlen(state));
        free(present);
        ended = xs_transaction_end(store, transaction, !same) || errno != EAGAIN;
    }
}

static void serve_controller(const char *path, int index)
{
    char frontend[512];
    int own = atoi(get(path, "state")), other;

    if (index >= PVPLAY_CONTROLLERS || !own || !takes_up(index, own))
        return;
    snprintf(frontend, sizeof(frontend), "%s", get(path, "frontend"));
    other = atoi(get(frontend, "state"));
    if (own == 1 && atoi(get(path, "online")) == 1) {
        ponder();
        put(path, "hotplug-status", "connected");
        switch_state(path, own, "2");
    } else if (own == 2 && (other == 3 || other == 4)) {
        switch_state(path, own, "4");
    } else if (own > 1 && own < 6 && (other == 5 || other == 6)) {
        switch_state(path, own, "6");
    }
    if (is_qemu && own > 1 && own < 6)
        serve_ports(path, index);
}

// Release the devices of controllers that are gone.
static void drop_gone(const char *directory)
{
    for (int index = 0; index < PVPLAY_CONTROLLERS; index++) {
        char name[16];
        snprintf(name, sizeof(name), "%d/state", index);
        if (*get(directory, name))
            continue;
        is_served[index] = false;
        for (int port = 1; port < PVPLAY_PORTS; port++)
            give_device(index, port);
    }
}

static void play_backend(const char *kind, const char *domain, const char *version)
{
    char directory[128], model[128], path[160], monitor[64];
    struct xs_permissions rights[2] = { { 0, XS_PERM_NONE }, { 0, XS_PERM_NONE } };

    is_qemu = !strcmp(kind, "qusb");
    is_starting = true;
    major_version = atoi(version);
    snprintf(directory, sizeof(directory), "/local/domain/0/backend/%s/%s", kind, domain);
    snprintf(model, sizeof(model), "/local/domain/0/device-model/%s", domain);
    snprintf(path, sizeof(path), "%s/backends/qusb", model);
    if (is_qemu) {
        snprintf(monitor, sizeof(monitor), "/run/xen/qmp-libxl-%.20s", domain);
        pvqmp_open(monitor, version);
        put(model, "state", "running");
        put(model, "backends/qusb", "");
        rights[1].id = (unsigned)atoi(domain);
        xs_set_permissions(store, XBT_NULL, path, rights, 2);
    }
    puts("playing");
    fflush(stdout);
    for (;;) {
        for_children(directory, serve_controller);
        is_starting = false;
        if (is_qemu) {
            drop_gone(directory);
            pvqmp_serve(TURN);
        } else {
            usleep(TURN * 1000);
        }
    }
}

// ---- the frontend ----

static bool is_stuck, is_deaf;
static int requests; // open from the beginning

static void connect_controller(const char *path, int index)
{
    unsigned size;
    char number[16], *domain = xs_read(store, XBT_NULL, "domid", &size);

    pvrings_connect(domain ? atol(domain) : 0, index, requests);
    free(domain);
    snprintf(number, sizeof(number), "%u", PVRINGS_URBS(index));
    put(path, "urb-ring-ref", number);
    snprintf(number, sizeof(number), "%u", PVRINGS_EVENTS(index));
    put(path, "conn-ring-ref", number);
    put(path, "event-channel", "11");
    put(path, "state", "4");
}

// libxl waits for the backend's state 2 and gives up if it misses it. On a busy machine a guest
// that connects at once is too fast for xl, so it first waits PVPLAY_LATE milliseconds.
static bool is_too_early(int index)
{
    static int turns[PVPLAY_CONTROLLERS];
    const char *late = getenv("PVPLAY_LATE");

    if (index >= PVPLAY_CONTROLLERS)
        return false;
    if (late && ++turns[index] * TURN <= atoi(late))
        return true;
    turns[index] = 0;
    return false;
}

static void drive_controller(const char *path, int index)
{
    char backend[512];
    int own = atoi(get(path, "state")), other;

    snprintf(backend, sizeof(backend), "%s", get(path, "backend"));
    other = atoi(get(backend, "state"));
    if (own == 1 && (other == 2 || other == 4) && !is_too_early(index))
        connect_controller(path, index);
    if (own == 4 && !is_deaf)
        pvrings_turn(index, (unsigned)atoi(get(backend, "num-ports")));
    if (own == 4 && (other == 5 || other == 6) && !is_stuck && pvrings_lets_go(index)) {
        puts("lets go");
        fflush(stdout);
        ponder();
        put(path, "state", "6");
    }
}

static void play_frontend(void)
{
    puts("playing");
    fflush(stdout);
    for (;;) {
        for_children("device/vusb", drive_controller);
        usleep(TURN * 1000);
    }
}

int main(int argc, char **argv)
{
    bool backend = argc >= 4 && !strcmp(argv[1], "backend");

    is_stuck = argc == 3 && !strcmp(argv[2], "stuck");
    is_deaf = argc == 3 && !strcmp(argv[2], "deaf");
    if (argc == 3 && !strcmp(argv[2], "full"))
        requests = 16;
    else if (argc == 3 && (is_deaf || !strcmp(argv[2], "busy")))
        requests = 1;
    store = xs_open(0);
    if (!store || libusb_init(NULL)) {
        perror("pvplay");
        return 1;
    }
    if (backend)
        play_backend(argv[2], argv[3], argc > 4 ? argv[4] : "7.2.22");
    else if (argc >= 2 && !strcmp(argv[1], "frontend"))
        play_frontend();
    fprintf(stderr,
            "usage: pvplay backend qusb|vusb DOMID [VERSION] | frontend [stuck|busy|full|deaf]\n");
    return 2;
}
