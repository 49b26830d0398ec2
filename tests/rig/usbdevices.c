// SPDX-License-Identifier: MIT
//
// The table of the devices in the mocked USB tree, and their descriptors.

#include "usbtree.h"

#include <stdio.h>
#include <string.h>

// One row per line:
// clang-format off
enum { ISOCHRONOUS = 1, BULK = 2, INTERRUPT = 3, ASYNCHRONOUS = 4 }; // bmAttributes (USB 2.0, 9.6.6)

// Class codes (usb.org, "Defined Class Codes").
enum { AUDIO = 1, CDC = 2, HID = 3, STORAGE = 8, HUB = 9, CDC_DATA = 10, CCID = 11, VIDEO = 14 };

static const struct usb_altsetting hub[] = {
    {0, 0, HUB, 0, 0, "hub", {{0x81, INTERRUPT, 4, 12}}},
};
static const struct usb_altsetting mouse[] = {
    {0, 0, HID, 1, 2, "usbhid", {{0x81, INTERRUPT, 4, 10}}},
};
static const struct usb_altsetting stick[] = {
    {0, 0, STORAGE, 6, 0x50, "usb-storage", {{0x81, BULK, 512, 0}, {0x02, BULK, 512, 0}}},
};
static const struct usb_altsetting fast_stick[] = {
    {0, 0, STORAGE, 6, 0x50, "usb-storage", {{0x81, BULK, 1024, 0}, {0x02, BULK, 1024, 0}}},
};
static const struct usb_altsetting security_key[] = {
    {0, 0, HID, 1, 1, "usbhid", {{0x81, INTERRUPT, 8, 10}}},
    {1, 0, HID, 0, 0, "usbhid", {{0x84, INTERRUPT, 64, 2}, {0x04, INTERRUPT, 64, 2}}},
    {2, 0, CCID, 0, 0, NULL, {{0x82, BULK, 64, 0}, {0x02, BULK, 64, 0}, {0x83, INTERRUPT, 8, 32}}},
};
static const struct usb_altsetting webcam[] = {
    {0, 0, VIDEO, 1, 0, "uvcvideo", {{0x87, INTERRUPT, 16, 8}}},
    {1, 0, VIDEO, 2, 0, "uvcvideo", {{0}}},
    {1, 1, VIDEO, 2, 0, NULL, {{0x81, ISOCHRONOUS | ASYNCHRONOUS, 0x0c00, 1}}},
    {1, 2, VIDEO, 2, 0, NULL, {{0x81, ISOCHRONOUS | ASYNCHRONOUS, 0x1400, 1}}},
    {2, 0, AUDIO, 1, 0, "snd-usb-audio", {{0}}},
    {3, 0, AUDIO, 2, 0, "snd-usb-audio", {{0}}},
    {3, 1, AUDIO, 2, 0, NULL, {{0x86, ISOCHRONOUS | ASYNCHRONOUS, 68, 4}}},
};
static const struct usb_altsetting cdc_network[] = {
    {0, 0, CDC, 6, 0, "cdc_ether", {{0x82, INTERRUPT, 16, 32}}},
    {1, 0, CDC_DATA, 0, 0, "cdc_ether", {{0}}},
    {1, 1, CDC_DATA, 0, 0, NULL, {{0x81, BULK, 64, 0}, {0x01, BULK, 64, 0}}},
};
static const struct usb_altsetting rndis_network[] = {
    {0, 0, CDC, 2, 0xff, NULL, {{0x82, INTERRUPT, 8, 32}}},
    {1, 0, CDC_DATA, 0, 0, NULL, {{0x81, BULK, 64, 0}, {0x01, BULK, 64, 0}}},
};
static const struct usb_altsetting fast_network[] = {
    {0, 0, 0xff, 0xff, 0, "r8152",
     {{0x81, BULK, 1024, 0}, {0x02, BULK, 1024, 0}, {0x83, INTERRUPT, 2, 11}}},
};

#define CONFIG(altsettings) {altsettings, sizeof(altsettings) / sizeof(altsettings[0])}

