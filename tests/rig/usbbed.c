// SPDX-License-Identifier: MIT
//
// usbbed [--usbback] [--more COUNT] [--log FILE] SOCKET -- PROGRAM [ARG...]
//     run a program on a machine with the USB devices of usbdevices.c; with --more, also with so
//     many sticks on a third bus
// usbbed tell SOCKET plug|unplug|replug NAME
//     plug or unplug a device while the program runs; returns when it is done
// usbbed tell SOCKET switch|authorize|deauthorize NAME
//     plug the device in again in another mode; let the kernel configure it, or not
// usbbed tell SOCKET settle
//     returns when everything that dead processes held has been released
//
// PROGRAM sees the mocked /sys and /dev/bus/usb through libumockdev-preload, and writes to the
// files of a driver (bind, unbind, ...) through usbsys.so; both are prepended to LD_PRELOAD. It
// receives the tree's uevents (usbevent.c), since its network namespace is usbbed's. The log has
// every such write in order, one per line: the file, the bytes, and the error, if any:
//
//     usbhid/unbind 1-4:1.0
//     usbback/bind 1-4:1.9 ENODEV
//
// Operations of PROGRAM on an open node of /dev/bus/usb are handled here too (usbfs.h), but not
// logged.
//
// With --usbback the kernel has Xen's kernel backend. The tree's root is $UMOCKDEV_DIR; tests can
// add files there. usbbed exits together with PROGRAM, with its status, and reaps orphans, so that
// it can be process 1. On SOCKET each connection is a sequence of packets; see serve_packet().

#define _GNU_SOURCE
#include "usbfs.h"
#include "usbtree.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <umockdev.h>
#include <unistd.h>

#define MAX_CLIENTS 256
#define MAX_SENT    64
#define PACKET      4096

#define UMOCKDEV_PRELOAD "libumockdev-preload.so.0"

// A connection: a program that holds a driver's file or a device's node open, or "usbbed tell".
struct client {
    int fd;
    char file[PATH_MAX];      // such as usbhid/bind; empty until its first packet
    struct usbfs_file *usbfs; // of an open node, or NULL
};

static struct client clients[MAX_CLIENTS]; // in the order of their connections
static size_t client_count;
static FILE *write_log;

static int fail(const char *what)
{
    fprintf(stderr, "usbbed: %s: %s\n", what, strerror(errno));
    return 1;
}

static bool socket_address(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(address->sun_path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(address->sun_path, path, strlen(path) + 1);
    return true;
}

static void answer(int fd, const char *text)
{
    // A program whose write usbsys.so did not see does not wait for the answer and may be gone.
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0 && errno != EPIPE)
        fail("answer");
}

static void answer_number(int fd, int number)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", number);
    answer(fd, text);
}

// Execute "plug NAME" and the other commands. Returns NULL, or an error message. "settle" needs no
// code, because clients that hung up earlier are served first.
static const char *obey(char *text)
{
    char *name = strchr(text, ' ');

    if (!strcmp(text, "settle"))
        return NULL;
    if (!name)
        return "plug, unplug or replug what?";
    *name++ = '\0';
    if (!strcmp(text, "plug"))
        return usbtree_plug(name);
    if (!strcmp(text, "unplug") || !strcmp(text, "replug")) {
        const char *error = usbtree_unplug(name);
        usbfs_unplugged();
        return error || *text == 'u' ? error : usbtree_plug(name);
    }
    if (!strcmp(text, "switch")) {
        const char *error = usbtree_switch(name);
        usbfs_unplugged();
        return error;
    }
    if (!strcmp(text, "authorize") || !strcmp(text, "deauthorize"))
        return usbtree_authorize(name, *text == 'a');
    return "no such command";
}

// Act as the kernel for one write to the client's file.
static void write_to_driver(struct client *client, char *value)
{
    int error;

    value[strcspn(value, "\n")] = '\0';
    error = usbdrivers_write(client->file, value);
    if (write_log) {
        fprintf(write_log, "%s %s%s%s\n", client->file, value, error ? " " : "",
                error ? strerrorname_np(error) : "");
        fflush(write_log);
    }
    answer_number(client->fd, error);
}

static void call_usbfs(struct client *client, const char *packet, size_t length)
{
    struct usbfs_call call;
    struct usbfs_reply reply = { .error = EINVAL };

    if (length == sizeof(call)) {
        memcpy(&call, packet, sizeof(call));
        usbfs_call(client->usbfs, &call, &reply);
    }
    if (send(client->fd, &reply, sizeof(reply), MSG_NOSIGNAL) < 0 && errno != EPIPE)
        fail("answer");
}

static int open_in_tree(const char *directory, const char *node, int flags)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s/%s", getenv("UMOCKDEV_DIR"), directory, node);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC);
}

// Open nodes on their way from one process to another, by the pipe that the program has in place of
// the node.
static struct sent {
    int pipe;
    unsigned bus, devnum;
} sent[MAX_SENT];
static size_t sent_count;

