// SPDX-License-Identifier: MIT
// Shared by the tests of translations: compiling a text, translating it, generating configs, and
// comparing what two configs ask for.
#ifndef XENUSB_TESTS_TRIAL_H
#define XENUSB_TESTS_TRIAL_H

#include "base/arena.h"
#include "base/scope.h"
#include "config/check.h"
#include "parser/foreign.h"
#include "parser/parser.h"
#include "parser/translate.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

typedef struct document (*trial_parser)(struct arena *arena, struct diags *diags,
                                        const struct source *source);

// One config and its translation.
struct trial {
    struct arena *arena;
    struct diags diags;
    struct document document;
    const struct host *host; // to look up devices; NULL: do not
    struct text out;
    bool compiled; // without errors
    bool done;     // translated without errors
};

static inline struct text trial_keep(struct arena *arena, const char *bytes, size_t size)
{
    return (struct text){ arena_copy(arena, bytes, size), size };
}

static inline void trial_compile(struct trial *trial, struct arena *arena, const char *name,
                                 struct text text, trial_parser parse)
{
    *trial = (struct trial){ .arena = arena };
    diags_init(&trial->diags, arena);
    const struct source *source = source_from_bytes(arena, name, text.at, text.size);
    trial->document = parse(arena, &trial->diags, source);
    check_config(arena, &trial->diags, trial->document.config);
    trial->compiled = trial->diags.errors == 0;
}

// Translates the compiled config.
static inline void trial_translate(struct trial *trial, const char *to, bool for_qemu)
{
    char *bytes = NULL;
    size_t size = 0;
    unsigned errors = trial->diags.errors;
    struct writing writing = { .arena = trial->arena,
                               .diags = &trial->diags,
                               .document = &trial->document,
                               .host = trial->host,
                               .comments = true,
                               .for_qemu = for_qemu,
                               .out = open_memstream(&bytes, &size) };
    if (!writing.out)
        abort();
    translation_named(to)->write(&writing);
    fclose(writing.out);
    trial->out = trial_keep(trial->arena, bytes, size);
    trial->done = trial->diags.errors == errors;
    free(bytes);
}

// --- files ---

static inline int trial_is_config(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".cfg") == 0;
}

