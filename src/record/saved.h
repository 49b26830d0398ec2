// SPDX-License-Identifier: MIT
// libxl's saved configuration of a running domain: a JSON file from which `xl reboot`, save and
// migrate start the domain again. xenusb adds what it attaches, as xl does, so that the domain
// keeps it. Everything else in the file stays the same byte for byte: some of its numbers are too
// large for a JSON library.
#ifndef XENUSB_RECORD_SAVED_H
#define XENUSB_RECORD_SAVED_H

#include "plan/backend.h"

// The changes that are not written yet; session->saved. Owned by the arena.
struct saved {
    struct saved_change *first;
    const char *added; // what saved_write() has added that an earlier command left out, in words as
                       // from saved_catch_up(); NULL if nothing
    const char *failed; // why saved_write() could not change the file the last time, or NULL
};

// Note that a controller or device must be added to the saved configuration or removed from it:
// that is the last step of a run (saved_write), so that a run replaces the file once. Of several
// changes to the same entry only the last counts. Only for PVUSB and for what libxl's record can
// express (record.h). They do nothing if the session has keep_saved, or no domain of Xen's. Nothing
// is added for a cold_only controller: libxl starts QEMU before it writes the controller's nodes,
// so a guest started from such a configuration would lose its QEMU and wait for a backend at boot;
// nor for one that QEMU was started with: libxl would add it a second time. If either is
// not known, its devices are added if the file has the controller.
void saved_controller_added(const struct session *session, const struct controller *controller);
void saved_controller_removed(const struct session *session, const struct controller *controller);
void saved_device_added(const struct session *session, const struct device *device);
void saved_device_removed(const struct session *session, const struct device *device);

// Compares the file with session->record, and notes what an earlier command should have changed in
// it but has not, because it was killed or failed: as above what the record has and the file lacks,
// with the devices that are attached, whoever recorded it; and as removed what only the file has.
// Call it before the steps, whose own changes come before these. *missing lists what it lacks, for
// messages, owned by the arena: "controller c0, 1-4 at controller c0 port 1"; NULL if nothing.
// Notes nothing if a command has used --no-save. Returns NULL, or why the file could not be
// compared.
const char *saved_catch_up(const struct session *session, const struct topology *topology,
                           const char **missing);

// Makes the changes that were noted since the last call, under libxl's lock for the saved
// configuration. STATUS_OK without doing anything if they change nothing, or if there is no such
// file, since then libxl does not use one. If the file cannot be changed, reports a warning with
// the consequence and returns STATUS_OK. A failure to take the lock is reported as an error and
// keeps the changes for another call; statuses as from lock_libxl().
enum status saved_write(const struct session *session);

// An element to add, replace or remove in an array of the configuration. It is identified by one or
// two of its members, which are numbers.
struct saved_element {
    const char *array;   // "usbctrls"
    const char *keys[2]; // the second may be NULL
    int64_t numbers[2];
    const char *json;       // the new element; NULL to remove it
    bool if_has_controller; // add it only if "usbctrls" has the one whose "devid" is numbers[0]
};
// Makes that change in the text of a configuration; *edited is the whole text, owned by the arena,
// and the same text if the array has that element already, or nothing to remove.
// False, with the reason in *why, if the text is not a JSON object or its member of that name is
// not an array.
bool saved_edit(struct arena *arena, struct text json, const struct saved_element *element,
                struct text *edited, const char **why);

#endif
