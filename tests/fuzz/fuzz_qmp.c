// SPDX-License-Identifier: MIT
// A QEMU that sends anything, during the connection, a look, and steps and their undo. The seeds
// are what real ones sent to this target.
//
// Each line of the input is one message, sent when the client reads. A line that starts with
// {"return" or {"error" answers the oldest open command, and gets its id; any other is sent as it
// is (so a line with a leading blank is an answer with its own id). At the end of the input QEMU
// hangs up. Nothing ever waits: the functions below replace those of libc.
#include "backends/qmp/handle.h"
#include "backends/qmp/qmp.h"
#include "base/arena.h"
#include "base/json.h"
#include "idle.h"
#include "plan/presence.h"
#include "record/record.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct text input;
static int64_t sent_commands;
static int64_t answered;
static char message[128 * 1024];
static size_t message_size;

int ppoll(struct pollfd *wanted, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
    (void)timeout;
    (void)mask;
    for (nfds_t i = 0; i < count; i++)
        wanted[i].revents = wanted[i].events;
    return (int)count;
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    (void)fd;
    (void)flags;
    for (size_t i = 0; i < size; i++)
        sent_commands += ((const char *)bytes)[i] == '\n';
    return (ssize_t)size;
}

static void next_message(void)
{
    size_t to = text_find(input, '\n', 0);
    struct text line = text_part(input, 0, to);
    bool answers = (text_starts(line, "{\"return\"") || text_starts(line, "{\"error\"")) &&
                   line.at[line.size - 1] == '}' && line.size < sizeof message / 2;
    if (answers && answered < sent_commands)
        message_size = (size_t)snprintf(message, sizeof message, "%.*s,\"id\":%" PRId64 "}\n",
                                        (int)line.size - 1, line.at, ++answered);
    else
        memcpy(message, line.at,
               message_size = line.size < sizeof message ? line.size : sizeof message);
    input = text_part(input, to + 1, input.size);
}

ssize_t recv(int fd, void *room, size_t size, int flags)
{
    (void)fd;
    (void)flags;
    while (message_size == 0) {
        if (input.size == 0)
            return 0;
        next_message();
    }
    size = message_size < size ? message_size : size;
    memcpy(room, message, size);
    memmove(message, message + size, message_size - size);
    message_size -= size;
    return (ssize_t)size;
}

static struct host_device on_host = { .bus = 1,
                                      .address = 4,
                                      .busid = "1-1",
                                      .vendor = 0x46d,
                                      .product = 0xc52b,
                                      .speed = SPEED_FULL,
                                      .manufacturer = "",
                                      .name = "",
                                      .serial = "",
                                      .drivers = "usbfs",
                                      .held = true };

static void run_all(struct qmp_handle *handle, enum step_op op, struct step *steps, size_t count)
{
    struct step *pointers[4];
    for (size_t i = 0; i < count; i++) {
        steps[i].op = op;
        steps[i].state = STEP_PLANNED;
        steps[i].words = NULL;
        pointers[i] = &steps[i];
    }
    qmp_run(handle, pointers, count);
    for (size_t i = 0; i < count; i++)
        if (steps[i].state == STEP_PLANNED || (steps[i].state == STEP_DONE) != !steps[i].words)
            abort();
}

static void act(struct qmp_handle *handle, struct controller *controller)
{
    struct device disk = { .controller = controller,
                           .kind = DEVICE_DISK,
                           .driver = "usb-storage",
                           .id = "",
                           .path = "",
                           .port = { 1, { 1 } },
                           .file = "/nowhere/image" };
    struct device host = { .controller = controller,
                           .kind = DEVICE_HOSTDEV,
                           .driver = "usb-host",
                           .id = "",
                           .path = "",
                           .selector = {
                               .criteria = SELECT_BUS | SELECT_ADDRESS, .bus = 1, .address = 4 } };
    struct step whole = { .controller = controller };
    struct step parts[] = { { .controller = controller, .device = &disk },
                            { .controller = controller, .device = &host } };
    run_all(handle, STEP_ADD, &whole, 1);
    run_all(handle, STEP_ADD, parts, 2);
    run_all(handle, STEP_REMOVE, parts, 2);
    run_all(handle, STEP_REMOVE, &whole, 1);
}

static void look_and_act(struct qmp_handle *handle, struct domain *domain)
{
    struct topology topology = { .domain = domain };
    struct controller own = { .model = controller_model_for(3),
                              .driver = "nec-usb-xhci",
                              .name = "own",
                              .id = "",
                              .path = "",
                              .bus = "",
                              .index = -1,
                              .ports = 4,
                              .ports_usb2 = 4,
                              .ports_usb3 = 4 };
    const unsigned minor = (on_host.bus - 1u) * 128 + on_host.address - 1u;
    const struct host_nodes nodes = { .minors = &minor, .count = 1, .part = part_read() };
    if (qmp_look(handle, &topology) != STATUS_OK)
        return;
    (void)qmp_supply(handle, &topology);
    topology.nodes = &nodes;
    presence_find(handle->session, &topology);
    for (const struct controller *at = topology.controllers; at; at = at->next)
        for (const struct device *device = at->devices; device; device = device->next)
            if (device->controller != at || (device->state == DEVICE_ATTACHED && !device->host) ||
                (device->port.depth == 0 && !at->has_unplaced))
                abort();
    act(handle, &own);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = arena_new(0);
    struct diags diags;
    struct domain domain = {
        .id = -1, .name = "vm", .type = DOMAIN_HVM, .uuid = "", .qmp_socket = "SOCKET"
    };
    struct host host = { .devices = &on_host, .count = 1 };
    const struct record record = { .controllers = NULL }; // so that no journal is looked for
    struct session session = { .arena = arena,
                               .diags = &diags,
                               .domain = &domain,
                               .host = &host,
                               .record = &record,
                               .timeout_scale = 1000 };
    struct qmp_handle handle = { .session = &session, .lock = LOCK_NONE };
    const char *why = NULL;
    if (!arena)
        return 0;
    diags_init(&diags, arena);
    input = (struct text){ (const char *)bytes, size };
    sent_commands = answered = 0;
    message_size = 0;
    if (qmp_negotiate(&session, (struct qmp_socket){ -1, "QEMU at SOCKET" }, deadline_in(1000),
                      &handle.client, &why) == STATUS_OK)
        look_and_act(&handle, &domain);
    else if (!why || !*why)
        abort();
    qmp_close(handle.client);
    arena_free(arena);
    return 0;
}
