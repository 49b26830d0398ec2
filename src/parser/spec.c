// SPDX-License-Identifier: MIT
#include "spec.h"

#include "base/arena.h"
#include "meant.h"

// Generated; these need the includes and macros above them.
#include "spec.tab.h"
#define YYSTYPE SPEC_STYPE
#define YYLTYPE SPEC_LTYPE
#include "spec.lex.h"

static struct span place_of(const struct spec_builder *specs, struct span at)
{
    return literal_span(specs->builder, specs->literal, at.from, at.to);
}

static struct text text_at(const struct spec_builder *specs, struct span at)
{
    return text_part(specs->literal->text, at.from, at.to);
}

// The text at *at without surrounding blanks; shrinks *at to it.
static struct text trim(const struct spec_builder *specs, struct span *at)
{
    struct text text = text_trim(text_at(specs, *at));
    if (text.size == 0)
        return text;
    at->from = (uint32_t)(text.at - specs->literal->text.at);
    at->to = at->from + (uint32_t)text.size;
    return text;
}

void spec_head(struct spec_builder *specs, struct span word)
{
    specs->spec->head = trim(specs, &word);
    specs->spec->head_at = place_of(specs, word);
}

// Removes double quotes around a value, and shrinks *at accordingly.
static struct text unquote(struct arena *arena, struct text value, struct span *at)
{
    if (value.size < 2 || value.at[0] != '"' || value.at[value.size - 1] != '"')
        return value;
    *at = (struct span){ at->from + 1, at->to - 1 };
    value = text_part(value, 1, value.size - 1);
    if (text_find(value, '"', 0) == value.size)
        return value;
    char *decoded = arena_alloc(arena, value.size);
    size_t size = 0;
    for (size_t i = 0; i < value.size; i++) {
        decoded[size++] = value.at[i];
        i += text_starts(text_part(value, i, value.size), "\"\"");
    }
    return (struct text){ decoded, size };
}

void spec_pair(struct spec_builder *specs, struct span key_at, struct span value_at)
{
    struct spec_pair *pair = arena_new_of(specs->builder->arena, struct spec_pair);
    struct text key = text_at(specs, key_at), value = text_at(specs, value_at);
    key_at.to--; // the `=`
    pair->key = trim(specs, &key_at);
    pair->key_at = place_of(specs, key_at);
    bool tab = key.size && memchr(key.at, '\t', key.size);
    pair->loose = tab || key.at + key.size - 1 != pair->key.at + pair->key.size;

    struct text trimmed = trim(specs, &value_at);
    pair->trailing_blank = trimmed.size && trimmed.at + trimmed.size != value.at + value.size;
    pair->value = unquote(specs->builder->arena, trimmed, &value_at);
    pair->value_at = place_of(specs, value_at);
    pair->quoted = pair->value.at != trimmed.at;
    pair->loose = pair->loose || (value.size && pair->value.at != value.at);

    specs->last = pair;
    if (++specs->pairs <= PAIRS_MAX) {
        *specs->pairs_end = pair;
        specs->pairs_end = &pair->next;
    } else if (specs->pairs == PAIRS_MAX + 1) {
        builder_error(specs->builder, pair->key_at, "more than %d keys", PAIRS_MAX);
        specs->spec->broken = true;
    }
}

const char *spec_comma_hint(struct arena *arena, const struct spec_pair *pair)
{
    static const char *const texts[] = { "serial", "file", "chardev" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (text_is(pair->key, texts[i]))
            return arena_printf(arena,
                                "if the comma belongs to the value: %s=\"%.*s,...\", and two "
                                "quotes for one",
                                texts[i], SHOW(pair->value));
    return NULL;
}

void spec_empty_item(struct spec_builder *specs, struct span at)
{
    if (span_is_none(specs->spec->empty_at))
        specs->spec->empty_at = place_of(specs, (struct span){ at.from - 1, at.to });
}

void spec_unexpected(struct spec_builder *specs, struct span at)
{
    struct text word = trim(specs, &at);
    specs->spec->broken = true;
    struct diag *diag = builder_error(specs->builder, place_of(specs, at),
                                      "expected key=value, not '%.*s'", SHOW(word));
    const char *comma = specs->last ? spec_comma_hint(specs->builder->arena, specs->last) : NULL;
    const struct text before = specs->last ? specs->last->key : TEXT_EMPTY;
    const char *meant = comma ? comma : meant_pair(specs->builder->arena, before, word);
    if (meant)
        diag_hint(specs->builder->diags, diag, "%s", meant);
}

static void spec_start(struct spec_builder *specs)
{
    specs->spec = arena_new_of(specs->builder->arena, struct spec);
    specs->pairs_end = &specs->spec->pairs;
    specs->last = NULL;
    specs->pairs = 0;
}

void spec_end(struct spec_builder *specs, struct span at)
{
    specs->spec->text = trim(specs, &at);
    specs->spec->at = place_of(specs, at);
    *specs->end = specs->spec;
    specs->end = &specs->spec->next;
    spec_start(specs);
}

static struct spec *parse(struct builder *builder, const struct literal *literal, bool words)
{
    struct spec_builder specs = { .builder = builder, .literal = literal };
    struct text text = literal->text;
    void *scanner = NULL;
    specs.end = &specs.specs;
    spec_start(&specs);
    spec_lex_init_extra(&specs, &scanner);
    spec__scan_bytes(text.size ? text.at : "", (int)text.size, scanner);
    spec_begin(scanner, words);
    spec_parse(scanner, &specs);
    spec_lex_destroy(scanner);
    return specs.specs ? specs.specs : specs.spec;
}

struct spec *spec_of_literal(struct builder *builder, const struct literal *literal)
{
    struct spec *spec = parse(builder, literal, false);
    spec->at = literal->at;
    return spec;
}

struct spec *specs_of_words(struct builder *builder)
{
    struct literal literal;
    literal_plain(builder, &literal);
    return parse(builder, &literal, true);
}
