// SPDX-License-Identifier: MIT
//
// fakexen.so - as much of a hypervisor as Xen's user space needs on a machine without one.
//
// Preloaded into the distribution's own xenstored, oxenstored, libxenctrl, libxl and xl, it
// replaces only the lowest layer: this file the hypercalls (libxencall), fakexen-ring.c memory and
// event channels. The structures are those of the installed headers, so one source works for every
// release.
//
// $FAKEXEN_DIR/domains lists the domains, one per line, and is read at every hypercall:
//
//     <domid> [hvm] [hap] [paused] [dying] [shutdown] [crashed] [uuid=<uuid>]
//
// Without uuid= a domain's handle is zero except for its last bytes, which are the domid (because
// libxl and xenusb find a domain's files by its handle). A line that does not start with a number
// is ignored.

#define _GNU_SOURCE
#define __XEN_TOOLS__ 1 // the headers show domctl and sysctl to toolstacks only
#include "fakexen.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <xen/domctl.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/version.h>
#include <xen/xen.h>
#include <xencall.h>

// FAKEXEN_VERSION_MAJOR and _MINOR come from rig.mk: they are those of the installed libxenctrl.

// The words of a domain's line and their flags in xen/domctl.h.
static const struct {
    const char *word;
    uint32_t flags;
} domain_words[] = {
    { "hvm", XEN_DOMINF_hvm_guest },
    { "hap", XEN_DOMINF_hap },
    { "paused", XEN_DOMINF_paused },
    { "dying", XEN_DOMINF_dying },
    { "shutdown", XEN_DOMINF_shutdown },
    { "crashed", XEN_DOMINF_shutdown | (SHUTDOWN_crash << XEN_DOMINF_shutdownshift) },
};

// Read 32 hexadecimal digits, with any dashes among them, as a domain handle.
static void read_uuid(const char *text, uint8_t handle[16])
{
    unsigned digit = 0;

    memset(handle, 0, 16);
    for (; *text && digit < 32; text++) {
        if (!isxdigit((unsigned char)*text))
            continue;
        unsigned value = isdigit((unsigned char)*text) ? (unsigned)(*text - '0')
                                                       : (unsigned)(tolower(*text) - 'a' + 10);
        handle[digit / 2] |= (uint8_t)(digit % 2 ? value : value << 4);
        digit++;
    }
}

// Fill info from the domain's id and the words of its line.
static void read_domain(domid_t domid, char *words, struct xen_domctl_getdomaininfo *info)
{
    char *save, *word;

    memset(info, 0, sizeof(*info));
    info->domain = domid;
    info->nr_online_vcpus = 1;
    info->tot_pages = info->max_pages = 0x10000; // 256 MiB; any number will do
    info->handle[14] = (uint8_t)(domid >> 8);
    info->handle[15] = (uint8_t)domid;
    for (word = strtok_r(words, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save)) {
        if (!strncmp(word, "uuid=", 5))
            read_uuid(word + 5, info->handle);
        for (size_t i = 0; i < sizeof(domain_words) / sizeof(domain_words[0]); i++) {
            if (!strcmp(word, domain_words[i].word))
                info->flags |= domain_words[i].flags;
        }
    }
    if (!(info->flags & (XEN_DOMINF_paused | XEN_DOMINF_dying | XEN_DOMINF_shutdown)))
        info->flags |= XEN_DOMINF_blocked; // as an idle guest
}

// Put a domain into its place among those found, which are sorted by id; returns how many there
// are.
static uint32_t insert(struct xen_domctl_getdomaininfo *found, uint32_t count, uint32_t max,
                       const struct xen_domctl_getdomaininfo *info)
{
    uint32_t at = count;

    while (at > 0 && found[at - 1].domain > info->domain)
        at--;
    if (at == max)
        return count;
    count += count < max;
    memmove(&found[at + 1], &found[at], (count - at - 1) * sizeof(*found));
    found[at] = *info;
    return count;
}

// Find the first max domains with ids of at least from, whatever the order of the lines; returns
// how many there are.
static uint32_t find_domains(uint32_t from, struct xen_domctl_getdomaininfo *found, uint32_t max)
{
    // No allocation: the program may be out of memory (failmalloc.c), but the hypervisor is not.
    static _Thread_local char lines[256 * 1024];
    char path[FAKEXEN_PATH];
    uint32_t count = 0;
    int fd = open(fakexen_path(path, "domains", -1), O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, lines, sizeof(lines) - 1);

    if (fd >= 0)
        close(fd);
    if (size < 0 || max == 0)
        return 0;
    lines[size] = '\0';
    for (char *line = lines, *next; *line; line = next) {
        struct xen_domctl_getdomaininfo info;
        char *end;
        unsigned long domid;
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        domid = strtoul(line, &end, 10);
        if (end == line || domid < from || domid >= DOMID_FIRST_RESERVED)
            continue;
        // As with a hypervisor, one domain's answer must not take longer the more others run.
        if (count == max && found[max - 1].domain < domid)
            continue;
        read_domain((domid_t)domid, end, &info);
        count = insert(found, count, max, &info);
        if (max == 1 && domid == from)
            break;
    }
    return count;
}

