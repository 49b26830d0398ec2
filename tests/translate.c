// SPDX-License-Identifier: MIT
// translate DIR... - translates each NAME.cfg in the directories to every dialect of configs, and
// checks the output: everything outside the statements that may change is the same, byte for byte;
// it compiles to the same; translating it again changes nothing. If there is a file NAME.DIALECT,
// the output must equal it (UPDATE=1 in the environment rewrites it). Without a directory, the
// configs are generated. Prints TAP.
#include "base/source_read.h"
#include "trial.h"

static struct trial try_text(struct arena *arena, const char *name, struct text text,
                             const struct translation *to)
{
    struct trial trial;
    trial_compile(&trial, arena, name, text, parse_document);
    if (trial.compiled)
        trial_translate(&trial, to->name, false);
    return trial;
}

// --- the checks; each returns NULL, or an error message ---

// The output has all pieces between the statements that may change (those of USB and, for xl,
// Python that was resolved), in order, the first at its beginning and the last at its end.
static const char *check_bytes(const struct trial *trial)
{
    struct text in = trial->document.source->text;
    size_t from = 0, done = 0;
    for (const struct statement *at = trial->document.statements;; at = at->next) {
        if (at && at->kind != STATEMENT_USB && !at->resolved)
            continue;
        size_t to = at ? at->at.from : in.size;
        struct text piece = text_part(in, from, to), rest = text_part(trial->out, done, SIZE_MAX);
        const char *found = piece.size ? memmem(rest.at, rest.size, piece.at, piece.size) : rest.at;
        if (!found || (from == 0 && found != rest.at))
            return "a byte outside the statements has changed";
        if (!at) {
            struct text tail = text_part(trial->out, trial->out.size - piece.size, SIZE_MAX);
            return text_same(tail, piece) ? NULL : "the end of the file has changed";
        }
        done = (size_t)(found - trial->out.at) + piece.size;
        from = at->at.to;
    }
}

// Returns what a config compiles to as text, without places and dialects.
static const char *signature(struct arena *arena, const struct config *config, bool xl)
{
    char *bytes = NULL, buf[PORT_TEXT_SIZE];
    size_t size = 0;
    FILE *stream = open_memstream(&bytes, &size);
    if (!stream)
        abort();
    for (const struct config_controller *at = config->controllers; at && !xl; at = at->next)
        fprintf(stream, "controller %u %s type %d pvusb %d version %u ports %u %s backend %.*s%s\n",
                at->index, at->name, at->type, at->pvusb, at->version.value, at->ports.value,
                at->model ? at->model->name : "", (int)at->backend.text.size,
                at->backend.text.at ? at->backend.text.at : "", at->at_creation ? " there" : "");
    // xl has separate lists for host devices and emulated ones.
    for (unsigned turn = 0; turn < 2; turn++)
        for (const struct config_device *at = config->devices; at; at = at->next) {
            if (xl ? (at->kind == DEVICE_HOSTDEV) != (turn == 0) : turn > 0)
                continue;
            fprintf(stream, "device %d %s", at->kind, selector_show(arena, &at->selector));
            if (!xl)
                fprintf(stream, " on %d port %s%s%s",
                        at->controller ? (int)at->controller->index : -1, port_write(at->port, buf),
                        at->required.value ? "" : " maybe", at->at_creation ? " there" : "");
            for (const struct config_property *property = at->properties; property;
                 property = property->next)
                fprintf(stream, " %.*s=%.*s", (int)property->name.size, property->name.at,
                        (int)property->value.text.size, property->value.text.at);
            fprintf(stream, " %.*s %.*s %.*s %d\n", (int)at->file.text.size,
                    at->file.text.at ? at->file.text.at : "", (int)at->chardev.text.size,
                    at->chardev.text.at ? at->chardev.text.at : "", (int)at->format.text.size,
                    at->format.text.at ? at->format.text.at : "", at->readonly.value);
        }
    fclose(stream);
    char *words = arena_copy(arena, bytes, size);
    free(bytes);
    return words;
}

// xl adds the same controllers in the same order, and attaches each device to the same place.
static const char *check_places(const struct trial *before, const struct trial *after)
{
    const struct config *config = before->document.config;
    const struct config_controller *theirs = after->document.config->controllers;
    for (const struct config_controller *at = config->controllers; at; at = at->next) {
        if (at->at_creation || (at->origin == ORIGIN_USBVERSION && at->type == CONTROLLER_AUTO))
            continue;
        while (theirs && theirs->at_creation)
            theirs = theirs->next;
        if (!theirs || !trial_controller_is(at, theirs))
            return arena_printf(before->arena, "controller %s differs", at->name);
        if (GIVEN(at->ports) && theirs->ports.value != at->ports.value)
            return arena_printf(before->arena, "the ports of controller %s differ", at->name);
        theirs = theirs->next;
    }
    return trial_difference(before->arena, config, after->document.config, TRIAL_WHICH);
}

