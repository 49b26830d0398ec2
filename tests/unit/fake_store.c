// SPDX-License-Identifier: MIT
#include "fake_store.h"

#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

enum { NODES = 400, CONNECTIONS = 16, WATCHES = 64, BODY = XENSTORE_PAYLOAD_MAX, REACTIONS = 8 };

struct node {
    char path[256];
    char value[BODY + 1];
    size_t size;
};

struct tree {
    struct node nodes[NODES];
    size_t count;
};

// Once a node has that value, another one gets its own.
struct reaction {
    char path[256], value[64], other[256], answer[64];
};

// What the test and the server share.
struct shared {
    struct tree tree, transaction;
    struct reaction reactions[REACTIONS];
    unsigned reaction_count;
    unsigned requests, fail, race;
    bool fail_all;
    char error[32], race_path[256], race_value[256];
};

struct connection {
    int fd;
    bool silent;
};

struct watch {
    int fd;
    char path[256];
};

static struct shared *shared;
static pid_t server;
static char directory[] = "/tmp/fake_store.XXXXXX", socket_path[64];

// The server's own.
static struct connection connections[CONNECTIONS];
static struct watch watches[WATCHES];
static size_t connection_count, watch_count;

// ---- nodes ----

static struct node *find(struct tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->count; i++)
        if (strcmp(tree->nodes[i].path, path) == 0)
            return &tree->nodes[i];
    return NULL;
}

static bool is_below(const char *path, const char *above)
{
    size_t size = strlen(above);
    return strcmp(above, "/") == 0 || (strncmp(path, above, size) == 0 && path[size] == '/');
}

static struct node *make(struct tree *tree, const char *path)
{
    struct node *node = find(tree, path);
    if (node)
        return node;
    char above[256];
    snprintf(above, sizeof above, "%s", path);
    char *slash = strrchr(above, '/');
    if (slash != above) {
        *slash = '\0';
        make(tree, above);
    }
    if (tree->count == NODES)
        abort();
    node = &tree->nodes[tree->count++];
    memset(node, 0, sizeof *node);
    snprintf(node->path, sizeof node->path, "%s", path);
    return node;
}

static void put(struct tree *tree, const char *path, const char *value, size_t size)
{
    struct node *node = make(tree, path);
    memset(node->value, 0, sizeof node->value);
    memcpy(node->value, value, size);
    node->size = size;
}

static void drop(struct tree *tree, const char *path)
{
    size_t kept = 0;
    for (size_t i = 0; i < tree->count; i++)
        if (strcmp(tree->nodes[i].path, path) != 0 && !is_below(tree->nodes[i].path, path))
            tree->nodes[kept++] = tree->nodes[i];
    tree->count = kept;
}

static void copy(struct tree *to, const struct tree *from)
{
    memcpy(to->nodes, from->nodes, from->count * sizeof *from->nodes);
    to->count = from->count;
}

// ---- answers ----

static void answer(int fd, const struct xsd_sockmsg *request, unsigned type, const char *bytes,
                   size_t size)
{
    char message[sizeof *request + BODY];
    struct xsd_sockmsg head = *request;
    head.type = type;
    head.len = (uint32_t)size;
    memcpy(message, &head, sizeof head);
    memcpy(message + sizeof head, bytes, size);
    (void)!send(fd, message, sizeof head + size, MSG_NOSIGNAL);
}

static void refuse(int fd, const struct xsd_sockmsg *request, const char *error)
{
    answer(fd, request, XS_ERROR, error, strlen(error) + 1);
}

static void tell_watchers(const char *path)
{
    static const struct xsd_sockmsg none;
    for (size_t i = 0; i < watch_count; i++) {
        char body[600];
        if (strcmp(watches[i].path, path) != 0 && !is_below(path, watches[i].path))
            continue;
        int size = snprintf(body, sizeof body, "%s%c%s", path, '\0', watches[i].path);
        answer(watches[i].fd, &none, XS_WATCH_EVENT, body, (size_t)size + 1);
    }
}

