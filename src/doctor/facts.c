// SPDX-License-Identifier: MIT
#include "facts.h"

#include "base/arena.h"
#include "base/scope.h"
#include "qemu/qmp_client.h"
#include "xen/lock.h"
#include "xen/xen.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { PATH_SHOWN = 4096, PROBE_SECONDS = 5 };

// ---- files that are looked into, not started ----

struct mapping {
    void *at;
    size_t size;
};

static void mapping_scope(struct mapping *mapping)
{
    if (mapping->at)
        munmap(mapping->at, mapping->size);
}

// A whole file, read-only; empty if it cannot be read.
static struct text map_file(const char *path, struct mapping *mapping)
{
    struct stat info;
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    *mapping = (struct mapping){ NULL, 0 };
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size <= 0)
        return TEXT_EMPTY;
    void *at = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return TEXT_EMPTY;
    *mapping = (struct mapping){ at, (size_t)info.st_size };
    return (struct text){ at, mapping->size };
}

const char *facts_qemu_in(struct arena *arena, struct text library)
{
    static const char program[] = "qemu-system-i386"; // with its NUL: the end of a string
    if (library.size == 0)
        return NULL;
    const char *end = library.at + library.size;
    for (const char *at = library.at; at < end; at++) {
        at = memmem(at, (size_t)(end - at), program, sizeof program);
        if (!at)
            return NULL;
        const char *from = at;
        while (from > library.at && from[-1] > ' ' && from[-1] < 0x7f && at - from < PATH_SHOWN)
            from--;
        if (*from == '/')
            return arena_strdup(arena, from);
    }
    return NULL;
}

bool facts_has_qusb(struct text binary)
{
    static const char word[] = "qusb"; // with its NUL
    return binary.size && memmem(binary.at, binary.size, word, sizeof word);
}

// ---- libxl and the QEMU that it starts ----

static void glob_scope(glob_t *found)
{
    globfree(found);
}

static void find_libxl(struct arena *arena, struct host_facts *facts)
{
    static const char name[] = "libxenlight.so.";
    static const char *const patterns[] = {
        "/usr/lib/*/libxenlight.so.*",
        "/usr/lib64/libxenlight.so.*",
        "/usr/lib/libxenlight.so.*",
        "/usr/local/lib/libxenlight.so.*",
    };
    static const char *const programs[] = { "/usr/sbin/xl", "/usr/local/sbin/xl", "/usr/bin/xl" };
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        cleanup_with(glob_scope) glob_t found = { 0 };
        if (glob(patterns[i], 0, NULL, &found) != 0)
            continue;
        for (size_t j = 0; j < found.gl_pathc; j++) {
            const char *version = strstr(found.gl_pathv[j], name) + sizeof name - 1;
            if (facts->libxl && strverscmp(version, facts->libxl) <= 0)
                continue;
            facts->library = arena_strdup(arena, found.gl_pathv[j]);
            facts->libxl = strstr(facts->library, name) + sizeof name - 1;
        }
    }
    for (size_t i = 0; i < sizeof programs / sizeof *programs && !facts->xl; i++)
        facts->xl = access(programs[i], X_OK) == 0 ? programs[i] : NULL;
}

// libxl's own answer (qemu_xen_path in libxl_dm.c), else where a build of Xen puts it.
static void find_qemu(struct arena *arena, struct host_facts *facts)
{
    static const char *const usual[] = {
        "/usr/libexec/xen-qemu-system-i386", "/usr/libexec/xen/bin/qemu-system-i386",
        "/usr/lib/xen/bin/qemu-system-i386", "/usr/local/lib/xen/bin/qemu-system-i386",
        "/usr/bin/qemu-system-i386",
    };
    if (facts->library) {
        cleanup_with(mapping_scope) struct mapping mapping = { NULL, 0 };
        facts->qemu = facts_qemu_in(arena, map_file(facts->library, &mapping));
        facts->qemu_of_libxl = facts->qemu;
    }
    for (size_t i = 0; i < sizeof usual / sizeof *usual && !facts->qemu; i++)
        facts->qemu = access(usual[i], F_OK) == 0 ? usual[i] : NULL;
}