// Calls `check` for each config in a directory. Returns false if there is none.
static inline bool trial_directory(const char *directory,
                                   void (*check)(const char *directory, const char *name))
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, trial_is_config, alphasort);
    if (count <= 0)
        printf("# %s: %s\n", directory, count ? strerror(errno) : "has no configs");
    for (int i = 0; i < count; i++) {
        check(directory, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return count > 0;
}

// --- generated configs ---

// Pseudo-random numbers that are the same in each run (the example generator of the C standard).
static inline unsigned trial_pick(unsigned below)
{
    static unsigned state = 1;
    state = state * 1103515245 + 12345;
    return (state >> 16) % below;
}

enum { TRIAL_CHOICES = 8 };
static const char *const trial_items[][TRIAL_CHOICES] = {
    { "usbctrl=['type=qusb,version=2,ports=9']", "usbctrl = [ 'version=2' ]",
      "usbctrl=['type=devicemodel,version=3', 'type=auto,version=1']",
      "usbctrl += ['type=devicemodel,version=3,ports=15'] # more" },
    { "usbdev=['hostbus=1,hostaddr=5']", "usbdev = [ # a list\n  'hostbus=1, hostaddr=013',\n]",
      "usbdev+=['hostbus=2,hostaddr=0x10,controller=0,port=1']" },
    { "usb=1", "usb=0", "usb = '1'" },
    { "usbdevice='tablet'", "usbdevice=['tablet','host:3.4']", "usbdevice=['host:046d:c52b']",
      "usbdevice = ['type=hostdev,busid=1-1.2,bus=one', 'type=tablet']",
      "usbdevice=('mouse', 'id=1050:0407,required=no')",
      "usbdevice=['type=hub,bus=one,port=2', 'type=disk,file=/srv/a b.img,readonly=yes',"
      " 'type=mouse,bus=one,port=2.3', 'type=keyboard']",
      "usbdevice=['hostbus=1,id=0781:5581', 'type=serial,chardev=file:/tmp/x,bus=one',"
      " 'type=redir,chardev=unix:/run/r', 'type=audio']",
      "usbdevice=['serial=A1,bus=one', 'hostaddr=1.7,id=1234:5678']" },
    { "usbcontroller=['type=emul,name=one,usbversion=3']", "usbcontroller=['']",
      "usbcontroller=['type=pv,name=one,numports=4','type=emul']",
      "usbcontroller=['type=emul,name=one,model=qemu-xhci,numports=6', 'usbversion=1']" },
    { "vusb=['usbver=2, numports=4, port_1=1-8']", "vusb=['']", "vusb=['usbver=1,port_2=6-2.1']" },
    { "usbversion=2", "usbversion=3\nspice=1\nspiceusbredirection=2" },
    { "import os, re", "a = 1; b = 'x'", "if 1:\n    c = 2\nelse:\n    c = 3", "d = 'a' + e",
      "# a comment" },
};
enum { TRIAL_GROUPS = sizeof trial_items / sizeof *trial_items };

static inline struct text trial_crlf(struct arena *arena, const char *text)
{
    char *crlf = arena_alloc(arena, strlen(text) * 2 + 1);
    size_t size = 0;
    for (; *text; text++) {
        if (*text == '\n')
            crlf[size++] = '\r';
        crlf[size++] = *text;
    }
    return (struct text){ crlf, size };
}

static inline struct text trial_generate(struct arena *arena)
{
    static const char *const heads[] = { "name='g'\ntype='hvm'\n", "name='g'\ntype='pv'\n",
                                         "\xef\xbb\xbfname='g'\nbuilder='hvm'\n", "" };
    const char *text = heads[trial_pick(4)];
    unsigned order = trial_pick(TRIAL_GROUPS);
    for (unsigned i = 0; i < TRIAL_GROUPS; i++) {
        const char *item = trial_items[(order + i * 3) % TRIAL_GROUPS][trial_pick(TRIAL_CHOICES)];
        if (item && *item)
            text = arena_printf(arena, "%s%s%s%s", text, item, trial_pick(6) ? "" : " # why",
                                trial_pick(9) || strchr(item, '#') ? "\n" : "\nend = 'x'; ");
    }
    return trial_pick(3) ? text_of(text) : trial_crlf(arena, text);
}

// --- comparison ---

static inline const struct controller_model *trial_model(const struct config_controller *controller)
{
    if (controller->model)
        return controller->model;
    if (controller->type == CONTROLLER_PV)
        return controller_model_pvusb(controller->version.value);
    return controller->type == CONTROLLER_EMULATED ? controller_model_for(controller->version.value)
                                                   : NULL;
}

// Returns whether `after` has everything that `before` asks for; the rest may differ.
static inline bool trial_controller_is(const struct config_controller *before,
                                       const struct config_controller *after)
{
    const struct controller_model *model = trial_model(before), *there = trial_model(after);
    bool ports = !GIVEN(before->ports) || !there || there->version < 3 ||
                 before->ports.value == after->ports.value;
    if (!model || !there)
        return before->type == after->type &&
               (!before->version.value || before->version.value == after->version.value);
    return model == there && ports;
}

static inline bool trial_text_is(const struct config_text *before, const struct config_text *after)
{
    return !GIVEN(*before) || text_same(before->text, after->text);
}

enum trial_look {
    TRIAL_WHICH, // the devices, and their controllers and ports if the file names them
    TRIAL_ALL,   // also their files, chardevs and the like
};

static inline bool trial_device_is(struct arena *arena, const struct config_device *before,
                                   const struct config_device *after, enum trial_look look)
{
    const char *ours = selector_show(arena, &before->selector);
    bool same =
        before->kind == after->kind && strcmp(ours, selector_show(arena, &after->selector)) == 0;
    // A device that the guest is created with may be elsewhere if ports are scarce.
    if (same && before->controller && !before->at_creation)
        same = after->controller && trial_controller_is(before->controller, after->controller);
    if (same && before->port.depth)
        same = port_same(before->port, after->port);
    same =
        same && before->count.value == after->count.value && before->all.value == after->all.value;
    if (!same || look == TRIAL_WHICH)
        return same;
    return trial_text_is(&before->file, &after->file) &&
           trial_text_is(&before->format, &after->format) &&
           (before->origin == ORIGIN_USBVERSION ||
            trial_text_is(&before->chardev, &after->chardev)) &&
           before->readonly.value == after->readonly.value &&
           before->required.value == after->required.value;
}

// Returns a description of a device that only one of the configs has; NULL if they have the same.
static inline const char *trial_difference(struct arena *arena, const struct config *before,
                                           const struct config *after, enum trial_look look)
{
    bool *used = arena_array_of(arena, bool, after->device_count + 1);
    for (const struct config_device *at = before->devices; at; at = at->next) {
        const struct config_device *other = after->devices;
        size_t i = 0;
        while (other && (used[i] || !trial_device_is(arena, at, other, look))) {
            other = other->next;
            i++;
        }
        if (!other)
            return arena_printf(arena, "no device is kind %d, %s%s%s", at->kind,
                                selector_show(arena, &at->selector), at->controller ? " on " : "",
                                at->controller ? at->controller->name : "");
        used[i] = true;
    }
    return before->device_count == after->device_count ? NULL : "the other has more devices";
}

#endif
