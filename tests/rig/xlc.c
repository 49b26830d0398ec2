// SPDX-License-Identifier: MIT
// xlc FILE - compares how the real xl reads a domain config (the JSON of "xl create -n", on
// standard input) with what FILE compiles to. Prints the differences, and exits with 1 if there are
// any.
#include "base/arena.h"
#include "base/json.h"
#include "base/scope.h"
#include "base/source_read.h"
#include "config/check.h"
#include "parser/parser.h"

static bool differs;

static void want(const char *what, unsigned index, int64_t ours, int64_t theirs)
{
    if (ours == theirs)
        return;
    printf("%s %u: compiled %ld, xl has %ld\n", what, index, (long)ours, (long)theirs);
    differs = true;
}

static void compare_type(const struct config *config, const struct config_controller *at,
                         const struct json *theirs)
{
    struct text type = json_text(json_member(theirs, "type"));
    struct text ours = text_part(config->source->text, at->type_at.from, at->type_at.to);
    char *word = strndup(type.size ? type.at : "auto", type.size ? type.size : 4);
    bool same = ours.size ? text_is_nocase(ours, word) : strcmp(word, "auto") == 0;
    if (!same)
        printf("controller %u: compiled %.*s, xl has %s\n", at->index, (int)ours.size, ours.at,
               word);
    differs = differs || !same;
    free(word);
}

static void compare_controllers(const struct config *config, const struct json *xl)
{
    const struct json *list = json_member(xl, "usbctrls");
    const struct json *theirs = list ? list->first : NULL;
    for (const struct config_controller *at = config->controllers; at; at = at->next) {
        if (at->origin != ORIGIN_USBCTRL)
            continue;
        want("exists: controller", at->index, 1, theirs != NULL);
        if (!theirs)
            return;
        compare_type(config, at, theirs);
        want("index of controller", at->index, at->index,
             json_integer(json_member(theirs, "devid"), 0));
        if (GIVEN(at->version))
            want("version of controller", at->index, at->version.value,
                 json_integer(json_member(theirs, "version"), 0));
        if (GIVEN(at->ports))
            want("ports of controller", at->index, at->ports.value,
                 json_integer(json_member(theirs, "ports"), 0));
        theirs = theirs->next;
    }
    want("unexpected: controller", 0, 0, theirs != NULL);
}

static void compare_devices(const struct config *config, const struct json *xl)
{
    const struct json *list = json_member(xl, "usbdevs");
    const struct json *theirs = list ? list->first : NULL;
    unsigned index = 0;
    for (const struct config_device *at = config->devices; at; at = at->next, index++) {
        if (at->origin != ORIGIN_USBCTRL)
            continue;
        want("exists: device", index, 1, theirs != NULL);
        if (!theirs)
            return;
        const struct json *host = json_member(theirs, "type.hostdev");
        want("bus of device", index, at->selector.bus,
             json_integer(json_member(host, "hostbus"), 0));
        want("address of device", index, at->selector.address,
             json_integer(json_member(host, "hostaddr"), 0));
        want("controller of device", index, at->controller ? (int)at->controller->index : -1,
             json_integer(json_member(theirs, "ctrl"), -1));
        want("port of device", index, at->port.depth ? at->port.number[0] : 0,
             json_integer(json_member(theirs, "port"), 0));
        theirs = theirs->next;
    }
    want("unexpected: device", 0, 0, theirs != NULL);
}

static void compare_classic(const struct config *config, const struct json *xl)
{
    const struct json *hvm = json_member(json_member(xl, "b_info"), "type.hvm");
    const struct json *list = json_member(hvm, "usbdevice_list");
    const struct json *one = list ? list->first : json_member(hvm, "usbdevice");
    const struct config_controller *usb = config->controllers;
    while (usb && !(usb->origin == ORIGIN_USB && usb->at_creation))
        usb = usb->next;
    bool enabled = text_is(json_text(json_member(hvm, "usb")), "True") || one;
    // -usb among QEMU's arguments creates that controller too, but xl does not know of it.
    const struct config_device *argument = config->devices;
    while (argument && argument->origin != ORIGIN_QEMU)
        argument = argument->next;
    if (enabled || !argument)
        want("usb", 0, usb != NULL, enabled);
    unsigned index = 0;
    for (const struct config_device *at = config->devices; at; at = at->next, index++) {
        if (at->origin != ORIGIN_USB)
            continue;
        struct text text = json_text(one);
        bool same = one && text_is(text, device_model_of(at->kind)->name);
        if (!same) {
            printf("usbdevice: compiled %s, xl has %.*s\n", device_model_of(at->kind)->name,
                   (int)text.size, text.at ? text.at : "");
            differs = true;
            return;
        }
        one = list ? one->next : NULL;
    }
    want("unexpected: usbdevice", 0, 0, one != NULL);
}

int main(int argc, char **argv)
{
    cleanup_arena struct arena *arena = arena_new(1024);
    struct diags diags;
    const char *why = NULL;
    diags_init(&diags, arena);
    const struct source *said = source_read(arena, &diags, "-");
    const struct source *file = argc == 2 ? source_read(arena, &diags, argv[1]) : NULL;
    const struct json *xl = said ? json_read(arena, said->text, &why) : NULL;
    struct config *config = file ? parse_config(arena, &diags, file) : NULL;
    if (config)
        check_config(arena, &diags, config);
    if (!xl || !config || diags.errors) {
        diags_print(&diags, stdout, false);
        puts(why ? why : "cannot compare");
        return 1;
    }
    compare_controllers(config, xl);
    compare_devices(config, xl);
    if (config->domain.type == DOMAIN_HVM)
        compare_classic(config, xl);
    return differs;
}
