// SPDX-License-Identifier: MIT
#include "processes.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/scope.h"
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROGRAM_SHOWN = 32 };

// What a process sees of the mounts: its namespace, and below which directory.
struct view {
    struct view *next;
    struct statx namespace, root;
};

struct walk {
    struct arena *arena;
    struct part part;
    struct view *views; // those that were read
    struct processes *processes;
};

static void note_unseen(struct walk *walk, const char *path, int error)
{
    if (!part_is_unreadable(&walk->part))
        walk->part =
            part_unreadable(arena_printf(walk->arena, "cannot read %s: %s%s", path, strerror(error),
                                         geteuid() ? "; run xenusb as root" : ""));
}

// Whether that is why a process that has exited meanwhile cannot be read.
static bool has_exited(int error)
{
    return error == ENOENT || error == ESRCH;
}

// ---- mounts ----

// A directory that is mounted twice is two, because what is mounted below it may differ
// (Linux 5.8).
static bool is_same(const struct statx *a, const struct statx *b)
{
    return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major &&
           a->stx_dev_minor == b->stx_dev_minor && a->stx_mnt_id == b->stx_mnt_id;
}

// DONT_SYNC: it must not wait for the server of a network file system.
static bool stat_path(const char *path, struct statx *info)
{
    return statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID, info) == 0;
}

// What the process sees; false if that cannot be found out.
static bool read_view(struct walk *walk, const char *directory, struct view *view)
{
    const char *path = arena_printf(walk->arena, "%s/ns/mnt", directory);
    bool seen = stat_path(path, &view->namespace);
    if (seen) {
        path = arena_printf(walk->arena, "%s/root", directory);
        seen = stat_path(path, &view->root);
    }
    if (!seen && !has_exited(errno))
        note_unseen(walk, path, errno);
    return seen;
}

static bool is_known(const struct walk *walk, const struct view *view)
{
    const struct view *at = walk->views;
    while (at && !(is_same(&at->namespace, &view->namespace) && is_same(&at->root, &view->root)))
        at = at->next;
    return at;
}

static void add_view(struct walk *walk, const struct view *view)
{
    struct view *known = arena_new_of(walk->arena, struct view);
    *known = *view;
    known->next = walk->views;
    walk->views = known;
}

// Whether a line of mountinfo may be of a block device: by its number, or by its source.
static bool may_be_disk(struct text line)
{
    static const char none[] = "0:";
    size_t number = text_find(line, ' ', text_find(line, ' ', 0) + 1) + 1;
    if (!text_starts(text_part(line, number, line.size), none))
        return true;
    for (size_t at = text_find(line, ' ', 0); at < line.size; at = text_find(line, ' ', at + 1))
        if (text_starts(text_part(line, at, line.size), " /dev/"))
            return true;
    return false;
}

static struct text lines_of_disks(struct arena *arena, struct text table)
{
    struct buffer lines = buffer_in(arena);
    while (table.size) {
        size_t end = text_find(table, '\n', 0);
        struct text line = text_part(table, 0, end);
        table = text_part(table, end + 1, table.size);
        if (!may_be_disk(line))
            continue;
        buffer_add(&lines, line);
        buffer_add_string(&lines, "\n");
    }
    return buffer_text(&lines);
}

static void read_mounts(struct walk *walk, const char *directory, unsigned pid)
{
    struct view view;
    if (!read_view(walk, directory, &view) || is_known(walk, &view))
        return;
    // There may be thousands of namespaces with thousands of mounts each.
    struct arena *scratch = arena_new(0);
    const char *path = arena_printf(walk->arena, "%s/mountinfo", directory);
    struct text table = TEXT_EMPTY;
    errno = ENOMEM;
    if (scratch)
        table = sysfs_whole(scratch, path, PROC_TABLE_MAX);
    // It is empty, or invalid, if the process has exited.
    if (!table.at && !has_exited(errno) && errno != EINVAL)
        note_unseen(walk, path, errno);
    if (table.size) {
        struct process_mounts *mounts = arena_new_of(walk->arena, struct process_mounts);
        mounts->table = lines_of_disks(walk->arena, table);
        mounts->pid = pid;
        mounts->next = walk->processes->mounts;
        walk->processes->mounts = mounts;
        add_view(walk, &view);
    }
    arena_free(scratch);
}

// ---- open nodes ----

