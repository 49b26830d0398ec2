// SPDX-License-Identifier: MIT
#include "parser.h"

#include "dialect.h"
#include "scan.h"
#include "xen/advice.h"

// Generated; these need the includes and macros above them.
#include "config.tab.h"
#define YYSTYPE CONFIG_STYPE
#define YYLTYPE CONFIG_LTYPE
#include "config.lex.h"

// Whether the file is XML or an S-expression, after reporting an error.
static bool is_foreign(struct builder *builder)
{
    struct text text = builder->source->text;
    const char *name = builder->source->name;
    size_t at = text_starts(text, "\xef\xbb\xbf") ? 3 : 0;
    while (at < text.size && strchr(" \t\r\n", text.at[at]))
        at++;
    struct text rest = text_part(text, at, text.size);
    struct span place = { (uint32_t)at, (uint32_t)at + 1 };
    if (text_starts(rest, "<"))
        diag_hint(builder->diags, builder_error(builder, place, "this is XML, not a domain config"),
                  "%s", advice_for_file(builder->arena, ADVICE_FROM_LIBVIRT, name));
    else if (text_starts(rest, "(domain") || text_starts(rest, "(vm"))
        diag_hint(builder->diags,
                  builder_error(builder, place, "this is SXP, xend's format, not a domain config"),
                  "%s", advice_for_file(builder->arena, ADVICE_FROM_SXP, name));
    else
        return false;
    return true;
}

static void read_statements(struct builder *builder)
{
    struct text text = builder->source->text;
    struct scan scan;
    void *scanner = NULL;
    scan_init(&scan, builder);
    config_lex_init_extra(&scan, &scanner);
    config__scan_bytes(text.size ? text.at : "", (int)text.size, scanner);
    config_parse(scanner, builder);
    config_lex_destroy(scanner);
}

// The order numbers the controllers: xl's come first, so that they get the numbers that libxl gives
// them.
static void read_dialects(struct builder *builder)
{
    xl_read(builder);
    xenusb_read(builder);
    xm_read(builder);
    classic_read(builder);
    qemu_read(builder);
}

static void report_errors_of(struct diags *diags, const struct diags *other)
{
    for (const struct diag *diag = other->first; diag; diag = diag->next) {
        if (diag->severity != SEVERITY_ERROR)
            continue;
        struct diag *copy = complain(diags, SEVERITY_ERROR, diag->code, diag->source, diag->span,
                                     "%s", diag->message);
        if (diag->hint)
            diag_hint(diags, copy, "%s", diag->hint);
        for (const struct diag *also = diag->also; also; also = also->also)
            diag_also(diags, copy, also->source, also->span, "%s", also->message);
    }
}

// Reads each overridden value into a config of its own, which is thrown away, and reports the
// errors. Warnings are dropped: the value has one already.
static void check_overridden(struct builder *builder)
{
    for (const struct overridden *at = builder->overridden; at; at = at->next) {
        struct diags diags;
        struct builder other;
        diags_init(&diags, builder->arena);
        builder_init(&other, builder->arena, &diags, builder->source);
        other.settings[at->key] = at->setting;
        domain_read(&other);
        other.config->domain = builder->config->domain;
        read_dialects(&other);
        report_errors_of(builder->diags, &diags);
    }
}

struct document parse_document(struct arena *arena, struct diags *diags,
                               const struct source *source)
{
    struct builder builder;
    builder_init(&builder, arena, diags, source);
    struct document document = { source, builder.config, NULL, false };
    if (is_foreign(&builder))
        return document;
    read_statements(&builder);
    domain_read(&builder);
    read_dialects(&builder);
    check_overridden(&builder);
    config_settle(arena, builder.config);
    document.statements = builder.statements;
    return document;
}

struct config *parse_config(struct arena *arena, struct diags *diags, const struct source *source)
{
    return parse_document(arena, diags, source).config;
}

struct config *parse_specs(struct arena *arena, struct diags *diags, const struct source *source,
                           enum spec_what what)
{
    struct builder builder;
    builder_init(&builder, arena, diags, source);
    builder.config->from_command_line = true;
    for (struct spec *spec = specs_of_words(&builder); spec; spec = spec->next) {
        if (spec->text.size == 0)
            continue;
        if (what == SPEC_DEVICE)
            words_read_device(&builder, spec);
        else
            words_read_controller(&builder, spec);
    }
    config_settle(arena, builder.config);
    return builder.config;
}
