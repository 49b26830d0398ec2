// SPDX-License-Identifier: MIT
//
// The program's side of usbfs (usbfs.h): an open node of /dev/bus/usb is the write end of a pipe
// here. usbbed has its claims; its URBs are kept in this process until they are reaped.

#define _GNU_SOURCE
#include "usbnode.h"
#include "usbfs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// A URB that was submitted and not reaped yet, in the order of submission.
struct urb {
    struct urb *next;
    struct usbdevfs_urb *urb; // the program's
    bool ended;
};

struct node {
    char name[16];  // "BBB/DDD"
    int connection; // to usbbed
    pid_t owner;    // a fork must not release what its parent holds
    struct urb *urbs;
    uint8_t descriptors[1024]; // what a program reads from the node
    off_t size, position;
};

static struct node *nodes[MAX_FD]; // by file descriptor
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool usbnode_is(int fd)
{
    return fd >= 0 && fd < MAX_FD && nodes[fd];
}

static int say_hello(int connection, const char *node, int pipe)
{
    char hello[64], reply[16] = "";
    char control[CMSG_SPACE(sizeof(int))] = { 0 };
    struct iovec bytes = { hello, 0 };
    struct msghdr message = {
        .msg_iov = &bytes,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control),
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &pipe, sizeof(pipe));
    bytes.iov_len = (size_t)snprintf(hello, sizeof(hello), "usbfs %s", node);
    if (sendmsg(connection, &message, MSG_NOSIGNAL) < 0 ||
        recv(connection, reply, sizeof(reply) - 1, 0) <= 0)
        usbsys_broken();
    return (int)strtol(reply, NULL, 10);
}

// For poll(), one byte fills a pipe of one page, and one read empties it.
static void fill(int pipe)
{
    if (write(pipe, "", 1) < 0 && errno != EAGAIN && errno != EPIPE)
        usbsys_broken();
}

int usbnode_open(int fd, int flags, const char *path)
{
    struct node *node = calloc(1, sizeof(*node));
    int ends[2], error;

    if (node)
        snprintf(node->name, sizeof(node->name), "%s", path);
    if (!node || pipe2(ends, O_CLOEXEC | O_NONBLOCK) || fcntl(ends[1], F_SETPIPE_SZ, 1) < 0)
        usbsys_broken();
    fill(ends[1]);
    node->connection = usbbed_connect();
    node->owner = getpid();
    node->size = pread(fd, node->descriptors, sizeof(node->descriptors), 0);
    error = say_hello(node->connection, path, ends[0]);
    if (dup3(ends[1], fd, flags & O_CLOEXEC) < 0)
        usbsys_broken();
    close(ends[0]);
    close(ends[1]);
    if (!error) {
        nodes[fd] = node;
        return fd;
    }
    close(node->connection);
    close(fd);
    free(node);
    errno = error;
    return -1;
}

// Sends a packet with a descriptor on a connection of its own, which is returned.
static int send_along(const char *packet, int fd)
{
    char control[CMSG_SPACE(sizeof(int))] = { 0 };
    struct iovec bytes = { (char *)packet, strlen(packet) };
    struct msghdr message = {
        .msg_iov = &bytes,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control),
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    const int connection = usbbed_connect();

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    if (syscall(SYS_sendmsg, connection, &message, MSG_NOSIGNAL) < 0)
        usbsys_broken();
    return connection;
}

void usbnode_send(int fd)
{
    const int connection = send_along("sends", fd);
    char reply[16];

    if (recv(connection, reply, sizeof(reply), 0) <= 0)
        usbsys_broken();
    close(connection);
}

// Get usbbed's answer to "which" (usbfs.h).
static bool ask_which(int fd, char node[16], int files[2])
{
    char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
    struct iovec bytes = { node, 15 };
    struct msghdr message = {
        .msg_iov = &bytes,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control),
    };
    const int connection = send_along("which", fd);
    const long length = syscall(SYS_recvmsg, connection, &message, MSG_CMSG_CLOEXEC);
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    close(connection);
    if (length <= 0)
        usbsys_broken();
    node[length] = '\0';
    if (!header)
        return false;
    memcpy(files, CMSG_DATA(header), 2 * sizeof(int));
    return true;
}

