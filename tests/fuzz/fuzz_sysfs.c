// SPDX-License-Identifier: MIT
// Any tree below /sys/bus/usb/devices, with what strangers wrote into their descriptors: it is read
// within bounds, and what is printed of it is safe for a terminal. A link is a node of its own,
// with its target as the value. The functions below replace those of libc for these paths.
#include "config/policy.h"
#include "host/endpoints.h"
#include "host/host.h"
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define DEVICES "/sys/bus/usb/devices"
enum { OURS = 1 << 20 }; // the first of our descriptors

static struct tree tree;
static const char *listed[TREE_MOST];
static size_t listed_count, listed_next;

int __real_open(const char *path, int flags, ...);
ssize_t __real_read(int fd, void *bytes, size_t size);
int __real_close(int fd);
ssize_t __real_readlink(const char *path, char *target, size_t size);
DIR *__real_opendir(const char *path);
struct dirent *__real_readdir(DIR *dir);
int __real_closedir(DIR *dir);

// The part below the directory of devices; NULL for any other path.
static const char *below(const char *path)
{
    size_t size = sizeof DEVICES - 1;
    if (strncmp(path, DEVICES, size) != 0 || (path[size] && path[size] != '/'))
        return NULL;
    return path[size] ? path + size + 1 : "";
}

int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    const char *node = below(path);
    if (!node)
        return __real_open(path, flags, 0600);
    const struct text *value = tree_value(&tree, node);
    errno = ENOENT;
    return value ? OURS + (int)(value - tree.value) : -1;
}

ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
    if (fd < OURS)
        return __real_read(fd, bytes, size);
    const struct text value = tree.value[fd - OURS];
    size = value.size < size ? value.size : size;
    if (size)
        memcpy(bytes, value.at, size);
    return (ssize_t)size;
}

int __wrap_close(int fd);
int __wrap_close(int fd)
{
    return fd < OURS ? __real_close(fd) : 0;
}

ssize_t __wrap_readlink(const char *path, char *target, size_t size);
ssize_t __wrap_readlink(const char *path, char *target, size_t size)
{
    const char *node = below(path);
    if (!node)
        return __real_readlink(path, target, size);
    const struct text *value = tree_value(&tree, node);
    errno = ENOENT;
    if (!value || !value->size)
        return -1;
    size = value->size < size ? value->size : size;
    memcpy(target, value->at, size);
    return (ssize_t)size;
}

static DIR *const our_dir = (DIR *)&tree;

DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
    const char *node = below(path);
    if (!node)
        return __real_opendir(path);
    listed_count = tree_list(&tree, node, listed);
    listed_next = 0;
    errno = ENOENT;
    return listed_count ? our_dir : NULL;
}

struct dirent *__wrap_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir)
{
    static struct dirent entry;
    if (dir != our_dir)
        return __real_readdir(dir);
    if (listed_next == listed_count)
        return NULL;
    snprintf(entry.d_name, sizeof entry.d_name, "%s", listed[listed_next++]);
    return &entry;
}

int __wrap_closedir(DIR *dir);
int __wrap_closedir(DIR *dir)
{
    return dir == our_dir ? 0 : __real_closedir(dir);
}

static void look_at(struct arena *arena, struct diags *diags, struct host_device *device)
{
    host_describe(device);
    host_read_strings(device, HOST_MANUFACTURER | HOST_NAME | HOST_SERIAL);
    fuzz_check(strlen(device->manufacturer) <= 256 && strlen(device->name) <= 256 &&
                   strlen(device->serial) <= 256,
               "a string is too long", device->name);
    const struct host_traits traits = host_read_traits(arena, device);
    fuzz_check(traits.unread || traits.count, "nothing was read", device->busid);
    complain_error(diags, CODE_FAILED, "%s, serial %s, driver %s", host_device_show(arena, device),
                   device->serial, device->drivers);
    fuzz_check(device->bus && device->address, "it has no address", device->busid);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = fuzz_arena();
    struct diags diags;
    struct host host;
    diags_init(&diags, arena);
    tree_read(&tree, arena, (struct text){ (const char *)bytes, size });
    if (host_look(arena, &diags, &host) == STATUS_OK) {
        unsigned count = 0;
        for (struct host_device *at = host.devices; at; at = at->next, count++)
            look_at(arena, &diags, at);
        fuzz_check(count == host.count, "the count is wrong", NULL);
    }
    fuzz_print(&diags, (struct text){ (const char *)bytes, size });
    arena_free(arena);
    return 0;
}
