// SPDX-License-Identifier: MIT
// readback DIR... - translates each NAME.cfg in the directories to formats of other programs, reads
// the output back, and checks it: it has the same devices, on the same controllers and ports if the
// file names them, and translating it again changes nothing. Without a directory the configs, and
// guests of xend, are generated. Prints TAP.
#include "trial.h"

#include "base/json.h"
#include "base/source_read.h"

static unsigned number;
static bool all_passed = true;

static void report(const char *name, const char *what, const char *wrong, struct text out)
{
    printf("%sok %u - %s %s\n", wrong ? "not " : "", ++number, name, what);
    if (!wrong)
        return;
    all_passed = false;
    printf("# %s\n", wrong);
    fwrite(out.at, 1, out.size, stdout);
}

static const char *complaints_of(struct trial *trial)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&bytes, &size);
    if (!stream)
        abort();
    diags_print(&trial->diags, stream, false);
    fclose(stream);
    const char *words = arena_copy(trial->arena, bytes, size);
    free(bytes);
    return words;
}

// --- QEMU's arguments, as device_model_args ---

// Takes the next word as a shell does, and returns it as a string in double quotes.
static const char *take_argument(struct arena *arena, struct text *line)
{
    char *word = arena_alloc(arena, line->size * 2 + 1);
    size_t size = 0, at = 0;
    bool quoted = false;
    for (; at < line->size && (quoted || (line->at[at] != ' ' && line->at[at] != '\n')); at++) {
        char letter = line->at[at];
        if (letter == '\'') {
            quoted = !quoted;
            continue;
        }
        if (letter == '\\' && !quoted)
            letter = line->at[++at];
        if (letter == '"' || letter == '\\')
            word[size++] = '\\';
        word[size++] = letter;
    }
    *line = text_part(*line, at + 1, line->size);
    return word;
}

static struct text as_arguments(struct arena *arena, struct text out)
{
    const char *list = "";
    while (out.size)
        list = arena_printf(arena, "%s\n \"%s\",", list, take_argument(arena, &out));
    return text_of(arena_printf(arena, "name='q'\ntype='hvm'\ndevice_model_args=[%s ]\n", list));
}

// Returns the lines about USB, without the backing of the devices.
static struct text usb_lines(struct arena *arena, struct text out)
{
    char *kept = arena_alloc(arena, out.size + 1);
    size_t size = 0;
    for (size_t from = 0, to; from < out.size; from = to + 1) {
        to = text_find(out, '\n', from);
        struct text line = text_part(out, from, to + 1);
        if (!text_starts(line, "-usb\n") && !text_starts(line, "-device "))
            continue;
        memcpy(kept + size, line.at, line.size);
        size += line.size;
    }
    return (struct text){ kept, size };
}

// Returns whether `other` has every line of `lines`.
static bool has_lines(struct arena *arena, struct text lines, struct text other)
{
    for (size_t from = 0, to; from < lines.size; from = to + 1) {
        to = text_find(lines, '\n', from);
        struct text line = text_part(lines, from, to + 1);
        const char *found = memmem(other.at, other.size, line.at, line.size);
        if (!found || (found != other.at && found[-1] != '\n'))
            return false;
    }
    (void)arena;
    return true;
}

static const char *check_qemu(struct trial *trial)
{
    struct trial again;
    struct arena *arena = trial->arena;
    trial_compile(&again, arena, "arguments", as_arguments(arena, trial->out), parse_document);
    if (!again.compiled)
        return complaints_of(&again);
    const char *wrong =
        trial_difference(arena, trial->document.config, again.document.config, TRIAL_WHICH);
    if (wrong)
        return wrong;
    struct text before = usb_lines(arena, trial->out);
    trial_translate(&again, "qemu", false);
    struct text after = usb_lines(arena, again.out);
    return again.done && before.size == after.size && has_lines(arena, before, after)
               ? NULL
               : arena_printf(arena, "translated again it is not the same:\n%.*s", (int)after.size,
                              after.at);
}

// --- formats with a separate parser ---

// The config that was read from another program's format is the same in every dialect.
static const char *check_configs(struct trial *trial, enum trial_look look)
{
    for (const struct translation *to = translations; to->name; to++) {
        struct trial config;
        trial->diags.errors = 0;
        if (!to->is_config)
            continue;
        trial_translate(trial, to->name, false);
        if (!trial->done)
            continue;
        trial_compile(&config, trial->arena, to->name, trial->out, parse_document);
        const char *wrong = config.compiled ? trial_difference(trial->arena, trial->document.config,
                                                               config.document.config, look)
                                            : complaints_of(&config);
        if (wrong)
            return arena_printf(trial->arena, "to %s: %s\n%.*s", to->name, wrong,
                                (int)trial->out.size, trial->out.at);
    }
    return NULL;
}

