// SPDX-License-Identifier: MIT
// The arguments of a command line: specs as in usbdevice and usbcontroller, which may begin with a
// bare word instead of a pair.
#include "dialect.h"

#include "base/arena.h"
#include "base/suggest.h"
#include "meant.h"

// Reads CONTROLLER.PORT, the form in which `list` shows a place. False if the word is not one.
static bool read_place(struct config_device *device, struct text word, struct span at)
{
    size_t dot = text_find(word, '.', 0);
    struct text name = text_part(word, 0, dot);
    uint64_t index = 0;
    bool named = xenusb_is_name(name) || text_number(name, 10, 0, UINT16_MAX, &index) == NUMBER_OK;
    if (!named || dot == word.size ||
        !port_read(text_part(word, dot + 1, word.size), &device->port))
        return false;
    struct span name_at = { at.from, at.from + (uint32_t)dot };
    device->controller_name = (struct config_text){ name_at, name };
    device->port_at = (struct span){ name_at.to + 1, at.to };
    return true;
}

// Reads a bare word: a kind of device, a host device or a place. False if it is none of these.
static bool read_bare(struct builder *builder, struct config_device *device, struct text word,
                      struct span at)
{
    const struct device_model *model = device_model_named(word);
    static const char classic[] = "host:"; // the usbdevice form; redundant here, but accepted
    if (model && model->kind != DEVICE_HOSTDEV) {
        device->kind = model->kind;
        device->kind_at = at;
        return true;
    }
    if (text_starts(word, classic)) {
        word = text_part(word, sizeof classic - 1, word.size);
        at.from += sizeof classic - 1;
    }
    if (!host_word_read(builder, word, at, &device->selector, &device->broken))
        return read_place(device, word, at);
    device->selector_at = at;
    return true;
}

// Adds what the bare word gives to what the keys give; false if they contradict each other.
static bool join_bare(struct config_device *device, const struct config_device *bare)
{
    bool two_kinds = !span_is_none(bare->kind_at) && !span_is_none(device->kind_at);
    bool two_places = GIVEN(bare->controller_name) &&
                      (GIVEN(device->controller_name) || !span_is_none(device->port_at));
    if (two_kinds || two_places || !selector_join(&device->selector, &bare->selector))
        return false;
    if (!span_is_none(bare->kind_at)) {
        device->kind = bare->kind;
        device->kind_at = bare->kind_at;
    }
    if (GIVEN(bare->controller_name)) {
        device->controller_name = bare->controller_name;
        device->port = bare->port;
        device->port_at = bare->port_at;
    }
    if (!span_is_none(bare->selector_at)) // the word comes before all keys
        device->selector_at.from = bare->selector_at.from;
    if (!span_is_none(bare->selector_at) && device->selector_at.to < bare->selector_at.to)
        device->selector_at.to = bare->selector_at.to;
    device->broken = device->broken || bare->broken;
    xenusb_set_all(device);
    return true;
}

static void report_no_device(struct builder *builder, struct text word, struct span at)
{
    const char *names[DEVICE_OTHER + 1] = { NULL };
    for (size_t i = 0; device_models[i + 1].name; i++) // without the first row, hostdev
        names[i] = device_models[i + 1].name;
    const char *meant = meant_item(builder->arena, word);
    struct diag *diag = builder_error(builder, at, "'%.*s' does not name a device", SHOW(word));
    if (meant) {
        diag_hint(builder->diags, diag, "%s", meant);
        return;
    }
    diag_suggest(
        builder->diags, diag, word, names,
        "use BUS.ADDRESS, a bus id (1-1.2), VENDOR:PRODUCT, a type (tablet), or key=value");
}

void words_read_device(struct builder *builder, const struct spec *spec)
{
    struct config_device *device = xenusb_read_device(builder, spec);
    struct config_device bare = { .kind_at = SPAN_NONE };
    struct text word = spec->head;
    if (word.size == 0)
        return;
    if (!read_bare(builder, &bare, word, spec->head_at)) {
        device->broken = true;
        report_no_device(builder, word, spec->head_at);
    } else if (!join_bare(device, &bare)) {
        device->broken = true;
        diag_hint(builder->diags,
                  builder_error(builder, spec->head_at, "'%.*s' contradicts a key given with it",
                                SHOW(word)),
                  "give only one of them");
    }
}

// Reports a word that can be a name, but is more likely something else.
static bool is_other_bare(struct builder *builder, struct text word, struct span at)
{
    static const char *const versions[] = { "usb1", "usb2", "usb3", NULL };
    const struct device_model *device = device_model_named(word);
    if (device)
        diag_hint(builder->diags,
                  builder_error(builder, at, "'%.*s' is a type of device", SHOW(word)),
                  "'attach' adds devices; name=%.*s if it is the name of a controller", SHOW(word));
    else if (text_is_among(word, versions))
        diag_hint(builder->diags,
                  builder_error(builder, at, "'%.*s' can be a name or a version", SHOW(word)),
                  "write usbversion=%c or name=%.*s", word.at[word.size - 1], SHOW(word));
    return device || text_is_among(word, versions);
}

void words_read_controller(struct builder *builder, const struct spec *spec)
{
    struct config_controller *controller = xenusb_read_controller(builder, spec);
    struct text word = spec->head;
    uint64_t index = 0;
    if (word.size == 0)
        return;
    if (xenusb_set_type(controller, word, spec->head_at))
        return;
    controller->model = controller_model_named(word);
    controller->model_at = controller->model ? spec->head_at : SPAN_NONE;
    if (controller->model)
        return;
    if (is_other_bare(builder, word, spec->head_at))
        return;
    if (text_number(word, 10, 0, UINT16_MAX, &index) == NUMBER_OK) {
        controller->name = arena_copy(builder->arena, word.at, word.size);
        controller->name_at = spec->head_at;
    } else {
        xenusb_set_name(builder, controller, word, spec->head_at);
    }
}
