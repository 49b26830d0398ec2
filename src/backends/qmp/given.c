// SPDX-License-Identifier: MIT
#include "given.h"
#include "base/arena.h"

static uint16_t number_within(const struct qmp_command *command, int64_t most)
{
    int64_t number = walk_number(command, 0);
    return (uint16_t)(number > 0 && number <= most ? number : 0);
}

// Reads the properties by which usb-host selects its device.
static void read_selector(struct walk *walk, const struct walk_device *found,
                          struct selector *selector)
{
    struct qmp_command *const *asked = found->properties;
    if (found->given) {
        selector->criteria = SELECT_BUS | SELECT_ADDRESS;
        selector->bus = found->given->bus;
        selector->address = found->given->address;
        return;
    }
    const char *port = walk_text(walk, asked[WALK_HOSTPORT]);
    selector->bus = (uint8_t)number_within(asked[WALK_HOSTBUS], UINT8_MAX);
    selector->address = (uint8_t)number_within(asked[WALK_HOSTADDR], ADDRESS_MAX);
    selector->vendor = number_within(asked[WALK_VENDORID], UINT16_MAX);
    selector->product = number_within(asked[WALK_PRODUCTID], UINT16_MAX);
    selector->criteria =
        (selector->bus ? SELECT_BUS : 0u) | (selector->address ? SELECT_ADDRESS : 0u) |
        (selector->vendor ? SELECT_VENDOR : 0u) | (selector->product ? SELECT_PRODUCT : 0u);
    const char *busid = arena_printf(walk->arena, "%u-%s", selector->bus, port);
    if (selector->bus && *port && busid_read(text_of(busid), selector->busid))
        selector->criteria |= SELECT_BUSID;
    (void)selector_read_node(text_of(walk_text(walk, asked[WALK_HOSTDEVICE])), selector);
}

// What wire.c has kept of a device: its busid in the host, and its id and name. Anything else there
// is not from xenusb.
static void read_label(const struct walk *walk, const struct walk_device *found,
                       struct device *device)
{
    enum { LABEL_SHOWN = 100 };
    uint16_t vendor, product;
    struct text text = text_of(walk_text(walk, found->properties[WALK_SERIAL]));
    size_t blank = text_find(text, ' ', 0);
    struct text label = text_part(text, blank + 1, text.size);
    struct selector *selector = &device->selector;
    char busid[BUSID_SIZE];
    if (!host_label_read(label, &vendor, &product) || !busid_read(text_part(text, 0, blank), busid))
        return;
    device->label = text_show(walk->arena, label, LABEL_SHOWN);
    if (selector->criteria & SELECT_BUSID)
        return;
    memcpy(selector->busid, busid, sizeof selector->busid);
    selector->criteria |= SELECT_BUSID;
}

void given_read(struct walk *walk, const struct walk_device *found, struct device *device)
{
    const struct qmp_command *attached = found->properties[WALK_ATTACHED];
    bool answered = attached && attached->value;
    bool open = found->open || (answered && json_is_true(attached->value));
    bool by_node = !found->given && *walk_text(walk, found->properties[WALK_HOSTDEVICE]);
    read_selector(walk, found, &device->selector);
    device->state = DEVICE_UNKNOWN;
    device->report.attached = open ? VERDICT_YES : answered ? VERDICT_NO : VERDICT_UNKNOWN;
    device->report.why = "QEMU does not report whether it has it";
    device->report.configured = VERDICT_UNKNOWN;
    // QEMU opens a device at once, or never, if it is selected by its address or its node only.
    device->report.waits = !by_node && device->selector.criteria != (SELECT_BUS | SELECT_ADDRESS);
    if (!device->report.waits)
        read_label(walk, found, device);
}
