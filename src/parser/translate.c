// SPDX-License-Identifier: MIT
#include "translate.h"

#include "writers/write.h"

const struct translation translations[] = {
    { "xl", true, write_xl },
    { "xenusb", true, write_xenusb },
    { "qemu", false, write_qemu },
    { "qmp", false, write_qmp },
    { "libvirt", false, write_libvirt },
    { "dot", false, write_dot },
    { "json", false, write_json },
    { NULL, false, NULL },
};

const struct translation *translation_named(const char *name)
{
    for (const struct translation *at = translations; at->name; at++)
        if (strcmp(at->name, name) == 0)
            return at;
    return NULL;
}
