// SPDX-License-Identifier: MIT
// Resources (file descriptors, streams, memory from foreign libraries) that are released when the
// scope ends, on every path out of it.
#ifndef XENUSB_BASE_SCOPE_H
#define XENUSB_BASE_SCOPE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void scope_free(void *at)
{
    free(*(void **)at);
}

static inline void scope_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void scope_fclose(FILE **stream)
{
    if (*stream)
        fclose(*stream);
}

static inline void scope_closedir(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

#define cleanup_with(function) __attribute__((cleanup(function)))
#define cleanup_free           cleanup_with(scope_free)
#define cleanup_close          cleanup_with(scope_close)
#define cleanup_fclose         cleanup_with(scope_fclose)
#define cleanup_closedir       cleanup_with(scope_closedir)

// Passes a descriptor to a new owner: the scope no longer closes it.
static inline int steal_fd(int *fd)
{
    int stolen = *fd;
    *fd = -1;
    return stolen;
}

#endif
