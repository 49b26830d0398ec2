// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "record.h"

const char *record_libxl_directory(struct arena *arena, int domain)
{
    return arena_printf(arena, "/libxl/%d/device/vusb", domain);
}

const char *record_libxl_path(struct arena *arena, int domain, int index)
{
    return arena_printf(arena, "%s/%d", record_libxl_directory(arena, domain), index);
}
