// SPDX-License-Identifier: MIT
#include "color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool color_is_when(const char *when)
{
    return strcmp(when, "always") == 0 || strcmp(when, "auto") == 0 || strcmp(when, "never") == 0;
}

bool color_on(const char *when, int fd)
{
    const char *none = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
    if (strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    if (none && *none)
        return false;
    return (force && *force && strcmp(force, "0") != 0) || isatty(fd);
}
