// SPDX-License-Identifier: MIT
#include "old_command.h"

#include "base/arena.h"
#include "base/suggest.h"
#include "old_words.h"
#include "parser/parser.h"

static struct diag *complain_at(const struct old *old, size_t word, const char *what)
{
    return complain(old->diags, SEVERITY_ERROR, CODE_INVALID, old->source, old->at[word], "%s",
                    what);
}

// Decimal, or hexadecimal after 0x. A leading zero is octal in xl but decimal here.
static bool number_of(const struct old *old, size_t word, struct text text, unsigned *number)
{
    uint64_t value = 0;
    if (text_number(text, 0, 0, UINT16_MAX, &value) != NUMBER_OK) {
        complain_at(old, word, "expected a number");
        return false;
    }
    if (text.size > 1 && text.at[0] == '0' && text.at[1] >= '0' && text.at[1] <= '9')
        diag_hint(old->diags,
                  complain(old->diags, SEVERITY_WARNING, CODE_WARNING, old->source, old->at[word],
                           "'%.*s' is read as %u; xl would read an octal number", (int)text.size,
                           text.at, (unsigned)value),
                  "lsusb prints decimal numbers with leading zeros");
    *number = (unsigned)value;
    return true;
}

static bool number_at(const struct old *old, size_t word, unsigned *number)
{
    return number_of(old, word, old->word[word], number);
}

static struct advice_command command_of(const struct old *old, enum advice_kind kind,
                                        const char *argument)
{
    const struct domain domain = {
        .id = -1,
        .name = old->count ? arena_copy(old->arena, old->word[0].at, old->word[0].size) : "",
    };
    return advice_words(old->arena, kind, &domain, argument);
}

static const struct advice_command none = { .count = 0 };

// One function for each command below: the command of xenusb, or none after reporting an error.

static struct advice_command list(struct old *old)
{
    return command_of(old, ADVICE_LIST, NULL);
}

static struct advice_command devices(struct old *old)
{
    return command_of(old, ADVICE_DEVICES, NULL);
}

static struct advice_command create_controller(struct old *old)
{
    unsigned version = 0, ports = 0;
    if (!number_at(old, 1, &version) || !number_at(old, 2, &ports))
        return none;
    return command_of(
        old, ADVICE_ADD_CONTROLLER,
        arena_printf(old->arena, "type=pv,usbversion=%u,numports=%u", version, ports));
}

static struct advice_command remove_controller(struct old *old)
{
    unsigned index = 0;
    if (!number_at(old, 1, &index))
        return none;
    return command_of(old, ADVICE_REMOVE_CONTROLLER, arena_printf(old->arena, "%u", index));
}

static struct advice_command attach_to_port(struct old *old)
{
    unsigned controller = 0, port = 0;
    char busid[BUSID_SIZE];
    if (!number_at(old, 1, &controller) || !number_at(old, 2, &port))
        return none;
    if (!busid_read(old->word[3], busid)) {
        diag_hint(old->diags, complain_at(old, 3, "not a bus id"), "bus-port, like 1-8 or 6-2.1");
        return none;
    }
    return command_of(
        old, ADVICE_ATTACH,
        arena_printf(old->arena, "busid=%s,controller=%u,port=%u", busid, controller, port));
}

// xl's manual shows "controller=1 port=2"; xl itself accepts only the numbers.
static struct text behind_key(const struct old *old, size_t word, const char *key)
{
    struct text text = old->word[word];
    return text_starts(text, key) ? text_part(text, strlen(key), text.size) : text;
}

static struct advice_command detach_from_port(struct old *old)
{
    unsigned controller = 0, port = 0;
    struct text first = behind_key(old, 1, "controller="), second = behind_key(old, 2, "port=");
    if (!number_of(old, 1, first, &controller) || !number_of(old, 2, second, &port))
        return none;
    if (!port) {
        complain_at(old, 2, "ports begin with 1");
        return none;
    }
    if (first.size != old->word[1].size || second.size != old->word[2].size)
        complain(old->diags, SEVERITY_WARNING, CODE_WARNING, old->source, old->at[1],
                 "xl reads an argument with a key as 0, despite its manual");
    // Not CONTROLLER.PORT: with two numbers that is the bus and the address of a host device.
    return command_of(old, ADVICE_DETACH,
                      arena_printf(old->arena, "bus=%u,port=%u", controller, port));
}