int usbnode_receive(int fd)
{
    char node[16];
    struct stat info;
    int files[2];

    if (fstat(fd, &info) || !S_ISFIFO(info.st_mode) || !ask_which(fd, node, files))
        return -1;
    if (dup3(files[0], fd, O_CLOEXEC) < 0 || usbnode_open(fd, O_CLOEXEC, node) < 0)
        usbsys_broken();
    close(files[0]);
    return files[1];
}

void usbnode_copy(int from, int to)
{
    const struct node *node = nodes[from];

    // Another open node here; on Linux it is the same one.
    if (usbnode_open(to, O_CLOEXEC, node->name) < 0)
        return;
    memcpy(nodes[to]->descriptors, node->descriptors, sizeof(node->descriptors));
    nodes[to]->size = node->size;
}

// Get usbbed's answer; a broken connection means that the mocked kernel has ended.
static void ask(const struct node *node, const struct usbfs_call *call, struct usbfs_reply *reply)
{
    if (send(node->connection, call, sizeof(*call), MSG_NOSIGNAL) < 0 ||
        recv(node->connection, reply, sizeof(*reply), 0) != sizeof(*reply))
        *reply = (struct usbfs_reply){ .error = ENODEV };
}

static int fail(int error)
{
    errno = error;
    return -1;
}

static void forget(struct urb **at)
{
    struct urb *urb = *at;

    *at = urb->next;
    free(urb);
}

// A control transfer's answer follows the setup packet.
static void end_control(struct usbdevfs_urb *urb, const struct usbfs_reply *reply)
{
    const int room = urb->buffer_length - 8;

    urb->status = reply->result;
    urb->actual_length = (int)reply->length < room ? (int)reply->length : room;
    memcpy((uint8_t *)urb->buffer + 8, reply->bytes, (size_t)urb->actual_length);
}

static int submit(struct node *node, struct usbdevfs_urb *urb)
{
    struct usbfs_call call = { .request = USBDEVFS_SUBMITURB,
                               .number = urb->endpoint,
                               .value = urb->type };
    struct usbfs_reply reply;
    struct urb *added, **end = &node->urbs;

    if (urb->type == USBDEVFS_URB_TYPE_CONTROL) {
        if (urb->buffer_length < 8)
            return fail(EINVAL);
        memcpy(call.setup, urb->buffer, sizeof(call.setup));
    }
    ask(node, &call, &reply);
    if (reply.error)
        return fail(reply.error);
    added = calloc(1, sizeof(*added));
    if (!added)
        return fail(ENOMEM);
    added->urb = urb;
    added->ended = reply.result != USBFS_PENDING;
    if (added->ended)
        end_control(urb, &reply);
    while (*end)
        end = &(*end)->next;
    *end = added;
    return 0;
}

static void end_without_data(struct urb *urb, int status)
{
    urb->urb->status = status;
    urb->urb->actual_length = 0;
    urb->ended = true;
}

static int discard(struct node *node, const struct usbdevfs_urb *urb)
{
    const struct usbfs_call call = { .request = USBDEVFS_DISCARDURB };
    struct usbfs_reply reply;
    struct urb *i = node->urbs;

    while (i && (i->urb != urb || i->ended))
        i = i->next;
    if (!i)
        return fail(EINVAL);
    end_without_data(i, -ENOENT);
    ask(node, &call, &reply); // wakes poll()
    return 0;
}

// usbbed has closed its end: the device is gone.
static bool is_gone(int fd)
{
    struct pollfd pipe = { .fd = fd };

    return poll(&pipe, 1, 0) > 0 && pipe.revents & POLLERR;
}

// Completed URBs can be reaped even after the device is gone; then all have completed.
static int reap(int fd, struct node *node, void **urb)
{
    const bool gone = is_gone(fd);
    struct urb **at = &node->urbs;
    bool more = false;

    for (struct urb *i = node->urbs; gone && i; i = i->next) {
        if (!i->ended)
            end_without_data(i, -ESHUTDOWN);
    }
    while (*at && !(*at)->ended)
        at = &(*at)->next;
    if (!*at)
        return fail(gone ? ENODEV : EAGAIN);
    *urb = (*at)->urb;
    forget(at);
    for (const struct urb *i = node->urbs; i; i = i->next)
        more = more || i->ended;
    if (!more && !gone)
        fill(fd);
    return 0;
}

