// SPDX-License-Identifier: MIT
#include "config.h"

const char *domain_type_name(enum domain_type type)
{
    static const char *const names[] = { "unknown", "pv", "pvh", "hvm" };
    return names[type];
}

struct config_controller *config_controller_named(const struct config *config, struct text name)
{
    for (struct config_controller *at = config->controllers; at; at = at->next)
        if (text_is(name, at->name))
            return at;
    return NULL;
}

struct config_controller *config_controller_at(const struct config *config, unsigned index)
{
    for (struct config_controller *at = config->controllers; at; at = at->next)
        if (at->index == index)
            return at;
    return NULL;
}
