// SPDX-License-Identifier: MIT
#include "passing.h"

#include <sys/socket.h>

ssize_t passing_send(int socket, struct text bytes, int fd)
{
    union { // aligned as a header must be
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = { .header = { .cmsg_level = SOL_SOCKET,
                              .cmsg_type = SCM_RIGHTS,
                              .cmsg_len = CMSG_LEN(sizeof(int)) } };
    struct iovec part = { .iov_len = bytes.size };
    const struct msghdr message = { .msg_iov = &part,
                                    .msg_iovlen = 1,
                                    .msg_control = control.room,
                                    .msg_controllen = sizeof control.room };
    memcpy(&part.iov_base, &bytes.at, sizeof part.iov_base); // it is only read
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}