static const char *check_libvirt(struct trial *trial, bool for_qemu)
{
    struct trial again;
    struct arena *arena = trial->arena;
    const char *whole = arena_printf(
        arena, "<domain type='%s'><name>x</name><os><type>hvm</type></os>%.*s</domain>",
        for_qemu ? "kvm" : "xen", (int)trial->out.size, trial->out.at);
    trial_compile(&again, arena, "elements", text_of(whole), parse_libvirt);
    if (!again.compiled)
        return complaints_of(&again);
    const char *wrong =
        trial_difference(arena, trial->document.config, again.document.config, TRIAL_ALL);
    if (wrong)
        return wrong;
    trial_translate(&again, "libvirt", for_qemu);
    if (!again.done || !text_same(again.out, trial->out))
        return arena_printf(arena, "translated again it is not the same:\n%.*s",
                            (int)again.out.size, again.out.at);
    return check_configs(&again, TRIAL_WHICH);
}

// --- JSON ---

static bool string_is(const struct json *value, struct text text)
{
    return value && text_same(json_text(value), text);
}

static bool given_is(const struct json *object, const char *key, const struct config_text *text)
{
    const struct json *member = json_member(object, key);
    return GIVEN(*text) ? string_is(member, text->text) : !member;
}

static bool place_is(const struct json *object, const struct source *source, struct span at)
{
    const struct json *place = json_member(object, "place");
    struct position position = source_position(source, at.from);
    return json_integer(json_member(place, "line"), -1) == position.line &&
           json_integer(json_member(place, "column"), -1) == position.column &&
           json_integer(json_member(place, "from"), -1) == at.from &&
           json_integer(json_member(place, "to"), -1) == at.to;
}

static bool number_is(const struct json *object, const char *key, unsigned value)
{
    return json_integer(json_member(object, key), 0) == value;
}

static bool controller_is(const struct json *json, const struct config *config,
                          const struct config_controller *at)
{
    static const char *const types[] = { "auto", "pv", "emul" };
    return number_is(json, "index", at->index) &&
           string_is(json_member(json, "name"), text_of(at->name)) &&
           string_is(json_member(json, "type"), text_of(types[at->type])) &&
           number_is(json, "usbversion", at->version.value) &&
           number_is(json, "numports", at->ports.value) &&
           string_is(json_member(json, "model"), text_of(at->model ? at->model->name : NULL)) ==
               (at->model != NULL) &&
           given_is(json, "backend", &at->backend) &&
           json_is_true(json_member(json, "at_creation")) == at->at_creation &&
           place_is(json, config->source, at->why);
}

static bool id_is(const struct json *host, const char *key, bool marked, unsigned value)
{
    char digits[sizeof "ffff"];
    snprintf(digits, sizeof digits, "%04x", value & 0xffff);
    const struct json *member = json_member(host, key);
    return marked ? string_is(member, text_of(digits)) : !member;
}

static bool selector_is(const struct json *host, const struct selector *at)
{
    unsigned criteria = at->criteria;
    return number_is(host, "bus", criteria & SELECT_BUS ? at->bus : 0) &&
           number_is(host, "address", criteria & SELECT_ADDRESS ? at->address : 0) &&
           id_is(host, "vendor", criteria & SELECT_VENDOR, at->vendor) &&
           id_is(host, "product", criteria & SELECT_PRODUCT, at->product) &&
           text_same(json_text(json_member(host, "busid")),
                     text_of(criteria & SELECT_BUSID ? at->busid : NULL)) &&
           text_same(json_text(json_member(host, "serial")),
                     criteria & SELECT_SERIAL ? at->serial : TEXT_EMPTY) &&
           text_same(json_text(json_member(host, "path")),
                     criteria & SELECT_PATH ? at->path : TEXT_EMPTY) &&
           text_same(json_text(json_member(host, "behind")),
                     text_of(criteria & SELECT_BEHIND ? at->behind : NULL));
}

static bool device_is(const struct json *json, const struct config *config,
                      const struct config_device *at)
{
    char buf[PORT_TEXT_SIZE];
    const struct device_model *model = device_model_of(at->kind);
    return string_is(json_member(json, "type"), text_of(model ? model->name : "other")) &&
           selector_is(json_member(json, "host"), &at->selector) &&
           json_integer(json_member(json, "controller"), -1) ==
               (at->controller ? (int)at->controller->index : -1) &&
           text_same(json_text(json_member(json, "port")), text_of(port_write(at->port, buf))) &&
           given_is(json, "file", &at->file) && given_is(json, "format", &at->format) &&
           given_is(json, "chardev", &at->chardev) && given_is(json, "audiodev", &at->audiodev) &&
           json_is_true(json_member(json, "readonly")) == at->readonly.value &&
           number_is(json, "count", at->count.value) &&
           json_is_true(json_member(json, "all")) == at->all.value &&
           json_is_true(json_member(json, "required")) == at->required.value &&
           json_is_true(json_member(json, "at_creation")) == at->at_creation &&
           place_is(json, config->source, at->why);
}