// USBDEVFS_CONTROL: returns how many bytes were received.
static int control(const struct node *node, const struct usbdevfs_ctrltransfer *transfer)
{
    struct usbfs_call call = { .request = USBDEVFS_SUBMITURB, .value = USBDEVFS_URB_TYPE_CONTROL };
    struct usbfs_reply reply;

    // struct usbdevfs_ctrltransfer starts as the setup packet does, on a little-endian machine.
    memcpy(call.setup, transfer, sizeof(call.setup));
    ask(node, &call, &reply);
    if (reply.error || reply.result < 0)
        return fail(reply.error ? reply.error : -reply.result);
    memcpy(transfer->data, reply.bytes, reply.length);
    return (int)reply.length;
}

// An ioctl that usbbed handles: read what it needs from the argument, and write its answer back.
static int forward(const struct node *node, unsigned long request, void *argument)
{
    struct usbfs_call call = { .request = (uint32_t)request };
    struct usbfs_reply reply;

    if (request == USBDEVFS_IOCTL) {
        const struct usbdevfs_ioctl *inner = argument;
        call.request = (uint32_t)inner->ioctl_code;
        call.number = (uint32_t)inner->ifno;
    } else if (request == USBDEVFS_DISCONNECT_CLAIM) {
        const struct usbdevfs_disconnect_claim *claim = argument;
        call.number = claim->interface;
        call.value = claim->flags;
        memcpy(call.driver, claim->driver, sizeof(call.driver) - 1);
    } else if (request == USBDEVFS_SETINTERFACE) {
        const struct usbdevfs_setinterface *set = argument;
        call.number = set->interface;
        call.value = set->altsetting;
    } else if (request == USBDEVFS_BULK) {
        call.number = ((const struct usbdevfs_bulktransfer *)argument)->ep;
    } else if (argument && _IOC_SIZE(request) >= sizeof(unsigned)) {
        memcpy(&call.number, argument, sizeof(call.number));
    }
    ask(node, &call, &reply);
    if (reply.error)
        return fail(reply.error);
    if (request == USBDEVFS_GETDRIVER)
        argument = ((struct usbdevfs_getdriver *)argument)->driver;
    if (reply.length)
        memcpy(argument, reply.bytes, reply.length);
    return request == USBDEVFS_BULK ? fail(ETIMEDOUT) : reply.result;
}

static int carry_out(int fd, unsigned long request, void *argument)
{
    struct node *node = nodes[fd];

    switch (request) {
    case USBDEVFS_SUBMITURB: return submit(node, argument);
    case USBDEVFS_DISCARDURB: return discard(node, argument);
    case USBDEVFS_REAPURB:
    case USBDEVFS_REAPURBNDELAY: return reap(fd, node, argument);
    case USBDEVFS_CONTROL: return control(node, argument);
    default: return forward(node, request, argument);
    }
}

int usbnode_ioctl(int fd, unsigned long request, void *argument)
{
    int result;

    pthread_mutex_lock(&lock);
    result = carry_out(fd, request, argument);
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t usbnode_read(int fd, void *bytes, size_t count)
{
    struct node *node = nodes[fd];
    const size_t left = node->position < node->size ? (size_t)(node->size - node->position) : 0;

    if (count > left)
        count = left;
    memcpy(bytes, node->descriptors + node->position, count);
    node->position += (off_t)count;
    return (ssize_t)count;
}

off_t usbnode_seek(int fd, off_t offset, int whence)
{
    struct node *node = nodes[fd];

    // Linux' usbdev_lseek does not support SEEK_END.
    if (whence == SEEK_CUR)
        offset += node->position;
    if (offset < 0 || (whence != SEEK_SET && whence != SEEK_CUR))
        return fail(EINVAL);
    node->position = offset;
    return offset;
}

void usbnode_close(int fd)
{
    const struct usbfs_call call = { .request = USBFS_CLOSE };
    struct usbfs_reply reply;
    struct node *node;

    if (!usbnode_is(fd))
        return;
    pthread_mutex_lock(&lock);
    node = nodes[fd];
    nodes[fd] = NULL;
    if (node->owner == getpid())
        ask(node, &call, &reply);
    pthread_mutex_unlock(&lock);
    while (node->urbs)
        forget(&node->urbs);
    close(node->connection);
    free(node);
}
