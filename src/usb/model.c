// SPDX-License-Identifier: MIT
#include "model.h"

#include <stdio.h>

const char *speed_name(enum speed speed)
{
    static const char *const names[] = { "unknown", "low", "full", "high", "super" };
    return names[speed];
}

// Port counts and speeds are from QEMU's hw/usb/hcd-*.c; hotplug was tried on QEMU 7.2 and 10.
const struct controller_model controller_models[] = {
    { .name = "piix3-uhci",
      .driver = "piix3-usb-uhci",
      .version = 1,
      .ports = 2,
      .ports_max = 2,
      .speeds = SPEEDS_USB1,
      .hotplug = true,
      .libxl_version = 1 },
    { .name = "piix4-uhci",
      .driver = "piix4-usb-uhci",
      .version = 1,
      .ports = 2,
      .ports_max = 2,
      .speeds = SPEEDS_USB1,
      .hotplug = true },
    { .name = "vt82c686b-uhci",
      .driver = "vt82c686b-usb-uhci",
      .version = 1,
      .ports = 2,
      .ports_max = 2,
      .speeds = SPEEDS_USB1,
      .hotplug = true },
    { .name = "pci-ohci",
      .driver = "pci-ohci",
      .aliases = { "ohci" },
      .version = 1,
      .ports = 3,
      .ports_max = 15,
      .speeds = SPEEDS_USB1 },
    { .name = "ich9-uhci1",
      .driver = "ich9-usb-uhci1",
      .version = 1,
      .ports = 2,
      .ports_max = 2,
      .speeds = SPEEDS_USB1,
      .companion = true },
    { .name = "ich9-uhci2",
      .driver = "ich9-usb-uhci2",
      .version = 1,
      .ports = 2,
      .ports_max = 2,
      .speeds = SPEEDS_USB1,
      .companion = true },
    { .name = "ich9-uhci3",
      .driver = "ich9-usb-uhci3",
      .version = 1,
      .ports = 2,
      .ports_max = 2,
      .speeds = SPEEDS_USB1,
      .companion = true },
    { .name = "ich9-uhci4",
      .driver = "ich9-usb-uhci4",
      .version = 1,
      .ports = 2,
      .ports_max = 2,
      .speeds = SPEEDS_USB1,
      .companion = true },
    { .name = "ich9-uhci5",
      .driver = "ich9-usb-uhci5",
      .version = 1,
      .ports = 2,
      .ports_max = 2,
      .speeds = SPEEDS_USB1,
      .companion = true },
    { .name = "ich9-uhci6",
      .driver = "ich9-usb-uhci6",
      .version = 1,
      .ports = 2,
      .ports_max = 2,
      .speeds = SPEEDS_USB1,
      .companion = true },
    { .name = "ehci",
      .driver = "usb-ehci",
      .version = 2,
      .ports = 6,
      .ports_max = 6,
      .speeds = SPEEDS(SPEED_HIGH),
      .hotplug = true,
      .libxl_version = 2 },
    { .name = "ich9-ehci1",
      .driver = "ich9-usb-ehci1",
      .version = 2,
      .ports = 6,
      .ports_max = 6,
      .speeds = SPEEDS(SPEED_HIGH) },
    { .name = "ich9-ehci2",
      .driver = "ich9-usb-ehci2",
      .version = 2,
      .ports = 6,
      .ports_max = 6,
      .speeds = SPEEDS(SPEED_HIGH) },
    { .name = "nec-xhci",
      .driver = "nec-usb-xhci",
      .version = 3,
      .ports = 4,
      .ports_max = PORTS_MAX_XHCI,
      .speeds = SPEEDS_USB3,
      .hotplug = true,
      .libxl_version = 3 },
    { .name = "qemu-xhci",
      .driver = "qemu-xhci",
      .aliases = { "xhci" },
      .version = 3,
      .ports = 4,
      .ports_max = PORTS_MAX_XHCI,
      .speeds = SPEEDS_USB3,
      .hotplug = true },
    { .name = "pvusb-v1",
      .aliases = { "qusb1", "xenpvusb1" },
      .version = 1,
      .ports = 8,
      .ports_max = PORTS_MAX_PVUSB,
      .speeds = SPEEDS_USB1,
      .hotplug = true },
    { .name = "pvusb-v2",
      .aliases = { "qusb2", "xenpvusb2" },
      .version = 2,
      .ports = 8,
      .ports_max = PORTS_MAX_PVUSB,
      .speeds = SPEEDS_USB2,
      .hotplug = true },
    { .name = NULL },
};

