// SPDX-License-Identifier: MIT
// translate DIR... - translates each NAME.cfg in the directories into every dialect that is a
// config, and judges what comes: everything outside of the statements that may change is there byte
// for byte; it compiles to the same; translated again it stays as it is. Where NAME.DIALECT stands
// beside it, it is what must come (with UPDATE=1 in the environment it is written anew). Without a
// directory the configs are generated. Prints TAP.
#include "parser/translate.h"
#include "arena.h"
#include "check.h"
#include "parser/parser.h"
#include "scope.h"

#include <errno.h>

// One config and what came of it.
struct trial {
    struct arena *arena;
    struct diags diags;
    struct document document;
    struct text out;
    bool compiled; // the input has no errors
    bool done;     // and neither has the translation
};

static struct text kept(struct arena *arena, const char *bytes, size_t size)
{
    return (struct text){ arena_copy(arena, bytes, size), size };
}

// Translates a text. What is complained of is not of interest here.
static struct trial try_text(struct arena *arena, const char *name, struct text text,
                             const struct translation *to)
{
    struct trial trial = { .arena = arena };
    char *bytes = NULL;
    size_t size = 0;
    diags_init(&trial.diags, arena);
    const struct source *source = source_from_bytes(arena, name, text.at, text.size);
    trial.document = parse_document(arena, &trial.diags, source);
    check_config(arena, &trial.diags, trial.document.config);
    trial.compiled = trial.diags.errors == 0;
    if (!trial.compiled)
        return trial;
    struct writing writing = { .arena = arena,
                               .diags = &trial.diags,
                               .document = &trial.document,
                               .comments = true,
                               .out = open_memstream(&bytes, &size) };
    if (!writing.out)
        abort();
    to->write(&writing);
    fclose(writing.out);
    trial.out = kept(arena, bytes, size);
    trial.done = trial.diags.errors == 0;
    free(bytes);
    return trial;
}

// --- the judges; each returns NULL, or what is wrong ---

// The pieces between the statements that may change stand in the output in their order, the first
// at its beginning and the last at its end.
static const char *judge_bytes(const struct trial *trial)
{
    struct text in = trial->document.source->text;
    size_t from = 0, done = 0;
    for (const struct statement *at = trial->document.statements;; at = at->next) {
        size_t to = at ? at->at.from : in.size;
        struct text piece = text_part(in, from, to), rest = text_part(trial->out, done, SIZE_MAX);
        const char *found = piece.size ? memmem(rest.at, rest.size, piece.at, piece.size) : rest.at;
        if (!found || (from == 0 && found != rest.at))
            return "a byte outside of the statements changed";
        if (!at) {
            struct text tail = text_part(trial->out, trial->out.size - piece.size, SIZE_MAX);
            return text_same(tail, piece) ? NULL : "the end of the file changed";
        }
        done = (size_t)(found - trial->out.at) + piece.size;
        from = at->at.to;
    }
}

// What a config compiles to, without the places and the dialect that it came from.
static const char *signature(struct arena *arena, const struct config *config, bool xl)
{
    char *bytes = NULL, room[PORT_TEXT_SIZE];
    size_t size = 0;
    FILE *stream = open_memstream(&bytes, &size);
    if (!stream)
        abort();
    for (const struct config_controller *at = config->controllers; at && !xl; at = at->next)
        fprintf(stream, "controller %u %s type %d pvusb %d version %u ports %u %s backend %.*s%s\n",
                at->index, at->name, at->type, at->pvusb, at->version.value, at->ports.value,
                at->model ? at->model->name : "", (int)at->backend.text.size,
                at->backend.text.at ? at->backend.text.at : "", at->at_creation ? " there" : "");
    // xl has host devices and emulated ones in two lists.
    for (unsigned turn = 0; turn < 2; turn++)
        for (const struct config_device *at = config->devices; at; at = at->next) {
            if (xl ? (at->kind == DEVICE_HOSTDEV) != (turn == 0) : turn > 0)
                continue;
            fprintf(stream, "device %d %s", at->kind, selector_show(arena, &at->selector));
            if (!xl)
                fprintf(stream, " on %d port %s%s%s",
                        at->controller ? (int)at->controller->index : -1,
                        port_write(at->port, room), at->required.value ? "" : " maybe",
                        at->at_creation ? " there" : "");
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

static const char *judge(const struct trial *trial, const char *name, const struct translation *to)
{
    const char *wrong = judge_bytes(trial);
    if (wrong)
        return wrong;
    struct trial again = try_text(trial->arena, name, trial->out, to);
    if (!again.compiled)
        return "what came does not compile";
    if (!again.done)
        return "what came cannot be translated again";
    if (!text_same(again.out, trial->out))
        return "translated again it is not the same";
    bool xl = strcmp(to->name, "xl") == 0;
    const char *before = signature(trial->arena, trial->document.config, xl);
    const char *after = signature(trial->arena, again.document.config, xl);
    if (strcmp(before, after) != 0)
        return arena_printf(trial->arena, "it compiles to something else:\n%s--\n%s", before,
                            after);
    return NULL;
}

// --- what is judged ---

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

// The expected translation of a file, if there is one.
static const char *judge_expected(const struct trial *trial, const char *path, const char *to)
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
        out = kept(trial->arena, bytes, size);
        free(bytes);
    }
    if (update && *update) {
        cleanup_fclose FILE *file = fopen(expected, "we");
        return file && fwrite(out.at, 1, out.size, file) == out.size ? NULL : "cannot be written";
    }
    const struct source *source = source_read(trial->arena, &diags, expected);
    return source && text_same(source->text, out) ? NULL : "it is not what stands beside the file";
}

