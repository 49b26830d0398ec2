// SPDX-License-Identifier: MIT
//
// guestxs introduce DOMID    tell the xenstore daemon about a new domain, as a toolstack does
// guestxs serve DOMID        act as the xenstore driver of that domain's kernel
//
// "serve" copies bytes between the unix socket $FAKEXEN_DIR/guest-DOMID.sock and the domain's ring.
// With XENSTORED_PATH set to that socket, any libxenstore client acts as this domain, and the real
// daemon enforces its permissions. It serves one client at a time, because the ring is a single
// stream of bytes. A client must read its last answer before it exits; otherwise the next client
// receives it.

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

struct bridge {
    struct xenstore_domain_interface *ring;
    uint32_t port; // of the domain, as the daemon knows it
    int to_daemon; // FIFOs of event channel ports
    int from_daemon;
    int listener;
    int client; // or -1
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

// Pass what the daemon put into the ring to the client; without one, drop it.
static int take_answers(struct bridge *bridge)
{
    struct xenstore_domain_interface *ring = bridge->ring;
    char bytes[XENSTORE_RING_SIZE];
    uint32_t count = 0, from = ring->rsp_cons, to;

    to = __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE);
    while (from != to && count < sizeof(bytes))
        bytes[count++] = ring->rsp[MASK_XENSTORE_IDX(from++)];
    if (!count)
        return 0;
    __atomic_store_n(&ring->rsp_cons, from, __ATOMIC_RELEASE);
    if (bridge->client >= 0 && send(bridge->client, bytes, count, MSG_NOSIGNAL) < 0 &&
        errno != EPIPE)
        return fail("client");
    return signal_daemon(bridge);
}

// Returns how many bytes fit into the ring now.
static uint32_t room(const struct bridge *bridge)
{
    const struct xenstore_domain_interface *ring = bridge->ring;

    return XENSTORE_RING_SIZE -
           (ring->req_prod - __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE));
}

// Put what the client sent into the ring. When it has hung up, the next client can connect.
static int put_request(struct bridge *bridge)
{
    struct xenstore_domain_interface *ring = bridge->ring;
    char bytes[XENSTORE_RING_SIZE];
    uint32_t to = ring->req_prod;
    ssize_t count = read(bridge->client, bytes, room(bridge));

    if (count <= 0) {
        close(bridge->client);
        bridge->client = -1;
        return 0;
    }
    for (ssize_t i = 0; i < count; i++)
        ring->req[MASK_XENSTORE_IDX(to++)] = bytes[i];
    __atomic_store_n(&ring->req_prod, to, __ATOMIC_RELEASE);
    return signal_daemon(bridge);
}

// Copy bytes until an error occurs. The daemon signals both new answers and new room in the ring.
static int carry(struct bridge *bridge)
{
    for (;;) {
        struct pollfd fds[] = {
            { .fd = bridge->from_daemon, .events = POLLIN },
            { .fd = bridge->client < 0 ? bridge->listener : bridge->client, .events = POLLIN },
        };
        uint32_t ports[64];

        if (bridge->client >= 0 && room(bridge) == 0)
            fds[1].fd = -1;
        if (poll(fds, 2, -1) < 0)
            return fail("poll");
        if (fds[0].revents) {
            while (read(bridge->from_daemon, ports, sizeof(ports)) > 0)
                continue;
        }
        if (take_answers(bridge))
            return 1;
        if (!fds[1].revents)
            continue;
        if (bridge->client < 0)
            bridge->client = accept4(bridge->listener, NULL, NULL, SOCK_CLOEXEC);
        else if (put_request(bridge))
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
    struct bridge bridge = { .port = FAKEXEN_PORT_BASE + domid, .client = -1 };
    char path[FAKEXEN_PATH];

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