static void list(int fd, const struct xsd_sockmsg *request, struct tree *tree, const char *path)
{
    char names[BODY];
    size_t size = 0, start = strcmp(path, "/") == 0 ? 1 : strlen(path) + 1;
    for (size_t i = 0; i < tree->count; i++) {
        const char *child = tree->nodes[i].path;
        if (is_below(child, path) && !strchr(child + start, '/'))
            size += (size_t)snprintf(names + size, sizeof names - size, "%s", child + start) + 1;
    }
    answer(fd, request, XS_DIRECTORY, names, size);
}

static void add_watch(int fd, const struct xsd_sockmsg *request, const char *path)
{
    if (watch_count == WATCHES)
        abort();
    watches[watch_count].fd = fd;
    snprintf(watches[watch_count++].path, sizeof watches->path, "%s", path);
    answer(fd, request, XS_WATCH, "OK", 3);
    tell_watchers(path);
}

static void end_transaction(int fd, const struct xsd_sockmsg *request, bool commit)
{
    static struct tree before;
    copy(&before, &shared->tree);
    if (commit)
        copy(&shared->tree, &shared->transaction);
    for (size_t i = 0; commit && i < shared->tree.count; i++) {
        const struct node *now = &shared->tree.nodes[i], *then = find(&before, now->path);
        if (!then || then->size != now->size || memcmp(then->value, now->value, now->size) != 0)
            tell_watchers(now->path);
    }
    answer(fd, request, XS_TRANSACTION_END, "OK", 3);
}

static void change(int fd, const struct xsd_sockmsg *request, struct tree *tree, const char *body)
{
    const char *value = body + strlen(body) + 1;
    if (request->type == XS_WRITE)
        put(tree, body, value, (size_t)(body + request->len - value));
    else if (request->type == XS_MKDIR)
        make(tree, body);
    else if (request->type == XS_RM)
        drop(tree, body);
    if (tree == &shared->tree)
        tell_watchers(body);
    answer(fd, request, request->type, "OK", 3);
}

static void serve_request(int fd, const struct xsd_sockmsg *request, const char *body)
{
    struct tree *tree = request->tx_id ? &shared->transaction : &shared->tree;
    const struct node *node = NULL;
    switch (request->type) {
    case XS_TRANSACTION_START:
        copy(&shared->transaction, &shared->tree);
        answer(fd, request, request->type, "1", 2);
        return;
    case XS_TRANSACTION_END: end_transaction(fd, request, *body == 'T'); return;
    case XS_WATCH: add_watch(fd, request, body); return;
    case XS_READ:
    case XS_DIRECTORY:
        node = find(tree, body);
        if (!node && strcmp(body, "/") != 0)
            refuse(fd, request, "ENOENT");
        else if (request->type == XS_DIRECTORY)
            list(fd, request, tree, body);
        else
            answer(fd, request, request->type, node ? node->value : "", node ? node->size : 0);
        return;
    default: change(fd, request, tree, body);
    }
}

static void react(void)
{
    for (unsigned i = 0; i < shared->reaction_count; i++) {
        const struct reaction *at = &shared->reactions[i];
        const struct node *node = find(&shared->tree, at->path);
        if (!node || strcmp(node->value, at->value) != 0)
            continue;
        put(&shared->tree, at->other, at->answer, strlen(at->answer));
        tell_watchers(at->other);
    }
}

// ---- the server ----

static void close_connection(struct connection *connection)
{
    size_t kept = 0;
    for (size_t i = 0; i < watch_count; i++)
        if (watches[i].fd != connection->fd)
            watches[kept++] = watches[i];
    watch_count = kept;
    close(connection->fd);
    *connection = connections[--connection_count];
}

static bool fails(void)
{
    return shared->fail && (shared->requests == shared->fail ||
                            (shared->fail_all && shared->requests > shared->fail));
}

static void handle(struct connection *connection)
{
    struct xsd_sockmsg request;
    static char body[BODY + 1];
    const int fd = connection->fd;
    if (recv(fd, &request, sizeof request, MSG_WAITALL) != (ssize_t)sizeof request ||
        request.len > BODY ||
        (request.len && recv(fd, body, request.len, MSG_WAITALL) != (ssize_t)request.len)) {
        close_connection(connection);
        return;
    }
    body[request.len] = '\0';
    shared->requests++;
    if (shared->requests == shared->race) {
        put(&shared->tree, shared->race_path, shared->race_value, strlen(shared->race_value));
        tell_watchers(shared->race_path);
    }
    connection->silent |= fails() && strcmp(shared->error, FAKE_SILENT) == 0;
    if (connection->silent)
        return;
    const bool unheard = fails() && strcmp(shared->error, FAKE_UNHEARD) == 0;
    if (unheard || !fails()) {
        serve_request(unheard ? -1 : fd, &request, body);
        react();
    }
    if (!fails())
        return;
    if (unheard || strcmp(shared->error, FAKE_LOST) == 0)
        close_connection(connection);
    else
        refuse(fd, &request, shared->error);
}

