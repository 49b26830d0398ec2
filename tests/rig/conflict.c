// SPDX-License-Identifier: MIT
// Preloaded below the binary under test: others change xenstore in every transaction. The first
// CONFLICT_AFTER of them go through; then CONFLICTS end as they do when somebody was faster:
// nothing of them is kept, and xenstored's word for it is EAGAIN.
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
    if (ended <= number("CONFLICT_AFTER") || ended > number("CONFLICT_AFTER") + number("CONFLICTS"))
        return real(store, transaction, false);
    real(store, transaction, true);
    errno = EAGAIN;
    return false;
}