// Two sticks differ only in their serial. The strings of 1-7 have control characters, escape
// sequences, a change of writing direction and invalid UTF-8. 1-6 has two configurations.
struct usb_device usb_devices[USB_DEVICES_MAX] = {
    {"usb1", 1, "480", 0x0200, 0x1d6b, 0x0002, HUB, 0, 1,
     "Linux 6.1.0 xhci-hcd", "xHCI Host Controller", "0000:00:14.0", {CONFIG(hub)}},
    {"1-1", 2, "480", 0x0200, 0x05e3, 0x0608, HUB, 0, 1,
     NULL, "USB2.0 Hub", NULL, {CONFIG(hub)}},
    {"1-1.2", 5, "1.5", 0x0200, 0x046d, 0xc077, 0, 0, 0,
     "Logitech", "USB Optical Mouse", NULL, {CONFIG(mouse)}},
    {"1-1.3", 6, "480", 0x0210, 0x0781, 0x5581, 0, 0, 0,
     "SanDisk", "Ultra", "4C530001", {CONFIG(stick)}},
    {"1-1.4", 8, "480", 0x0210, 0x0781, 0x5581, 0, 0, 0,
     "SanDisk", "Ultra", "4C530002", {CONFIG(stick)}},
    {"1-4", 7, "12", 0x0200, 0x1050, 0x0407, 0, 0, 0,
     "Yubico", "YubiKey OTP+FIDO+CCID", NULL, {CONFIG(security_key)}},
    {"1-5", 9, "480", 0x0200, 0x046d, 0x082d, 0xef, 2, 1,
     NULL, "HD Pro Webcam C920", "A1B2C3D4", {CONFIG(webcam)}},
    {"1-6", 10, "12", 0x0200, 0x0525, 0xa4a2, CDC, 0, 0,
     "Linux 4.9 with dwc2", "RNDIS/Ethernet Gadget", NULL,
     {CONFIG(cdc_network), CONFIG(rndis_network)}},
    {"1-7", 11, "12", 0x0110, 0x1234, 0x5678, 0, 0, 0,
     "Bad\xc3(\xff\xfe", "Evil\x1b[2J\x07Key", "\x1b]0;owned\x07\xe2\x80\xae", {CONFIG(mouse)}},
    {"usb2", 1, "5000", 0x0300, 0x1d6b, 0x0003, HUB, 0, 3,
     "Linux 6.1.0 xhci-hcd", "xHCI Host Controller", "0000:00:14.0", {CONFIG(hub)}},
    {"2-3", 2, "5000", 0x0300, 0x0bda, 0x8153, 0, 0, 0,
     "Realtek", "USB 10/100/1000 LAN", "000001", {CONFIG(fast_network)}},
    {"2-4", 3, "5000", 0x0310, 0x0951, 0x1666, 0, 0, 0,
     "Kingston", "DataTraveler 3.0", "E0D55EA5", {CONFIG(fast_stick)}},
};
// clang-format on
size_t usb_device_count = 12;

void usb_more_devices(unsigned count)
{
    static char names[USB_MORE_MAX][8], serials[USB_MORE_MAX][8];

    usb_devices[usb_device_count] = usb_devices[0];
    usb_devices[usb_device_count++].name = "usb3";
    for (unsigned i = 0; i < count && i < USB_MORE_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "3-%u", i + 1);
        snprintf(serials[i], sizeof(serials[i]), "MORE%02u", i + 1);
        usb_devices[usb_device_count++] = (struct usb_device){
            names[i],
            i + 2,
            "480",
            0x0210,
            0x0781,
            0x5583,
            0,
            0,
            0,
            "SanDisk",
            "Fit",
            serials[i],
            { CONFIG(stick) },
        };
    }
}

// Append bytes to a descriptor and count them.
struct writer {
    uint8_t *bytes;
    size_t length;
};

static void put(struct writer *out, const uint8_t *bytes, size_t count)
{
    memcpy(out->bytes + out->length, bytes, count);
    out->length += count;
}

static bool is_super_speed(const struct usb_device *device)
{
    return device->version >= 0x0300;
}

// An endpoint, with its companion on USB 3 (USB 3.2, 9.6.7).
static void put_endpoint(struct writer *out, const struct usb_device *device,
                         const struct usb_endpoint *endpoint)
{
    const uint8_t descriptor[] = {
        7,
        5,
        endpoint->address,
        endpoint->attributes,
        (uint8_t)endpoint->size,
        (uint8_t)(endpoint->size >> 8),
        endpoint->interval,
    };
    const uint8_t companion[] = { 6, 0x30, 0, 0, 0, 0 };

    put(out, descriptor, sizeof(descriptor));
    if (is_super_speed(device))
        put(out, companion, sizeof(companion));
}

static unsigned endpoint_count(const struct usb_altsetting *setting)
{
    unsigned count = 0;

    while (count < 3 && setting->endpoints[count].address)
        count++;
    return count;
}