static bool is_same_file(int a, int b)
{
    struct stat one, other;

    return !fstat(a, &one) && !fstat(b, &other) && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

// Answer "sends" (usbfs.h). Takes ownership of the pipe.
static void note_sent(int fd, int pipe)
{
    struct sent *last = &sent[sent_count];

    if (sent_count == MAX_SENT || !usbfs_is_node(pipe, &last->bus, &last->devnum)) {
        close(pipe);
    } else {
        last->pipe = pipe;
        sent_count++;
    }
    answer(fd, "ok");
}

static bool take_sent(int pipe, unsigned *bus, unsigned *devnum)
{
    size_t i = 0;

    while (i < sent_count && !is_same_file(sent[i].pipe, pipe))
        i++;
    if (i == sent_count)
        return false;
    *bus = sent[i].bus;
    *devnum = sent[i].devnum;
    close(sent[i].pipe);
    sent[i] = sent[--sent_count];
    return true;
}

// Answer "which" (usbfs.h).
static void tell_which(int fd, int pipe)
{
    char node[16], control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
    struct iovec bytes = { node, 0 };
    struct msghdr message = {
        .msg_iov = &bytes,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control),
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    unsigned bus, devnum;
    int files[2];

    if (!take_sent(pipe, &bus, &devnum)) {
        answer(fd, "-");
        return;
    }
    bytes.iov_len = (size_t)snprintf(node, sizeof(node), "%03u/%03u", bus % 1000, devnum % 1000);
    files[0] = open_in_tree("dev/bus/usb", node, O_RDONLY);
    files[1] = open_in_tree("nodes", node, O_PATH);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(files));
    memcpy(CMSG_DATA(header), files, sizeof(files));
    if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0)
        fail("answer");
    close(files[0]);
    close(files[1]);
}

// The first packet "file <driver>/<file>" makes the connection that open file: each later packet is
// a write(2), answered with 0 or its errno. The packet "file ..." itself is not answered. "usbfs
// BBB/DDD" makes the connection that open node, "sends" and "which" pass one on (usbfs.h). Any
// other packet is a command, answered with "ok" or an error message. Takes ownership of the
// descriptor that came with the packet, or -1.
static void serve_packet(struct client *client, char *packet, size_t length, int fd)
{
    const char *error;

    if (client->usbfs) {
        call_usbfs(client, packet, length);
    } else if (client->file[0]) {
        write_to_driver(client, packet);
    } else if (!strncmp(packet, "file ", 5)) {
        snprintf(client->file, sizeof(client->file), "%s", packet + 5);
    } else if (!strncmp(packet, "usbfs ", 6)) {
        client->usbfs = usbfs_open(packet + 6, fd);
        answer_number(client->fd, client->usbfs ? 0 : ENODEV);
        return;
    } else if (!strcmp(packet, "sends")) {
        note_sent(client->fd, fd);
        return;
    } else if (!strcmp(packet, "which")) {
        tell_which(client->fd, fd);
    } else {
        error = obey(packet);
        answer(client->fd, error ? error : "ok");
    }
    if (fd >= 0)
        close(fd);
}

// recv(2) that also receives a file descriptor; *fd is -1 if there is none.
static ssize_t receive(int from, char packet[PACKET], int *fd)
{
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec bytes = { packet, PACKET };
    struct msghdr message = {
        .msg_iov = &bytes,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control),
    };
    ssize_t length = recvmsg(from, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *header = length > 0 ? CMSG_FIRSTHDR(&message) : NULL;

    *fd = -1;
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(header), sizeof(*fd));
    return length;
}

// Serve all packets that a client has sent. Returns false if it has hung up.
static bool serve_client(struct client *client)
{
    char packet[PACKET + 1];
    ssize_t length;
    int fd;

    while ((length = receive(client->fd, packet, &fd)) > 0) {
        packet[length] = '\0';
        serve_packet(client, packet, (size_t)length, fd);
    }
    return length < 0 && errno == EAGAIN;
}

