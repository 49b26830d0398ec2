// SPDX-License-Identifier: MIT
#include "libvirt.h"

#include "base/arena.h"

// --- the guest ---

// <os><type>. libvirt requires it, but people also keep just the parts that matter to them: those
// are of an HVM guest, for xl would create a PV guest without a type.
static void read_type(struct libvirt *libvirt, const struct xml_element *root)
{
    struct builder *builder = &libvirt->builder;
    struct config_domain *domain = &builder->config->domain;
    const struct xml_element *type = xml_child(xml_child(root, "os"), "type");
    const struct span at = libvirt_place(type ? type : root);
    static const struct {
        const char *word;
        enum domain_type type;
    } types[] = { { "hvm", DOMAIN_HVM },
                  { "xen", DOMAIN_PV },
                  { "linux", DOMAIN_PV },
                  { "xenpvh", DOMAIN_PVH } };
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        if (strcmp(type->text, types[i].word) == 0) {
            domain->type = types[i].type;
            domain->type_at = at;
            return;
        }
    if (type) {
        diag_hint(builder->diags,
                  builder_error(builder, at, "'%s' is not a type of Xen guest",
                                text_show(builder->arena, text_of(type->text), 40)),
                  "valid: hvm, xen, linux, xenpvh");
        return;
    }
    domain->type = DOMAIN_HVM;
    domain->type_at = at;
    diag_hint(builder->diags, builder_warning(builder, at, "the domain has no <os> with a <type>"),
              "it is taken for an HVM guest");
}

static struct config_text text_in(const struct xml_element *element)
{
    return element ? (struct config_text){ libvirt_place(element), text_of(element->text) }
                   : (struct config_text){ SPAN_NONE, TEXT_EMPTY };
}

static void read_domain(struct libvirt *libvirt, const struct xml_element *root)
{
    struct config_domain *domain = &libvirt->builder.config->domain;
    const char *arch = xml_attribute(xml_child(xml_child(root, "os"), "type"), "arch");
    domain->name = text_in(xml_child(root, "name"));
    domain->uuid = text_in(xml_child(root, "uuid"));
    read_type(libvirt, root);
    libvirt->has_machine = domain->type == DOMAIN_HVM;
    libvirt->x86 = !arch || strcmp(arch, "x86_64") == 0 || strcmp(arch, "i686") == 0;
    libvirt->xen = libvirt_is(root, "type", "xen");
}

// Whether an argument for QEMU is about USB.
static bool is_about_usb(const char *argument)
{
    return strstr(argument, "usb") || strstr(argument, "uhci") || strstr(argument, "ehci") ||
           strstr(argument, "ohci") || strstr(argument, "xhci");
}

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name), end_size = strlen(end);
    return size >= end_size && strcmp(name + size - end_size, end) == 0;
}

// Reports what is given to QEMU past libvirt. The prefix of these elements is free.
static void report_passed_by(struct libvirt *libvirt, const struct xml_element *root)
{
    struct builder *builder = &libvirt->builder;
    for (const struct xml_element *at = root->first; at; at = at->next) {
        if (ends_with(at->name, ":override"))
            diag_hint(builder->diags,
                      builder_warning(builder, libvirt_place(at),
                                      "ignoring all properties that are set here"),
                      "xenusb cannot express them");
        for (const struct xml_element *argument = ends_with(at->name, ":commandline") ? at->first
                                                                                      : NULL;
             argument; argument = argument->next) {
            const char *value = xml_attribute(argument, "value");
            if (value && is_about_usb(value))
                diag_hint(builder->diags,
                          builder_warning(builder, libvirt_place(argument),
                                          "ignoring this argument for QEMU"),
                          "put it into device_model_args_hvm=[] of the config");
        }
    }
}

// Reports an element that is none of those that are read.
static void report_root(struct libvirt *libvirt, const struct xml_element *root)
{
    diag_hint(libvirt->builder.diags,
              builder_error(&libvirt->builder, libvirt_place(root), "not a libvirt domain"),
              "the output of 'virsh dumpxml' begins with <domain>, and what 'virsh attach-device' "
              "takes with the device");
}

// Reads the document by its root: a domain, its devices, or a single one of them.
static void read_root(struct libvirt *libvirt, const struct xml_element *root)
{
    const struct config *config = libvirt->builder.config;
    bool is_domain = strcmp(root->name, "domain") == 0,
         is_devices = strcmp(root->name, "devices") == 0;
    if (!is_domain && !is_devices && !libvirt_is_device(root->name)) {
        report_root(libvirt, root);
        return;
    }
    const struct xml_element *devices = is_domain ? xml_child(root, "devices") : root;
    libvirt->first = is_domain || is_devices ? devices ? devices->first : NULL : root;
    if (is_domain)
        read_domain(libvirt, root);
    libvirt_read_controllers(libvirt);
    libvirt_read_devices(libvirt);
    if (is_domain)
        report_passed_by(libvirt, root);
    else if (!is_devices && !config->controller_count && !config->device_count)
        builder_error(&libvirt->builder, libvirt_place(root), "this <%s> is not on USB",
                      root->name);
}

struct document libvirt_parse(struct arena *arena, struct diags *diags, const struct source *source,
                              const struct libvirt_word *words)
{
    struct libvirt libvirt = { .words = words, .xen = true, .fragment = true, .x86 = true };
    const char *why = NULL;
    uint32_t where = 0;
    builder_init(&libvirt.builder, arena, diags, source);
    struct document document = { source, libvirt.builder.config, NULL, true };
    const struct xml_element *root = xml_read(arena, source->text, &why, &where);
    if (!root) {
        builder_error(&libvirt.builder, (struct span){ where, where + 1 },
                      "cannot parse this XML: %s", text_show(arena, text_of(why), 200));
        return document;
    }
    libvirt.fragment = strcmp(root->name, "domain") != 0;
    read_root(&libvirt, root);
    config_settle(arena, libvirt.builder.config);
    return document;
}

struct document parse_libvirt(struct arena *arena, struct diags *diags, const struct source *source)
{
    return libvirt_parse(arena, diags, source, libvirt_words);
}