static bool next_domain(uint32_t from, struct xen_domctl_getdomaininfo *info)
{
    return find_domains(from, info, 1) == 1;
}

bool fakexen_domain_exists(uint32_t domid)
{
    struct xen_domctl_getdomaininfo info;

    return next_domain(domid, &info) && info.domain == domid;
}

static long fail(int error)
{
    errno = error;
    return -1;
}

// Blank the word "paused" in the domain's line.
static long unpause(uint32_t domid)
{
    static const char word[] = " paused";
    char path[FAKEXEN_PATH], line[256];
    long rc = fail(ESRCH);
    FILE *file = fopen(fakexen_path(path, "domains", -1), "r+e");

    while (file && fgets(line, sizeof(line), file)) {
        char *end, *at = strstr(line, word);
        if (strtoul(line, &end, 10) != domid || end == line)
            continue;
        rc = 0;
        if (at && fseek(file, (at - line) - (long)strlen(line), SEEK_CUR) == 0)
            fprintf(file, "%*s", (int)strlen(word), "");
        break;
    }
    if (file)
        fclose(file);
    return rc;
}

// xen/domctl.h. Up to Xen 4.17, getdomaininfo returns the first domain whose id is at least the
// requested one; newer callers compare the id, so the old behaviour works for all.
static long do_domctl(struct xen_domctl *op)
{
    struct xen_domctl_getdomaininfo info;

    if (op->interface_version != XEN_DOMCTL_INTERFACE_VERSION)
        return fail(EACCES);
    if (op->cmd == XEN_DOMCTL_unpausedomain)
        return unpause(op->domain);
    if (op->cmd != XEN_DOMCTL_getdomaininfo)
        return fail(ENOSYS);
    if (!next_domain(op->domain, &info))
        return fail(ESRCH);
    op->domain = info.domain;
    op->u.getdomaininfo = info;
    return 0;
}

static long list_domains(struct xen_sysctl_getdomaininfolist *list)
{
    list->num_domains = find_domains(list->first_domain, list->buffer.p, list->max_domains);
    return 0;
}

// xen/sysctl.h: the list of domains, and a machine with one processor and 4 GiB.
static long do_sysctl(struct xen_sysctl *op)
{
    if (op->interface_version != XEN_SYSCTL_INTERFACE_VERSION)
        return fail(EACCES);
    switch (op->cmd) {
    case XEN_SYSCTL_getdomaininfolist: return list_domains(&op->u.getdomaininfolist);
    case XEN_SYSCTL_physinfo:
        memset(&op->u.physinfo, 0, sizeof(op->u.physinfo));
        op->u.physinfo.nr_cpus = op->u.physinfo.nr_nodes = 1;
        op->u.physinfo.threads_per_core = op->u.physinfo.cores_per_socket = 1;
        op->u.physinfo.total_pages = 1u << 20;
        op->u.physinfo.capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_pv;
        return 0;
    case XEN_SYSCTL_sched_id: op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2; return 0;
    default: return fail(ENOSYS);
    }
}

// Strings of xen/version.h, with their old and (since Xen 4.18) their new number. They fit the
// smallest of the old buffers, which has 16 bytes.
static const struct {
    unsigned cmd, new_cmd;
    const char *text;
} version_texts[] = {
#ifdef XENVER_extraversion2
#define NUMBERS(name) XENVER_##name, XENVER_##name##2
#else
#define NUMBERS(name) XENVER_##name, XENVER_##name
#endif
    { NUMBERS(extraversion), ".0-fake" },
    { NUMBERS(capabilities), "hvm-3.0-x86_64" },
    { NUMBERS(changeset), "fake" },
    { NUMBERS(commandline), "fake" },
};

// The new interface: a buffer that starts with its length, or NULL to get the length; no NUL at the
// end.
static long put_text(const char *text, void *out)
{
    const size_t length = strlen(text);
    uint32_t size;

    if (!out)
        return (long)length;
    memcpy(&size, out, sizeof(size));
    if (size < length)
        return fail(ENOBUFS);
    memcpy((char *)out + sizeof(size), text, length);
    return (long)length;
}

