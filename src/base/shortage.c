// SPDX-License-Identifier: MIT
#include "shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int noted; // the first such errno

void shortage_note(int error)
{
    if (!noted && (error == EMFILE || error == ENFILE || error == ENOMEM))
        noted = error;
}

const char *shortage_why(void)
{
    return noted ? strerror(noted) : NULL;
}

enum status shortage_check(struct diags *diags)
{
    if (!noted)
        return STATUS_OK;
    complain_error(diags, CODE_INCOMPLETE, "not everything could be read: %s", strerror(noted));
    return STATUS_FAILED;
}

enum status shortage_reserve(struct diags *diags, size_t count)
{
    enum { RESERVE_MAX = 64 };
    int descriptors[RESERVE_MAX];
    size_t made = 0;
    int error = 0;
    while (made < count && made < RESERVE_MAX && !error) {
        descriptors[made] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
        if (descriptors[made] < 0)
            error = errno;
        else
            made++;
    }
    for (size_t i = 0; i < made; i++)
        close(descriptors[i]);
    if (!error)
        return STATUS_OK;
    struct diag *diag = complain_error(diags, CODE_FAILED,
                                       "only %zu more files can be opened, and %zu are needed: %s",
                                       made, count, strerror(error));
    if (error == EMFILE)
        diag_hint(diags, diag, "raise the limit of open files (ulimit -n)");
    return STATUS_FAILED;
}
