// SPDX-License-Identifier: MIT
#include "meant.h"

#include "base/arena.h"
#include "base/lookalike.h"
#include "builder.h"
#include "usb/model.h"

// ---- host devices ----

static bool is_busid(struct text text)
{
    char busid[BUSID_SIZE];
    return busid_read(text, busid) && text_find(text, ',', 0) == text.size;
}

// The key of which the text is a value; NULL if it is of none.
static const char *key_of_form(struct text text)
{
    struct selector selector = { 0 };
    return is_busid(text)                           ? "busid"
           : selector_read_id(text, &selector)      ? "id"
           : selector_read_address(text, &selector) ? "hostaddr"
                                                    : NULL;
}

// With each of some separators replaced by one; the first of a bus id is a dash.
static struct text separated(struct arena *arena, struct text text, bool dash, char separator)
{
    char *other = arena_copy(arena, text.at, text.size);
    bool first = dash;
    for (size_t i = 0; i < text.size; i++)
        if (strchr("-.:/_", text.at[i])) {
            other[i] = separator;
            if (first)
                other[i] = '-';
            first = false;
        }
    return (struct text){ other, text.size };
}

// Letters that look like digits.
static struct text with_digits(struct arena *arena, struct text text)
{
    char *other = arena_copy(arena, text.at, text.size);
    for (size_t i = 0; i < text.size; i++)
        if (strchr("Oo", text.at[i]))
            other[i] = '0';
        else if (strchr("lI", text.at[i]))
            other[i] = '1';
    return (struct text){ other, text.size };
}

// The text in the form of `key`; TEXT_EMPTY if it has none.
static struct text in_form_of(struct arena *arena, const char *key, struct text text)
{
    const struct text forms[] = { separated(arena, text, true, '.'),
                                  separated(arena, text, false, '.'),
                                  separated(arena, text, false, ':') };
    static const char *const keys[] = { "busid", "hostaddr", "id" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *form = key_of_form(forms[i]);
        if (form && strcmp(form, keys[i]) == 0 && (!*key || strcmp(key, keys[i]) == 0))
            return forms[i];
    }
    return TEXT_EMPTY;
}

// Without quotes, a word for what follows, and what ends a sentence.
static struct text without_frame(struct text text)
{
    static const char *const words[] = { "usb", "dev", "device", "id", "busid", NULL };
    size_t word = 0;
    while (text.size && strchr("\"'", text.at[0]))
        text = text_part(text, 1, text.size);
    while (text.size && strchr("\"'.,;:", text.at[text.size - 1]))
        text.size--;
    while (word < text.size && text_lower(text.at[word]) >= 'a' && text_lower(text.at[word]) <= 'z')
        word++;
    if (!text_is_among(text_part(text, 0, word), words))
        return text;
    while (word < text.size && strchr("-: ", text.at[word]))
        word++;
    return text_part(text, word, text.size);
}

// Without the directory in sysfs, and the number of an interface behind a bus id.
static struct text without_sysfs(struct text text)
{
    static const char directory[] = "/sys/bus/usb/devices/";
    if (text_starts(text, directory))
        text = text_part(text, sizeof directory - 1, text.size);
    struct text head = text_part(text, 0, text_find(text, ':', 0));
    return is_busid(head) ? head : text;
}

// "1/7" and "1050/0407", whose separator is of no form.
static const char *meant_address(struct arena *arena, struct text text, struct text rest)
{
    struct text id = separated(arena, text, false, ':');
    struct text address = separated(arena, text, false, '.');
    const char *form = key_of_form(address);
    if (key_of_form(id) && strcmp(key_of_form(id), "id") == 0)
        return arena_printf(arena, "write id=%.*s%.*s", SHOW(id), SHOW(rest));
    struct selector selector = { 0 };
    return form && selector_read_address(address, &selector)
               ? arena_printf(arena, "write %s=%u.%u%.*s", form, selector.bus, selector.address,
                              SHOW(rest))
               : NULL;
}

const char *meant_host_device(struct arena *arena, const char *key, struct text text)
{
    size_t comma = text_find(text, ',', 0);
    struct text rest = text_part(text, comma, text.size);
    if (text_find(rest, '=', 0) == rest.size)
        rest = text_part(rest, 0, 0);
    else
        text = text_part(text, 0, comma);
    struct text plain = without_sysfs(lookalike_ascii(arena, text));
    const char *form = key_of_form(plain);
    struct text same = *key ? in_form_of(arena, key, plain) : TEXT_EMPTY;
    if (!form) {
        plain = without_frame(plain);
        form = key_of_form(plain);
    }
    if (!form) {
        plain = with_digits(arena, plain);
        form = key_of_form(plain);
    }
    if (!form && !*key && text_find(plain, '/', 0) < plain.size)
        return meant_address(arena, plain, rest);
    if (!form && !same.size)
        return NULL;
    if (form && same.size && strcmp(form, key) != 0)
        return arena_printf(arena, "write %s=%.*s%.*s, or %s=%.*s if that is what it is", key,
                            SHOW(same), SHOW(rest), form, SHOW(plain));
    return form ? arena_printf(arena, "write %s=%.*s%.*s", form, SHOW(plain), SHOW(rest))
                : arena_printf(arena, "write %s=%.*s%.*s", key, SHOW(same), SHOW(rest));
}

// ---- items of usbdevice ----