static const char *check(const struct trial *trial, const char *name, const struct translation *to)
{
    const char *wrong = check_bytes(trial);
    if (wrong)
        return wrong;
    struct trial again = try_text(trial->arena, name, trial->out, to);
    if (!again.compiled)
        return "the output does not compile";
    if (!again.done)
        return "the output cannot be translated again";
    if (!text_same(again.out, trial->out))
        return "translating it again changes it";
    bool xl = strcmp(to->name, "xl") == 0;
    const char *before = signature(trial->arena, trial->document.config, xl);
    const char *after = signature(trial->arena, again.document.config, xl);
    if (strcmp(before, after) != 0)
        return arena_printf(trial->arena, "it does not compile to the same:\n%s--\n%s", before,
                            after);
    return xl ? check_places(trial, &again) : NULL;
}

// --- files ---

static unsigned number;
static bool all_passed = true;

static void report(const struct trial *trial, const char *name, const char *to, const char *wrong)
{
    printf("%sok %u - %s to %s\n", wrong ? "not " : "", ++number, name, to);
    if (!wrong)
        return;
    all_passed = false;
    printf("# %s\n", wrong);
    fwrite(trial->out.at, 1, trial->out.size, stdout);
    putchar('\n');
}

// Compares the output with the expected translation, if there is one.
static const char *check_expected(const struct trial *trial, const char *path, const char *to)
{
    const char *expected = arena_printf(trial->arena, "%.*s.%s", (int)(strlen(path) - 4), path, to);
    const char *update = getenv("UPDATE");
    if (access(expected, F_OK) != 0)
        return NULL;
    struct diags diags;
    diags_init(&diags, trial->arena);
    struct text out = trial->out;
    if (!trial->done) {
        char *bytes = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&bytes, &size);
        struct diags said = trial->diags;
        if (!stream)
            abort();
        diags_print(&said, stream, false);
        fclose(stream);
        out = trial_keep(trial->arena, bytes, size);
        free(bytes);
    }
    if (update && *update) {
        cleanup_fclose FILE *file = fopen(expected, "we");
        return file && fwrite(out.at, 1, out.size, file) == out.size ? NULL : "cannot be written";
    }
    const struct source *source = source_read(trial->arena, &diags, expected);
    return source && text_same(source->text, out) ? NULL : "the output differs from the expected";
}

static void check_file(const char *directory, const char *name)
{
    for (const struct translation *to = translations; to->name; to++) {
        cleanup_arena struct arena *arena = arena_new(1024);
        struct diags diags;
        diags_init(&diags, arena);
        const char *path = arena_printf(arena, "%s/%s", directory, name);
        const struct source *source = source_read(arena, &diags, path);
        if (!source)
            continue;
        struct trial trial = try_text(arena, name, source->text, to);
        if (!trial.compiled)
            return;
        const char *wrong = check_expected(&trial, path, to->name);
        if (!wrong && trial.done && to->is_config)
            wrong = check(&trial, name, to);
        report(&trial, name, to->name, wrong);
    }
}

// --- generated configs ---

static void check_generated(void)
{
    enum { ROUNDS = 20000, ENOUGH = 1000 };
    for (const struct translation *to = translations; to->name; to++) {
        unsigned checked = 0;
        const char *wrong = NULL;
        for (unsigned i = 0; i < ROUNDS && to->is_config && !wrong; i++) {
            cleanup_arena struct arena *arena = arena_new(1024);
            struct trial trial = try_text(arena, "generated", trial_generate(arena), to);
            if (!trial.done)
                continue;
            checked++;
            wrong = check(&trial, "generated", to);
            if (wrong) {
                fputs(trial.document.source->text.at, stdout);
                report(&trial, "generated", to->name, wrong);
            }
        }
        if (to->is_config && !wrong)
            report(&(struct trial){ 0 }, "generated", to->name,
                   checked < ENOUGH ? "too few of them could be translated" : NULL);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        all_passed = trial_directory(argv[i], check_file) && all_passed;
    if (argc == 1)
        check_generated();
    printf("1..%u\n", number);
    return all_passed && number ? 0 : 1;
}
