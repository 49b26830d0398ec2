// SPDX-License-Identifier: MIT
#include "write.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/capture.h"
#include "qemu/image.h"

void items_add(struct arena *arena, struct items *items, const char *item)
{
    if (items->count == items->capacity) {
        size_t capacity = items->capacity * 2 + 8;
        const char **more = arena_array_of(arena, const char *, capacity);
        if (items->count)
            memcpy(more, items->at, items->count * sizeof *more);
        items->at = more;
        items->capacity = capacity;
    }
    items->at[items->count++] = item;
}

const char *config_quoted(struct arena *arena, const char *string)
{
    struct buffer quoted = buffer_in(arena);
    buffer_add_string(&quoted, "'");
    for (struct text rest = text_of(string); rest.size; rest = text_part(rest, 1, rest.size)) {
        bool escaped = *rest.at == '\'' || *rest.at == '\\';
        if (*rest.at == '\n')
            buffer_add_string(&quoted, "\\n");
        else
            buffer_printf(&quoted, "%s%c", escaped ? "\\" : "", *rest.at);
    }
    buffer_add_string(&quoted, "'");
    return buffer_string(&quoted);
}

// The list as xl and Python read it: "['a', 'b']", over several lines if it is long.
static const char *items_value(const struct writing *writing, const struct items *items)
{
    enum { WIDTH = 80 };
    size_t width = 0;
    for (size_t i = 0; i < items->count; i++)
        width += strlen(items->at[i]) + 4;
    const char *line_end = rewrite_line_end(writing->document->source);
    struct capture value;
    capture_begin(&value, writing->arena);
    FILE *stream = value.stream;
    putc('[', stream);
    for (size_t i = 0; i < items->count; i++) {
        if (width > WIDTH)
            fprintf(stream, "%s    ", line_end);
        fputs(config_quoted(writing->arena, items->at[i]), stream);
        if (i + 1 < items->count || width > WIDTH)
            fputs(width > WIDTH ? "," : ", ", stream);
    }
    fprintf(stream, "%s]", width > WIDTH ? line_end : "");
    return capture_end(&value).at;
}

const char *spec_add(struct arena *arena, const char *spec, const char *key, const char *format,
                     ...)
{
    va_list args;
    va_start(args, format);
    const char *value = arena_vprintf(arena, format, args);
    va_end(args);
    return arena_printf(arena, "%s%s%s=%s", spec, *spec ? "," : "", key, value);
}

struct replacement change_to(const struct writing *writing, const struct items *items)
{
    return (struct replacement){ true, items->count ? items_value(writing, items) : NULL };
}

void write_string(FILE *stream, const char *key, struct text text, const char *line_end)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == '"' || text.at[i] == '\\')
            return;
    if (text.size)
        fprintf(stream, "%s = \"%.*s\"%s", key, (int)text.size, text.at, line_end);
}

// Prints a config from scratch.
static void write_new(const struct writing *writing, const struct replacement changes[KEY_COUNT])
{
    const struct config_domain *domain = &writing->document->config->domain;
    if (!writing->only) {
        write_string(writing->out, "name", domain->name.text, "\n");
        write_string(writing->out, "uuid", domain->uuid.text, "\n");
        if (domain->type != DOMAIN_UNKNOWN)
            fprintf(writing->out, "type = \"%s\"\n", domain_type_name(domain->type));
    }
    for (int key = 0; key < KEY_COUNT; key++)
        if (changes[key].value && strcmp(changes[key].value, "0") != 0)
            fprintf(writing->out, "%s = %s\n", key_name((enum key)key), changes[key].value);
}

void write_rewritten(const struct writing *writing, const struct rewrite *rewrite,
                     const struct replacement changes[KEY_COUNT])
{
    if (writing->document->foreign)
        write_new(writing, changes);
    else if (writing->only)
        rewrite_print_only(rewrite, writing->document->statements, writing->out);
    else
        rewrite_print(rewrite, writing->out);
}

bool is_kept(const struct config_controller *controller)
{
    return controller->at_creation || controller->origin == ORIGIN_QEMU;
}

bool is_left_to_xl(const struct config_controller *controller)
{
    return controller->at_creation ||
           (controller->origin == ORIGIN_USBVERSION && controller->type == CONTROLLER_AUTO);
}

bool is_block_device(const struct writing *writing, struct config_flag block, struct text path)
{
    return GIVEN(block) ? block.value
                        : image_is_device(arena_copy(writing->arena, path.at, path.size));
}

#define COMPLAIN_AS(of_severity, of_code)                                                          \
    const struct diag like = { .severity = (of_severity),                                          \
                               .code = (of_code),                                                  \
                               .source = writing->document->source,                                \
                               .span = at };                                                       \
    va_list args;                                                                                  \
    va_start(args, format);                                                                        \
    struct diag *diag = complain_va(writing->diags, &like, format, args);                          \
    va_end(args);                                                                                  \
    return diag

struct diag *write_error(const struct writing *writing, struct span at, const char *format, ...)
{
    COMPLAIN_AS(SEVERITY_ERROR, CODE_UNSUPPORTED);
}

struct diag *write_note(const struct writing *writing, struct span at, const char *format, ...)
{
    COMPLAIN_AS(SEVERITY_NOTE, CODE_NOTE);
}

struct diag *write_warning(const struct writing *writing, struct span at, const char *format, ...)
{
    COMPLAIN_AS(SEVERITY_WARNING, CODE_WARNING);
}
