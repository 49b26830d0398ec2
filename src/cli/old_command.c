// SPDX-License-Identifier: MIT
#include "old_command.h"

#include "base/arena.h"
#include "base/suggest.h"
#include "parser/parser.h"

enum { WORDS_MAX = 16 };

// A command being translated; `word` starts after the verb.
struct old {
    struct arena *arena;
    struct diags *diags;
    const struct source *source;
    struct text word[WORDS_MAX];
    struct span at[WORDS_MAX];
    size_t count;
};

static struct diag *complain_at(const struct old *old, size_t word, const char *what)
{
    return complain(old->diags, SEVERITY_ERROR, old->source, old->at[word], "%s", what);
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
                  complain(old->diags, SEVERITY_WARNING, old->source, old->at[word],
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

// The domain name; NULL if a shell would not take it literally.
static const char *domain(const struct old *old)
{
    struct text name = old->word[0];
    for (size_t i = 0; i < name.size; i++)
        if (strchr("'\"\\$`*?[]{}()<>|&;#~! ", name.at[i]))
            return NULL;
    return text_show(old->arena, name, 256);
}

// One function for each command below: the text after "xenusb ", or NULL after reporting an error.

static const char *list(struct old *old)
{
    return arena_printf(old->arena, "list %s", domain(old));
}

static const char *devices(struct old *old)
{
    (void)old;
    return "devices";
}

static const char *create_controller(struct old *old)
{
    unsigned version = 0, ports = 0;
    if (!number_at(old, 1, &version) || !number_at(old, 2, &ports))
        return NULL;
    return arena_printf(old->arena, "controller add %s type=pv,usbversion=%u,numports=%u",
                        domain(old), version, ports);
}

static const char *remove_controller(struct old *old)
{
    unsigned index = 0;
    return number_at(old, 1, &index)
               ? arena_printf(old->arena, "controller remove %s %u", domain(old), index)
               : NULL;
}

static const char *attach_to_port(struct old *old)
{
    unsigned controller = 0, port = 0;
    char busid[BUSID_SIZE];
    if (!number_at(old, 1, &controller) || !number_at(old, 2, &port))
        return NULL;
    if (!busid_read(old->word[3], busid)) {
        diag_hint(old->diags, complain_at(old, 3, "not a bus id"), "bus-port, like 1-8 or 6-2.1");
        return NULL;
    }
    return arena_printf(old->arena, "attach %s busid=%s,controller=%u,port=%u", domain(old), busid,
                        controller, port);
}

// xl's manual shows "controller=1 port=2"; xl itself accepts only the numbers.
static struct text behind_key(const struct old *old, size_t word, const char *key)
{
    struct text text = old->word[word];
    return text_starts(text, key) ? text_part(text, strlen(key), text.size) : text;
}

static const char *detach_from_port(struct old *old)
{
    unsigned controller = 0, port = 0;
    struct text first = behind_key(old, 1, "controller="), second = behind_key(old, 2, "port=");
    if (!number_of(old, 1, first, &controller) || !number_of(old, 2, second, &port))
        return NULL;
    if (first.size != old->word[1].size || second.size != old->word[2].size)
        complain(old->diags, SEVERITY_WARNING, old->source, old->at[1],
                 "xl reads an argument with a key as 0, despite its manual");
    // Not CONTROLLER.PORT: with two numbers that is the bus and the address of a host device.
    return arena_printf(old->arena, "detach %s bus=%u,port=%u", domain(old), controller, port);
}

// host:BUS.ADDRESS, host:VENDOR:PRODUCT.
static const char *classic(struct old *old, const char *verb)
{
    struct text text = old->word[1];
    if (!text_starts(text, "host:")) {
        diag_hint(old->diags, complain_at(old, 1, "not a host device"),
                  "host:BUS.ADDRESS or host:VENDOR:PRODUCT");
        return NULL;
    }
    text = text_part(text, strlen("host:"), text.size);
    return arena_printf(old->arena, "%s %s %.*s", verb, domain(old), (int)text.size, text.at);
}

static const char *add_classic(struct old *old)
{
    return classic(old, "attach");
}

static const char *remove_classic(struct old *old)
{
    return classic(old, "detach");
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

static const char *attach_controller(struct old *old)
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
        return NULL;
    if (keyed(old, "type=", &value, &word)) {
        spec = NULL;
        for (size_t i = 0; i < 4; i++)
            spec = text_is_nocase(value, types[i][0]) ? types[i][1] : spec;
    }
    if (!spec) {
        diag_hint(old->diags, complain_at(old, word, "xl has no such type"),
                  "auto, pv, qusb or devicemodel");
        return NULL;
    }
    if (keyed(old, "version=", &value, &word) && !number_of(old, word, value, &version))
        return NULL;
    if (keyed(old, "ports=", &value, &word) && !number_of(old, word, value, &ports))
        return NULL;
    spec = arena_printf(old->arena, "%s,usbversion=%u", spec, version);
    if (ports)
        spec = arena_printf(old->arena, "%s,numports=%u", spec, ports);
    return arena_printf(old->arena, "controller add %s %s", domain(old), spec);
}

static const char *attach_device(struct old *old)
{
    static const char *const keys[] = { "type=",       "hostbus=", "hostaddr=",
                                        "controller=", "port=",    NULL };
    struct text value;
    size_t word = 0;
    unsigned bus = 0, address = 0, controller = 0, port = 0;
    if (!knows_all(old, keys))
        return NULL;
    if (!keyed(old, "hostbus=", &value, &word) || !number_of(old, word, value, &bus) ||
        !keyed(old, "hostaddr=", &value, &word) || !number_of(old, word, value, &address)) {
        complain_at(old, 0, "usbdev-attach needs hostbus= and hostaddr=");
        return NULL;
    }
    const char *spec = arena_printf(old->arena, "hostaddr=%u.%u", bus, address);
    if (keyed(old, "controller=", &value, &word)) {
        if (!number_of(old, word, value, &controller))
            return NULL;
        spec = arena_printf(old->arena, "%s,controller=%u", spec, controller);
    }
    if (keyed(old, "port=", &value, &word)) {
        if (!number_of(old, word, value, &port))
            return NULL;
        spec = arena_printf(old->arena, "%s,port=%u", spec, port);
    }
    return arena_printf(old->arena, "attach %s %s", domain(old), spec);
}

static const struct row {
    const char *tool, *verb;
    const char *words; // the arguments, for error messages
    size_t least, most;
    const char *(*translate)(struct old *old);
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
};
enum { ROWS = sizeof rows / sizeof *rows };

// Splits the line at blanks and removes quotes around whole words.
static size_t split(struct old *old)
{
    struct text text = old->source->text;
    size_t count = 0;
    for (size_t from = 0, to; from < text.size && count < WORDS_MAX; from = to + 1) {
        for (to = from; to < text.size && !strchr(" \t", text.at[to]);)
            to++;
        struct text word = text_part(text, from, to);
        if (!word.size)
            continue;
        bool quoted = word.size > 2 && (*word.at == '\'' || *word.at == '"') &&
                      word.at[word.size - 1] == *word.at;
        old->word[count] = quoted ? text_part(word, 1, word.size - 1) : word;
        old->at[count++] = (struct span){ (uint32_t)from, (uint32_t)to };
    }
    return count;
}

// "/usr/sbin/xl" is "xl".
static struct text behind_folders(struct text path)
{
    for (size_t slash; (slash = text_find(path, '/', 0)) < path.size;)
        path = text_part(path, slash + 1, path.size);
    return path;
}

static void drop_words(struct old *old, size_t count)
{
    memmove(old->word, old->word + count, (WORDS_MAX - count) * sizeof *old->word);
    memmove(old->at, old->at + count, (WORDS_MAX - count) * sizeof *old->at);
    old->count -= count;
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
        complain(old->diags, SEVERITY_ERROR, old->source,
                 old->count > 1 ? old->at[1] : (struct span){ 0, (uint32_t)old->source->text.size },
                 "not a USB command of xm or xl");
    diag_suggest(old->diags, diag, old->count > 1 ? old->word[1] : TEXT_EMPTY, names,
                 "like: xm usb-attach DOMAIN CONTROLLER PORT BUSID");
}

const char *old_command_translate(struct arena *arena, struct diags *diags, const char *line)
{
    struct old old = { .arena = arena, .diags = diags };
    old.source = source_from_words(arena, "<command>", &line, 1);
    old.count = split(&old);
    if (old.count && text_is(old.word[0], "sudo"))
        drop_words(&old, 1);
    const struct row *row = row_of(&old);
    if (!row) {
        complain_unknown(&old);
        return NULL;
    }
    drop_words(&old, 2);
    if (old.count < row->least || old.count > row->most) {
        diag_hint(diags, complain_error(diags, "wrong arguments for %s %s", row->tool, row->verb),
                  "%s %s %s", row->tool, row->verb, row->words);
        return NULL;
    }
    if (old.count && !domain(&old)) {
        complain_at(&old, 0, "not a domain name");
        return NULL;
    }
    const char *command = row->translate(&old);
    return command ? arena_printf(arena, "xenusb %s", command) : NULL;
}
