// SPDX-License-Identifier: MIT
#include "selector.h"

#include "base/arena.h"
#include "port.h"

#include <stddef.h>
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

bool busid_is_behind(const char *busid, const char *hub)
{
    const size_t length = strlen(hub);
    return length && strncmp(busid, hub, length) == 0 && busid[length] == '.';
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

bool selector_read_address(struct text text, struct selector *selector)
{
    const size_t dot = text_find(text, '.', 0);
    struct selector read = { .criteria = 0 };
    if (!add_address(text_part(text, 0, dot), text_part(text, dot + 1, text.size), &read))
        return false;
    *selector = read;
    return true;
}

bool selector_read_id(struct text text, struct selector *selector)
{
    enum { DIGITS = 4 };
    uint64_t vendor = 0, product = 0;
    if (text.size != 2 * DIGITS + 1 || text.at[DIGITS] != ':' ||
        text_number(text_part(text, 0, DIGITS), 16, 0, UINT16_MAX, &vendor) != NUMBER_OK ||
        text_number(text_part(text, DIGITS + 1, text.size), 16, 0, UINT16_MAX, &product) !=
            NUMBER_OK)
        return false;
    selector->criteria |= SELECT_VENDOR | SELECT_PRODUCT;
    selector->vendor = (uint16_t)vendor;
    selector->product = (uint16_t)product;
    return true;
}

bool selector_read_behind(struct text text, struct selector *selector)
{
    static const char any[] = ".*";
    const size_t size = text.size < sizeof any ? 0 : text.size - (sizeof any - 1);
    if (!size || !text_is(text_part(text, size, text.size), any) ||
        !busid_read(text_part(text, 0, size), selector->behind))
        return false;
    selector->criteria |= SELECT_BEHIND;
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
        if (!labelled || !selector_read_id(take_word(&text), &read))
            return false;
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

// What a path has between the host controller and the ports.
static const char path_middle[] = "-usb-0:";

// Where the ports of a path begin; its size if it has none.
static size_t path_ports(struct text path)
{
    const size_t length = sizeof path_middle - 1;
    for (size_t at = 1; at + length < path.size; at++)
        if (text_starts(text_part(path, at, path.size), path_middle))
            return at + length;
    return path.size;
}

static bool is_of_path(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || (letter && strchr("-_.:", letter));
}

bool path_read(struct text text, struct text *path)
{
    enum { PATH_MAX_SIZE = 200 };
    const size_t ports = path_ports(text);
    const size_t end = text_find(text, ':', ports);
    struct text interface = text_part(text, end, text.size);
    struct port chain;
    if (text.size > PATH_MAX_SIZE || !port_read(text_part(text, ports, end), &chain))
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (!is_of_path(text.at[i]))
            return false;
    for (size_t i = 1; i < interface.size; i++)
        if (interface.at[i] != '.' && (interface.at[i] < '0' || interface.at[i] > '9'))
            return false;
    if (interface.size == 1)
        return false;
    *path = text_part(text, 0, end);
    return true;
}

bool path_has_ports(struct text path, const char *busid)
{
    struct text whole = text_of(busid);
    const size_t dash = text_find(whole, '-', 0);
    return dash < whole.size && text_same(text_part(path, path_ports(path), path.size),
                                          text_part(whole, dash + 1, whole.size));
}

// Where the value of a criterion is.
enum value { VALUE_BYTES, VALUE_STRING, VALUE_TEXT };
#define MEMBER(name) offsetof(struct selector, name), sizeof((struct selector *)0)->name
static const struct criterion {
    unsigned bit;
    enum value value;
    size_t offset, size;
} criteria_rows[] = {
    { SELECT_BUS, VALUE_BYTES, MEMBER(bus) },
    { SELECT_ADDRESS, VALUE_BYTES, MEMBER(address) },
    { SELECT_BUSID, VALUE_STRING, MEMBER(busid) },
    { SELECT_VENDOR, VALUE_BYTES, MEMBER(vendor) },
    { SELECT_PRODUCT, VALUE_BYTES, MEMBER(product) },
    { SELECT_SERIAL, VALUE_TEXT, MEMBER(serial) },
    { SELECT_PATH, VALUE_TEXT, MEMBER(path) },
    { SELECT_BEHIND, VALUE_STRING, MEMBER(behind) },
};
enum { CRITERIA = sizeof criteria_rows / sizeof *criteria_rows };

static bool has_same(const struct criterion *row, const struct selector *one,
                     const struct selector *other)
{
    const void *a = (const char *)one + row->offset, *b = (const char *)other + row->offset;
    if (row->value == VALUE_TEXT)
        return text_same(*(const struct text *)a, *(const struct text *)b);
    return row->value == VALUE_STRING ? strcmp(a, b) == 0 : memcmp(a, b, row->size) == 0;
}

bool selector_agrees(const struct selector *one, const struct selector *other, unsigned criteria)
{
    for (size_t i = 0; i < CRITERIA; i++)
        if (criteria & criteria_rows[i].bit && !has_same(&criteria_rows[i], one, other))
            return false;
    return true;
}

// The bus that the criteria give, by itself or in the bus id; 0 if they give none.
static unsigned bus_of(const struct selector *selector)
{
    size_t at = 0;
    return selector->criteria & SELECT_BUS     ? selector->bus
           : selector->criteria & SELECT_BUSID ? busid_number(text_of(selector->busid), &at)
                                               : 0;
}

// Whether the path that one of them has and the bus id of the other differ in their ports.
static bool has_other_ports(const struct selector *one, const struct selector *other)
{
    return one->criteria & SELECT_PATH && other->criteria & SELECT_BUSID &&
           !path_has_ports(one->path, other->busid);
}

bool selector_join(struct selector *selector, const struct selector *other)
{
    const unsigned both = selector->criteria & other->criteria,
                   more = other->criteria & ~selector->criteria;
    const unsigned bus = bus_of(selector), other_bus = bus_of(other);
    if ((bus && other_bus && bus != other_bus) || has_other_ports(selector, other) ||
        has_other_ports(other, selector) || !selector_agrees(selector, other, both))
        return false;
    for (size_t i = 0; i < CRITERIA; i++) {
        const struct criterion *row = &criteria_rows[i];
        if (more & row->bit)
            memcpy((char *)selector + row->offset, (const char *)other + row->offset, row->size);
    }
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
    if (criteria & SELECT_PATH)
        shown = arena_printf(arena, "%s%spath=%.*s", shown, *shown ? " " : "",
                             (int)selector->path.size, selector->path.at);
    if (criteria & SELECT_BEHIND)
        shown = arena_printf(arena, "%s%sbehind=%s", shown, *shown ? " " : "", selector->behind);
    return shown;
}