// host:BUS.ADDRESS, host:VENDOR:PRODUCT.
static struct advice_command classic(struct old *old, enum advice_kind kind)
{
    struct text text = old->word[1];
    if (!text_starts(text, "host:")) {
        diag_hint(old->diags, complain_at(old, 1, "not a host device"),
                  "host:BUS.ADDRESS or host:VENDOR:PRODUCT");
        return none;
    }
    text = text_part(text, strlen("host:"), text.size);
    return command_of(old, kind, arena_copy(old->arena, text.at, text.size));
}

static struct advice_command add_classic(struct old *old)
{
    return classic(old, ADVICE_ATTACH);
}

static struct advice_command remove_classic(struct old *old)
{
    return classic(old, ADVICE_DETACH);
}

// Finds a key among the arguments after the domain; false if it is not there.
static bool keyed(const struct old *old, const char *key, struct text *value, size_t *word)
{
    for (size_t i = old->count; i-- > 1;)
        if (text_starts(old->word[i], key)) {
            *value = text_part(old->word[i], strlen(key), old->word[i].size);
            *word = i;
            return true;
        }
    return false;
}

// `keys` include their '='.
static void complain_key(const struct old *old, size_t word, const char *const *keys)
{
    struct text key = text_part(old->word[word], 0, text_find(old->word[word], '=', 0) + 1);
    diag_suggest(old->diags, complain_at(old, word, "xl has no such key here"), key, keys, NULL);
}

static bool knows_all(const struct old *old, const char *const *keys)
{
    for (size_t i = 1; i < old->count; i++) {
        const char *const *key = keys;
        while (*key && !text_starts(old->word[i], *key))
            key++;
        if (!*key) {
            complain_key(old, i, keys);
            return false;
        }
    }
    return true;
}

static struct advice_command attach_controller(struct old *old)
{
    static const char *const keys[] = { "type=", "version=", "ports=", NULL };
    static const char *const types[][2] = { { "auto", "type=auto" },
                                            { "pv", "type=vusb" },
                                            { "qusb", "type=qusb" },
                                            { "devicemodel", "type=emul" } };
    struct text value;
    size_t word = 0;
    unsigned version = 2, ports = 0;
    const char *spec = "type=auto";
    if (!knows_all(old, keys))
        return none;
    if (keyed(old, "type=", &value, &word)) {
        spec = NULL;
        for (size_t i = 0; i < 4; i++)
            spec = text_is_nocase(value, types[i][0]) ? types[i][1] : spec;
    }
    if (!spec) {
        diag_hint(old->diags, complain_at(old, word, "xl has no such type"),
                  "auto, pv, qusb or devicemodel");
        return none;
    }
    if (keyed(old, "version=", &value, &word) && !number_of(old, word, value, &version))
        return none;
    if (keyed(old, "ports=", &value, &word) && !number_of(old, word, value, &ports))
        return none;
    spec = arena_printf(old->arena, "%s,usbversion=%u", spec, version);
    if (ports)
        spec = arena_printf(old->arena, "%s,numports=%u", spec, ports);
    return command_of(old, ADVICE_ADD_CONTROLLER, spec);
}

static struct advice_command attach_device(struct old *old)
{
    static const char *const keys[] = { "type=",       "hostbus=", "hostaddr=",
                                        "controller=", "port=",    NULL };
    struct text value;
    size_t word = 0;
    unsigned bus = 0, address = 0, controller = 0, port = 0;
    if (!knows_all(old, keys))
        return none;
    if (!keyed(old, "hostbus=", &value, &word) || !number_of(old, word, value, &bus) ||
        !keyed(old, "hostaddr=", &value, &word) || !number_of(old, word, value, &address)) {
        complain_at(old, 0, "usbdev-attach needs hostbus= and hostaddr=");
        return none;
    }
    const char *spec = arena_printf(old->arena, "hostaddr=%u.%u", bus, address);
    if (keyed(old, "controller=", &value, &word)) {
        if (!number_of(old, word, value, &controller))
            return none;
        spec = arena_printf(old->arena, "%s,controller=%u", spec, controller);
    }
    if (keyed(old, "port=", &value, &word)) {
        if (!number_of(old, word, value, &port))
            return none;
        spec = arena_printf(old->arena, "%s,port=%u", spec, port);
    }
    return command_of(old, ADVICE_ATTACH, spec);
}

