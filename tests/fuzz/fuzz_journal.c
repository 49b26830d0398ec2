// SPDX-License-Identifier: MIT
// Any bytes as a journal, which another process has written: it is read within bounds, in xenstore
// and in a file, each line of the input a node. What can be read is written and read again: it is
// the same. After a 'w', the input describes a journal to write instead (write_any()): whatever the
// names in it are, what was written can be read.
//
// The functions below replace those of libc and of xenstore.
#include "base/arena.h"
#include "base/session.h"
#include "fuzz.h"
#include "record/journal.h"
#include "xen/xen.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OURS = 1 << 20 }; // our descriptors: the directory, and the file in it

static struct text input;
static size_t input_read;

// ---- the places that a journal is kept in ----

static bool is_ours(const char *path)
{
    return strstr(path, "journal") || strstr(path, "/xenusb");
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    return is_ours(path) ? OURS : __real_open(path, flags, 0600);
}

int __wrap_openat(int directory, const char *path, int flags, ...);
int __wrap_openat(int directory, const char *path, int flags, ...)
{
    (void)flags;
    fuzz_check(directory == OURS && is_ours(path), "it opens another file", path);
    input_read = 0;
    return OURS + 1;
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    return fd < OURS ? __real_close(fd) : 0;
}

int __real_fstat(int fd, struct stat *info);
int __wrap_fstat(int fd, struct stat *info);
int __wrap_fstat(int fd, struct stat *info)
{
    if (fd < OURS)
        return __real_fstat(fd, info);
    *info = (struct stat){ .st_mode = S_IFREG | 0600, .st_size = (off_t)input.size };
    return 0;
}

// A thousand bytes at a time.
ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
    if (fd < OURS)
        return __real_read(fd, bytes, size);
    const struct text part = text_part(input, input_read, input_read + (size < 1000 ? size : 1000));
    if (part.size)
        memcpy(bytes, part.at, part.size);
    input_read += part.size;
    return (ssize_t)part.size;
}

// The line with that number, counted from 0.
static bool line_of(struct text text, size_t number, struct text *line)
{
    size_t from = 0;
    for (; number && from < text.size; number--)
        from = text_find(text, '\n', from) + 1;
    *line = text_part(text, from, text_find(text, '\n', from));
    return from < text.size;
}

enum xen_result __wrap_xen_read(struct xen *xen, struct xen_transaction *in, const char *path,
                                struct text *value);
enum xen_result __wrap_xen_read(struct xen *xen, struct xen_transaction *in, const char *path,
                                struct text *value)
{
    uint64_t number = 0;
    const char *slash = strrchr(path, '/');
    (void)xen;
    (void)in;
    fuzz_check(text_starts(text_of(path), "/xenusb/3/journal"), "it reads another node", path);
    if (text_number(text_of(slash + 1), 10, 0, JOURNAL_NODES_MAX, &number) == NUMBER_OK)
        number++;
    return line_of(input, (size_t)number, value) ? XEN_OK : XEN_ABSENT;
}

// ---- what must hold ----

static void check_same(const struct journal *one, const struct journal *other)
{
    fuzz_check(one->state == other->state, "the state is another", other->why);
    fuzz_check(strcmp(one->verb, other->verb) == 0 && strcmp(one->command, other->command) == 0,
               "the command is another", other->command);
    fuzz_check(one->process == other->process && one->undoing == other->undoing &&
                   one->keep_saved == other->keep_saved &&
                   strcmp(one->started, other->started) == 0 && strcmp(one->uuid, other->uuid) == 0,
               "the header is another", other->command);
}

static void check_same_steps(const struct journal *one, const struct journal *other)
{
    const struct journal_step *b = other->steps;
    for (const struct journal_step *a = one->steps; a; a = a->next, b = b->next) {
        fuzz_check(b, "a step is missing", a->name);
        const bool same = a->adds == b->adds && a->qemu == b->qemu && a->pvusb == b->pvusb &&
                          a->index == b->index && port_same(a->port, b->port);
        fuzz_check(same && strcmp(a->name, b->name) == 0 && strcmp(a->kind, b->kind) == 0,
                   "a step is another", b->name);
        // Only host devices have one.
        fuzz_check(strcmp(a->kind, "hostdev") != 0 || strcmp(a->busid, b->busid) == 0,
                   "a step is for another device", b->busid);
    }
    fuzz_check(!b, "there is one more step", b ? b->name : NULL);
}

