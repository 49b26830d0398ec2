// SPDX-License-Identifier: MIT
#include "selector.h"

#include "base/arena.h"

#include <stdio.h>

enum { BUSID_PORTS_MAX = 6 }; // a root port and five hubs (USB 2.0, 4.1.1)

// The number of a bus id at *at, without leading zeros; 0 if there is none. Advances *at.
static unsigned busid_number(struct text text, size_t *at)
{
    size_t from = *at;
    uint64_t number = 0;
    while (*at < text.size && text.at[*at] >= '0' && text.at[*at] <= '9')
        (*at)++;
    if (from < text.size && text.at[from] == '0')
        return 0;
    return text_number(text_part(text, from, *at), 10, 1, UINT8_MAX, &number) == NUMBER_OK
               ? (unsigned)number
               : 0;
}

bool busid_read(struct text text, char busid[BUSID_SIZE])
{
    char read[BUSID_SIZE];
    size_t at = 0;
    unsigned number = busid_number(text, &at);
    int used = snprintf(read, sizeof read, "%u", number);
    unsigned ports = 0;
    while (number && at < text.size) {
        const char *separators = ports ? ".," : "-,";
        if (!text.at[at] || !strchr(separators, text.at[at]) || ports == BUSID_PORTS_MAX)
            return false;
        at++;
        number = busid_number(text, &at);
        used +=
            snprintf(read + used, sizeof read - (size_t)used, "%c%u", ports ? '.' : '-', number);
        ports++;
    }
    if (!number || !ports)
        return false;
    memcpy(busid, read, (size_t)used + 1);
    return true;
}

// Adds a bus and an address, both decimal. False, and nothing changed, if they are not.
static bool add_address(struct text first, struct text second, struct selector *selector)
{
    uint64_t bus, address;
    if (text_number(first, 10, 1, UINT8_MAX, &bus) != NUMBER_OK ||
        text_number(second, 10, 1, ADDRESS_MAX, &address) != NUMBER_OK)
        return false;
    selector->criteria |= SELECT_BUS | SELECT_ADDRESS;
    selector->bus = (uint8_t)bus;
    selector->address = (uint8_t)address;
    return true;
}

bool selector_read_node(struct text path, struct selector *selector)
{
    static const char directory[] = "/dev/bus/usb/";
    struct text rest = text_part(path, sizeof directory - 1, path.size);
    size_t slash = text_find(rest, '/', 0);
    return text_starts(path, directory) &&
           add_address(text_part(rest, 0, slash), text_part(rest, slash + 1, rest.size), selector);
}

// Removes the next word and the blanks around it from a text.
static struct text take_word(struct text *text)
{
    struct text rest = text_trim(*text);
    size_t end = text_find(rest, ' ', 0);
    *text = text_trim(text_part(rest, end, rest.size));
    return text_part(rest, 0, end);
}

static bool read_lsusb(struct text text, struct selector *selector)
{
    struct selector read = *selector;
    uint64_t vendor, product;
    if (!text_is_nocase(take_word(&text), "bus"))
        return false;
    struct text bus = take_word(&text);
    bool device = text_is_nocase(take_word(&text), "device");
    struct text address = take_word(&text);
    address = text_part(address, 0, text_find(address, ':', 0));
    if (!device || !add_address(bus, address, &read))
        return false;
    if (text.size) {
        bool labelled = text_is(take_word(&text), "ID");
        struct text id = take_word(&text);
        size_t colon = text_find(id, ':', 0);
        if (!labelled || colon != 4 || id.size != 9 ||
            text_number(text_part(id, 0, 4), 16, 0, UINT16_MAX, &vendor) != NUMBER_OK ||
            text_number(text_part(id, 5, 9), 16, 0, UINT16_MAX, &product) != NUMBER_OK)
            return false;
        read.criteria |= SELECT_VENDOR | SELECT_PRODUCT;
        read.vendor = (uint16_t)vendor;
        read.product = (uint16_t)product;
    }
    *selector = read; // what lsusb prints after the id is the name of the device
    return true;
}

bool selector_read_printed(struct text text, struct selector *selector)
{
    enum { DIGITS = 3 }; // as lsusb pads bus and address; an id has four
    bool padded = text.size == 2 * DIGITS + 1 && text.at[DIGITS] == ':';
    return selector_read_node(text, selector) || read_lsusb(text, selector) ||
           (padded && add_address(text_part(text, 0, DIGITS),
                                  text_part(text, DIGITS + 1, text.size), selector));
}

// The bus that the criteria give, by itself or in the bus id; 0 if they give none.
static unsigned bus_of(const struct selector *selector)
{
    size_t at = 0;
    return selector->criteria & SELECT_BUS     ? selector->bus
           : selector->criteria & SELECT_BUSID ? busid_number(text_of(selector->busid), &at)
                                               : 0;
}

bool selector_join(struct selector *selector, const struct selector *other)
{
    unsigned both = selector->criteria & other->criteria,
             more = other->criteria & ~selector->criteria;
    unsigned bus = bus_of(selector), other_bus = bus_of(other);
    if ((bus && other_bus && bus != other_bus) ||
        (both & SELECT_ADDRESS && selector->address != other->address) ||
        (both & SELECT_BUSID && strcmp(selector->busid, other->busid) != 0) ||
        (both & SELECT_VENDOR && selector->vendor != other->vendor) ||
        (both & SELECT_PRODUCT && selector->product != other->product) ||
        (both & SELECT_SERIAL && !text_same(selector->serial, other->serial)))
        return false;
    selector->bus = more & SELECT_BUS ? other->bus : selector->bus;
    selector->address = more & SELECT_ADDRESS ? other->address : selector->address;
    selector->vendor = more & SELECT_VENDOR ? other->vendor : selector->vendor;
    selector->product = more & SELECT_PRODUCT ? other->product : selector->product;
    selector->serial = more & SELECT_SERIAL ? other->serial : selector->serial;
    if (more & SELECT_BUSID)
        memcpy(selector->busid, other->busid, sizeof selector->busid);
    selector->criteria |= more;
    return true;
}

const char *selector_show(struct arena *arena, const struct selector *selector)
{
    unsigned criteria = selector->criteria;
    const char *shown = "";
    if (criteria & SELECT_BUSID)
        shown = selector->busid;
    else if (criteria & SELECT_BUS && criteria & SELECT_ADDRESS)
        shown = arena_printf(arena, "%u.%u", selector->bus, selector->address);
    else if (criteria & SELECT_BUS)
        shown = arena_printf(arena, "bus %u", selector->bus);
    else if (criteria & SELECT_ADDRESS)
        shown = arena_printf(arena, "address %u", selector->address);
    const char *gap = *shown ? " " : "";
    if (criteria & SELECT_VENDOR && criteria & SELECT_PRODUCT)
        shown =
            arena_printf(arena, "%s%s%04x:%04x", shown, gap, selector->vendor, selector->product);
    else if (criteria & SELECT_VENDOR)
        shown = arena_printf(arena, "%s%svendor=%04x", shown, gap, selector->vendor);
    else if (criteria & SELECT_PRODUCT)
        shown = arena_printf(arena, "%s%sproduct=%04x", shown, gap, selector->product);
    if (criteria & SELECT_SERIAL)
        shown = arena_printf(arena, "%s%sserial=%.*s", shown, *shown ? " " : "",
                             (int)selector->serial.size, selector->serial.at);
    return shown;
}
