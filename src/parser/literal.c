// SPDX-License-Identifier: MIT
#include "literal.h"

#include "base/arena.h"

// A string that is being decoded. It never gets longer than its source.
struct decoding {
    struct builder *builder;
    char *bytes;
    uint32_t *places;
    size_t size;
};

static void put(struct decoding *decoding, char byte, uint32_t place)
{
    decoding->bytes[decoding->size] = byte;
    decoding->places[decoding->size++] = place;
}

// The value of a hexadecimal digit; 16 for any other letter.
static unsigned digit_of(char letter)
{
    uint64_t digit = 16;
    return text_number((struct text){ &letter, 1 }, 16, 0, 15, &digit) == NUMBER_OK
               ? (unsigned)digit
               : 16;
}

static void warn_about_escape(struct decoding *decoding, struct text raw, uint32_t at, size_t size)
{
    struct span span = { at, at + (uint32_t)size };
    diag_hint(decoding->builder->diags,
              builder_warning(decoding->builder, span, "'%.*s' is decoded as in Python", (int)size,
                              raw.at),
              "xl refuses it or drops it");
}

// Decodes up to `most` digits after the first `skip` bytes into one byte. Returns their number.
static size_t put_digits(struct decoding *decoding, struct text raw, uint32_t at, size_t skip,
                         size_t most, unsigned base)
{
    unsigned sum = 0;
    size_t count = 0;
    while (count < most && skip + count < raw.size && digit_of(raw.at[skip + count]) < base)
        sum = sum * base + digit_of(raw.at[skip + count++]);
    put(decoding, (char)(unsigned char)(sum & 0xff), at);
    return count;
}

// Decodes the escape at the start of `raw`, which is at source offset `at`. Returns its length.
static size_t put_escape(struct decoding *decoding, struct text raw, uint32_t at)
{
    static const char letters[] = "\"'\\abfnrtv", meanings[] = "\"'\\\a\b\f\n\r\t\v";
    const char *known = raw.at[1] ? strchr(letters, raw.at[1]) : NULL;
    if (known) {
        put(decoding, meanings[known - letters], at);
        return 2;
    }
    if (raw.at[1] == '\n')
        return 2;
    if (raw.at[1] == '\r')
        return raw.size > 2 && raw.at[2] == '\n' ? 3 : 2;
    size_t size = 2;
    if (digit_of(raw.at[1]) < 8) {
        size = 1 + put_digits(decoding, raw, at, 1, 3, 8);
    } else if (raw.at[1] == 'x' && raw.size >= 4 && digit_of(raw.at[2]) < 16 &&
               digit_of(raw.at[3]) < 16) {
        size = 2 + put_digits(decoding, raw, at, 2, 2, 16);
    } else {
        put(decoding, '\\', at);
        put(decoding, raw.at[1], at + 1);
    }
    warn_about_escape(decoding, raw, at, size);
    return size;
}

// Decodes the literal at a place in the source, with its prefix and quotes.
static void put_literal(struct decoding *decoding, struct span at)
{
    struct text raw = builder_text(decoding->builder, at);
    bool verbatim = false;
    size_t from = 0;
    while (raw.at[from] != '\'' && raw.at[from] != '"')
        verbatim = verbatim || raw.at[from] == 'r' || raw.at[from] == 'R', from++;
    size_t quotes = raw.size - from >= 6 && raw.at[from + 1] == raw.at[from] ? 3 : 1;
    size_t to = raw.size - quotes;
    for (from += quotes; from < to;) {
        uint32_t place = at.from + (uint32_t)from;
        if (raw.at[from] == '\\' && !verbatim && from + 1 < to)
            from += put_escape(decoding, text_part(raw, from, to), place);
        else
            put(decoding, raw.at[from++], place);
    }
    decoding->places[decoding->size] = at.from + (uint32_t)to;
}

bool literal_read(struct builder *builder, const struct value *value, struct literal *literal)
{
    size_t size = 0;
    for (const struct cell *cell = value->first; cell; cell = cell->next)
        size += cell->value.at.to - cell->value.at.from;
    if (!value->first)
        size = value->at.to - value->at.from;
    if (size > LITERAL_MAX) {
        builder_error(builder, value->at, "this string is %zu bytes long; the limit is %d", size,
                      LITERAL_MAX);
        return false;
    }
    struct decoding decoding = { builder, arena_alloc(builder->arena, size + 1),
                                 arena_array_of(builder->arena, uint32_t, size + 1), 0 };
    if (!value->first)
        put_literal(&decoding, value->at);
    for (const struct cell *cell = value->first; cell; cell = cell->next)
        put_literal(&decoding, cell->value.at);
    *literal = (struct literal){ { decoding.bytes, decoding.size }, decoding.places, value->at };
    return true;
}

void literal_plain(struct builder *builder, struct literal *literal)
{
    struct text text = builder->source->text;
    uint32_t *places = arena_array_of(builder->arena, uint32_t, text.size + 1);
    for (uint32_t i = 0; i <= text.size; i++)
        places[i] = i;
    *literal = (struct literal){ text, places, { 0, (uint32_t)text.size } };
}

struct span literal_span(const struct builder *builder, const struct literal *literal, size_t from,
                         size_t to)
{
    if (from >= to)
        return (struct span){ literal->places[from], literal->places[from] + 1 };
    uint32_t last = literal->places[to - 1];
    bool escape = builder->source->text.at[last] == '\\' && literal->places[to] > last;
    return (struct span){ literal->places[from], escape ? literal->places[to] : last + 1 };
}
