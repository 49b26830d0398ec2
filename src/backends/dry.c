// SPDX-License-Identifier: MIT
#include "backends.h"

static bool dry_suits(const struct config_controller *wanted, const struct domain *domain)
{
    (void)wanted;
    (void)domain;
    return true;
}

static enum status dry_open(struct session *session, void **handle)
{
    (void)session;
    *handle = NULL;
    return STATUS_OK;
}

static enum status dry_look(void *handle, struct topology *topology)
{
    (void)handle;
    (void)topology;
    return STATUS_OK;
}

static enum status dry_run(void *handle, struct step *const *steps, size_t count)
{
    (void)handle;
    for (size_t i = 0; i < count; i++)
        steps[i]->state = STEP_DONE;
    return STATUS_OK;
}

static void dry_close(void *handle)
{
    (void)handle;
}

static const struct backend_ops dry_ops = {
    .name = "dry",
    .suits = dry_suits,
    .open = dry_open,
    .look = dry_look,
    .run = dry_run,
    .close = dry_close,
};

const struct backend dry_backend = { .ops = &dry_ops };
