// SPDX-License-Identifier: MIT
#include "image.h"

#include <string.h>
#include <sys/stat.h>

static bool starts_with(const char *path, const char *prefix)
{
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

bool image_is_device(const char *path)
{
    struct stat file;
    if (stat(path, &file) == 0)
        return S_ISBLK(file.st_mode) || S_ISCHR(file.st_mode);
    return starts_with(path, "/dev/") && !starts_with(path, "/dev/shm/");
}