static void judge_qemu(struct arena *arena, struct host_facts *facts)
{
    cleanup_with(mapping_scope) struct mapping mapping = { NULL, 0 };
    const char *whose = facts->qemu_of_libxl ? ", which libxl starts," : "";
    facts->qemu_can = VERDICT_NO;
    if (!facts->qemu) {
        facts->qemu_why = "no QEMU for Xen was found";
        return;
    }
    if (access(facts->qemu, F_OK) != 0) {
        facts->qemu_why = arena_printf(arena, "%s%s is not there", facts->qemu, whose);
        return;
    }
    struct text binary = map_file(facts->qemu, &mapping);
    if (!binary.size) {
        facts->qemu_can = VERDICT_UNKNOWN;
        facts->qemu_why = arena_printf(arena, "%s%s cannot be read", facts->qemu, whose);
        return;
    }
    bool has = facts_has_qusb(binary);
    facts->qemu_can = has ? VERDICT_YES : VERDICT_NO;
    facts->qemu_why = arena_printf(arena, "%s%s %s qusb built in", facts->qemu, whose,
                                   has ? "has" : "does not have");
}

void facts_of_qemu(struct arena *arena, struct host_facts *facts)
{
    find_libxl(arena, facts);
    find_qemu(arena, facts);
    judge_qemu(arena, facts);
}

void facts_of_host(struct arena *arena, double patience, struct host_facts *facts)
{
    *facts = (struct host_facts){ .usbback = host_has_usbback() };
    facts_of_qemu(arena, facts);
    facts->xenstored_path = xen_probe_path(arena);
    facts->xenstored = xen_probe(facts->xenstored_path, PROBE_SECONDS * patience);
}

// ---- a domain ----

// Without a complaint of its own: why not is the answer to a question.
static void ask_qemu(const struct session *session, struct domain_facts *facts)
{
    struct diags unheard;
    struct session quiet = *session;
    cleanup_lock struct lock lock = LOCK_NONE;
    struct qmp_client *client = NULL;
    const char *socket = session->domain->qmp_socket;
    diags_init(&unheard, session->arena);
    quiet.diags = &unheard;
    facts->version = "";
    facts->answers = VERDICT_NO;
    facts->why = "no QEMU serves it: libxl starts one only for a config that needs it";
    if (!socket)
        return;
    if (session->domain->ours_to_lock && lock_libxl(&quiet, LOCK_LIBXL_QMP, &lock) != STATUS_OK) {
        facts->answers = VERDICT_UNKNOWN;
        facts->why = unheard.first ? unheard.first->message : "its lock was not to be had";
        return;
    }
    enum status status =
        qmp_connect(session->arena, socket, session->patience, &client, &facts->why);
    if (status == STATUS_REFUSED)
        facts->answers = VERDICT_UNKNOWN;
    if (status != STATUS_OK)
        return;
    facts->answers = VERDICT_YES;
    facts->version = arena_strdup(session->arena, qmp_version(client));
    facts->why = arena_printf(session->arena, "QEMU %s at %s", facts->version, socket);
    qmp_close(client);
}

void facts_of_domain(const struct session *session, struct domain_facts *facts)
{
    struct text value;
    *facts = (struct domain_facts){ .offers = VERDICT_UNKNOWN };
    facts->offered = arena_printf(session->arena, "/local/domain/0/device-model/%d/backends/qusb",
                                  session->domain->id);
    ask_qemu(session, facts);
    enum xen_result result = xen_read(session->xen, NULL, facts->offered, &value);
    if (result == XEN_OK || result == XEN_ABSENT)
        facts->offers = result == XEN_OK ? VERDICT_YES : VERDICT_NO;
}

bool facts_qemu_ended(const struct session *session)
{
    uint64_t pid;
    const char *path = arena_printf(session->arena, "/local/domain/%d/image/device-model-pid",
                                    session->domain->id);
    if (!session->xen || xen_read_number(session->xen, NULL, path, INT32_MAX, &pid) != XEN_OK)
        return false;
    return pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}