static void judge_file(const char *directory, const char *name)
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
        const char *wrong = judge_expected(&trial, path, to->name);
        if (!wrong && trial.done && to->is_config)
            wrong = judge(&trial, name, to);
        report(&trial, name, to->name, wrong);
    }
}

static int is_config(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".cfg") == 0;
}

static void judge_directory(const char *directory)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_config, alphasort);
    if (count <= 0) {
        printf("# %s: %s\n", directory, count ? strerror(errno) : "no config in it");
        all_passed = false;
        return;
    }
    for (int i = 0; i < count; i++) {
        judge_file(directory, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

// --- generated configs ---

// Numbers that are the same in each run (the generator of the C standard's own example).
static unsigned random_state = 1;

static unsigned pick(unsigned below)
{
    random_state = random_state * 1103515245 + 12345;
    return (random_state >> 16) % below;
}

static const char *const generated_items[][6] = {
    { "usbctrl=['type=qusb,version=2,ports=9']", "usbctrl = [ 'version=2' ]",
      "usbctrl=['type=devicemodel,version=3', 'type=auto,version=1']",
      "usbctrl += ['type=devicemodel,version=3,ports=15'] # more", "", "" },
    { "usbdev=['hostbus=1,hostaddr=5']", "usbdev = [ # a list\n  'hostbus=1, hostaddr=013',\n]",
      "usbdev+=['hostbus=2,hostaddr=0x10,controller=0,port=1']", "", "", "" },
    { "usb=1", "usb=0", "usb = '1'", "", "", "" },
    { "usbdevice='tablet'", "usbdevice=['tablet','host:3.4']", "usbdevice=['host:046d:c52b']",
      "usbdevice = ['type=hostdev,busid=1-1.2,bus=one', 'type=tablet']",
      "usbdevice=('mouse', 'id=1050:0407,required=no')", "" },
    { "usbcontroller=['type=emul,name=one,usbversion=3']", "usbcontroller=['']",
      "usbcontroller=['type=pv,name=one,numports=4','type=emul']", "", "", "" },
    { "vusb=['usbver=2, numports=4, port_1=1-8']", "vusb=['']", "vusb=['usbver=1,port_2=6-2.1']",
      "", "", "" },
    { "usbversion=2", "", "", "", "", "" },
    { "import os, re", "a = 1; b = 'x'", "if 1:\n    c = 2\nelse:\n    c = 3", "d = 'a' + e",
      "# a comment", "" },
};
enum { GROUPS = sizeof generated_items / sizeof *generated_items };

static struct text generate(struct arena *arena)
{
    static const char *const heads[] = { "name='g'\ntype='hvm'\n", "name='g'\ntype='pv'\n",
                                         "\xef\xbb\xbfname='g'\nbuilder='hvm'\n", "" };
    const char *text = heads[pick(4)];
    unsigned order = pick(GROUPS);
    for (unsigned i = 0; i < GROUPS; i++) {
        const char *item = generated_items[(order + i * 3) % GROUPS][pick(6)];
        if (*item)
            text = arena_printf(arena, "%s%s%s%s", text, item, pick(6) ? "" : " # why",
                                pick(9) || strchr(item, '#') ? "\n" : "\nend = 'x'; ");
    }
    if (pick(3))
        return text_of(text);
    char *crlf = arena_alloc(arena, strlen(text) * 2 + 1);
    size_t size = 0;
    for (; *text; text++) {
        if (*text == '\n')
            crlf[size++] = '\r';
        crlf[size++] = *text;
    }
    return (struct text){ crlf, size };
}

static void judge_generated(void)
{
    enum { ROUNDS = 20000, ENOUGH = 1000 };
    for (const struct translation *to = translations; to->name; to++) {
        unsigned judged = 0;
        const char *wrong = NULL;
        for (unsigned i = 0; i < ROUNDS && to->is_config && !wrong; i++) {
            cleanup_arena struct arena *arena = arena_new(1024);
            struct trial trial = try_text(arena, "generated", generate(arena), to);
            if (!trial.done)
                continue;
            judged++;
            wrong = judge(&trial, "generated", to);
            if (wrong) {
                fputs(trial.document.source->text.at, stdout);
                report(&trial, "generated", to->name, wrong);
            }
        }
        if (to->is_config && !wrong)
            report(&(struct trial){ 0 }, "generated", to->name,
                   judged < ENOUGH ? "too few of them compile" : NULL);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        judge_directory(argv[i]);
    if (argc == 1)
        judge_generated();
    printf("1..%u\n", number);
    return all_passed && number ? 0 : 1;
}
