// SPDX-License-Identifier: MIT
//
// floor_pv NODES BUSID... - attach these devices to a guest's PVUSB controller with the least work:
// read what a decision about them needs from sysfs, bind their interfaces to usbback, write NODES
// in one transaction, wait until the controller's backend is connected, and read the nodes back.
// NODES has a line for each:
//
//     PATH TAB PERMISSIONS (n0,r3, or empty: those of its parent) TAB VALUE
//
// The first line is the state of the backend. Nothing is checked, undone or recorded.

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenstore.h>

enum { NODES_MAX = 4096 };

struct node {
    char *path, *permissions, *value;
};

static struct node nodes[NODES_MAX];
static size_t node_count;

static int fail(const char *what)
{
    perror(what);
    exit(1);
}

// ---- the host ----

static void read_attributes(const char *directory, const char *const *names)
{
    char path[512], bytes[1024];

    for (; *names; names++) {
        snprintf(path, sizeof(path), "%s/%s", directory, *names);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue; // not every device has every string
        if (read(fd, bytes, sizeof(bytes)) < 0)
            fail(path);
        close(fd);
    }
}

static void write_driver(const char *driver, const char *file, const char *interface)
{
    char path[512];
    snprintf(path, sizeof(path), "/sys/bus/usb/drivers/%s/%s", driver, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, interface, strlen(interface)) < 0)
        fail(path);
    close(fd);
}

static void take_interface(const char *directory, const char *interface)
{
    static const char *const attributes[] = { "bInterfaceNumber",   "bInterfaceClass",
                                              "bInterfaceSubClass", "bInterfaceProtocol",
                                              "bAlternateSetting",  NULL };
    char path[512], link[600], driver[1024];

    snprintf(path, sizeof(path), "%s/%s", directory, interface);
    read_attributes(path, attributes);
    snprintf(link, sizeof(link), "%s/driver", path);
    ssize_t length = readlink(link, driver, sizeof(driver) - 1);
    if (length > 0) {
        driver[length] = '\0';
        write_driver(strrchr(driver, '/') + 1, "unbind", interface);
    }
    write_driver("usbback", "bind", interface);
}

static void take_device(const char *busid)
{
    static const char *const attributes[] = {
        "busnum",       "devnum",  "speed",  "descriptors", "bConfigurationValue",
        "manufacturer", "product", "serial", NULL
    };
    char directory[256];

    snprintf(directory, sizeof(directory), "/sys/bus/usb/devices/%s", busid);
    read_attributes(directory, attributes);
    DIR *entries = opendir(directory);
    if (!entries)
        fail(directory);
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (!strncmp(entry->d_name, busid, strlen(busid)) && entry->d_name[strlen(busid)] == ':')
            take_interface(directory, entry->d_name);
    }
    closedir(entries);
}

// ---- xenstore ----

static void read_nodes(const char *file)
{
    FILE *stream = fopen(file, "re");
    char *line = NULL;
    size_t size = 0;

    if (!stream)
        fail(file);
    while (node_count < NODES_MAX && getline(&line, &size, stream) > 0) {
        char *rest = strdup(line);
        struct node *node = &nodes[node_count++];
        node->path = strsep(&rest, "\t");
        node->permissions = strsep(&rest, "\t");
        node->value = strsep(&rest, "\n");
        if (!node->value)
            fail(file);
    }
    fclose(stream);
}

static void set_permissions(struct xs_handle *store, xs_transaction_t in, const struct node *node)
{
    struct xs_permissions permissions[4];
    unsigned count = 0;
    char words[64];

    snprintf(words, sizeof(words), "%s", node->permissions);
    for (char *at = words, *word; count < 4 && (word = strtok(at, ",")); at = NULL)
        xs_strings_to_perms(&permissions[count++], 1, word);
    if (!xs_set_permissions(store, in, node->path, permissions, count))
        fail(node->path);
}

static void write_nodes(struct xs_handle *store)
{
    xs_transaction_t in = xs_transaction_start(store);

    for (size_t i = 0; i < node_count; i++) {
        if (!xs_write(store, in, nodes[i].path, nodes[i].value, (unsigned)strlen(nodes[i].value)))
            fail(nodes[i].path);
        if (*nodes[i].permissions)
            set_permissions(store, in, &nodes[i]);
    }
    if (!xs_transaction_end(store, in, false))
        fail("transaction");
}

static void wait_until_connected(struct xs_handle *store)
{
    unsigned count;

    if (!xs_watch(store, nodes[0].path, "state"))
        fail("watch");
    for (bool connected = false; !connected;) {
        free(xs_read_watch(store, &count));
        char *state = xs_read(store, XBT_NULL, nodes[0].path, &count);
        connected = state && !strcmp(state, "4");
        free(state);
    }
}

static void look(struct xs_handle *store)
{
    unsigned size;

    for (size_t i = 0; i < node_count; i++)
        free(xs_read(store, XBT_NULL, nodes[i].path, &size));
}

int main(int argc, char **argv)
{
    struct xs_handle *store = xs_open(0);

    if (argc < 3 || !store)
        return fail("floor_pv");
    read_nodes(argv[1]);
    for (int i = 2; i < argc; i++)
        take_device(argv[i]);
    write_nodes(store);
    wait_until_connected(store);
    look(store);
    xs_close(store);
    return 0;
}
