// SPDX-License-Identifier: MIT
#include "field.h"

#include "base/arena.h"
#include "base/lookalike.h"
#include "base/suggest.h"
#include "meant.h"

static bool is_family(const struct spec_key *row)
{
    return row->name[strlen(row->name) - 1] == '.';
}

bool spec_key_is(const struct spec_key *row, struct text key)
{
    return is_family(row) ? text_starts(key, row->name) : text_is(key, row->name);
}

// `before`: the pair before it, or NULL.
static void report_unknown(struct builder *builder, const char *what, const struct spec_key *keys,
                           const struct spec_pair *pair, const struct spec_pair *before)
{
    enum { KEYS_MAX = 32 };
    const char *names[KEYS_MAX + 1] = { NULL };
    for (size_t i = 0, count = 0; keys[i].name && count < KEYS_MAX; i++)
        if (!is_family(&keys[i]))
            names[count++] = keys[i].name;
    struct diag *diag = diag_is(
        builder_error(builder, pair->key_at, "unknown key '%.*s' in %s", SHOW(pair->key), what),
        CODE_UNKNOWN_KEY);
    const char *comma = before ? spec_comma_hint(builder->arena, before) : NULL;
    const char *meant = meant_key(pair->key, pair->value, names);
    const char *apart = meant ? NULL : meant_apart(builder->arena, pair->key, pair->value, names);
    if (meant && text_is_nocase(pair->key, "optional"))
        diag_hint(builder->diags, diag, "write required=no");
    else if (meant)
        diag_hint(builder->diags, diag, "did you mean '%s'?", meant);
    else if (apart)
        diag_hint(builder->diags, diag, "%s", apart);
    else
        diag_suggest(builder->diags, diag, pair->key, names, comma);
}

// Whether a text is a key of the table and an equals sign, and more.
static bool begins_with_key(const struct spec_key *keys, struct text text)
{
    size_t equals = text_find(text, '=', 0);
    struct text key = text_trim(text_part(text, 0, equals));
    while (keys->name && !text_is(key, keys->name))
        keys++;
    return equals < text.size && keys->name;
}

// Where a value goes on with another key after something else than a comma; SIZE_MAX if it does
// not. A text may have blanks in it.
static size_t wrong_separator(const struct spec_key *keys, bool is_text,
                              const struct spec_pair *pair)
{
    struct text value = pair->value;
    const char *separators = is_text ? ";&|" : ";&| ";
    for (size_t i = 0; i < value.size && !pair->quoted; i++)
        if (strchr(separators, value.at[i]) &&
            begins_with_key(keys, text_part(value, i + 1, value.size)))
            return i;
    return SIZE_MAX;
}

// Whether a full-width comma is meant, after an error.
static bool has_other_comma(struct builder *builder, const struct spec_key *keys,
                            const struct spec_pair *pair)
{
    struct text plain = lookalike_ascii(builder->arena, pair->value);
    size_t comma = text_find(plain, ',', 0);
    if (pair->quoted || text_same(plain, pair->value) || comma == plain.size ||
        !begins_with_key(keys, text_part(plain, comma + 1, plain.size)))
        return false;
    diag_hint(builder->diags,
              builder_error(builder, pair->value_at,
                            "keys are separated by ',', not by a similar character"),
              "write %.*s=%.*s", SHOW(pair->key), SHOW(plain));
    return true;
}

// Whether the value goes on with another key after a wrong separator, after an error.
static bool has_wrong_separator(struct builder *builder, const struct spec_key *keys,
                                const struct spec_pair *pair)
{
    const bool is_text = spec_comma_hint(builder->arena, pair);
    const size_t wrong = wrong_separator(keys, is_text, pair);
    if (wrong == SIZE_MAX)
        return has_other_comma(builder, keys, pair);
    struct text rest = text_part(pair->value, wrong + 1, pair->value.size);
    struct span at = { pair->value_at.from + (uint32_t)wrong,
                       pair->value_at.from + (uint32_t)wrong + 1 };
    const char letter = pair->value.at[wrong];
    diag_hint(
        builder->diags,
        builder_error(builder, at, "keys are separated by ',', not by %s",
                      letter == ' ' ? "a blank" : arena_printf(builder->arena, "'%c'", letter)),
        "write %.*s=%.*s,%.*s", SHOW(pair->key), (int)wrong, pair->value.at, SHOW(rest));
    return true;
}

// Quotes of a word processor do not quote.
static void warn_about_quote(struct builder *builder, const struct spec_pair *pair)
{
    struct text plain = lookalike_ascii(builder->arena, pair->value);
    if (lookalike_is_quoted(pair->value))
        diag_hint(builder->diags,
                  builder_warning(builder, pair->value_at,
                                  "the typographic quotes are part of this value"),
                  "write %.*s=%.*s", SHOW(pair->key), SHOW(plain));
}

