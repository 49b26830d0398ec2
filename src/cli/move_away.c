// SPDX-License-Identifier: MIT
// A move to another domain: one plan with the steps of both domains, so that a failure in one of
// them undoes what was done in the other; each has its journal.
#include "move.h"

#include "base/arena.h"
#include "keep.h"
#include "record/saved.h"
#include "xen/xen.h"

void move_close(struct moving *moving)
{
    job_close(&moving->there);
    job_close(&moving->here);
}

enum status move_is_domain(const struct moving *moving, const char *word, bool *is_domain)
{
    const struct invocation *invocation = moving->invocation;
    cleanup_xen struct xen *xen = NULL;
    const struct domain *domains = NULL;
    size_t count = 0;
    const struct world_options options = options_for_world(invocation);
    enum status status = world_open_xen(&options, &xen);
    if (status == STATUS_OK)
        status = xen_domains(xen, invocation->diags, DOMAIN_NAME, &domains, &count);
    *is_domain = xen_domains_have(domains, count, word);
    return status;
}

static enum status complain_same(const struct moving *moving)
{
    struct diags *diags = moving->invocation->diags;
    diag_hint(diags,
              complain_error(diags, CODE_USAGE,
                             "it is to be moved from %s to %s, which are the same domain",
                             moving->domain, moving->other),
              "name a place in it, such as hci0.2, or another domain");
    return STATUS_REQUEST;
}

static enum status find_both(struct moving *moving, bool changes)
{
    enum status status = job_find(&moving->here, moving->domain, changes);
    if (status == STATUS_OK)
        status = job_find(&moving->there, moving->other, changes);
    if (status != STATUS_OK)
        return status;
    return moving->here.world.session.domain->id == moving->there.world.session.domain->id
               ? complain_same(moving)
               : STATUS_OK;
}

// Both locks before either domain is looked at: its QEMU is kept from others meanwhile.
static enum status open_both(struct moving *moving, bool changes)
{
    struct world *here = &moving->here.world, *there = &moving->there.world;
    const bool first = here->session.domain->id < there->session.domain->id;
    enum status status = changes ? world_lock(first ? here : there) : STATUS_OK;
    if (status == STATUS_OK && changes)
        status = world_lock(first ? there : here);
    if (status == STATUS_OK)
        status = job_look(&moving->here, changes);
    return status == STATUS_OK ? job_look(&moving->there, changes) : status;
}

static enum status refuse(const struct moving *moving, const char *why)
{
    const struct config *config = moving->here.config;
    complain(moving->invocation->diags, SEVERITY_ERROR, CODE_REFUSED, config->source,
             config->devices->why, "%s cannot be moved to %s: %s",
             device_describe(moving->invocation->arena, moving->from),
             moving->there.world.session.domain->name, why);
    return STATUS_REFUSED;
}

static enum status check_leaving(const struct moving *moving)
{
    const struct device *from = moving->from;
    if (from->kind != DEVICE_HOSTDEV)
        return refuse(moving, "it is an emulated device");
    if (from->controller->backend_domain)
        return refuse(moving, "it is a device of a driver domain");
    if (from->state != DEVICE_ATTACHED)
        return refuse(moving, from->reason ? from->reason : device_state_name(from->state));
    return STATUS_OK;
}

enum status move_away(struct moving *moving)
{
    struct job *there = &moving->there;
    const char *missing;
    const bool dry = moving->invocation->given & OPTION_DRY_RUN;
    enum status status = find_both(moving, !dry);
    if (status == STATUS_OK)
        status = open_both(moving, !dry);
    if (status == STATUS_OK)
        status = move_find(moving);
    if (status == STATUS_OK)
        status = check_leaving(moving);
    if (status != STATUS_OK)
        return status;
    status = move_aim(moving, there);
    if (status == STATUS_OK)
        status = job_plan_to_run(there);
    if (status != STATUS_OK)
        return status;
    there->other = &moving->here.world;
    if (!dry)
        (void)saved_catch_up(&moving->here.world.session, &moving->here.world.topology, &missing);
    return dry ? job_run(there) : keep_moved_away(&moving->here, there);
}
