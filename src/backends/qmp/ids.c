// SPDX-License-Identifier: MIT
#include "ids.h"

#include "base/arena.h"

static const char libxl_prefix[] = "xenusb-";
static const char own_prefix[] = "xenusb_";

// Independent of the locale.
static bool is_plain(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
}

const char *ids_for_controller(struct arena *arena, const struct controller *controller)
{
    static const char hex[] = "0123456789ABCDEF";
    if (controller->index >= 0)
        return arena_printf(arena, "%s%d", libxl_prefix, controller->index);
    struct text name = text_of(controller->name);
    char *id = arena_alloc(arena, sizeof own_prefix + 3 * name.size);
    memcpy(id, own_prefix, sizeof own_prefix);
    size_t used = sizeof own_prefix - 1;
    for (size_t i = 0; i < name.size; i++) {
        if (is_plain(name.at[i])) {
            id[used++] = name.at[i];
            continue;
        }
        uint8_t byte = (uint8_t)name.at[i];
        id[used++] = '.';
        id[used++] = hex[byte >> 4];
        id[used++] = hex[byte & 15];
    }
    return id;
}

// Decodes the name in an id with our own prefix.
static const char *decode(struct arena *arena, struct text id)
{
    char *name = arena_alloc(arena, id.size + 1);
    size_t used = 0;
    for (size_t i = 0; i < id.size; i++) {
        uint64_t byte = 0;
        if (id.at[i] == '.' && i + 2 < id.size &&
            text_number(text_part(id, i + 1, i + 3), 16, 1, UINT8_MAX, &byte) == NUMBER_OK)
            i += 2;
        else
            byte = (uint8_t)id.at[i];
        name[used++] = (char)byte;
    }
    return name;
}

bool ids_is_libxl_device(const struct device *device)
{
    const unsigned address = SELECT_BUS | SELECT_ADDRESS;
    return device->kind == DEVICE_HOSTDEV && device->controller->index >= 0 &&
           (device->selector.criteria & address) == address;
}

const char *ids_for_device(struct arena *arena, const struct device *device, unsigned number)
{
    if (ids_is_libxl_device(device))
        return arena_printf(arena, "%s%u-%u", libxl_prefix, device->selector.bus,
                            device->selector.address);
    const struct device_model *model = device_model_of(device->kind);
    return arena_printf(arena, "%s%s%u", own_prefix, model ? model->name : "device", number);
}

bool ids_has_address(const char *id)
{
    return text_starts(text_of(id), libxl_prefix) && strchr(id + sizeof libxl_prefix - 1, '-');
}

// The devid in an id as libxl forms it, or -1.
static int libxl_index(const char *id)
{
    struct text text = text_of(id);
    uint64_t index = 0;
    if (!text_starts(text, libxl_prefix))
        return -1;
    text = text_part(text, sizeof libxl_prefix - 1, text.size);
    if (text_number(text, 10, 0, INT32_MAX, &index) != NUMBER_OK ||
        (text.size > 1 && text.at[0] == '0'))
        return -1;
    return (int)index;
}

const char *ids_controller_name(struct arena *arena, const char *id, int *index)
{
    struct text text = text_of(id);
    *index = libxl_index(id);
    if (*index >= 0)
        return arena_printf(arena, "%d", *index);
    if (text_starts(text, own_prefix) && text.size >= sizeof own_prefix)
        return decode(arena, text_part(text, sizeof own_prefix - 1, text.size));
    return *id ? id : "usb";
}

// A node name has at most 31 bytes (BlockDriverState in QEMU's block_int-common.h).
const char *ids_backing(struct arena *arena, const char *device_id)
{
    bool own = text_starts(text_of(device_id), own_prefix);
    return arena_printf(arena, "%.7s%.18s-back", own_prefix,
                        own ? device_id + sizeof own_prefix - 1 : device_id);
}
