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
