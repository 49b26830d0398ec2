// SPDX-License-Identifier: MIT
// The images and character devices that QEMU's arguments define, and devices refer to.
#include "base/arena.h"
#include "base/name_map.h"
#include "qemu/words.h"
#include "qemu_option.h"

// A character device in the words of chardev=; empty if they have none for it.
static struct text chardev_word(struct builder *builder, const struct spec *spec)
{
    const struct spec_pair *backend = qemu_option(spec, "backend"),
                           *path = qemu_option(spec, "path"), *server = qemu_option(spec, "server");
    struct text kind = backend ? backend->value : spec->head;
    bool client = !server || !qemu_is_on(server->value);
    const char *prefix = text_is(kind, "file")               ? "file:"
                         : text_is(kind, "socket") && client ? "unix:"
                                                             : NULL;
    if (qemu_chardev_is_plain(kind))
        return kind;
    if (!prefix || !path)
        return TEXT_EMPTY;
    return text_of(
        arena_printf(builder->arena, "%s%.*s", prefix, (int)path->value.size, path->value.at));
}

// Whether a property of an image names the node of another one. The file of a -drive is a path.
static bool names_node(enum argument option, struct text name)
{
    static const char *const words[] = { "file", "backing", "data-file", "image",
                                         "raw",  "test",    "children",  NULL };
    size_t dot = name.size;
    if (option == ARGUMENT_DRIVE && text_is(name, "file"))
        return false;
    while (dot && name.at[dot - 1] >= '0' && name.at[dot - 1] <= '9')
        dot--;
    if (dot && dot < name.size && name.at[dot - 1] == '.') // children.0
        name.size = dot - 1;
    for (dot = name.size; dot && name.at[dot - 1] != '.';)
        dot--;
    return text_is_among(text_part(name, dot, name.size), words);
}

static struct config_backing *resolve(const struct builder *builder, struct text id, unsigned depth)
{
    enum { LAYERS_MAX = 64 }; // those below are reported as if nothing defined them
    struct config_backing *backing = depth < LAYERS_MAX ? name_map_get(builder->drives, id) : NULL;
    if (!backing || backing->resolved)
        return backing;
    backing->resolved = true;
    for (struct config_property *at = backing->properties; at; at = at->next)
        if (at->names_node)
            at->node = resolve(builder, at->value.text, depth + 1);
    return backing;
}

struct config_backing *qemu_image(const struct builder *builder, struct text id)
{
    return resolve(builder, id, 0);
}

// Keeps what a device may refer to. Errors in it are QEMU's to report: it is not about USB.
void qemu_read_backing(struct builder *builder, enum argument option, const struct literal *literal)
{
    static const char *const names[] = {
        [ARGUMENT_DRIVE] = "drive", [ARGUMENT_BLOCKDEV] = "blockdev", [ARGUMENT_CHARDEV] = "chardev"
    };
    static const char *const none[] = { NULL };
    const struct spec *spec = qemu_option_spec(builder, literal);
    const struct spec_pair *id =
        qemu_option(spec, option == ARGUMENT_BLOCKDEV ? "node-name" : "id");
    struct config_backing *backing = arena_new_of(builder->arena, struct config_backing);
    backing->option = names[option];
    backing->argument = spec->text;
    backing->head = spec->head;
    backing->properties = qemu_properties(builder, spec, none);
    if (option == ARGUMENT_CHARDEV)
        backing->chardev = chardev_word(builder, spec);
    for (struct config_property *at = backing->properties; at; at = at->next)
        at->names_node =
            option != ARGUMENT_CHARDEV && at->value.text.size && names_node(option, at->name);
    if (id)
        name_map_add(option == ARGUMENT_CHARDEV ? builder->chardevs : builder->drives, id->value,
                     backing);
}