static const struct row {
    const char *tool, *verb;
    const char *words; // the arguments, for error messages
    size_t least, most;
    struct advice_command (*translate)(struct old *old);
} rows[] = {
    { "xm", "usb-list", "DOMAIN", 1, 1, list },
    { "xm", "usb-list-assignable-devices", "", 0, 0, devices },
    { "xm", "usb-hc-create", "DOMAIN VERSION PORTS", 3, 3, create_controller },
    { "xm", "usb-hc-destroy", "DOMAIN CONTROLLER", 2, 2, remove_controller },
    { "xm", "usb-attach", "DOMAIN CONTROLLER PORT BUSID", 4, 4, attach_to_port },
    { "xm", "usb-detach", "DOMAIN CONTROLLER PORT", 3, 3, detach_from_port },
    { "xm", "usb-add", "DOMAIN host:...", 2, 2, add_classic },
    { "xm", "usb-del", "DOMAIN host:...", 2, 2, remove_classic },
    { "xl", "usbctrl-attach", "DOMAIN KEY=VALUE...", 1, 4, attach_controller },
    { "xl", "usbctrl-detach", "DOMAIN CONTROLLER", 2, 2, remove_controller },
    { "xl", "usbdev-attach", "DOMAIN KEY=VALUE...", 1, 6, attach_device },
    { "xl", "usbdev-detach", "DOMAIN CONTROLLER PORT", 3, 3, detach_from_port },
    { "xl", "usb-list", "DOMAIN", 1, 1, list },
    // xl never had these, but people write them.
    { "xl", "usb-attach", "DOMAIN host:...", 2, 2, add_classic },
    { "xl", "usb-detach", "DOMAIN host:...", 2, 2, remove_classic },
    { "xl", "usb-add", "DOMAIN host:...", 2, 2, add_classic },
    { "xl", "usb-del", "DOMAIN host:...", 2, 2, remove_classic },
    { "xl", "usb-hc-create", "DOMAIN VERSION PORTS", 3, 3, create_controller },
    { "xl", "usb-hc-destroy", "DOMAIN CONTROLLER", 2, 2, remove_controller },
    { "xl", "usb-list-assignable-devices", "", 0, 0, devices },
};
enum { ROWS = sizeof rows / sizeof *rows };

// "/usr/sbin/xl" is "xl".
static struct text behind_folders(struct text path)
{
    for (size_t slash; (slash = text_find(path, '/', 0)) < path.size;)
        path = text_part(path, slash + 1, path.size);
    return path;
}

static const struct row *row_of(const struct old *old)
{
    for (size_t i = 0; old->count >= 2 && i < ROWS; i++)
        if (text_is(behind_folders(old->word[0]), rows[i].tool) &&
            text_is(old->word[1], rows[i].verb))
            return &rows[i];
    return NULL;
}

static void complain_unknown(const struct old *old)
{
    const char *names[ROWS + 1] = { NULL };
    for (size_t i = 0; i < ROWS; i++)
        names[i] = rows[i].verb;
    struct diag *diag =
        complain(old->diags, SEVERITY_ERROR, CODE_INVALID, old->source,
                 old->count > 1 ? old->at[1] : (struct span){ 0, (uint32_t)old->source->text.size },
                 "not a USB command of xm or xl");
    diag_suggest(old->diags, diag, old->count > 1 ? old->word[1] : TEXT_EMPTY, names,
                 "like: xm usb-attach DOMAIN CONTROLLER PORT BUSID");
}

struct advice_command old_command_translate(struct arena *arena, struct diags *diags,
                                            const char *line)
{
    struct old old = { .arena = arena, .diags = diags };
    old.source = source_from_words(arena, "<command>", &line, 1);
    if (!old_words_split(&old))
        return none;
    if (old.count && text_is(old.word[0], "sudo"))
        old_words_drop(&old, 1);
    old_words_drop_options(&old);
    const struct row *row = row_of(&old);
    if (!row) {
        complain_unknown(&old);
        return none;
    }
    old_words_drop(&old, 2);
    if (old.count < row->least || old.count > row->most) {
        diag_hint(
            diags,
            complain_error(diags, CODE_USAGE, "wrong arguments for %s %s", row->tool, row->verb),
            "%s %s %s", row->tool, row->verb, row->words);
        return none;
    }
    for (size_t i = 0; i < old.count; i++)
        if (!text_trim(old.word[i]).size) {
            complain_at(&old, i, "this word is empty");
            return none;
        }
    old_words_split_pairs(&old);
    return row->translate(&old);
}
