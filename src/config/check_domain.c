// SPDX-License-Identifier: MIT
#include "checking.h"

// xenusb cannot reach qemu-traditional or a QEMU in a stub domain over QMP. Only a warning, since
// the file can be checked and translated all the same.
static bool machine(struct checking *checking)
{
    const struct config_domain *domain = &checking->config->domain;
    if (!span_is_none(domain->stubdom_at))
        diag_hint(checking->diags,
                  check_warning(checking, CODE_UNSUPPORTED, domain->stubdom_at,
                                "this guest's QEMU runs in a stub domain, where xenusb cannot "
                                "reach it"),
                  "plan and apply will refuse this guest");
    if (!span_is_none(domain->traditional_at))
        diag_hint(checking->diags,
                  check_warning(checking, CODE_UNSUPPORTED, domain->traditional_at,
                                "qemu-xen-traditional has no QMP, and Xen no longer includes it"),
                  "plan and apply will refuse this guest: use qemu-xen");
    return span_is_none(domain->stubdom_at) && span_is_none(domain->traditional_at);
}
CHECK_DOMAIN(machine);