const char *meant_item(struct arena *arena, struct text item)
{
    static const char *const options[] = { "-device ", "-usbdevice ", "--device ", "--usbdevice " };
    struct text plain = lookalike_ascii(arena, item);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (text_starts(plain, options[i]))
            plain = text_trim(text_part(plain, strlen(options[i]), plain.size));
    const char *host = meant_host_device(arena, "", plain);
    size_t comma = text_find(plain, ',', 0), colon = text_find(plain, ':', 0);
    const struct text first = text_part(plain, 0, comma);
    const struct device_model *model = device_model_driver(first);
    if (!model && text_same(plain, item))
        model = device_model_named(first);
    if (host)
        return host;
    if (text_starts(plain, "disk:"))
        return arena_printf(arena, "write type=disk,file=%.*s",
                            SHOW(text_part(plain, colon + 1, plain.size)));
    if (model)
        return arena_printf(arena, "write type=%s%.*s", model->name,
                            SHOW(text_part(plain, comma, plain.size)));
    if (text_is(text_part(plain, 0, colon), "type"))
        return arena_printf(arena, "write key=value: type=%.*s",
                            SHOW(text_part(plain, colon + 1, plain.size)));
    return text_same(plain, item) ? NULL : arena_printf(arena, "write %.*s", SHOW(plain));
}

// ---- keys and values ----

const char *meant_pair(struct arena *arena, struct text before, struct text word)
{
    const bool place = text_is(before, "bus") || text_is(before, "controller");
    const struct text port = text_part(word, text_find(word, '.', 0), word.size);
    uint64_t number = 0;
    if (place && text_number(word, 10, 1, UINT8_MAX, &number) == NUMBER_OK)
        return arena_printf(arena, "write port=%.*s", SHOW(word));
    if (text_is(word, "all"))
        return "write all=yes";
    return port.size < 2 && meant_host_device(arena, "", word) ? "each device is an item of its own"
                                                               : NULL;
}

const char *meant_apart(struct arena *arena, struct text word, struct text value,
                        const char *const *keys)
{
    static const char *const others[] = { "usbversion", "version", "numports",
                                          "model",      "backend", NULL };
    size_t from = word.size;
    while (from && !strchr(";:|/& \t", word.at[from - 1]))
        from--;
    struct text key = text_part(word, from, word.size);
    if (from > 1 && text_is_among(key, keys))
        return arena_printf(arena, "keys are separated by ',': write %.*s,%.*s=%.*s",
                            SHOW(text_trim(text_part(word, 0, from - 1))), SHOW(key), SHOW(value));
    return text_is_among(word, others) ? "that is a key of a controller"
                                       : meant_host_device(arena, "", word);
}

const char *meant_key(struct text word, struct text value, const char *const *keys)
{
    static const char *const rows[][2] = {
        { "vid", "vendor" },         { "idvendor", "vendor" },
        { "vendor_id", "vendor" },   { "pid", "product" },
        { "idproduct", "product" },  { "product_id", "product" },
        { "sn", "serial" },          { "serialnumber", "serial" },
        { "serialno", "serial" },    { "device", "hostaddr" },
        { "addr", "hostaddr" },      { "address", "hostaddr" },
        { "devnum", "hostaddr" },    { "dev", "hostaddr" },
        { "busnum", "hostbus" },     { "optional", "required" },
        { "ctrl", "bus" },           { "hci", "bus" },
        { "slot", "port" },          { "source", "file" },
        { "src", "file" },           { "image", "file" },
        { "ro", "readonly" },        { "read-only", "readonly" },
        { "port", "numports" },      { "ports", "numports" },
        { "num_ports", "numports" }, { "nports", "numports" },
        { "version", "usbver" },     { "usbversion", "usbver" },
        { "ver", "usbversion" },     { "usb_version", "usbversion" }
    };
    if (text_is_nocase(word, "bus") && text_starts(value, "0") && // as lsusb prints it
        text_is_among(text_of("hostbus"), keys))
        return "hostbus";
    if (text_is_nocase(word, "device") && text_find(value, ':', 0) < value.size &&
        text_is_among(text_of("id"), keys))
        return "id";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (text_is_nocase(word, rows[i][0]) && text_is_among(text_of(rows[i][1]), keys))
            return rows[i][1];
    return NULL;
}

static bool is_kind_of_controller(struct text value)
{
    return text_is_nocase(value, "emul") || text_is_nocase(value, "devicemodel") ||
           text_is_nocase(value, "pv") || text_is_nocase(value, "qusb") ||
           text_is_nocase(value, "vusb");
}

const char *meant_choice(struct arena *arena, struct text key, struct text value,
                         const char *const *choices)
{
    static const char *const rows[][2] = {
        { "kbd", "keyboard" },
        { "storage", "disk" },
        { "stick", "disk" },
        { "host", "hostdev" },
        { "ccid", "smartcard" },
        { "usbredir", "redir" },
        { "redirdev", "redir" },
        { "emul", "devicemodel" },
        { "emulated", "devicemodel" },
        { "uhci", "emul,usbversion=1" },
        { "usb1", "emul,usbversion=1" },
        { "ehci", "emul,usbversion=2" },
        { "usb2", "emul,usbversion=2" },
        { "xhci", "emul,usbversion=3" },
        { "usb3", "emul,usbversion=3" },
    };
    const struct device_model *model = device_model_driver(value);
    if (model && text_is_among(text_of(model->name), choices))
        return arena_printf(arena, "write %.*s=%s", SHOW(key), model->name);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text meant = text_of(rows[i][1]);
        struct text word = text_part(meant, 0, text_find(meant, ',', 0));
        if (text_is_nocase(value, rows[i][0]) && text_is_among(word, choices))
            return arena_printf(arena, "write %.*s=%s", SHOW(key), rows[i][1]);
    }
    if (text_is_among(text_of("tablet"), choices) && is_kind_of_controller(value))
        return "that is a type of controller, which belongs into usbcontroller";
    if (text_is_among(text_of("pv"), choices) && device_model_named(value))
        return "that is a type of device, which belongs into usbdevice";
    return NULL;
}
