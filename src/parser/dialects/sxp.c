// SPDX-License-Identifier: MIT
#include "parser/foreign.h"

#include "base/arena.h"
#include "parser/dialect.h"

// Depth of nested lists; xend writes about ten.
enum { DEPTH_MAX = 64, XM_PORTS_MAX = 16 };

// A word or a list of an S-expression.
struct sxp {
    struct sxp *next;
    struct sxp *first; // of a list
    bool is_list;
    struct text word;
    struct span at;
};

struct sxp_reader {
    struct builder builder;
    size_t offset;
    unsigned errors;
};

static bool is_blank(char letter)
{
    return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n';
}

// Reports an error at an offset, unless there was one before it.
static void report(struct sxp_reader *sxp_reader, size_t from, const char *what)
{
    if (!sxp_reader->errors++)
        builder_error(&sxp_reader->builder, (struct span){ (uint32_t)from, (uint32_t)from + 1 },
                      "%s", what);
}

// A word, or a string in quotes.
static struct sxp *read_word(struct sxp_reader *sxp_reader)
{
    struct text text = sxp_reader->builder.source->text;
    struct sxp *word = arena_new_of(sxp_reader->builder.arena, struct sxp);
    size_t from = sxp_reader->offset, to = from;
    char quote = text.at[from];
    if (quote == '\'' || quote == '"') {
        to = text_find(text, quote, from + 1);
        word->word = text_part(text, from + 1, to);
        to++;
    } else {
        while (to < text.size && !is_blank(text.at[to]) && text.at[to] != '(' && text.at[to] != ')')
            to++;
        word->word = text_part(text, from, to);
    }
    if (to > text.size)
        report(sxp_reader, from, "this string is never closed");
    sxp_reader->offset = to > text.size ? text.size : to;
    word->at = (struct span){ (uint32_t)from, (uint32_t)sxp_reader->offset };
    return word;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as DEPTH_MAX
static struct sxp *read_list(struct sxp_reader *sxp_reader, unsigned depth)
{
    struct text text = sxp_reader->builder.source->text;
    struct sxp *list = arena_new_of(sxp_reader->builder.arena, struct sxp), **end = &list->first;
    size_t from = sxp_reader->offset++;
    list->is_list = true;
    if (depth > DEPTH_MAX)
        report(sxp_reader, from, "parentheses are nested too deeply");
    while (!sxp_reader->errors) {
        while (sxp_reader->offset < text.size && is_blank(text.at[sxp_reader->offset]))
            sxp_reader->offset++;
        if (sxp_reader->offset >= text.size) {
            report(sxp_reader, from, "this parenthesis is never closed");
            break;
        }
        if (text.at[sxp_reader->offset] == ')') {
            sxp_reader->offset++;
            break;
        }
        *end = text.at[sxp_reader->offset] == '(' ? read_list(sxp_reader, depth + 1)
                                                  : read_word(sxp_reader);
        end = &(*end)->next;
    }
    list->at = (struct span){ (uint32_t)from, (uint32_t)sxp_reader->offset };
    return list;
}

// --- finding parts ---

// Whether it is a list whose first item is that word.
static bool begins_with(const struct sxp *list, const char *word)
{
    return list->is_list && list->first && !list->first->is_list &&
           text_is(list->first->word, word);
}

// The first list in `list` that begins with a word, or NULL.
static const struct sxp *find(const struct sxp *list, const char *word)
{
    for (const struct sxp *at = list ? list->first : NULL; at; at = at->next)
        if (begins_with(at, word))
            return at;
    return NULL;
}

// The second item of a list if it is a word, or NULL.
static const struct sxp *value_of(const struct sxp *list)
{
    const struct sxp *value = list ? list->first->next : NULL;
    return value && !value->is_list && value->word.size ? value : NULL;
}

static bool number(struct sxp_reader *sxp_reader, const struct sxp *list, uint64_t min,
                   uint64_t max, struct config_number *into)
{
    const struct sxp *value = value_of(list);
    uint64_t read = 0;
    if (!value)
        return false;
    if (text_number(value->word, 0, min, max, &read) != NUMBER_OK) {
        builder_error(&sxp_reader->builder, value->at, "expected a number from %lu to %lu",
                      (unsigned long)min, (unsigned long)max);
        return false;
    }
    *into = (struct config_number){ value->at, (uint32_t)read };
    return true;
}

// --- (device (vusb ...)) ---

// (1 1-8): the device 1-8 is at port 1.
static void read_port(struct sxp_reader *sxp_reader, struct config_controller *controller,
                      const struct sxp *port)
{
    const struct sxp *busid = port->is_list && port->first ? value_of(port) : NULL;
    uint64_t index = 0;
    if (!busid)
        return;
    struct config_device *device = builder_device(&sxp_reader->builder, ORIGIN_VUSB, port->at);
    device->controller = controller;
    device->selector_at = busid->at;
    device->port_at = port->first->at;
    device->broken = true;
    if (text_number(port->first->word, 10, 1, XM_PORTS_MAX, &index) != NUMBER_OK) {
        builder_error(&sxp_reader->builder, port->first->at, "not a port number");
        return;
    }
    device->port = (struct port){ 1, { (uint8_t)index } };
    if (!busid_read(busid->word, device->selector.busid)) {
        builder_error(&sxp_reader->builder, busid->at, "not a bus id");
        return;
    }
    device->selector.criteria = SELECT_BUSID;
    device->broken = false;
}

static void read_vusb(struct sxp_reader *sxp_reader, const struct sxp *vusb)
{
    struct config_controller *controller =
        builder_controller(&sxp_reader->builder, ORIGIN_VUSB, vusb->at);
    controller->type = CONTROLLER_PV;
    controller->version.value = 2;
    controller->ports.value = 8;
    number(sxp_reader, find(vusb, "usb-ver"), 1, 2, &controller->version);
    number(sxp_reader, find(vusb, "num-ports"), 1, XM_PORTS_MAX, &controller->ports);
    const struct sxp *ports = find(vusb, "port");
    for (const struct sxp *at = ports ? ports->first->next : NULL; at; at = at->next)
        read_port(sxp_reader, controller, at);
}

// --- (image (hvm ...)) ---

static void read_hvm(struct sxp_reader *sxp_reader, const struct sxp *hvm)
{
    struct builder *builder = &sxp_reader->builder;
    struct config_number usb = { SPAN_NONE, 0 };
    const struct sxp *item = value_of(find(hvm, "usbdevice"));
    struct config_device *device = NULL;
    number(sxp_reader, find(hvm, "usb"), 0, 1, &usb);
    if (item) {
        device = builder_device(builder, ORIGIN_USB, item->at);
        classic_read_device(builder, device, item->word, item->at);
    }
    bool classic = device && device->at_creation;
    if (!usb.value && !classic)
        return;
    struct config_controller *controller =
        builder_controller(builder, ORIGIN_USB, usb.value ? usb.at : item->at);
    controller->type = CONTROLLER_EMULATED;
    controller->model = controller_model_for(1);
    controller->version.value = 1;
    controller->name = "usb";
    controller->at_creation = true;
    if (classic)
        device->controller = controller;
}

static void read_domain(struct sxp_reader *sxp_reader, const struct sxp *domain)
{
    struct config_domain *into = &sxp_reader->builder.config->domain;
    const struct sxp *image = find(domain, "image");
    const struct sxp *hvm = find(image, "hvm"), *linux_image = find(image, "linux");
    const struct sxp *name = value_of(find(domain, "name"));
    const struct sxp *uuid = value_of(find(domain, "uuid"));
    if (name)
        into->name = (struct config_text){ name->at, name->word };
    if (uuid)
        into->uuid = (struct config_text){ uuid->at, uuid->word };
    into->type = hvm ? DOMAIN_HVM : linux_image ? DOMAIN_PV : DOMAIN_UNKNOWN;
    into->type_at = hvm ? hvm->first->at : linux_image ? linux_image->first->at : SPAN_NONE;
    for (const struct sxp *at = domain->first; at; at = at->next)
        if (begins_with(at, "device") && find(at, "vusb"))
            read_vusb(sxp_reader, find(at, "vusb"));
    if (hvm)
        read_hvm(sxp_reader, hvm);
}

struct document parse_sxp(struct arena *arena, struct diags *diags, const struct source *source)
{
    struct sxp_reader sxp_reader = { .offset = 0 };
    struct text text = source->text;
    builder_init(&sxp_reader.builder, arena, diags, source);
    struct document document = { source, sxp_reader.builder.config, NULL, true };
    while (sxp_reader.offset < text.size && is_blank(text.at[sxp_reader.offset]))
        sxp_reader.offset++;
    if (sxp_reader.offset == text.size || text.at[sxp_reader.offset] != '(') {
        diag_hint(diags,
                  builder_error(&sxp_reader.builder, (struct span){ 0, 1 }, "not an S-expression"),
                  "the output of 'xm list --long' begins with (domain");
        return document;
    }
    const struct sxp *root = read_list(&sxp_reader, 0);
    while (!sxp_reader.errors && sxp_reader.offset < text.size &&
           is_blank(text.at[sxp_reader.offset]))
        sxp_reader.offset++;
    if (!sxp_reader.errors && sxp_reader.offset < text.size)
        report(&sxp_reader, sxp_reader.offset,
               "text after the domain: translate one domain at a time");
    if (!sxp_reader.errors)
        read_domain(&sxp_reader, root);
    config_settle(arena, sxp_reader.builder.config);
    return document;
}