// USB 2.0, 9.6.3: a configuration's wTotalLength includes all its interfaces and endpoints.
static void put_config(struct writer *out, const struct usb_device *device, unsigned index)
{
    const struct usb_config *config = &device->configs[index];
    const struct usb_altsetting *last = &config->altsettings[config->count - 1];
    const size_t start = out->length;
    const uint8_t head[] = { 9, 2,    0, 0, (uint8_t)(last->number + 1), (uint8_t)(index + 1),
                             0, 0x80, 50 };

    put(out, head, sizeof(head));
    for (size_t i = 0; i < config->count; i++) {
        const struct usb_altsetting *setting = &config->altsettings[i];
        const unsigned endpoints = endpoint_count(setting);
        const uint8_t descriptor[] = {
            9,
            4,
            setting->number,
            setting->alternate,
            (uint8_t)endpoints,
            setting->class,
            setting->subclass,
            setting->protocol,
            0,
        };
        put(out, descriptor, sizeof(descriptor));
        for (unsigned k = 0; k < endpoints; k++)
            put_endpoint(out, device, &setting->endpoints[k]);
    }
    out->bytes[start + 2] = (uint8_t)(out->length - start);
    out->bytes[start + 3] = (uint8_t)((out->length - start) >> 8);
}

// bMaxPacketSize0 (USB 2.0, 5.5.3; USB 3.2, 9.6.1: a power of two).
static uint8_t packet_size_0(const struct usb_device *device)
{
    if (is_super_speed(device))
        return 9;
    return strcmp(device->speed, "1.5") ? 64 : 8;
}

size_t usb_descriptors(const struct usb_device *device, uint8_t bytes[1024])
{
    struct writer out = { .bytes = bytes };
    const unsigned configs = device->configs[1].count ? 2 : 1;
    const uint8_t descriptor[] = {
        18,
        1,
        (uint8_t)device->version,
        (uint8_t)(device->version >> 8),
        device->class,
        device->subclass,
        device->protocol,
        packet_size_0(device),
        (uint8_t)device->vendor,
        (uint8_t)(device->vendor >> 8),
        (uint8_t)device->product,
        (uint8_t)(device->product >> 8),
        0x00,
        0x01,
        device->manufacturer ? 1 : 0,
        device->product_name ? 2 : 0,
        device->serial ? 3 : 0,
        (uint8_t)configs,
    };

    put(&out, descriptor, sizeof(descriptor));
    for (unsigned i = 0; i < configs; i++)
        put_config(&out, device, i);
    return out.length;
}

// Write a string descriptor (USB 2.0, 9.6.7). Each byte becomes a character, since all strings are
// ASCII except those of 1-7. Returns the number of bytes, 0 if there is none.
static size_t put_string(const struct usb_device *device, unsigned number, uint8_t out[256])
{
    const char *const texts[] = { NULL, device->manufacturer, device->product_name,
                                  device->serial };
    size_t length = 2;

    out[1] = 3;
    if (number == 0) {
        out[2] = 0x09; // U.S. English
        out[3] = 0x04;
        length = 4;
    } else if (number < 4 && texts[number]) {
        for (const char *c = texts[number]; *c && length < 254; c++) {
            out[length++] = (uint8_t)*c;
            out[length++] = 0;
        }
    } else {
        return 0;
    }
    out[0] = (uint8_t)length;
    return length;
}

// Returns the configuration with this index in all[], with its interfaces and endpoints.
static const uint8_t *find_config(const uint8_t *all, size_t size, unsigned index, size_t *length)
{
    for (size_t at = 18; at + 4 <= size; at += *length) {
        *length = (size_t)(all[at + 2] | all[at + 3] << 8);
        if (index-- == 0)
            return all + at;
    }
    return NULL;
}

// GET_DESCRIPTOR (USB 2.0, 9.4.3). Returns the number of bytes, 0 if there is no such descriptor.
static size_t get_descriptor(const struct usb_device *device, unsigned type, unsigned index,
                             uint8_t out[1024])
{
    uint8_t all[1024];
    size_t length = 18, size = usb_descriptors(device, all);
    const uint8_t *from = NULL;

    if (type == 1)
        from = all;
    else if (type == 2)
        from = find_config(all, size, index, &length);
    else if (type == 3)
        return put_string(device, index, out);
    if (!from)
        return 0;
    memcpy(out, from, length);
    return length;
}

int usb_answer(const struct usb_device *device, unsigned config, const uint8_t setup[8],
               uint8_t out[1024])
{
    const size_t wanted = (size_t)(setup[6] | setup[7] << 8);
    size_t length = 0;

    memset(out, 0, 2);
    if (setup[0] == 0x80 && setup[1] == 6) {
        length = get_descriptor(device, setup[3], setup[2], out);
    } else if (setup[0] == 0x80 && setup[1] == 8) { // GET_CONFIGURATION
        out[0] = (uint8_t)config;
        length = 1;
    } else if ((setup[0] & 0xfc) == 0x80 && setup[1] == 0) { // GET_STATUS
        length = 2;
    } else if (setup[0] == 0xa1 && setup[1] == 0xfe) { // Get Max LUN
        length = 1;
    }
    if (!length)
        return -1;
    return (int)(length < wanted ? length : wanted);
}
