// SPDX-License-Identifier: MIT
//
// Uevents, as Linux and udevd send them: over netlink, in a network namespace of the tree's own
// (umockdev's own events have fewer properties, and get lost if a program does not read them in
// time).

#define _GNU_SOURCE
#include "usbtree.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int sender = -1;     // a netlink socket
static unsigned long event; // their number

// Strings that end with a NUL each.
struct strings {
    char at[2048];
    size_t size;
};

static void die(const char *what)
{
    fprintf(stderr, "usbbed: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void add(struct strings *strings, const char *name, const char *value)
{
    const size_t room = sizeof(strings->at) - strings->size;
    const int length = snprintf(strings->at + strings->size, room, "%s%s", name, value);

    if ((size_t)length >= room) {
        errno = E2BIG;
        die("uevent");
    }
    strings->size += (size_t)length + 1;
}

void usbevent_begin(void)
{
    struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
    int fd;

    if (unshare(CLONE_NEWNET))
        die("unshare");
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &loopback))
        die("lo");
    close(fd);
    sender = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    if (sender < 0)
        die("netlink");
}

// The file "uevent" in sysfs has all properties except those of the event itself. A test may have
// replaced it.
void usbevent_read(const char *root, const char *dir, struct usb_event *properties)
{
    char path[PATH_MAX];
    FILE *file;
    size_t length = 0;

    snprintf(properties->path, sizeof(properties->path), "%s", dir + strlen("/sys"));
    snprintf(path, sizeof(path), "%s%s/uevent", root, dir);
    file = fopen(path, "re");
    if (file) {
        length = fread(properties->lines, 1, sizeof(properties->lines) - 1, file);
        fclose(file);
    }
    properties->lines[length] = '\0';
}

// The kernel names nodes without /dev/, udevd with it. A driver is named only while it is bound.
static void add_properties(struct strings *strings, const struct usb_event *properties,
                           const char *action, bool udevd)
{
    char lines[sizeof(properties->lines)], *rest = NULL;

    add(strings, "ACTION=", action);
    add(strings, "DEVPATH=", properties->path);
    add(strings, "SUBSYSTEM=", "usb");
    memcpy(lines, properties->lines, sizeof(lines));
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (!strncmp(line, "DEVNAME=/dev/", 13) && !udevd)
            add(strings, "DEVNAME=", line + 13);
        else if (strncmp(line, "DRIVER=", 7))
            add(strings, line, "");
    }
}

// The kernel sends it to its group 1, and numbers it.
static void send_as_kernel(const struct usb_event *properties, const char *action,
                           const char *driver)
{
    const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
    struct strings strings = { .size = 0 };
    struct nlmsghdr head = { .nlmsg_type = NLMSG_MIN_TYPE, .nlmsg_flags = NLM_F_REQUEST };
    struct iovec parts[] = { { &head, sizeof(head) }, { strings.at, 0 } };
    const struct msghdr message = {
        .msg_name = (void *)&kernel,
        .msg_namelen = sizeof(kernel),
        .msg_iov = parts,
        .msg_iovlen = 2,
    };
    char first[32];

    snprintf(first, sizeof(first), "%s@", action);
    add(&strings, first, properties->path);
    add_properties(&strings, properties, action, false);
    if (driver)
        add(&strings, "DRIVER=", driver);
    parts[1].iov_len = strings.size;
    head.nlmsg_len = (uint32_t)(sizeof(head) + strings.size);
    if (sendmsg(sender, &message, 0) < 0)
        die("uevent");
}

// MurmurHash2 with the seed 0, which libudev's socket filters compare.
static uint32_t hash(const char *text)
{
    const uint32_t factor = 0x5bd1e995;
    size_t left = strlen(text);
    uint32_t sum = (uint32_t)left;

    for (; left >= 4; left -= 4, text += 4) {
        uint32_t word;
        memcpy(&word, text, sizeof(word));
        word *= factor;
        word ^= word >> 24;
        sum = (sum * factor) ^ (word * factor);
    }
    if (left) {
        while (left--)
            sum ^= (uint32_t)(uint8_t)text[left] << 8 * left;
        sum *= factor;
    }
    sum = (sum ^ sum >> 13) * factor;
    return sum ^ sum >> 15;
}

// udevd's messages (systemd's sd-device-monitor), to group 2.
static void send_as_udevd(const struct usb_event *properties, const char *action,
                          const char *driver)
{
    struct {
        char prefix[8];
        uint32_t magic, size, offset, length, subsystem, devtype, tags[2];
    } head = { "libudev", htonl(0xfeedcafe), sizeof(head), sizeof(head), 0, htonl(hash("usb")), 0,
               { 0 } };
    const struct sockaddr_nl group = { .nl_family = AF_NETLINK, .nl_groups = 2 };
    struct strings strings = { .size = 0 };
    struct iovec parts[] = { { &head, sizeof(head) }, { strings.at, 0 } };
    const struct msghdr message = {
        .msg_name = (void *)&group,
        .msg_namelen = sizeof(group),
        .msg_iov = parts,
        .msg_iovlen = 2,
    };
    char number[24];

    add_properties(&strings, properties, action, true);
    if (driver)
        add(&strings, "DRIVER=", driver);
    snprintf(number, sizeof(number), "%lu", ++event);
    add(&strings, "SEQNUM=", number);
    head.devtype = htonl(
        hash(strstr(properties->lines, "DEVTYPE=usb_device\n") ? "usb_device" : "usb_interface"));
    parts[1].iov_len = strings.size;
    head.length = (uint32_t)strings.size;
    if (sendmsg(sender, &message, 0) < 0 && errno != ECONNREFUSED)
        die("uevent");
}

void usbevent_send(const struct usb_event *properties, const char *action, const char *driver)
{
    send_as_kernel(properties, action, driver);
    send_as_udevd(properties, action, driver);
}
