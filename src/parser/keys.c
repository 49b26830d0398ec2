// SPDX-License-Identifier: MIT
#include "keys.h"

#include "base/suggest.h"
static const struct {
    const char *name;
    bool usb;
} rows[KEY_COUNT] = {
    [KEY_USB] = { "usb", true },
    [KEY_USBCONTROLLER] = { "usbcontroller", true },
    [KEY_USBDEVICE] = { "usbdevice", true },
    [KEY_USBVERSION] = { "usbversion", true },
    [KEY_SPICEUSBREDIRECTION] = { "spiceusbredirection", true },
    [KEY_VUSB] = { "vusb", true },
    [KEY_USBCTRL] = { "usbctrl", true },
    [KEY_USBDEV] = { "usbdev", true },
    [KEY_DEVICE_MODEL_ARGS] = { "device_model_args", true },
    [KEY_DEVICE_MODEL_ARGS_HVM] = { "device_model_args_hvm", true },
    [KEY_DEVICE_MODEL_ARGS_PV] = { "device_model_args_pv", true },
    [KEY_NAME] = { "name", false },
    [KEY_UUID] = { "uuid", false },
    [KEY_TYPE] = { "type", false },
    [KEY_BUILDER] = { "builder", false },
    [KEY_KERNEL] = { "kernel", false },
    [KEY_MEMORY] = { "memory", false },
    [KEY_DISK] = { "disk", false },
    [KEY_SPICE] = { "spice", false },
    [KEY_DEVICE_MODEL] = { "device_model", false },
    [KEY_DEVICE_MODEL_VERSION] = { "device_model_version", false },
    [KEY_STUBDOMAIN] = { "device_model_stubdomain_override", false },
};

enum key key_of(struct text name)
{
    for (int key = 0; key < KEY_COUNT; key++)
        if (text_is(name, rows[key].name))
            return (enum key)key;
    return KEY_FOREIGN;
}

const char *key_name(enum key key)
{
    return rows[key].name;
}

bool key_is_usb(enum key key)
{
    return key != KEY_FOREIGN && rows[key].usb;
}

static bool contains_usb(struct text name)
{
    for (size_t i = 0; i + 3 <= name.size; i++)
        if (text_is_nocase(text_part(name, i, i + 3), "usb"))
            return true;
    return false;
}

const char *key_suggestion(struct text name)
{
    static const char *const usb_keys[] = {
        "usb",           "usbdevice",         "usbversion",          "vusb", "usbctrl", "usbdev",
        "usbcontroller", "device_model_args", "spiceusbredirection", NULL
    };
    if (text_is(name, "device_model_user")) // a key of xl, similar to device_model_args
        return NULL;
    const char *nearest = text_nearest(name, usb_keys);
    return nearest ? nearest : contains_usb(name) ? "" : NULL;
}
