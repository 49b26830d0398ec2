// SPDX-License-Identifier: MIT
// vusb, as xm read it (tools/python/xen/xm/create.py, configure_vusbs): each item is a PVUSB
// controller with the bus ids of the devices at its ports.
#include "parser/dialect.h"

enum { XM_VERSION = 2, XM_PORTS = 8, XM_PORTS_MAX = 16 };

static void read_version(const struct field *field, void *into)
{
    struct config_controller *controller = into;
    field_number(field, 1, 2, NUMBER_PLAIN, &controller->version);
}

static void read_ports(const struct field *field, void *into)
{
    struct config_controller *controller = into;
    field_number(field, 1, XM_PORTS_MAX, NUMBER_PLAIN, &controller->ports);
}

#define PORTS_FROM(n)                                                                              \
    { "port_" #n "1", NULL }, { "port_" #n "2", NULL }, { "port_" #n "3", NULL },                  \
        { "port_" #n "4", NULL }, { "port_" #n "5", NULL },                                        \
    {                                                                                              \
        "port_" #n "6", NULL                                                                       \
    }

// The ports have no reader here: read_port() handles them once numports is known.
static const struct spec_key vusb_keys[] = { { "usbver", read_version },
                                             { "numports", read_ports },
                                             PORTS_FROM(),
                                             { "port_7", NULL },
                                             { "port_8", NULL },
                                             { "port_9", NULL },
                                             { "port_10", NULL },
                                             PORTS_FROM(1),
                                             { NULL, NULL } };

static void read_port(struct builder *builder, struct config_controller *controller,
                      const struct spec_pair *pair)
{
    uint64_t number = 0;
    struct text digits = text_part(pair->key, strlen("port_"), pair->key.size);
    if (!text_starts(pair->key, "port_") || pair->value.size == 0 ||
        text_number(digits, 10, 1, XM_PORTS_MAX, &number) != NUMBER_OK)
        return;
    for (const struct spec_pair *next = pair->next; next; next = next->next)
        if (text_same(next->key, pair->key))
            return; // the last one wins; fields_read() has warned
    if (number > controller->ports.value) {
        diag_hint(builder->diags,
                  builder_warning(builder, pair->key_at,
                                  "ignoring '%.*s': the controller has %u ports", SHOW(pair->key),
                                  controller->ports.value),
                  "xm silently ignores it; write numports=%u", (unsigned)number);
        return;
    }
    struct config_device *device =
        builder_device(builder, ORIGIN_VUSB, (struct span){ pair->key_at.from, pair->value_at.to });
    device->controller = controller;
    device->port = (struct port){ 1, { (uint8_t)number } };
    device->port_at = pair->key_at;
    device->selector_at = pair->value_at;
    if (busid_read(pair->value, device->selector.busid)) {
        device->selector.criteria = SELECT_BUSID;
        return;
    }
    device->broken = true;
    diag_hint(builder->diags,
              builder_error(builder, pair->value_at, "'%.*s' is not a bus id", SHOW(pair->value)),
              "a bus id is BUS-PORT, for example 1-8 or 6-2.1");
}

static void read_controller(struct builder *builder, const struct literal *literal)
{
    unsigned errors = builder->diags->errors;
    struct config_controller *controller = builder_controller(builder, ORIGIN_VUSB, literal->at);
    controller->type = CONTROLLER_PV;
    controller->version.value = XM_VERSION;
    controller->ports.value = XM_PORTS;
    const struct spec *spec = spec_of_literal(builder, literal);
    spec_refuse_head(builder, spec);
    if (!span_is_none(spec->empty_at))
        diag_hint(builder->diags,
                  builder_warning(builder, spec->empty_at, "empty item next to this comma"),
                  "xm refuses the file");
    fields_read(builder, spec, "vusb", vusb_keys, controller);
    controller->broken = builder->diags->errors != errors;
    for (const struct spec_pair *pair = spec->pairs; pair; pair = pair->next)
        read_port(builder, controller, pair);
}

void xm_read(struct builder *builder)
{
    setting_strings(builder, KEY_VUSB, SINGLE_REFUSED_BY_XM, read_controller);
}
