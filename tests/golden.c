// SPDX-License-Identifier: MIT
// golden DIR - compiles each NAME.cfg, libvirt's NAME.xml and xend's NAME.sxp in a directory, and
// compares the diagnostics, and what it compiles to, with NAME.expect. The names show the verdict:
// ok-* has neither errors nor warnings, warn-* has warnings, fail-* has errors. Prints TAP.
// UPDATE=1 in the environment rewrites the .expect files.
#include "base/arena.h"
#include "base/scope.h"
#include "base/source_read.h"
#include "config/check.h"
#include "dump.h"
#include "parser/foreign.h"
#include "parser/parser.h"

#include <errno.h>

// The compiler's output for one file.
struct result {
    char *words;
    size_t size;
    const char *verdict;
};

static const char *extension(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot : "";
}

static struct config *parse(struct arena *arena, struct diags *diags, const struct source *source)
{
    if (strcmp(extension(source->name), ".xml") == 0)
        return parse_libvirt(arena, diags, source).config;
    if (strcmp(extension(source->name), ".sxp") == 0)
        return parse_sxp(arena, diags, source).config;
    const struct document document = parse_document(arena, diags, source);
    if (!diags->errors)
        parse_check_xl(diags, &document);
    return document.config;
}

static void compile(const char *directory, const char *name, struct result *result)
{
    struct arena *arena = arena_new(1024);
    struct diags diags;
    diags_init(&diags, arena);
    const struct source *file =
        source_read(arena, &diags, arena_printf(arena, "%s/%s", directory, name));
    FILE *stream = open_memstream(&result->words, &result->size);
    if (!arena || !stream)
        abort();
    if (file) {
        const struct source *source =
            source_from_bytes(arena, name, file->text.at, file->text.size);
        struct config *config = parse(arena, &diags, source);
        check_config(arena, &diags, config);
        result->verdict = diags.errors ? "fail-" : diags.warnings ? "warn-" : "ok-";
        diags_print(&diags, stream, false);
        diags_print_summary(&diags, name, stream);
        fprintf(stream, "--\n");
        dump_config(stream, arena, config);
    } else {
        result->verdict = "";
        diags_print(&diags, stream, false);
    }
    fclose(stream);
    arena_free(arena);
}

static bool is_in_file(const char *path, const struct result *result)
{
    cleanup_free char *expected = malloc(result->size + 1);
    cleanup_fclose FILE *file = fopen(path, "re");
    if (!file || !expected)
        return false;
    size_t got = fread(expected, 1, result->size + 1, file);
    return got == result->size && memcmp(expected, result->words, got) == 0;
}

static bool write_file(const char *path, const struct result *result)
{
    cleanup_fclose FILE *file = fopen(path, "we");
    return file && fwrite(result->words, 1, result->size, file) == result->size;
}

// Prints the output, each line as a TAP comment.
static void explain(const struct result *result)
{
    fputs("# got:\n# ", stdout);
    for (size_t i = 0; i < result->size; i++) {
        putchar(result->words[i]);
        if (result->words[i] == '\n' && i + 1 < result->size)
            fputs("# ", stdout);
    }
}

static bool check(const char *directory, const char *name, bool update)
{
    struct result result = { NULL, 0, "" };
    compile(directory, name, &result);
    cleanup_free char *path = NULL;
    size_t stem = strlen(name) - strlen(".cfg");
    if (asprintf(&path, "%s/%.*s.expect", directory, (int)stem, name) < 0)
        abort();
    bool as_named = *result.verdict && text_starts(text_of(name), result.verdict);
    bool same = update ? write_file(path, &result) : is_in_file(path, &result);
    if (!as_named)
        printf("# the verdict is %s\n", *result.verdict ? result.verdict : "unreadable");
    if (!same)
        explain(&result);
    free(result.words);
    return as_named && same;
}

static int is_config(const struct dirent *entry)
{
    const char *is = extension(entry->d_name);
    return strcmp(is, ".cfg") == 0 || strcmp(is, ".xml") == 0 || strcmp(is, ".sxp") == 0;
}

int main(int argc, char **argv)
{
    const char *update = getenv("UPDATE");
    struct dirent **entries = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: %s DIR\n", argv[0]);
        return 2;
    }
    int count = scandir(argv[1], &entries, is_config, alphasort);
    if (count < 0) {
        fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
        return 2;
    }
    bool passed = count > 0;
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        bool ok = check(argv[1], entries[i]->d_name, update && *update);
        printf("%sok %d - %s\n", ok ? "" : "not ", i + 1, entries[i]->d_name);
        passed = passed && ok;
        free(entries[i]);
    }
    free(entries);
    return passed ? 0 : 1;
}
