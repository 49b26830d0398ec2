// SPDX-License-Identifier: MIT
#include "store.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <xenstore.h>

struct store {
    struct xs_handle *handle;
    int fd; // of its socket; -1: not known
};

// libxenstore waits forever for replies and does not expose its socket. Find it by number: POSIX
// assigns the lowest free descriptor, and xenusb has a single thread. With a time limit on the
// socket, libxenstore's read fails and it closes the connection.
struct store *store_open(struct arena *arena, double seconds)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return NULL;
    close(fd);
    errno = 0;
    struct xs_handle *handle = xs_open(0);
    if (!handle) {
        // It tried other paths after the socket, so its errno may be of one that does not exist.
        errno = errno == ENOENT ? EIO : errno;
        return NULL;
    }
    struct stat info;
    bool found = fstat(fd, &info) == 0;
    if (found && S_ISSOCK(info.st_mode)) {
        struct timeval limit = { .tv_sec = (time_t)seconds };
        limit.tv_usec = (suseconds_t)((seconds - (double)limit.tv_sec) * 1e6) + 1;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    struct store *store = arena_new_of(arena, struct store);
    *store = (struct store){ handle, found ? fd : -1 };
    return store;
}

void store_close(struct store *store)
{
    if (store)
        xs_close(store->handle);
}

bool store_is_closed(const struct store *store)
{
    return store->fd >= 0 && fcntl(store->fd, F_GETFD) < 0;
}

bool store_read(struct store *store, struct store_request *request)
{
    request->bytes = xs_read(store->handle, request->transaction, request->path, &request->count);
    return request->bytes;
}

bool store_list(struct store *store, struct store_request *request)
{
    request->children =
        xs_directory(store->handle, request->transaction, request->path, &request->count);
    return request->children;
}

bool store_write(struct store *store, struct store_request *request)
{
    return xs_write(store->handle, request->transaction, request->path,
                    request->value.size ? request->value.at : "", (unsigned)request->value.size);
}

bool store_make_directory(struct store *store, struct store_request *request)
{
    return xs_mkdir(store->handle, request->transaction, request->path);
}

bool store_remove(struct store *store, struct store_request *request)
{
    return xs_rm(store->handle, request->transaction, request->path);
}

static unsigned permission_bits(char letter)
{
    switch (letter) {
    case 'r': return XS_PERM_READ;
    case 'w': return XS_PERM_WRITE;
    case 'b': return XS_PERM_READ | XS_PERM_WRITE;
    default: return XS_PERM_NONE;
    }
}

bool store_set_permissions(struct store *store, struct store_request *request)
{
    struct xs_permissions given[XEN_PERMISSIONS_MAX];
    errno = EINVAL;
    if (request->count > XEN_PERMISSIONS_MAX)
        return false;
    for (unsigned i = 0; i < request->count; i++)
        given[i] =
            (struct xs_permissions){ .id = request->permissions[i].domain,
                                     .perms = permission_bits(request->permissions[i].letter) };
    errno = 0;
    return xs_set_permissions(store->handle, request->transaction, request->path, given,
                              request->count);
}

bool store_begin(struct store *store, struct store_request *request)
{
    request->transaction = xs_transaction_start(store->handle);
    return request->transaction != XBT_NULL;
}

bool store_commit(struct store *store, struct store_request *request)
{
    return xs_transaction_end(store->handle, request->transaction, false);
}

bool store_abort(struct store *store, struct store_request *request)
{
    return xs_transaction_end(store->handle, request->transaction, true);
}