// Serve the oldest connection first, and completely, so that writes that do not wait for their
// answer keep their order.
static void serve_clients(int listener)
{
    int fd;
    size_t kept = 0;

    while (client_count < MAX_CLIENTS &&
           (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
        clients[client_count++] = (struct client){ .fd = fd };
    for (size_t i = 0; i < client_count; i++) {
        if (serve_client(&clients[i])) {
            clients[kept++] = clients[i];
            continue;
        }
        usbfs_close(clients[i].usbfs);
        close(clients[i].fd);
    }
    client_count = kept;
}

// Reap dead processes. Returns true if the program was among them, with its exit status in *status.
static bool reap(pid_t program, int *status)
{
    bool ended = false;
    int raw;
    pid_t pid;

    while ((pid = waitpid(-1, &raw, WNOHANG)) > 0) {
        if (pid != program)
            continue;
        ended = true;
        *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    }
    return ended;
}

// Serve until the program ends; returns its status.
static int serve(int listener, int signals, pid_t program)
{
    int status = 1;

    while (!reap(program, &status)) {
        struct pollfd fds[MAX_CLIENTS + 2] = {
            { .fd = signals, .events = POLLIN },
            { .fd = listener, .events = POLLIN },
        };
        struct signalfd_siginfo info;

        for (size_t i = 0; i < client_count; i++)
            fds[i + 2] = (struct pollfd){ .fd = clients[i].fd, .events = POLLIN };
        if (poll(fds, client_count + 2, -1) < 0 && errno != EINTR)
            return fail("poll");
        while (read(signals, &info, sizeof(info)) == sizeof(info)) {
            if (info.ssi_signo != SIGCHLD)
                kill(program, (int)info.ssi_signo);
        }
        serve_clients(listener);
    }
    return status;
}

// The directory of this program.
static const char *own_directory(void)
{
    static char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (length < 0)
        return "";
    path[length] = '\0';
    *strrchr(path, '/') = '\0';
    return path;
}

// Execute this program again with libumockdev-preload: umockdev must see the mocked tree itself.
// The rest of LD_PRELOAD is kept for PROGRAM and not loaded here.
static int begin_again(char **argv)
{
    const char *others = getenv("LD_PRELOAD");

    setenv("USBBED_PRELOAD", others ? others : "", 1);
    setenv("LD_PRELOAD", UMOCKDEV_PRELOAD, 1);
    execv("/proc/self/exe", argv);
    return fail("exec");
}

// Start the program with both preloaded libraries; usbsys.so is in the directory of this program.
static pid_t start(char **argv, const sigset_t *old_mask)
{
    const char *others = getenv("USBBED_PRELOAD");
    char preload[3 * PATH_MAX];
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, old_mask, NULL);
    snprintf(preload, sizeof(preload), "%s/usbsys.so:" UMOCKDEV_PRELOAD "%s%s", own_directory(),
             *others ? ":" : "", others);
    setenv("LD_PRELOAD", preload, 1);
    unsetenv("USBBED_PRELOAD");
    execvp(argv[0], argv);
    fail(argv[0]);
    _exit(127);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || !socket_address(path, &address))
        return -1;
    unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, MAX_CLIENTS))
        return -1;
    return fd;
}

static int run(const char *path, bool usbback, char **argv)
{
    UMockdevTestbed *testbed;
    int listener = listen_at(path), signals, status;
    sigset_t mask, old_mask;
    pid_t program;

    if (listener < 0)
        return fail(path);
    // Before umockdev starts its threads, so that none of them receives a signal.
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigprocmask(SIG_BLOCK, &mask, &old_mask);
    signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0)
        return fail("signalfd");
    usbevent_begin();
    testbed = umockdev_testbed_new();
    usbtree_build(testbed, usbback);
    setenv("USBBED_SOCKET", path, 1);
    program = start(argv, &old_mask);
    status = program < 0 ? fail("fork") : serve(listener, signals, program);
    unlink(path);
    g_object_unref(testbed);
    return status;
}

static int tell(const char *path, char **words)
{
    char text[PACKET] = "", reply[PACKET];
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    ssize_t length;

    if (fd < 0 || !socket_address(path, &address) ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)))
        return fail(path);
    for (size_t used = 0; *words && used < sizeof(text); words++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "", *words);
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        return fail("send");
    length = recv(fd, reply, sizeof(reply) - 1, 0);
    close(fd);
    if (length <= 0)
        return fail("no answer");
    reply[length] = '\0';
    if (strcmp(reply, "ok")) {
        fprintf(stderr, "usbbed: %s: %s\n", text, reply);
        return 1;
    }
    return 0;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: usbbed [--usbback] [--more COUNT] [--log FILE] SOCKET -- PROGRAM [ARG...]\n"
            "       usbbed tell SOCKET plug|unplug|replug NAME\n"
            "       usbbed tell SOCKET switch|authorize|deauthorize NAME\n"
            "       usbbed tell SOCKET settle\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "usbback", no_argument, NULL, 'u' },
                                             { "more", required_argument, NULL, 'm' },
                                             { "log", required_argument, NULL, 'l' },
                                             { 0 } };
    bool usbback = false;
    int option;

    if (argc > 3 && !strcmp(argv[1], "tell"))
        return tell(argv[2], argv + 3);
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (option == 'u')
            usbback = true;
        else if (option == 'm')
            usb_more_devices((unsigned)strtoul(optarg, NULL, 10));
        else if (option != 'l')
            return usage();
        else if (!(write_log = fopen(optarg, "ae")))
            return fail(optarg);
    }
    if (argc - optind < 3 || strcmp(argv[optind + 1], "--"))
        return usage();
    if (!getenv("USBBED_PRELOAD"))
        return begin_again(argv);
    return run(argv[optind], usbback, argv + optind + 2);
}
