// SPDX-License-Identifier: MIT
#include "image.h"

#include "base/text.h"

#include <sys/stat.h>

bool image_is_device(const char *path)
{
    struct stat file;
    if (stat(path, &file) == 0)
        return S_ISBLK(file.st_mode) || S_ISCHR(file.st_mode);
    return text_starts(text_of(path), "/dev/") && !text_starts(text_of(path), "/dev/shm/");
}
