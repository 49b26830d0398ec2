// SPDX-License-Identifier: MIT
// A QEMU as far as QMP tells of one: a tree of objects that answers as QEMU 7.2 does, for tests of
// what is asked of it and of what a real one would not do.
#ifndef XENUSB_TESTS_FAKE_QEMU_H
#define XENUSB_TESTS_FAKE_QEMU_H

#include "fake_peer.h"

struct fake_qemu;

// A pc machine: a PCI bus that takes devices, with its host bridge on it.
struct fake_qemu *fake_qemu_new(struct arena *arena);
// A q35 machine: a PCI Express bus that takes none.
struct fake_qemu *fake_qemu_q35(struct arena *arena);

// An object, and a property of one: `json` is its value.
void fake_object(struct fake_qemu *qemu, const char *path, const char *type);
void fake_property(struct fake_qemu *qemu, const char *path, const char *name, const char *type,
                   const char *json);
// Links an object that is there as the next child of a bus.
void fake_link(struct fake_qemu *qemu, const char *bus, const char *path);
// A device in that slot of a PCI bus.
void fake_pci(struct fake_qemu *qemu, const char *bus, const char *path, const char *type,
              unsigned slot);
// The same, a USB controller with its bus.
void fake_controller(struct fake_qemu *qemu, const char *bus, const char *path, const char *type,
                     unsigned slot, const char *usb_bus);
// A device on a USB bus; `port` as QEMU's object tells it.
void fake_usb(struct fake_qemu *qemu, const char *bus, const char *path, const char *type,
              const char *port);

// What x-query-usb reports.
void fake_report(struct fake_qemu *qemu, const char *text);
// What query-block returns.
void fake_blocks(struct fake_qemu *qemu, const char *json);

// How the guest answers to the removal of a controller, and what QEMU says of it.
enum fake_eject { FAKE_IGNORES, FAKE_EJECTS, FAKE_EJECTS_SILENTLY, FAKE_REFUSES };
void fake_guest(struct fake_qemu *qemu, enum fake_eject eject);

// Instead of QEMU's own answer: to commands of that name whose arguments hold these words, an
// answer's member ("\"return\":true"), or NULL for no answer at all. The last one said counts.
void fake_instead(struct fake_qemu *qemu, const char *command, const char *holding,
                  const char *member);

bool fake_has(const struct fake_qemu *qemu, const char *path);
// How many commands of that name came whose arguments hold these words.
unsigned fake_count(const struct fake_qemu *qemu, const char *command, const char *holding);

// A script for fake_start; `context` is the QEMU.
void fake_qemu_script(struct fake_peer *peer, void *context);

#endif
