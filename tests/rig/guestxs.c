// SPDX-License-Identifier: MIT
//
// guestxs introduce DOMID    tell the xenstore daemon about a new domain, as a toolstack does
// guestxs serve DOMID        act as the xenstore driver of that domain's kernel
//
// "serve" copies bytes between the unix socket $FAKEXEN_DIR/guest-DOMID.sock and the domain's ring.
// With XENSTORED_PATH set to that socket, any libxenstore client acts as this domain, and the real
// daemon enforces its permissions. As in the kernel, several clients share the ring: one request is
// on its way at a time, and its answer goes to the client that sent it. Events go to the last
// client that began a watch.

#define _GNU_SOURCE
#include "fakexen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>
#include <xenstore.h>

enum { CLIENTS = 8 };

// A message of which `size` bytes are there.
struct message {
    union {
        struct xsd_sockmsg head;
        char bytes[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
    };
    size_t size;
};

struct bridge {
    struct xenstore_domain_interface *ring;
    uint32_t port; // of the domain, as the daemon knows it
    int to_daemon; // FIFOs of event channel ports
    int from_daemon;
    int listener;
    int clients[CLIENTS]; // or -1
    int asking;           // the client that waits for an answer, or -1
    int watcher;          // the client that gets events, or -1
    struct message answer;
};

static int fail(const char *what)
{
    fprintf(stderr, "guestxs: %s: %s\n", what, strerror(errno));
    return 1;
}

// fakexen.so ignores the frame and the port.
static int introduce(uint32_t domid)
{
    struct xs_handle *xs = xs_open(0);

    if (!xs)
        return fail("no xenstored");
    if (!xs_introduce_domain(xs, domid, 1, 7)) {
        xs_close(xs);
        return fail("introduce");
    }
    xs_close(xs);
    return 0;
}

static int signal_daemon(const struct bridge *bridge)
{
    return write(bridge->to_daemon, &bridge->port, sizeof(bridge->port)) == sizeof(bridge->port)
               ? 0
               : fail("event channel");
}

// How many bytes the message has, as far as that is known.
static size_t whole(const struct message *message)
{
    size_t head = sizeof(message->head);

    return message->size < head ? head : head + message->head.len;
}

// Pass an answer to the client that waits for it, or an event to the one that watches.
static int pass(struct bridge *bridge)
{
    struct message *answer = &bridge->answer;
    bool event = answer->head.type == XS_WATCH_EVENT;
    int to = event ? bridge->watcher : bridge->asking;

    if (to >= 0 && send(bridge->clients[to], answer->bytes, answer->size, MSG_NOSIGNAL) < 0 &&
        errno != EPIPE)
        return fail("client");
    if (!event)
        bridge->asking = -1;
    answer->size = 0;
    return 0;
}

// Take what the daemon put into the ring.
static int take_answers(struct bridge *bridge)
{
    struct xenstore_domain_interface *ring = bridge->ring;
    struct message *answer = &bridge->answer;
    uint32_t from = ring->rsp_cons, to = __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE);

    if (from == to)
        return 0;
    while (from != to) {
        if (answer->size == sizeof(answer->bytes))
            return fail("too long an answer");
        answer->bytes[answer->size++] = ring->rsp[MASK_XENSTORE_IDX(from++)];
        if (answer->size == whole(answer) && pass(bridge))
            return 1;
    }
    __atomic_store_n(&ring->rsp_cons, from, __ATOMIC_RELEASE);
    return signal_daemon(bridge);
}

// The daemon signals both new answers and new room in the ring.
static int signalled(struct bridge *bridge)
{
    uint32_t ports[64];

    while (read(bridge->from_daemon, ports, sizeof(ports)) > 0)
        continue;
    return take_answers(bridge);
}

// Put the message into the ring, as soon as there is room for each byte.
static int put(struct bridge *bridge, const struct message *message)
{
    struct xenstore_domain_interface *ring = bridge->ring;

    for (size_t i = 0; i < message->size; i++) {
        uint32_t to = ring->req_prod;
        while (to - __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE) == XENSTORE_RING_SIZE) {
            struct pollfd daemon = { .fd = bridge->from_daemon, .events = POLLIN };
            if (signal_daemon(bridge) || poll(&daemon, 1, -1) < 0 || signalled(bridge))
                return 1;
        }
        ring->req[MASK_XENSTORE_IDX(to)] = message->bytes[i];
        __atomic_store_n(&ring->req_prod, to + 1, __ATOMIC_RELEASE);
    }
    return signal_daemon(bridge);
}