static void check_bounds(struct arena *arena, const struct journal *journal)
{
    const bool known = journal->state == JOURNAL_OPEN || journal->state == JOURNAL_NEWER ||
                       journal->state == JOURNAL_TORN || journal->state == JOURNAL_FOREIGN;
    fuzz_check(known, "it has no state", NULL);
    fuzz_check(journal->state == JOURNAL_OPEN || journal->state == JOURNAL_FOREIGN || journal->why,
               "no reason is given", NULL);
    fuzz_check(journal->state == JOURNAL_OPEN || journal->state == JOURNAL_FOREIGN ||
                   !journal->steps,
               "it has steps", NULL);
    fuzz_check(journal->state != JOURNAL_OPEN || journal->steps, "it has no steps", NULL);
    fuzz_check(journal->nodes <= JOURNAL_NODES_MAX, "it has too many nodes", NULL);
    for (const struct journal_step *at = journal->steps; at; at = at->next) {
        const bool whole = at->qemu || (*at->name && at->index >= -1);
        fuzz_check(whole && at->index <= JOURNAL_INDEX_MAX, "a step is not complete", at->name);
        fuzz_check(strlen(at->name) < 256 && strlen(at->kind) < 256, "a name is too long", NULL);
    }
    for (const char *at = journal_show(arena, journal); *at; at++)
        fuzz_check((unsigned char)*at >= ' ', "printed", at);
}

// ---- writing ----

// The journal with those steps, written and read again.
static struct journal read_again(struct arena *arena, const struct journal *journal,
                                 const struct plan *plan)
{
    size_t count;
    struct journal whole = *journal, again;
    const struct text *nodes = journal_nodes(arena, plan, NULL, &count);
    fuzz_check(count >= 1 && count <= JOURNAL_NODES_MAX, "it needs too many nodes", NULL);
    whole.nodes = (unsigned)count;
    const struct text header = journal_header(arena, &whole);
    fuzz_check(header.size <= XEN_VALUE_MAX, "the header is too long", header.at);
    journal_read_header(arena, header, &again);
    for (unsigned i = 0; i < count && again.state == JOURNAL_OPEN; i++) {
        fuzz_check(nodes[i].size <= XEN_VALUE_MAX, "a node is too long", nodes[i].at);
        fuzz_check(text_find(nodes[i], '\n', 0) == nodes[i].size, "two lines", nodes[i].at);
        journal_read_node(arena, nodes[i], i, &again);
    }
    fuzz_check(again.state == JOURNAL_OPEN, "it cannot be read again", again.why);
    return again;
}

// Adds the step of a plan that the journal has as `from`.
static void plan_like(struct arena *arena, struct plan *plan, const struct journal_step *from)
{
    static struct pvusb_qemu pvusb_qemu;
    const enum step_op op = from->adds ? STEP_ADD : STEP_REMOVE;
    struct controller *controller = arena_new_of(arena, struct controller);
    struct device *device = *from->kind ? arena_new_of(arena, struct device) : NULL;
    if (from->qemu) {
        plan_add_pvusb_qemu(plan, arena, op, &pvusb_qemu);
        return;
    }
    controller->name = from->name;
    controller->index = from->index;
    controller->pvusb = from->pvusb ? PVUSB_QEMU : PVUSB_ANY;
    if (device) {
        const struct device_model *model = device_model_named(text_of(from->kind));
        device->controller = controller;
        device->kind = model ? model->kind : DEVICE_OTHER;
        device->driver = from->kind;
        device->port = from->port;
        device->selector.criteria = *from->busid ? SELECT_BUSID : 0;
        snprintf(device->selector.busid, sizeof device->selector.busid, "%s", from->busid);
    }
    plan_add_step(plan, arena, op, controller, device);
}

static void write_steps(struct arena *arena, const struct journal *journal)
{
    struct plan plan;
    plan_init(&plan, NULL);
    for (const struct journal_step *at = journal->steps; at; at = at->next)
        plan_like(arena, &plan, at);
    const struct journal again = read_again(arena, journal, &plan);
    check_same(journal, &again);
    check_same_steps(journal, &again);
}

// ---- the input as something to write ----

static const char *word_of(struct arena *arena, struct text *rest, char end)
{
    const size_t to = text_find(*rest, end, 0);
    const struct text word = text_part(*rest, 0, to);
    *rest = text_part(*rest, to + 1, rest->size);
    return arena_copy(arena, word.at ? word.at : "", word.size);
}