static const struct process_node *find_node(const struct processes *processes, enum node_kind kind,
                                            unsigned major, unsigned minor)
{
    const struct process_node *at = processes->nodes;
    while (at && (at->kind != kind || at->major != major || at->minor != minor))
        at = at->next;
    return at;
}

// Nearly every process has such a node open: /dev/null, /dev/tty, /dev/pts/0. None is of USB.
static bool is_common(unsigned major)
{
    return major == MEM_MAJOR || major == TTY_MAJOR || major == TTYAUX_MAJOR ||
           (major >= UNIX98_PTY_SLAVE_MAJOR &&
            major < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT);
}

static void add_node(struct walk *walk, const struct statx *info, unsigned pid)
{
    const enum node_kind kind = S_ISBLK(info->stx_mode) ? NODE_BLOCK : NODE_CHARACTER;
    if ((kind == NODE_CHARACTER && (!S_ISCHR(info->stx_mode) || is_common(info->stx_rdev_major))) ||
        find_node(walk->processes, kind, info->stx_rdev_major, info->stx_rdev_minor))
        return;
    struct process_node *node = arena_new_of(walk->arena, struct process_node);
    *node = (struct process_node){ walk->processes->nodes, kind, info->stx_rdev_major,
                                   info->stx_rdev_minor, pid };
    walk->processes->nodes = node;
}

// readdir(), which notes an error.
static const struct dirent *next_entry(struct walk *walk, DIR *dir, const char *path)
{
    errno = 0;
    const struct dirent *entry = dir ? readdir(dir) : NULL;
    if (dir && !entry && errno && !has_exited(errno))
        note_unseen(walk, path, errno);
    return entry;
}

static void read_nodes(struct walk *walk, const char *directory, unsigned pid)
{
    const char *path = arena_printf(walk->arena, "%s/fd", directory);
    cleanup_closedir DIR *dir = opendir(path);
    if (!dir && !has_exited(errno))
        note_unseen(walk, path, errno);
    for (const struct dirent *at; (at = next_entry(walk, dir, path));) {
        struct statx info;
        if (*at->d_name == '.')
            continue;
        if (statx(dirfd(dir), at->d_name, AT_STATX_DONT_SYNC, STATX_TYPE, &info) == 0) {
            add_node(walk, &info, pid);
        } else if (errno == ENOMEM || errno == EMFILE || errno == EIO)
            note_unseen(walk, path, errno);
    }
}

struct part processes_read(struct arena *arena, struct processes *processes)
{
    struct walk walk = { .arena = arena, .part = part_read(), .processes = processes };
    struct view own;
    cleanup_closedir DIR *dir = opendir("/proc");
    *processes = (struct processes){ .mounts = NULL };
    if (!dir)
        note_unseen(&walk, "/proc", errno);
    // /proc/self/mountinfo has what this one sees.
    if (read_view(&walk, "/proc/self", &own))
        add_view(&walk, &own);
    for (const struct dirent *at; (at = next_entry(&walk, dir, "/proc"));) {
        uint64_t pid;
        if (text_number(text_of(at->d_name), 10, 1, UINT32_MAX, &pid) != NUMBER_OK)
            continue;
        const char *directory = arena_printf(arena, "/proc/%s", at->d_name);
        read_mounts(&walk, directory, (unsigned)pid);
        read_nodes(&walk, directory, (unsigned)pid);
    }
    // Mounted with hidepid=, /proc leaves out the processes of others.
    if (access("/proc/1", F_OK) != 0)
        note_unseen(&walk, "/proc/1", errno);
    return walk.part;
}

const struct process_node *processes_find_node(const struct processes *processes,
                                               enum node_kind kind, const char *number)
{
    struct text text = text_of(number);
    size_t colon = text_find(text, ':', 0);
    uint64_t major, minor;
    if (text_number(text_part(text, 0, colon), 10, 0, UINT32_MAX, &major) != NUMBER_OK ||
        text_number(text_part(text, colon + 1, text.size), 10, 0, UINT32_MAX, &minor) != NUMBER_OK)
        return NULL;
    return find_node(processes, kind, (unsigned)major, (unsigned)minor);
}

const char *processes_show(struct arena *arena, unsigned pid)
{
    const char *program = sysfs_value(arena, arena_printf(arena, "/proc/%u", pid), "comm");
    const char *shown = text_show(arena, text_of(program), PROGRAM_SHOWN);
    return *shown ? arena_printf(arena, "%s (pid %u)", shown, pid)
                  : arena_printf(arena, "process %u", pid);
}