static const char *check_json(struct trial *trial)
{
    const char *why = NULL;
    const struct config *config = trial->document.config;
    const struct json *json = json_read(trial->arena, trial->out, &why);
    if (!json)
        return why;
    const struct json *controller = json_member(json, "controllers");
    const struct json *device = json_member(json, "devices");
    controller = controller ? controller->first : NULL;
    device = device ? device->first : NULL;
    for (const struct config_controller *at = config->controllers; at; at = at->next) {
        if (!controller || !controller_is(controller, config, at))
            return arena_printf(trial->arena, "controller %s differs", at->name);
        controller = controller->next;
    }
    for (const struct config_device *at = config->devices; at; at = at->next) {
        if (!device || !device_is(device, config, at))
            return arena_printf(trial->arena, "a device differs: %s",
                                selector_show(trial->arena, &at->selector));
        device = device->next;
    }
    return controller || device ? "the JSON has more" : NULL;
}

// --- files ---

static const char *check_libvirt_xen(struct trial *trial)
{
    return check_libvirt(trial, false);
}

static const char *check_libvirt_qemu(struct trial *trial)
{
    return check_libvirt(trial, true);
}

static const struct form {
    const char *what, *to;
    bool for_qemu;
    const char *(*check)(struct trial *trial);
} forms[] = {
    { "to qemu and back", "qemu", false, check_qemu },
    { "to libvirt (xen) and back", "libvirt", false, check_libvirt_xen },
    { "to libvirt (qemu) and back", "libvirt", true, check_libvirt_qemu },
    { "to json and back", "json", false, check_json },
};
enum { FORMS = sizeof forms / sizeof *forms };

// Returns false if the format cannot express it.
static bool try_form(struct arena *arena, const char *name, struct text text,
                     const struct form *form, const char **wrong, struct text *out)
{
    struct trial trial;
    trial_compile(&trial, arena, name, text, parse_document);
    if (trial.compiled)
        trial_translate(&trial, form->to, form->for_qemu);
    if (!trial.done)
        return false;
    *out = trial.out;
    *wrong = form->check(&trial);
    return true;
}

static void check_file(const char *directory, const char *name)
{
    for (size_t i = 0; i < FORMS; i++) {
        cleanup_arena struct arena *arena = arena_new(1024);
        struct diags diags;
        const char *wrong = NULL;
        struct text out;
        diags_init(&diags, arena);
        const struct source *source =
            source_read(arena, &diags, arena_printf(arena, "%s/%s", directory, name));
        if (source && try_form(arena, name, source->text, &forms[i], &wrong, &out))
            report(name, forms[i].what, wrong, out);
    }
}

enum { ROUNDS = 4000, ENOUGH = 200 };

static void check_generated(const struct form *form)
{
    unsigned checked = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        cleanup_arena struct arena *arena = arena_new(1024);
        const char *wrong = NULL;
        struct text text = trial_generate(arena), out;
        if (!try_form(arena, "generated", text, form, &wrong, &out))
            continue;
        checked++;
        if (wrong) {
            fwrite(text.at, 1, text.size, stdout);
            report("generated", form->what, wrong, out);
            return;
        }
    }
    report("generated", form->what, checked < ENOUGH ? "too few of them could be translated" : NULL,
           TEXT_EMPTY);
}

// Returns a guest as "xm list --long" prints it.
static struct text generate_guest(struct arena *arena)
{
    static const char *const usbdevices[] = { "", "(usbdevice tablet)", "(usbdevice 'host:1.5')",
                                              "(usbdevice host:046d:c52b)" };
    bool hvm = trial_pick(2);
    const char *text =
        arena_printf(arena, "(domain\n  (name g%u)\n  (image (%s (kernel /boot/k)%s %s))",
                     trial_pick(9), hvm ? "hvm" : "linux", hvm && trial_pick(2) ? " (usb 1)" : "",
                     hvm ? usbdevices[trial_pick(4)] : "");
    unsigned bus = 1;
    for (unsigned i = trial_pick(4); i; i--) {
        unsigned ports = 1 + trial_pick(16);
        text = arena_printf(arena, "%s\n  (device (vusb (usb-ver %u) (num-ports %u) (port", text,
                            1 + trial_pick(2), ports);
        for (unsigned port = 1; port <= ports; port++)
            text = trial_pick(3) ? arena_printf(arena, "%s (%u '')", text, port)
                                 : arena_printf(arena, "%s (%u %u-1.%u)", text, port, bus++, port);
        text = arena_printf(arena, "%s)))", text);
    }
    return text_of(arena_printf(arena, "%s)\n", text));
}

static void check_guests(void)
{
    const char *wrong = NULL;
    struct text text = TEXT_EMPTY;
    cleanup_arena struct arena *arena = arena_new(1024);
    for (unsigned i = 0; i < ROUNDS && !wrong; i++) {
        struct trial trial;
        text = generate_guest(arena);
        trial_compile(&trial, arena, "guest", text, parse_sxp);
        wrong = trial.compiled ? check_configs(&trial, TRIAL_WHICH) : complaints_of(&trial);
    }
    report("generated", "from sxp", wrong, text);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        all_passed = trial_directory(argv[i], check_file) && all_passed;
    for (size_t i = 0; argc == 1 && i < FORMS; i++)
        check_generated(&forms[i]);
    if (argc == 1)
        check_guests();
    printf("1..%u\n", number);
    return all_passed && number ? 0 : 1;
}