const struct controller_model *controller_model_named(struct text name)
{
    for (const struct controller_model *model = controller_models; model->name; model++) {
        if (text_is(name, model->name) || (model->driver && text_is(name, model->driver)))
            return model;
        for (size_t i = 0; i < 2 && model->aliases[i]; i++)
            if (text_is(name, model->aliases[i]))
                return model;
    }
    return NULL;
}

const struct controller_model *controller_model_for(unsigned version)
{
    for (const struct controller_model *model = controller_models; model->name; model++)
        if (version && model->libxl_version == version)
            return model;
    return NULL;
}

const struct controller_model *controller_model_pvusb(unsigned version)
{
    for (const struct controller_model *model = controller_models; model->name; model++)
        if (!model->driver && model->version == version)
            return model;
    return NULL;
}

const char *const *controller_model_names(void)
{
    enum { NAMES_EACH = 4, MODELS = sizeof controller_models / sizeof *controller_models };
    static const char *names[MODELS * NAMES_EACH + 1];
    if (names[0])
        return names;
    size_t count = 0;
    for (const struct controller_model *model = controller_models; model->name; model++) {
        names[count++] = model->name;
        if (model->driver && strcmp(model->driver, model->name) != 0)
            names[count++] = model->driver;
        for (size_t i = 0; i < 2 && model->aliases[i]; i++)
            names[count++] = model->aliases[i];
    }
    return names;
}

// Speeds were tried on QEMU 7.2 with each device on UHCI, EHCI and xHCI. A redirected device has
// the speed of the real one, which is not known before it is connected.
const struct device_model device_models[] = {
    { DEVICE_HOSTDEV, "hostdev", "usb-host", 0, false, false, false },
    { DEVICE_TABLET, "tablet", "usb-tablet", SPEEDS(SPEED_FULL) | SPEEDS(SPEED_HIGH), false, false,
      false },
    { DEVICE_MOUSE, "mouse", "usb-mouse", SPEEDS(SPEED_FULL) | SPEEDS(SPEED_HIGH), false, false,
      false },
    { DEVICE_KEYBOARD, "keyboard", "usb-kbd", SPEEDS(SPEED_FULL) | SPEEDS(SPEED_HIGH), false, false,
      false },
    { DEVICE_WACOM_TABLET, "wacom-tablet", "usb-wacom-tablet", SPEEDS(SPEED_FULL), false, false,
      true },
    { DEVICE_HUB, "hub", "usb-hub", SPEEDS(SPEED_FULL), false, false, false },
    { DEVICE_DISK, "disk", "usb-storage",
      SPEEDS(SPEED_FULL) | SPEEDS(SPEED_HIGH) | SPEEDS(SPEED_SUPER), true, false, false },
    { DEVICE_SERIAL, "serial", "usb-serial", SPEEDS(SPEED_FULL), false, true, true },
    { DEVICE_AUDIO, "audio", "usb-audio", SPEEDS(SPEED_FULL), false, false, true },
    { DEVICE_SMARTCARD, "smartcard", "usb-ccid", SPEEDS(SPEED_FULL), false, false, false },
    { DEVICE_BRAILLE, "braille", "usb-braille", SPEEDS(SPEED_FULL), false, true, true },
    { DEVICE_REDIR, "redir", "usb-redir", SPEEDS_USB3, false, true, false },
    { DEVICE_OTHER, NULL, NULL, 0, false, false, false },
};

const struct device_model *device_model_of(enum device_kind kind)
{
    return kind < DEVICE_OTHER ? &device_models[kind] : NULL;
}

const struct device_model *device_model_named(struct text name)
{
    for (const struct device_model *model = device_models; model->name; model++)
        if (text_is(name, model->name))
            return model;
    return NULL;
}

const struct device_model *device_model_driver(struct text driver)
{
    if (text_is(driver, "usb-bot") || text_is(driver, "usb-uas"))
        return device_model_of(DEVICE_DISK);
    for (const struct device_model *model = device_models; model->name; model++)
        if (text_is(driver, model->driver))
            return model;
    return NULL;
}