void fields_read(struct builder *builder, const struct spec *spec, const char *what,
                 const struct spec_key *keys, void *into)
{
    const struct spec_pair *given[PAIRS_MAX] = { NULL };
    const struct spec_pair *before = NULL;
    for (const struct spec_pair *pair = spec->pairs; pair; before = pair, pair = pair->next) {
        const struct spec_key *key = keys;
        while (key->name && !spec_key_is(key, pair->key))
            key++;
        warn_about_quote(builder, pair);
        if (!key->name)
            report_unknown(builder, what, keys, pair, before);
        else if (is_family(key) && !has_wrong_separator(builder, keys, pair))
            key->read(&(struct field){ builder, what, pair, spec->pairs }, into);
        if (!key->name || is_family(key))
            continue;
        size_t first = (size_t)(key - keys); // aliases count as their first name
        for (size_t i = 0; key->read && i < first; i++)
            first = keys[i].read == key->read ? i : first;
        if (given[first])
            diag_also(builder->diags,
                      builder_warning(builder, given[first]->key_at,
                                      "'%.*s' is given again: this one is ignored",
                                      SHOW(given[first]->key)),
                      builder->source, pair->key_at, "the last one wins");
        given[first] = has_wrong_separator(builder, keys, pair) ? NULL : pair;
    }
    for (size_t i = 0; keys[i].name; i++)
        if (given[i] && keys[i].read)
            keys[i].read(&(struct field){ builder, what, given[i], spec->pairs }, into);
}

struct diag *spec_refuse_head(struct builder *builder, const struct spec *spec)
{
    return spec->head.size ? builder_error(builder, spec->head_at, "expected key=value, not '%.*s'",
                                           SHOW(spec->head))
                           : NULL;
}

void field_selects(const struct field *field, struct config_device *device)
{
    struct span at = { field->pair->key_at.from, field->pair->value_at.to };
    if (span_is_none(device->selector_at))
        device->selector_at = at;
    if (at.from < device->selector_at.from)
        device->selector_at.from = at.from;
    if (at.to > device->selector_at.to)
        device->selector_at.to = at.to;
}

void field_property(const struct field *field, struct config_property **properties)
{
    static const char family[] = "qemu.";
    struct builder *builder = field->builder;
    const struct spec_pair *pair = field->pair;
    struct text name = pair->key;
    struct span at = { pair->key_at.from, pair->value_at.to };
    if (text_starts(name, family))
        name = text_part(name, sizeof family - 1, name.size);
    if (!name.size || !pair->value.size) {
        builder_error(builder, pair->key_at,
                      name.size ? "'%.*s' has no value" : "'%.*s' has no name", SHOW(pair->key));
        return;
    }
    while (*properties && !text_same((*properties)->name, name))
        properties = &(*properties)->next;
    if (*properties) {
        struct span other = (*properties)->value.at;
        diag_also(builder->diags,
                  builder_error(builder, at.from > other.from ? at : other,
                                "QEMU's property '%.*s' is given again", SHOW(name)),
                  builder->source, at.from > other.from ? other : at, "it is given here");
        return;
    }
    *properties = arena_new_of(builder->arena, struct config_property);
    **properties = (struct config_property){ .name = name, .value = { at, pair->value } };
}

bool field_number(const struct field *field, uint64_t min, uint64_t max, enum number_rule rule,
                  struct config_number *number)
{
    const char *what =
        arena_copy(field->builder->arena, field->pair->key.at, field->pair->key.size);
    struct config_text text = { field->pair->value_at, field->pair->value };
    return number_read(field->builder, what, text, (struct number_range){ min, max, rule }, number);
}

static bool is_hex_and_colon(struct text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!strchr("0123456789abcdefABCDEFxX:", text.at[i]))
            return false;
    return text_find(text, ':', 0) < text.size;
}

// Two words of letters and digits, one of which may have a mistake.
static bool is_like_id(struct text text)
{
    unsigned colons = 0;
    for (size_t i = 0; i < text.size; i++) {
        const char letter = text_lower(text.at[i]);
        colons += letter == ':';
        if (letter != ':' && (letter < '0' || letter > '9') && (letter < 'a' || letter > 'z'))
            return false;
    }
    return colons == 1;
}

bool id_read(struct builder *builder, struct text text, struct span at, struct selector *selector)
{
    size_t colon = text_find(text, ':', 0);
    bool plain = is_hex_and_colon(text);
    const char *meant = plain ? NULL : meant_host_device(builder->arena, "id", text);
    if (colon == text.size || meant || !is_like_id(text)) {
        if (!meant)
            meant = meant_item(builder->arena, text);
        diag_hint(builder->diags,
                  builder_error(builder, at, "'%.*s' is not VENDOR:PRODUCT", SHOW(text)), "%s",
                  meant ? meant : "use the form of lsusb, for example 046d:c52b");
        return false;
    }
    struct span first = { at.from, at.from + (uint32_t)colon };
    struct span second = { first.to + 1, at.to };
    bool vendor =
        hex_read(builder, "the vendor", text_part(text, 0, colon), first, &selector->vendor);
    bool product = hex_read(builder, "the product", text_part(text, colon + 1, text.size), second,
                            &selector->product);
    selector->criteria |= vendor && product ? SELECT_VENDOR | SELECT_PRODUCT : 0;
    return vendor && product;
}

