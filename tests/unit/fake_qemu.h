// SPDX-License-Identifier: MIT
// A QEMU as QMP shows it: a tree of objects that answers like QEMU 7.2, to test which commands it
// receives, and what a real QEMU would not do.
#ifndef XENUSB_TESTS_UNIT_FAKE_QEMU_H
#define XENUSB_TESTS_UNIT_FAKE_QEMU_H

#include "fake_peer.h"

struct fake_qemu;

// A pc machine: a PCI bus that supports hotplug, with its host bridge.
struct fake_qemu *fake_qemu_new(struct arena *arena);
// A q35 machine: a PCI Express bus that does not support hotplug.
struct fake_qemu *fake_qemu_q35(struct arena *arena);

// Add an object, and a property of an object: `json` is its value.
void fake_object(struct fake_qemu *qemu, const char *path, const char *type);
void fake_property(struct fake_qemu *qemu, const char *path, const char *name, const char *type,
                   const char *json);
// Links an existing object as the next child of a bus.
void fake_link(struct fake_qemu *qemu, const char *bus, const char *path);
// Adds a device in a slot of a PCI bus.
void fake_pci(struct fake_qemu *qemu, const char *bus, const char *path, const char *type,
              unsigned slot);
// The same for a USB controller with its bus.
void fake_controller(struct fake_qemu *qemu, const char *bus, const char *path, const char *type,
                     unsigned slot, const char *usb_bus);
// Adds a device on a USB bus; `port` is the property of its object.
void fake_usb(struct fake_qemu *qemu, const char *bus, const char *path, const char *type,
              const char *port);

// Makes it QEMU 10.1, which has qom-list-get.
void fake_new_qemu(struct fake_qemu *qemu);

// Sets the output of x-query-usb.
void fake_report(struct fake_qemu *qemu, const char *text);
// Sets the result of query-block.
void fake_blocks(struct fake_qemu *qemu, const char *json);

// What the guest does when a controller is to be removed, and whether QEMU sends an event.
enum fake_eject { FAKE_IGNORES, FAKE_EJECTS, FAKE_EJECTS_SILENTLY, FAKE_REFUSES };
void fake_guest(struct fake_qemu *qemu, enum fake_eject eject);

// Replaces QEMU's answer to commands with this name whose arguments contain `holding`: by the
// member of an answer ("\"return\":true"), or NULL for no answer. The last call counts.
void fake_instead(struct fake_qemu *qemu, const char *command, const char *holding,
                  const char *member);

bool fake_has(const struct fake_qemu *qemu, const char *path);
// How many commands with this name were received whose arguments contain `holding`.
unsigned fake_count(const struct fake_qemu *qemu, const char *command, const char *holding);

// A script for fake_start; `context` is the QEMU.
void fake_qemu_script(struct fake_peer *peer, void *context);

#endif
