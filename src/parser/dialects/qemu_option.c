// SPDX-License-Identifier: MIT
#include "qemu_option.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/suggest.h"

// --- QEMU's option parser ---

struct option_reader {
    struct builder *builder;
    const struct literal *literal;
    size_t at; // in the literal
};

// Reads a value up to the next single comma; *at is its place.
static struct text read_value(struct option_reader *reader, struct span *at)
{
    struct text text = reader->literal->text;
    struct buffer value = buffer_in(reader->builder->arena);
    size_t from = reader->at;
    for (; reader->at < text.size; reader->at++) {
        if (text.at[reader->at] == ',' &&
            !text_starts(text_part(text, reader->at, text.size), ",,"))
            break;
        reader->at += text.at[reader->at] == ',';
        buffer_printf(&value, "%c", text.at[reader->at]);
    }
    *at = literal_span(reader->builder, reader->literal, from, reader->at);
    reader->at += reader->at < text.size;
    return buffer_text(&value);
}

// A key without a value: "name" is on, "noname" off.
static void read_flag(struct spec_pair *pair)
{
    bool off = text_starts(pair->key, "no");
    pair->value = text_of(off ? "off" : "on");
    pair->value_at = pair->key_at;
    pair->key = text_part(pair->key, off ? 2 : 0, pair->key.size);
}

static struct spec_pair *read_pair(struct option_reader *reader)
{
    struct text text = reader->literal->text;
    struct spec_pair *pair = arena_new_of(reader->builder->arena, struct spec_pair);
    size_t comma = text_find(text, ',', reader->at), equals = text_find(text, '=', reader->at);
    size_t end = equals < comma ? equals : comma;
    pair->key = text_part(text, reader->at, end);
    pair->key_at = literal_span(reader->builder, reader->literal, reader->at, end);
    reader->at = end + 1;
    if (equals < comma)
        pair->value = read_value(reader, &pair->value_at);
    else
        read_flag(pair);
    return pair;
}

struct spec *qemu_option_spec(struct builder *builder, const struct literal *literal)
{
    struct option_reader reader = { builder, literal, 0 };
    struct text text = literal->text;
    struct spec *spec = arena_new_of(builder->arena, struct spec);
    struct spec_pair **end = &spec->pairs;
    spec->text = text;
    spec->at = spec->head_at = literal->at;
    spec->empty_at = SPAN_NONE;
    if (text_find(text, ',', 0) < text_find(text, '=', 0) || text_find(text, '=', 0) == text.size)
        spec->head = read_value(&reader, &spec->head_at);
    while (reader.at < text.size) {
        *end = read_pair(&reader);
        end = &(*end)->next;
    }
    return spec;
}

const struct spec_pair *qemu_option(const struct spec *spec, const char *name)
{
    const struct spec_pair *found = NULL;
    for (const struct spec_pair *pair = spec->pairs; pair; pair = pair->next)
        if (text_is(pair->key, name))
            found = pair;
    return found;
}

// Whether no later pair replaces it: QEMU looks at the last one with a key only.
static bool is_last(const struct spec_pair *pair)
{
    const struct spec_pair *later = pair->next;
    while (later && !text_same(later->key, pair->key))
        later = later->next;
    return !later;
}

struct config_property *qemu_properties(struct builder *builder, const struct spec *spec,
                                        const char *const *known)
{
    struct config_property *first = NULL, **end = &first;
    for (const struct spec_pair *pair = spec->pairs; pair; pair = pair->next) {
        const char *const *at = known;
        while (*at && !text_is(pair->key, *at))
            at++;
        if (*at || !is_last(pair))
            continue;
        struct span place = { pair->key_at.from, pair->value_at.to };
        *end = arena_new_of(builder->arena, struct config_property);
        **end = (struct config_property){ .name = pair->key, .value = { place, pair->value } };
        end = &(*end)->next;
    }
    return first;
}

// --- what QEMU refuses ---

static bool looks_like_usb(struct text name)
{
    static const char *const parts[] = { "usb", "ehci", "ohci", "uhci", "xhci", "u2f" };
    for (size_t at = 0; at < name.size; at++)
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            if (text_starts(text_part(name, at, name.size), parts[i]))
                return true;
    return controller_model_named(name) || device_model_named(name);
}

// QEMU's driver for a name of libvirt's or our own; NULL if there is none.
static const char *driver_for(struct text name)
{
    const struct controller_model *controller = controller_model_named(name);
    const struct device_model *device = device_model_named(name);
    return controller ? controller->driver : device ? device->driver : NULL;
}

static void report_driver(struct builder *builder, struct text name, struct span at)
{
    if (!looks_like_usb(name)) {
        diag_hint(builder->diags,
                  builder_warning(builder, at, "QEMU 7.2 and 10 have no device '%.*s'", SHOW(name)),
                  "QEMU does not start with a device that it does not have");
        return;
    }
    struct diag *diag =
        builder_error(builder, at, "QEMU does not start: it has no device '%.*s'", SHOW(name));
    if (driver_for(name))
        diag_hint(builder->diags, diag, "QEMU's name is %s", driver_for(name));
    else
        diag_suggest(builder->diags, diag, name, qemu_usb_drivers(),
                     "'qemu-system-i386 -device help' lists its devices");
}

