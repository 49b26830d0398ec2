// SPDX-License-Identifier: MIT
// The disks of the devices that a plan gives to a guest.
#ifndef XENUSB_PLAN_DISKS_H
#define XENUSB_PLAN_DISKS_H

#include "host/reserve.h"
#include "plan.h"

// Opens them exclusively before the first step of the plan runs; the caller keeps them open until
// the last has run, because only then does the guest's QEMU or usbback have the devices. Reports
// each that is in use, at its position in the source, and refuses its step; then returns
// STATUS_REFUSED, and nothing is open. STATUS_FAILED if that was interrupted, which is not
// reported.
enum status plan_reserve_disks(const struct session *session, struct plan *plan,
                               struct reservation *reservation);

#endif
