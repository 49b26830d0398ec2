// SPDX-License-Identifier: MIT
// Preloaded into the binary under test: simulates transaction conflicts in xenstore. The first
// CONFLICT_AFTER transactions succeed; the next CONFLICTS ones are discarded and fail with EAGAIN.
// COMMIT_LOST: the transaction of that number, from 1 on, takes effect, but fails with EIO.
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <xenstore.h>

static long number(const char *name)
{
    const char *value = getenv(name);
    return value ? strtol(value, NULL, 10) : 0;
}

bool xs_transaction_end(struct xs_handle *store, xs_transaction_t transaction, bool abort)
{
    static long ended;
    bool (*real)(struct xs_handle *, xs_transaction_t, bool) =
        (bool (*)(struct xs_handle *, xs_transaction_t, bool))dlsym(RTLD_NEXT, __func__);
    if (abort)
        return real(store, transaction, true);
    ended++;
    if (ended == number("COMMIT_LOST")) {
        real(store, transaction, false);
        errno = EIO;
        return false;
    }
    if (ended <= number("CONFLICT_AFTER") || ended > number("CONFLICT_AFTER") + number("CONFLICTS"))
        return real(store, transaction, false);
    real(store, transaction, true);
    errno = EAGAIN;
    return false;
}