bool host_word_read(struct builder *builder, struct text word, struct span at,
                    struct selector *selector, bool *broken)
{
    *broken = false;
    if (busid_read(word, selector->busid))
        selector->criteria |= SELECT_BUSID;
    else if (path_read(word, &selector->path))
        selector->criteria |= SELECT_PATH;
    else if (selector_read_printed(word, selector) || selector_read_behind(word, selector))
        return true;
    else if (text_find(word, ':', 0) < word.size)
        *broken = !id_read(builder, word, at, selector);
    else
        return selector_read_address(word, selector);
    return true;
}

bool address_read(struct builder *builder, const char *what, struct text text, struct span at,
                  struct selector *selector)
{
    size_t dot = text_find(text, '.', 0);
    struct config_text first = { { at.from, at.from + (uint32_t)dot }, text_part(text, 0, dot) };
    struct config_text second = { { first.at.to + 1, at.to }, text_part(text, dot + 1, text.size) };
    struct config_number bus, address;
    if (dot == text.size) {
        builder_error(builder, at, "%s must be BUS.ADDRESS, not '%.*s'", what, SHOW(text));
        return false;
    }
    if (!number_read(builder, arena_printf(builder->arena, "the bus of %s", what), first,
                     (struct number_range){ 1, UINT8_MAX, NUMBER_AMBIGUOUS }, &bus) ||
        !number_read(builder, arena_printf(builder->arena, "the address of %s", what), second,
                     (struct number_range){ 1, ADDRESS_MAX, NUMBER_AMBIGUOUS }, &address))
        return false;
    selector->criteria |= SELECT_BUS | SELECT_ADDRESS;
    selector->bus = (uint8_t)bus.value;
    selector->address = (uint8_t)address.value;
    return true;
}

void field_port(const struct field *field, struct port *port, struct span *at)
{
    struct text text = field->pair->value;
    *at = field->pair->value_at;
    *port = PORT_ANY;
    if (text_is(text, "0") || port_read(text, port))
        return;
    size_t dot = text_find(text, '.', 0);
    struct diag *diag = builder_error(field->builder, *at, "'%.*s' is not a port", SHOW(text));
    if (dot < text.size && text_lower(*text.at) >= 'a' && text_lower(*text.at) <= 'z')
        diag_hint(field->builder->diags, diag, "write bus=%.*s,port=%.*s", (int)dot, text.at,
                  SHOW(text_part(text, dot + 1, text.size)));
    else
        diag_hint(field->builder->diags, diag,
                  "use a number from 1, dotted behind a hub (2.4), or 0 for any port");
}

void field_flag(const struct field *field, struct config_flag *flag)
{
    static const struct choice choices[] = { { "yes", 1 }, { "no", 0 },   { "1", 1 },
                                             { "0", 0 },   { "true", 1 }, { "false", 0 },
                                             { "on", 1 },  { "off", 0 },  { NULL, 0 } };
    int value = 0;
    if (field_choice(field, choices, &value))
        *flag = (struct config_flag){ field->pair->value_at, value != 0 };
}

void field_text(const struct field *field, struct config_text *text)
{
    const struct spec_pair *pair = field->pair;
    if (pair->value.size)
        *text = (struct config_text){ pair->value_at, pair->value };
    else
        builder_error(field->builder, pair->key_at, "'%.*s' has no value", SHOW(pair->key));
}

bool field_choice(const struct field *field, const struct choice *choices, int *value)
{
    enum { CHOICES_MAX = 24 };
    const char *names[CHOICES_MAX + 1] = { NULL };
    struct builder *builder = field->builder;
    const struct spec_pair *pair = field->pair;
    for (size_t i = 0; choices[i].name && i < CHOICES_MAX; i++) {
        if (text_is_nocase(pair->value, choices[i].name)) {
            *value = choices[i].value;
            return true;
        }
        names[i] = choices[i].name;
    }
    struct diag *diag = builder_error(builder, pair->value_at, "%.*s cannot be '%.*s' in %s",
                                      SHOW(pair->key), SHOW(pair->value), field->spec);
    const char *meant = meant_choice(builder->arena, pair->key, pair->value, names);
    if (meant)
        diag_hint(builder->diags, diag, "%s", meant);
    else
        diag_suggest(builder->diags, diag, pair->value, names, NULL);
    return false;
}