// "+4 1.2 hostdev 1-1.2 name": '-' removes, a 'q' instead is the PVUSB QEMU, a 'p' a step for
// PVUSB.
static struct journal_step *step_of(struct arena *arena, struct text line)
{
    char busid[BUSID_SIZE];
    uint64_t index = 0;
    struct journal_step *step = arena_new_of(arena, struct journal_step);
    const char *first = word_of(arena, &line, ' '), *port = word_of(arena, &line, ' ');
    step->adds = *first != '-';
    step->qemu = *first == 'q';
    step->pvusb = *first == 'p';
    step->index = -1;
    if (*first && text_number(text_of(first + 1), 10, 0, JOURNAL_INDEX_MAX, &index) == NUMBER_OK)
        step->index = (int)index;
    (void)port_read(text_of(port), &step->port);
    step->kind = word_of(arena, &line, ' ');
    const char *at = word_of(arena, &line, ' ');
    step->busid = busid_read(text_of(at), busid) ? arena_strdup(arena, busid) : "";
    step->name = arena_copy(arena, line.at ? line.at : "", line.size);
    step->name = *step->name ? step->name : "usb";
    return step;
}

// A line with flags, one with the verb and one with the command, then a line for each step. Names
// may be of any length and contain any byte, so what is read may differ, but it can be read.
static void write_any(struct arena *arena, struct text text)
{
    struct plan plan;
    struct journal journal = { .started = "4567", .uuid = "", .socket = "/run/qmp", .process = 7 };
    const char *flags = word_of(arena, &text, '\n');
    size_t count = 0;
    journal.undoing = strchr(flags, 'u');
    journal.keep_saved = strchr(flags, 's');
    if (strchr(flags, 'x'))
        journal.uuid = "5b8f2a52-0000-4000-8000-000000000003";
    journal.verb = word_of(arena, &text, '\n');
    journal.command = word_of(arena, &text, '\n');
    plan_init(&plan, NULL);
    for (size_t to; text.size && count < 100; text = text_part(text, to + 1, text.size), count++) {
        to = text_find(text, '\n', 0);
        plan_like(arena, &plan, step_of(arena, text_part(text, 0, to)));
    }
    if (!count)
        return;
    const struct journal again = read_again(arena, &journal, &plan);
    fuzz_check(!*journal.command == !*again.command, "the command is lost", journal.command);
    for (const struct journal_step *at = again.steps; at; at = at->next)
        count--;
    fuzz_check(count == 0, "it has another number of steps", NULL);
    write_steps(arena, &again);
}

// ---- the input as something to read ----

static struct journal read_from(struct arena *arena, struct diags *diags, bool xen)
{
    static char connection;
    struct journal journal;
    struct domain domain = { .id = xen ? 3 : -1,
                             .name = "web",
                             .uuid = "5b8f2a52-0000-4000-8000-000000000003",
                             .qmp_socket = "/run/qmp" };
    const struct session session = { .arena = arena,
                                     .diags = diags,
                                     .domain = &domain,
                                     .xen = xen ? (struct xen *)&connection : NULL,
                                     .timeout_scale = 1.0 };
    fuzz_check(journal_read(&session, &journal) == STATUS_OK, "it cannot be read", NULL);
    if (journal.state != JOURNAL_NONE) {
        struct journal of_nobody = journal;
        of_nobody.process = 0; // so that it is not looked for
        check_bounds(arena, &journal);
        journal_mention(&session, diags, &of_nobody);
    }
    if (journal.state == JOURNAL_OPEN)
        write_steps(arena, &journal);
    return journal;
}

static void read_both(struct arena *arena)
{
    struct diags diags;
    diags_init(&diags, arena);
    const struct journal store = read_from(arena, &diags, true);
    const struct journal file = read_from(arena, &diags, false);
    // In xenstore, no header means no journal, but an empty file is a torn one.
    if (store.state != JOURNAL_NONE && store.state != JOURNAL_FOREIGN &&
        file.state != JOURNAL_FOREIGN) {
        check_same(&store, &file);
        check_same_steps(&store, &file);
    }
    fuzz_print(&diags, input);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena = fuzz_arena();
    input = (struct text){ (const char *)bytes, size };
    if (text_starts(input, "w"))
        write_any(arena, text_part(input, 1, size));
    else
        read_both(arena);
    arena_free(arena);
    return 0;
}
