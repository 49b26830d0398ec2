// SPDX-License-Identifier: MIT
// The numbers of libvirt's XML.
#include "libvirt.h"

#include "parser/number.h"

static void warn_octal(struct builder *builder, const struct libvirt_value *value,
                       unsigned long octal)
{
    uint64_t decimal = octal;
    text_number(text_of(value->text), 10, 0, UINT64_MAX, &decimal);
    if (decimal != octal)
        diag_hint(builder->diags,
                  builder_warning(
                      builder, value->at, "%s='%s' is %lu: libvirt reads a leading zero as octal",
                      value->name, text_show(builder->arena, text_of(value->text), 40), octal),
                  "write %s='%lu', or %s='%lu' if that is what was meant", value->name, octal,
                  value->name, (unsigned long)decimal);
}

// Warns about an id without 0x: lsusb prints ids in hexadecimal. False if that makes no difference.
static bool warn_id(struct builder *builder, const struct libvirt_value *value, bool octal,
                    unsigned long id)
{
    uint64_t hex = id;
    if (strcmp(value->name, "id") != 0 || !hex_is_bare(text_of(value->text), &hex) || hex == id)
        return false;
    diag_hint(
        builder->diags,
        builder_warning(builder, value->at, "id='%s' is %04lx: libvirt reads %s", value->text, id,
                        octal ? "a leading zero as octal" : "a number without 0x as decimal"),
        "for the id %04lx of lsusb, write id='0x%04lx'", (unsigned long)hex, (unsigned long)hex);
    return true;
}

static void report_number(struct builder *builder, const struct libvirt_value *value, bool octal,
                          unsigned max)
{
    uint64_t hex = 0;
    struct diag *diag = builder_error(
        builder, value->at, "%s='%s' is not %s number from 0 to %u", value->name,
        text_show(builder->arena, text_of(value->text), 40), octal ? "an octal" : "a", max);
    if (strcmp(value->name, "id") == 0 &&
        text_number(text_of(value->text), 16, 0, max, &hex) == NUMBER_OK)
        diag_hint(builder->diags, diag, "write id='0x%04lx'", (unsigned long)hex);
}

bool libvirt_number(struct builder *builder, struct libvirt_item *item,
                    const struct libvirt_value *value, enum number_rule rule, unsigned *into)
{
    static const struct {
        const char *name;
        unsigned max;
    } limits[] = { { "id", UINT16_MAX },
                   { "device", ADDRESS_MAX },
                   { "bus", UINT8_MAX },
                   { "ports", PORTS_MAX_PVUSB },
                   { NULL, LIBVIRT_INDEX_MAX } };
    size_t i = 0;
    while (limits[i].name && strcmp(limits[i].name, value->name) != 0)
        i++;
    struct text text = text_of(value->text);
    bool octal = number_rules[rule].octal && number_has_zero(text);
    uint64_t read = 0;
    if (number_parse(rule, text, 0, limits[i].max, &read) != NUMBER_OK) {
        item->broken = true;
        report_number(builder, value, octal, limits[i].max);
        return false;
    }
    if (!warn_id(builder, value, octal, (unsigned long)read) && octal)
        warn_octal(builder, value, (unsigned long)read);
    *into = (unsigned)read;
    return true;
}