// Read a whole message; false if the client has hung up.
static bool read_request(int client, struct message *request)
{
    request->size = 0;
    while (request->size < whole(request)) {
        size_t size = whole(request);
        if (size > sizeof(request->bytes) ||
            recv(client, request->bytes + request->size, size - request->size, MSG_WAITALL) !=
                (ssize_t)(size - request->size))
            return false;
        request->size = size;
    }
    return true;
}

static int take_request(struct bridge *bridge, int number)
{
    struct message request;

    if (!read_request(bridge->clients[number], &request)) {
        close(bridge->clients[number]);
        bridge->clients[number] = -1;
        if (bridge->watcher == number)
            bridge->watcher = -1;
        return 0;
    }
    bridge->asking = number;
    if (request.head.type == XS_WATCH)
        bridge->watcher = number;
    return put(bridge, &request);
}

static void add_client(struct bridge *bridge)
{
    int number = 0;

    while (number < CLIENTS && bridge->clients[number] >= 0)
        number++;
    if (number < CLIENTS)
        bridge->clients[number] = accept4(bridge->listener, NULL, NULL, SOCK_CLOEXEC);
}

// Copy messages until an error occurs.
static int carry(struct bridge *bridge)
{
    for (;;) {
        struct pollfd fds[2 + CLIENTS] = { { .fd = bridge->from_daemon, .events = POLLIN },
                                           { .fd = bridge->listener, .events = POLLIN } };

        for (int i = 0; i < CLIENTS; i++)
            fds[2 + i] = (struct pollfd){ .fd = bridge->asking < 0 ? bridge->clients[i] : -1,
                                          .events = POLLIN };
        if (poll(fds, 2 + CLIENTS, -1) < 0)
            return fail("poll");
        if (fds[0].revents && signalled(bridge))
            return 1;
        if (fds[1].revents)
            add_client(bridge);
        for (int i = 0; i < CLIENTS && bridge->asking < 0; i++)
            if (fds[2 + i].revents && take_request(bridge, i))
                return 1;
    }
}

static int map_ring(struct bridge *bridge, uint32_t domid)
{
    char path[FAKEXEN_PATH];
    int fd = open(fakexen_path(path, "ring", domid), O_RDWR | O_CLOEXEC);
    void *page;

    if (fd < 0)
        return fail(path);
    page = mmap(NULL, FAKEXEN_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (page == MAP_FAILED)
        return fail(path);
    bridge->ring = page;
    return 0;
}

// The socket gets its final name only after listen(), so a client that sees it can connect.
static int listen_at(struct bridge *bridge, uint32_t domid)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char path[FAKEXEN_PATH], early_path[FAKEXEN_PATH], name[32], early_name[40];

    snprintf(name, sizeof(name), "guest-%u.sock", domid);
    snprintf(early_name, sizeof(early_name), "%s.new", name);
    fakexen_path(path, name, -1);
    fakexen_path(early_path, early_name, -1);
    if (strlen(early_path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return fail(path);
    }
    memcpy(address.sun_path, early_path, strlen(early_path) + 1);
    unlink(early_path);
    bridge->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bridge->listener < 0 ||
        bind(bridge->listener, (struct sockaddr *)&address, sizeof(address)) ||
        listen(bridge->listener, 16) || rename(early_path, path))
        return fail(path);
    return 0;
}

static int serve(uint32_t domid)
{
    struct bridge bridge = { .port = FAKEXEN_PORT_BASE + domid, .asking = -1, .watcher = -1 };
    char path[FAKEXEN_PATH];

    for (int i = 0; i < CLIENTS; i++)
        bridge.clients[i] = -1;

    bridge.to_daemon = open(fakexen_path(path, "evt", -1), O_RDWR | O_CLOEXEC);
    if (bridge.to_daemon < 0)
        return fail(path);
    bridge.from_daemon = open(fakexen_path(path, "evt", domid), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (bridge.from_daemon < 0)
        return fail(path);
    if (map_ring(&bridge, domid) || listen_at(&bridge, domid))
        return 1;
    return carry(&bridge);
}

int main(int argc, char **argv)
{
    char *end;
    unsigned long domid = argc == 3 ? strtoul(argv[2], &end, 10) : 0;

    if (argc == 3 && domid > 0 && domid < 0x7ff0 && !*end) {
        if (!strcmp(argv[1], "introduce"))
            return introduce((uint32_t)domid);
        if (!strcmp(argv[1], "serve"))
            return serve((uint32_t)domid);
    }
    fprintf(stderr, "usage: guestxs introduce|serve DOMID\n");
    return 2;
}
