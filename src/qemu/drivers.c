// SPDX-License-Identifier: MIT
#include "drivers.h"

#include "base/arena.h"
#include "base/duration.h"
#include "base/number_rule.h"

#define DRIVER(name, kind, releases) { name, kind, releases },
#define PROPERTY(driver, name, type, releases, min, max, words)
const struct qemu_driver qemu_drivers[] = {
#include "drivers_table.h"
    { NULL, QEMU_NOT_USB, 0 }
};
#undef DRIVER
#undef PROPERTY

#define DRIVER(name, kind, releases)
#define PROPERTY(driver, name, type, releases, min, max, words)                                    \
    { driver, name, type, releases, min, max, words },
static const struct qemu_property properties[] = {
#include "drivers_table.h"
    { NULL, NULL, QEMU_TEXT, 0, 0, 0, NULL }
};

const struct qemu_driver *qemu_driver_named(struct text name)
{
    for (const struct qemu_driver *driver = qemu_drivers; driver->name; driver++)
        if (text_is(name, driver->name))
            return driver;
    return NULL;
}

const char *const *qemu_usb_drivers(void)
{
    static const char *names[sizeof qemu_drivers / sizeof *qemu_drivers];
    size_t count = 0;
    for (const struct qemu_driver *driver = qemu_drivers; driver->name; driver++)
        if (driver->kind != QEMU_NOT_USB)
            names[count++] = driver->name;
    return names;
}

const struct qemu_property *qemu_property_named(const char *driver, struct text name)
{
    for (const struct qemu_property *at = properties; at->driver; at++)
        if (strcmp(at->driver, driver) == 0 && text_is(name, at->name))
            return at;
    return NULL;
}

void qemu_property_names(const char *driver, const char *names[QEMU_PROPERTIES_MAX + 1])
{
    size_t count = 0;
    for (const struct qemu_property *at = properties; at->driver; at++)
        if (strcmp(at->driver, driver) == 0 && count < QEMU_PROPERTIES_MAX)
            names[count++] = at->name;
    names[count] = NULL;
}

// Whether a word is in a list that is separated by slashes.
static bool is_among(struct text word, const char *words)
{
    struct text list = text_of(words);
    for (size_t from = 0, to; from < list.size; from = to + 1) {
        to = text_find(list, '/', from);
        if (text_same(word, text_part(list, from, to)))
            return true;
    }
    return false;
}

// Reads a size as QEMU's qemu_strtosz() does: decimal, also with a fraction, and with a unit; or
// hexadecimal without a unit. False if it is none, or too large.
static bool read_size(struct text value, int64_t *size)
{
    static const char units[] = "bkmgtpe";
    uint64_t whole = 0;
    double fraction = 0;
    if (text_starts(value, "0x") || text_starts(value, "0X")) {
        bool hex =
            text_number(text_part(value, 2, value.size), 16, 0, INT64_MAX, &whole) == NUMBER_OK;
        *size = (int64_t)whole;
        return hex;
    }
    const char *unit = value.size ? strchr(units, text_lower(value.at[value.size - 1])) : NULL;
    if (unit && !*unit)
        return false;
    const unsigned shift = unit ? 10 * (unsigned)(unit - units) : 0;
    struct text number = text_part(value, 0, value.size - (unit ? 1 : 0));
    if (text_number(number, 10, 0, (uint64_t)INT64_MAX >> shift, &whole) == NUMBER_OK)
        *size = (int64_t)(whole << shift);
    else if (shift && shift < 40 && decimal_read(number, &fraction) && fraction >= 0)
        *size = (int64_t)(fraction * (double)(INT64_C(1) << shift));
    else
        return false;
    return true;
}

bool qemu_takes(const struct qemu_property *property, struct text value)
{
    uint64_t number = 0;
    int64_t size = 0;
    bool negative = text_starts(value, "-");
    switch (property->type) {
    case QEMU_TEXT: return true;
    case QEMU_BOOL: return qemu_is_on(value) || is_among(value, "off/no/false/n");
    case QEMU_WORD: return is_among(value, property->words);
    case QEMU_SIZE: return read_size(value, &size);
    case QEMU_NUMBER:
        return number_parse(NUMBER_OF_QEMU, value, property->min, property->max, &number) ==
               NUMBER_OK;
    case QEMU_SIGNED:
        return number_parse(NUMBER_OF_QEMU, text_part(value, negative, value.size), 0,
                            (uint64_t)INT32_MAX + negative, &number) == NUMBER_OK;
    }
    return true;
}

const char *qemu_takes_what(struct arena *arena, const struct qemu_property *property)
{
    switch (property->type) {
    case QEMU_TEXT: return NULL;
    case QEMU_BOOL: return "use on or off";
    case QEMU_WORD: return arena_printf(arena, "use %s", property->words);
    case QEMU_SIGNED: return "use a number";
    case QEMU_SIZE: return "use a number of bytes, such as 512, 4k or 1M";
    case QEMU_NUMBER:
        return arena_printf(arena, "valid range: %lu to %lu", (unsigned long)property->min,
                            (unsigned long)property->max);
    }
    return NULL;
}

bool qemu_has_number(const struct qemu_property *property, struct text value, int64_t *number)
{
    bool negative = text_starts(value, "-");
    uint64_t read = 0;
    if (property->type == QEMU_SIZE)
        return read_size(value, number);
    if (property->type != QEMU_NUMBER && property->type != QEMU_SIGNED)
        return false;
    (void)number_parse(NUMBER_OF_QEMU, text_part(value, negative, value.size), 0, UINT64_MAX,
                       &read);
    *number = negative ? -(int64_t)read : (int64_t)read;
    return true;
}

bool qemu_is_on(struct text value)
{
    return is_among(value, "on/yes/true/y");
}

bool qemu_is_id(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        char letter = text_lower(text.at[i]);
        bool other = (letter >= '0' && letter <= '9') || strchr("-._", letter);
        if ((letter < 'a' || letter > 'z') && (i == 0 || !letter || !other))
            return false;
    }
    return text.size > 0;
}
