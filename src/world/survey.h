// SPDX-License-Identifier: MIT
// Looks at several domains, one after another. A QEMU that does not answer costs a time limit; so
// after the first of them it is found out at once which of the others do not answer either, and
// those are not waited for.
#ifndef XENUSB_WORLD_SURVEY_H
#define XENUSB_WORLD_SURVEY_H

#include "world.h"

struct survey {
    struct world_options options; // without diags
    struct world_common common;
    struct domain *domains; // copies; qemu_silent is set for those that are not to be asked
    size_t count;
    double waited; // seconds spent on QEMUs that did not answer
};

// What `common` points to and the strings of the domains must outlive the survey.
void survey_init(struct survey *survey, const struct world_options *options,
                 const struct world_common *common, const struct domain *domains, size_t count);

// Does world_open_domain() for one of the domains, with errors in `diags`. The caller must close
// the world in either case.
enum status survey_open(struct survey *survey, size_t number, struct diags *diags,
                        struct world *world);

// To be called after a QEMU was asked otherwise: `began` is when (clock_now()).
void survey_asked(struct survey *survey, size_t number, double began);

#endif
