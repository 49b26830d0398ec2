// SPDX-License-Identifier: MIT
#include "toolstack.h"

#include "base/arena.h"
#include "base/scope.h"
#include "base/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SHOWN = 4096 };

struct mapping {
    void *at;
    size_t size;
};

static void mapping_scope(struct mapping *mapping)
{
    if (mapping->at)
        munmap(mapping->at, mapping->size);
}

// Maps a whole file read-only; TEXT_EMPTY if it cannot be read.
static struct text map_file(const char *path, struct mapping *mapping)
{
    struct stat info;
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    *mapping = (struct mapping){ NULL, 0 };
    if (fd < 0)
        shortage_note(errno);
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size <= 0)
        return TEXT_EMPTY;
    void *at = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return TEXT_EMPTY;
    *mapping = (struct mapping){ at, (size_t)info.st_size };
    return (struct text){ at, mapping->size };
}

const char *toolstack_qemu_in(struct arena *arena, struct text library)
{
    static const char program[] = "qemu-system-i386"; // includes the NUL that ends the string
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

bool toolstack_has_qusb(struct text binary)
{
    static const char word[] = "qusb"; // includes the NUL
    return binary.size && memmem(binary.at, binary.size, word, sizeof word);
}

static void glob_scope(glob_t *found)
{
    globfree(found);
}

static void find_libxl(struct arena *arena, struct toolstack *toolstack)
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
            if (toolstack->libxl && strverscmp(version, toolstack->libxl) <= 0)
                continue;
            toolstack->library = arena_strdup(arena, found.gl_pathv[j]);
            toolstack->libxl = strstr(toolstack->library, name) + sizeof name - 1;
        }
    }
    for (size_t i = 0; i < sizeof programs / sizeof *programs && !toolstack->xl; i++)
        toolstack->xl = access(programs[i], X_OK) == 0 ? programs[i] : NULL;
}

// The path built into libxl (qemu_xen_path in libxl_dm.c), else where Xen usually installs it.
static void find_qemu(struct arena *arena, struct toolstack *toolstack)
{
    static const char *const usual[] = {
        "/usr/libexec/xen-qemu-system-i386", "/usr/libexec/xen/bin/qemu-system-i386",
        "/usr/lib/xen/bin/qemu-system-i386", "/usr/local/lib/xen/bin/qemu-system-i386",
        "/usr/bin/qemu-system-i386",
    };
    if (toolstack->library) {
        cleanup_with(mapping_scope) struct mapping mapping = { NULL, 0 };
        toolstack->qemu = toolstack_qemu_in(arena, map_file(toolstack->library, &mapping));
        toolstack->qemu_of_libxl = toolstack->qemu;
    }
    for (size_t i = 0; i < sizeof usual / sizeof *usual && !toolstack->qemu; i++)
        toolstack->qemu = access(usual[i], F_OK) == 0 ? usual[i] : NULL;
}

static void check_qemu(struct arena *arena, struct toolstack *toolstack)
{
    cleanup_with(mapping_scope) struct mapping mapping = { NULL, 0 };
    const char *whose = toolstack->qemu_of_libxl ? ", which libxl starts," : "";
    toolstack->qemu_has_pvusb = VERDICT_NO;
    if (!toolstack->qemu) {
        toolstack->qemu_why = "no QEMU for Xen was found";
        return;
    }
    if (access(toolstack->qemu, F_OK) != 0) {
        toolstack->qemu_why = arena_printf(arena, "%s%s does not exist", toolstack->qemu, whose);
        return;
    }
    struct text binary = map_file(toolstack->qemu, &mapping);
    if (!binary.size) {
        toolstack->qemu_has_pvusb = VERDICT_UNKNOWN;
        toolstack->qemu_why = arena_printf(arena, "%s%s cannot be read", toolstack->qemu, whose);
        return;
    }
    bool has = toolstack_has_qusb(binary);
    toolstack->qemu_has_pvusb = has ? VERDICT_YES : VERDICT_NO;
    toolstack->qemu_why = arena_printf(arena, "%s%s was built %s qusb", toolstack->qemu, whose,
                                       has ? "with" : "without");
}

void toolstack_find(struct arena *arena, struct toolstack *toolstack)
{
    find_libxl(arena, toolstack);
    find_qemu(arena, toolstack);
    check_qemu(arena, toolstack);
}
