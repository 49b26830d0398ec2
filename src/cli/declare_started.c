// SPDX-License-Identifier: MIT
// What QEMU was started with is declared by the same arguments: nothing else has all its options.
#include "base/arena.h"
#include "declaring.h"
#include "host/holders.h"
#include "parser/translate.h"
#include "qemu/command_line.h"

static const char *const options[] = { "device", "chardev", "drive", "blockdev", NULL };

enum { REFERENCES_MAX = 64 };

struct started {
    struct declaring *declaring;
    struct text arguments;
    struct text references[REFERENCES_MAX]; // ids of what devices are connected to
    size_t reference_count;
    unsigned unnamed; // devices without an id, so far
};

static bool is_device(const struct command_line_option *option)
{
    return option->name == options[0];
}

// QEMU's path of what a -device creates.
static const char *path_of(struct started *started, struct text value)
{
    struct text id = command_line_member(value, "id");
    struct arena *arena = started->declaring->arena;
    return id.size ? arena_printf(arena, "/machine/peripheral/%.*s", (int)id.size, id.at)
                   : arena_printf(arena, "/machine/peripheral-anon/device[%u]", started->unnamed++);
}

static void refer_to(struct started *started, struct text value)
{
    static const char *const keys[] = { "chardev", "drive" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct text id = command_line_member(value, keys[i]);
        if (id.size && started->reference_count < REFERENCES_MAX)
            started->references[started->reference_count++] = id;
    }
}

static bool is_it(const char *path, const char *driver, enum verdict at_start, const char *wanted,
                  struct text value)
{
    return at_start == VERDICT_YES && strcmp(path, wanted) == 0 &&
           text_is(command_line_member(value, "driver"), driver);
}

// Whether the guest still has what that -device created; then it is declared by it.
static bool declare(struct started *started, struct text value)
{
    struct declaring *declaring = started->declaring;
    const char *path = path_of(started, value);
    for (size_t i = 0; i < declaring->count; i++) {
        struct declared_controller *at = &declaring->controllers[i];
        if (is_it(at->from->path, at->from->driver, at->from->at_start, path, value)) {
            at->as = DECLARED_AS_ARGUMENT;
            return true;
        }
        for (size_t j = 0; j < at->count; j++) {
            const struct device *device = at->devices[j].from;
            if (is_it(device->path, device->driver, device->at_start, path, value)) {
                at->devices[j].as = DECLARED_AS_ARGUMENT;
                refer_to(started, value);
                return true;
            }
        }
    }
    return false;
}

// Whether it serves the ports of a controller that is declared by its argument.
static bool is_companion(const struct started *started, struct text value)
{
    const struct declaring *declaring = started->declaring;
    struct text bus = command_line_member(value, "masterbus");
    for (size_t i = 0; i < declaring->count && bus.size; i++) {
        const struct declared_controller *at = &declaring->controllers[i];
        if (at->as == DECLARED_AS_ARGUMENT && text_is(bus, at->from->bus))
            return true;
    }
    return false;
}

static bool is_referred_to(const struct started *started, struct text value)
{
    struct text id = command_line_member(value, "id");
    if (!id.size)
        id = command_line_member(value, "node-name");
    for (size_t i = 0; i < started->reference_count; i++)
        if (text_same(id, started->references[i]))
            return true;
    return false;
}

static void add_argument(struct started *started, const struct command_line_option *option)
{
    struct arena *arena = started->declaring->arena;
    buffer_printf(&started->declaring->arguments, "    '-%s', %s,\n", option->name,
                  config_quoted(arena, arena_copy(arena, option->value.at, option->value.size)));
}

void declare_started(struct declaring *declaring)
{
    const struct session *session = &declaring->world->session;
    struct started started = { .declaring = declaring };
    struct command_line_option option;
    if (session->domain->id < 0 || !declaring->world->topology.qemu_process)
        return;
    started.arguments = host_arguments_of(session, declaring->world->topology.qemu_process).text;
    // First the devices, which refer to what may come before them or after.
    for (struct text rest = started.arguments; command_line_next(&rest, options, &option);)
        if (is_device(&option) && !text_starts(option.value, "{"))
            (void)declare(&started, option.value);
    started.unnamed = 0;
    for (struct text rest = started.arguments; command_line_next(&rest, options, &option);) {
        if (text_starts(option.value, "{"))
            continue;
        if (is_device(&option)
                ? declare(&started, option.value) || is_companion(&started, option.value)
                : is_referred_to(&started, option.value))
            add_argument(&started, &option);
    }
}
