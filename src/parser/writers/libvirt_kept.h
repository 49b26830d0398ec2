// SPDX-License-Identifier: MIT
// What libvirt's XML has words for, of QEMU's properties and of what its arguments define.
#ifndef XENUSB_PARSER_WRITERS_LIBVIRT_KEPT_H
#define XENUSB_PARSER_WRITERS_LIBVIRT_KEPT_H

#include "parser/translate.h"

// Of a device. Not given: the default.
struct libvirt_kept {
    struct config_text file, format; // of a disk
    struct config_flag readonly, block;
    struct config_text serial;
    struct config_flag removable;
    struct config_flag reset, reset_all; // guest-reset, guest-resets-all
    const char *guest_reset;             // guestReset; NULL: the default
    uint32_t boot_order;                 // 0: none
};

// Reports that libvirt has no element for something at that place.
void libvirt_refuse_word(const struct writing *writing, struct span at, const char *what,
                         const char *hint);

// Whether libvirt has an element for that kind of device.
bool libvirt_has(enum device_kind kind);

// Sets `kept` for a device that libvirt has. Reports each property without a word; false after an
// error.
bool libvirt_keep_device(const struct writing *writing, const struct config_device *device,
                         struct libvirt_kept *kept);
// Reports each property of a controller without a word.
void libvirt_keep_controller(const struct writing *writing,
                             const struct config_controller *controller);

#endif
