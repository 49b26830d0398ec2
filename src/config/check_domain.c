// SPDX-License-Identifier: MIT
#include "checking.h"

// What serves the guest: neither qemu-traditional nor a stub domain speaks QMP to us. A warning
// only, since a file can be checked and translated all the same.
static bool machine(struct checking *checking)
{
    const struct config_domain *domain = &checking->config->domain;
    if (!span_is_none(domain->stubdom_at))
        diag_hint(checking->diags,
                  check_warning(checking, domain->stubdom_at,
                                "this guest's QEMU runs in a stub domain, where nobody can speak "
                                "to it"),
                  "plan and apply will refuse");
    if (!span_is_none(domain->traditional_at))
        diag_hint(
            checking->diags,
            check_warning(checking, domain->traditional_at,
                          "qemu-xen-traditional does not speak QMP, and Xen no longer has it"),
            "plan and apply will refuse: use qemu-xen");
    return span_is_none(domain->stubdom_at) && span_is_none(domain->traditional_at);
}
CHECK_DOMAIN(machine);
