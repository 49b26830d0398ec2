// SPDX-License-Identifier: MIT
#include "bluetooth.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

// The kernel's interface has no header of its own (Linux: include/net/bluetooth/hci_sock.h,
// bluetooth.h, hci.h); that of BlueZ is of a library which is not needed for anything else.
enum { PROTOCOL_HCI = 1, HCI_UP = 1 << 0 };

struct hci_info {
    uint16_t id;
    char name[8];
    uint8_t address[6];
    uint32_t flags;
    uint8_t type;
    uint8_t features[8];
    uint32_t packet_type, link_policy, link_mode;
    uint16_t acl_size, acl_packets, sco_size, sco_packets;
    uint32_t counts[10];
};
#define HCI_GET_INFO _IOR('H', 211, int)

enum verdict bluetooth_is_up(struct arena *arena, const char *name, const char **why)
{
    static const char hci[] = "hci";
    uint64_t id;
    struct text text = text_of(name);
    struct hci_info info = { .id = 0 };
    cleanup_close int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, PROTOCOL_HCI);
    *why = "its name is not that of an adapter";
    if (!text_starts(text, hci) || text_number(text_part(text, sizeof hci - 1, text.size), 10, 0,
                                               UINT16_MAX, &id) != NUMBER_OK)
        return VERDICT_UNKNOWN;
    info.id = (uint16_t)id;
    if (fd < 0 || ioctl(fd, HCI_GET_INFO, &info) != 0) {
        *why = arena_strdup(arena, strerror(errno));
        return VERDICT_UNKNOWN;
    }
    return info.flags & HCI_UP ? VERDICT_YES : VERDICT_NO;
}