static _Noreturn void serve(int listener)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        struct pollfd fds[CONNECTIONS + 1] = { { .fd = listener, .events = POLLIN } };
        const size_t count = connection_count;
        for (size_t i = 0; i < count; i++)
            fds[i + 1] = (struct pollfd){ .fd = connections[i].fd, .events = POLLIN };
        poll(fds, count + 1, -1);
        // From the last, since closing one moves the last to its place.
        for (size_t i = count; i-- > 0;)
            if (fds[i + 1].revents)
                handle(&connections[i]);
        if (fds[0].revents && connection_count < CONNECTIONS)
            connections[connection_count++] =
                (struct connection){ .fd = accept(listener, NULL, NULL) };
    }
}

bool fake_store_start(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (!mkdtemp(directory))
        return false;
    snprintf(socket_path, sizeof socket_path, "%s/socket", directory);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || listener < 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, CONNECTIONS) != 0)
        return false;
    setenv("XENSTORED_PATH", socket_path, 1);
    server = fork();
    if (server == 0)
        serve(listener);
    close(listener);
    return server > 0;
}

void fake_store_stop(void)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    unlink(socket_path);
    rmdir(directory);
    munmap(shared, sizeof *shared);
}

// ---- for tests ----

void fake_store_clear(void)
{
    shared->tree.count = 0;
    fake_store_fail(0, "");
    shared->race = shared->reaction_count = 0;
}

void fake_store_set(const char *path, const char *value)
{
    put(&shared->tree, path, value, strlen(value));
}

const char *fake_store_get(const char *path)
{
    const struct node *node = find(&shared->tree, path);
    return node ? node->value : NULL;
}

void fake_store_unset(const char *path)
{
    drop(&shared->tree, path);
}

static int by_path(const void *a, const void *b)
{
    return strcmp((*(const struct node *const *)a)->path, (*(const struct node *const *)b)->path);
}

char *fake_store_dump(const char *below)
{
    const struct node *sorted[NODES];
    size_t count = 0, size = 0;
    char *text = NULL;
    for (size_t i = 0; i < shared->tree.count; i++)
        if (is_below(shared->tree.nodes[i].path, below))
            sorted[count++] = &shared->tree.nodes[i];
    qsort(sorted, count, sizeof *sorted, by_path);
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    for (size_t i = 0; i < count; i++)
        fprintf(stream, "%s = %.*s\n", sorted[i]->path, (int)sorted[i]->size, sorted[i]->value);
    fclose(stream);
    return text;
}

void fake_store_fail(unsigned number, const char *error)
{
    shared->requests = 0;
    shared->fail = number;
    shared->fail_all = false;
    snprintf(shared->error, sizeof shared->error, "%s", error);
}

void fake_store_fail_from(unsigned number, const char *error)
{
    fake_store_fail(number, error);
    shared->fail_all = true;
}

unsigned fake_store_requests(void)
{
    return shared->requests;
}

void fake_store_race(unsigned number, const char *path, const char *value)
{
    shared->race = number;
    snprintf(shared->race_path, sizeof shared->race_path, "%s", path);
    snprintf(shared->race_value, sizeof shared->race_value, "%s", value);
}

void fake_store_react(const char *path, const char *value, const char *other, const char *answer)
{
    assert_true(shared->reaction_count < REACTIONS);
    struct reaction *at = &shared->reactions[shared->reaction_count++];
    snprintf(at->path, sizeof at->path, "%s", path);
    snprintf(at->value, sizeof at->value, "%s", value);
    snprintf(at->other, sizeof at->other, "%s", other);
    snprintf(at->answer, sizeof at->answer, "%s", answer);
}
