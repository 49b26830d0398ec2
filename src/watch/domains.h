// SPDX-License-Identifier: MIT
// The domains of this host, as the watcher knows them.
#ifndef XENUSB_WATCH_DOMAINS_H
#define XENUSB_WATCH_DOMAINS_H

#include "base/diag.h"
#include "xen/domain.h"
#include "xen/xen.h"

// malloc'd.
struct watch_domain {
    int id;
    char uuid[UUID_SIZE];
    char *name;
    bool renamed; // since the name was read
    bool ready;   // libxl has finished making it
};

// Zeroed: none. Sorted by id.
struct watch_domains {
    struct watch_domain *domains;
    size_t count;
};

// Asks which there are. Reads the names of new and renamed ones only, so that it costs next to
// nothing for those that are known already. A domain is ready once libxl has saved its
// configuration, which it does last, or once it is not paused; one that is being migrated to this
// host is not before it gets its own name. *unready: some that is not ready, without being told
// when it is, or has no name. Statuses as from xen_domains(), after complaining; the domains are
// then as before.
enum status watch_domains_update(struct watch_domains *domains, struct diags *diags, bool *unready);
// The domains with that UUID have been renamed: their names are read at the next update. False if
// there is none.
bool watch_domains_renamed(struct watch_domains *domains, struct text uuid);
// The one of that name that is ready, the newest of several; NULL if there is none.
const struct watch_domain *watch_domains_named(const struct watch_domains *domains,
                                               const char *name);
// The one with that UUID, rather one that is ready; NULL if there is none.
const struct watch_domain *watch_domains_with(const struct watch_domains *domains,
                                              const char *uuid);
// The same as an array of the arena, of which id, uuid and name are set; without the one with that
// id, and without those whose names are not known. Returns their count.
size_t watch_domains_known(const struct watch_domains *domains, struct arena *arena, int except,
                           const struct domain **known);
void watch_domains_free(struct watch_domains *domains);

// The directory in which libxl saves configurations, and whether a name in it is one.
extern const char watch_saved_directory[];
bool watch_is_saved(const char *name);

#endif