// Whether the property is a vendor or product id, which people copy from lsusb.
static bool is_usb_id(struct text name)
{
    return text_is(name, "vendorid") || text_is(name, "productid");
}

static void report_value(struct builder *builder, const struct qemu_property *property,
                         const struct spec_pair *pair)
{
    struct diag *diag =
        builder_error(builder, pair->value_at, "QEMU does not start: %s cannot be '%.*s'",
                      property->name, SHOW(pair->value));
    uint64_t decimal = 0, hex = 0;
    if (is_usb_id(pair->key) && hex_is_bare(pair->value, &hex))
        diag_hint(builder->diags, diag, "hexadecimal needs 0x there: write 0x%04lx",
                  (unsigned long)hex);
    else if (property->type == QEMU_NUMBER && number_has_zero(pair->value) &&
             text_number(pair->value, 10, property->min, property->max, &decimal) == NUMBER_OK)
        diag_hint(builder->diags, diag, "a leading zero means octal there: write %lu",
                  (unsigned long)decimal);
    else
        diag_hint(builder->diags, diag, "%s", qemu_takes_what(builder->arena, property));
}

static void judge_property(struct builder *builder, const struct qemu_driver *driver,
                           const struct spec_pair *pair)
{
    const char *names[QEMU_PROPERTIES_MAX + 1];
    const struct qemu_property *property = qemu_property_named(driver->name, pair->key);
    if (text_is(pair->key, "driver") || text_is(pair->key, "bus"))
        return;
    if (text_is(pair->key, "id")) {
        if (!qemu_is_id(pair->value))
            diag_hint(builder->diags,
                      builder_error(builder, pair->value_at,
                                    "QEMU does not start: '%.*s' is not an id", SHOW(pair->value)),
                      "an id is a letter followed by letters, digits, '-', '.' or '_'");
    } else if (!property) {
        qemu_property_names(driver->name, names);
        diag_suggest(builder->diags,
                     builder_error(builder, pair->key_at,
                                   "QEMU does not start: %s has no property '%.*s'", driver->name,
                                   SHOW(pair->key)),
                     pair->key, names, "'-device DRIVER,help' lists its properties");
    } else if (!qemu_takes(property, pair->value)) {
        report_value(builder, property, pair);
    }
}

// The properties without which QEMU refuses a device.
static void judge_missing(struct builder *builder, const struct spec *spec, const char *driver,
                          struct span at)
{
    static const char *const needed[][2] = { { "usb-storage", "drive" },
                                             { "usb-serial", "chardev" },
                                             { "usb-braille", "chardev" },
                                             { "usb-redir", "chardev" },
                                             { "usb-mtp", "rootdir" } };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (strcmp(driver, needed[i][0]) == 0 && !qemu_option(spec, needed[i][1]))
            builder_error(builder, at, "QEMU does not start: %s needs %s=", driver, needed[i][1]);
}

const struct qemu_driver *qemu_judge(struct builder *builder, const struct spec *spec,
                                     struct text name, struct span name_at)
{
    const struct qemu_driver *driver = qemu_driver_named(name);
    if (!driver)
        report_driver(builder, name, name_at);
    if (!driver || driver->kind == QEMU_NOT_USB)
        return NULL;
    for (const struct spec_pair *pair = spec->pairs; pair; pair = pair->next)
        if (is_last(pair))
            judge_property(builder, driver, pair);
    judge_missing(builder, spec, driver->name, name_at);
    return driver;
}

// Warns about an id without 0x: lsusb prints ids in hexadecimal, and QEMU reads a decimal number.
static void warn_decimal_id(struct builder *builder, const struct spec_pair *pair,
                            unsigned long value, unsigned long hex)
{
    diag_hint(builder->diags,
              builder_warning(builder, pair->value_at,
                              "QEMU reads '%.*s' as %s: this is %.*s %04lx", SHOW(pair->value),
                              number_has_zero(pair->value) ? "octal" : "decimal",
                              (int)(pair->key.size - strlen("id")), pair->key.at, value),
              "for the id %04lx of lsusb, write %.*s=0x%04lx", hex, SHOW(pair->key), hex);
}

uint32_t qemu_option_number(struct builder *builder, const struct spec_pair *pair)
{
    uint64_t value = 0, decimal = 0, hex = 0;
    if (number_parse(NUMBER_OF_QEMU, pair->value, 0, UINT32_MAX, &value) != NUMBER_OK)
        return 0;
    if (is_usb_id(pair->key) && hex_is_bare(pair->value, &hex) && hex != value)
        warn_decimal_id(builder, pair, (unsigned long)value, (unsigned long)hex);
    else if (text_number(pair->value, 10, 0, UINT64_MAX, &decimal) == NUMBER_OK && decimal != value)
        diag_hint(builder->diags,
                  builder_warning(builder, pair->value_at, "QEMU reads '%.*s' as %lu (octal)",
                                  SHOW(pair->value), (unsigned long)value),
                  "write %.*s=%lu", SHOW(pair->key), (unsigned long)value);
    return (uint32_t)value;
}