static long do_version(uint64_t cmd, void *out)
{
    switch (cmd) {
    case XENVER_version: return FAKEXEN_VERSION_MAJOR << 16 | FAKEXEN_VERSION_MINOR;
    case XENVER_pagesize: return FAKEXEN_PAGE;
    case XENVER_compile_info: memset(out, 0, sizeof(struct xen_compile_info)); return 0;
    default: break;
    }
    for (size_t i = 0; i < sizeof(version_texts) / sizeof(version_texts[0]); i++) {
        if (cmd == version_texts[i].cmd) {
            memcpy(out, version_texts[i].text, strlen(version_texts[i].text) + 1);
            return 0;
        }
        if (cmd == version_texts[i].new_cmd)
            return put_text(version_texts[i].text, out);
    }
    return fail(ENOSYS);
}

// All other hypercalls fail, and are printed to stderr if $FAKEXEN_TRACE is set.
static long hypercall(unsigned int op, uint64_t arg1, uint64_t arg2)
{
    long rc;

    switch (op) {
    case __HYPERVISOR_domctl: rc = do_domctl((void *)(uintptr_t)arg1); break;
    case __HYPERVISOR_sysctl: rc = do_sysctl((void *)(uintptr_t)arg1); break;
    case __HYPERVISOR_xen_version: rc = do_version(arg1, (void *)(uintptr_t)arg2); break;
    default: rc = fail(ENOSYS);
    }
    if (rc < 0 && errno == ENOSYS && getenv("FAKEXEN_TRACE"))
        fprintf(stderr, "fakexen: hypercall %u (%#llx) refused\n", op, (unsigned long long)arg1);
    return rc;
}

// libxencall (xencall.h). The handle is unused; there is a hypervisor if $FAKEXEN_DIR is set.
struct xencall_handle {
    char unused;
};

xencall_handle *xencall_open(struct xentoollog_logger *logger, unsigned int flags)
{
    (void)logger;
    (void)flags;
    if (!getenv("FAKEXEN_DIR")) {
        errno = ENOENT;
        return NULL;
    }
    return calloc(1, sizeof(struct xencall_handle));
}

int xencall_close(xencall_handle *handle)
{
    free(handle);
    return 0;
}

int xencall_fd(xencall_handle *handle)
{
    (void)handle;
    return -1;
}

int xencall0(xencall_handle *handle, unsigned int op)
{
    (void)handle;
    return (int)hypercall(op, 0, 0);
}

int xencall1(xencall_handle *handle, unsigned int op, uint64_t arg1)
{
    (void)handle;
    return (int)hypercall(op, arg1, 0);
}

int xencall2(xencall_handle *handle, unsigned int op, uint64_t arg1, uint64_t arg2)
{
    (void)handle;
    return (int)hypercall(op, arg1, arg2);
}

long xencall2L(xencall_handle *handle, unsigned int op, uint64_t arg1, uint64_t arg2)
{
    (void)handle;
    return hypercall(op, arg1, arg2);
}

int xencall3(xencall_handle *handle, unsigned int op, uint64_t arg1, uint64_t arg2, uint64_t arg3)
{
    (void)handle;
    (void)arg3;
    return (int)hypercall(op, arg1, arg2);
}

int xencall4(xencall_handle *handle, unsigned int op, uint64_t arg1, uint64_t arg2, uint64_t arg3,
             uint64_t arg4)
{
    (void)arg4;
    return xencall3(handle, op, arg1, arg2, arg3);
}

int xencall5(xencall_handle *handle, unsigned int op, uint64_t arg1, uint64_t arg2, uint64_t arg3,
             uint64_t arg4, uint64_t arg5)
{
    (void)arg5;
    return xencall4(handle, op, arg1, arg2, arg3, arg4);
}

void *xencall_alloc_buffer_pages(xencall_handle *handle, size_t pages)
{
    (void)handle;
    return aligned_alloc(FAKEXEN_PAGE, pages * FAKEXEN_PAGE);
}

void xencall_free_buffer_pages(xencall_handle *handle, void *buffer, size_t pages)
{
    (void)handle;
    (void)pages;
    free(buffer);
}

void *xencall_alloc_buffer(xencall_handle *handle, size_t size)
{
    return xencall_alloc_buffer_pages(handle, (size + FAKEXEN_PAGE - 1) / FAKEXEN_PAGE);
}

void xencall_free_buffer(xencall_handle *handle, void *buffer)
{
    xencall_free_buffer_pages(handle, buffer, 0);
}

int xencall_buffers_never_fault(xencall_handle *handle)
{
    (void)handle;
    return 1;
}
