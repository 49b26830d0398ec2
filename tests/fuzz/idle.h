// SPDX-License-Identifier: MIT
// A host that uses none of its devices, and whose programs have none of them open: a look at all
// processes takes longer than the rest of a run, and finds something else each time. Replaces two
// functions of host/.
#ifndef XENUSB_TESTS_IDLE_H
#define XENUSB_TESTS_IDLE_H

#include "base/session.h"
#include "host/holders.h"

void __wrap_host_find_holders(const struct session *session, struct host_device *const *devices,
                              size_t count);
void __wrap_host_find_holders(const struct session *session, struct host_device *const *devices,
                              size_t count)
{
    (void)session;
    for (size_t i = 0; i < count; i++)
        devices[i]->hold = (struct host_hold){ .processes = part_read() };
}

void __wrap_host_find_use(const struct session *session, struct host_device *const *devices,
                          size_t count);
void __wrap_host_find_use(const struct session *session, struct host_device *const *devices,
                          size_t count)
{
    (void)session;
    for (size_t i = 0; i < count; i++)
        devices[i]->use = part_read();
}

#endif
