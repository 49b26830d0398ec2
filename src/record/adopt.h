// SPDX-License-Identifier: MIT
// What QEMU has but no record names: a command was killed between changing QEMU and recording it.
#ifndef XENUSB_RECORD_ADOPT_H
#define XENUSB_RECORD_ADOPT_H

#include "record.h"

// Whether that controller, which QEMU has, belongs in libxl's record but is not there.
bool record_lacks_controller(const struct record *record, const struct controller *controller);
// Whether QEMU has that host device open, but it is not where xl and xenusb look for it: at its
// port in libxl's record, or in a note.
bool record_lacks_device(const struct record *record, const struct device *device);
// Whether the record lacks anything of the topology, after record_merge().
bool record_lacks_any(const struct record *record, const struct topology *topology);

// Records a controller that record_lacks_controller(). It keeps a name that it has; else it is
// noted as unnamed, and the next config that wants it names it (record_rename()). Statuses as from
// record_one().
enum status record_adopt_controller(const struct session *session, struct controller *controller);

// Records what the record lacks, and adds a note to session->diags for each. libxl writes its
// record before QEMU's part, and removes it after that: so `record` must have been read after QEMU
// was asked for `topology`, and `again` is what QEMU has after that. Call it with the domain's lock
// held. What must not be recorded, since another domain claims it, causes a warning only. Statuses
// as from record_one().
enum status record_adopt(const struct session *session, const struct record *record,
                         const struct topology *topology, const struct topology *again);

// Notes the names that the plan has given to unnamed controllers (controller->renamed), and adds a
// note to session->diags for each. Statuses as from record_read().
enum status record_rename(const struct session *session, const struct topology *topology);

#endif
