// SPDX-License-Identifier: MIT
#include "file.h"

#include <errno.h>
#include <unistd.h>

bool write_all(int fd, struct text text)
{
    for (size_t done = 0; done < text.size;) {
        ssize_t wrote = write(fd, text.at + done, text.size - done);
        if (wrote < 0 && errno != EINTR)
            return false;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

bool read_up_to(int fd, char *bytes, size_t most, size_t *size)
{
    *size = 0;
    for (ssize_t got = 1; got && *size < most;) {
        got = read(fd, bytes + *size, most - *size);
        if (got < 0 && errno != EINTR)
            return false;
        *size += got > 0 ? (size_t)got : 0;
    }
    return true;
}
