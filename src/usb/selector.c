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

bool selector_read_node(struct text path, struct selector *selector)
{
    static const char directory[] = "/dev/bus/usb/";
    uint64_t bus, address;
    struct text rest = text_part(path, sizeof directory - 1, path.size);
    size_t slash = text_find(rest, '/', 0);
    if (!text_starts(path, directory) ||
        text_number(text_part(rest, 0, slash), 10, 1, UINT8_MAX, &bus) != NUMBER_OK ||
        text_number(text_part(rest, slash + 1, rest.size), 10, 1, ADDRESS_MAX, &address) !=
            NUMBER_OK)
        return false;
    selector->criteria |= SELECT_BUS | SELECT_ADDRESS;
    selector->bus = (uint8_t)bus;
    selector->address = (uint8_t)address;
    return true;
}

bool selector_join(struct selector *selector, const struct selector *other)
{
    unsigned both = selector->criteria & other->criteria,
             more = other->criteria & ~selector->criteria;
    if ((both & SELECT_BUS && selector->bus != other->bus) ||
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
