// SPDX-License-Identifier: MIT
#include "files.h"

#include "base/arena.h"
#include "base/diag.h"
#include "base/scope.h"
#include "base/source_read.h"
#include "config/check.h"
#include "kept.h"
#include "parser/parser.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const default_words[] = { "/etc/xenusb/guests", "/etc/xen/auto" };
enum { DEFAULTS = sizeof default_words / sizeof *default_words, AUTO = 1 };

static size_t word_count(const struct watch_files *files)
{
    return files->count ? files->count : DEFAULTS;
}

static const char *word_at(const struct watch_files *files, size_t n)
{
    return files->count ? files->words[n] : default_words[n];
}

static bool is_auto(const struct watch_files *files, size_t n)
{
    return !files->count && n == AUTO;
}

const char *watch_files_directory(struct arena *arena, const struct watch_files *files, size_t n)
{
    struct stat info;
    if (n >= word_count(files))
        return n == word_count(files) ? kept_directory : NULL;
    const char *word = word_at(files, n), *slash = strrchr(word, '/');
    if (!files->count || (stat(word, &info) == 0 && S_ISDIR(info.st_mode)))
        return word;
    if (!slash)
        return ".";
    return slash == word ? "/" : arena_copy(arena, word, (size_t)(slash - word));
}

// ---- one file ----

static struct watch_file *file_new(const char *path)
{
    struct watch_file *file = calloc(1, sizeof *file);
    if (!file || !(file->path = strdup(path)))
        arena_give_up();
    file->id = -1;
    const char *uuid = kept_uuid(path);
    if (uuid)
        memcpy(file->of_uuid, uuid, UUID_SIZE - 1);
    return file;
}

static void file_free(struct watch_file *file)
{
    arena_free(file->arena);
    arena_free(file->said);
    free(file->child.said);
    free(file->path);
    free(file);
}

static bool has_usb(const struct config *config)
{
    return config->controllers || config->devices;
}

// Compiles a file; NULL after complaining.
static const struct config *compile(struct arena *arena, struct diags *diags, const char *path)
{
    if (kept_uuid(path))
        return kept_read(arena, diags, path);
    const struct source *source = source_read(arena, diags, path);
    if (!source)
        return NULL;
    struct config *config = parse_config(arena, diags, source);
    if (!diags->errors && config->domain.type != DOMAIN_UNKNOWN)
        (void)check_config(arena, diags, config);
    if (!diags->errors && has_usb(config) && !GIVEN(config->domain.name))
        diag_hint(diags,
                  complain_error(diags, CODE_NO_DOMAIN, "%s does not say which domain it is for",
                                 source->name),
                  "it needs a name=");
    return diags->errors ? NULL : config;
}

static const struct watch_file *other_of_domain(const struct watch_files *files,
                                                const struct watch_file *file, const char *domain)
{
    for (const struct watch_file *at = files->first; at; at = at->next)
        if (at != file && at->kept && !*at->of_uuid && at->domain &&
            strcmp(at->domain, domain) == 0)
            return at;
    return NULL;
}

static void warn_of_first(struct diags *diags, const struct config *config, const char *first,
                          const char *domain)
{
    struct diag *diag =
        complain(diags, SEVERITY_WARNING, CODE_CONFLICT, config->source, config->domain.name.at,
                 "%s is for %s as well, which is the one that is used", first, domain);
    diag_hint(diags, diag, "this file is ignored");
}

static bool is_unchanged(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino &&
           one->st_size == other->st_size && one->st_mtim.tv_sec == other->st_mtim.tv_sec &&
           one->st_mtim.tv_nsec == other->st_mtim.tv_nsec &&
           one->st_ctim.tv_sec == other->st_ctim.tv_sec &&
           one->st_ctim.tv_nsec == other->st_ctim.tv_nsec;
}

// Everything that reading them needs.
struct reading {
    struct watch_files *files;
    struct watch_file **last; // of those that are kept, in their order
    struct watch_file **old;  // those of before that were not found yet
    watch_file_callback on;
    void *context;
};

// Takes what the file says now, which replaces what it said before.
static void take(struct reading *reading, struct watch_file *file, struct arena *arena,
                 const struct config *config)
{
    const bool had = file->config;
    const struct text name = config->domain.name.text;
    arena_free(file->arena);
    file->arena = arena;
    file->config = config;
    file->domain = arena_copy(arena, name.at, name.size);
    file->broken = file->second = false;
    struct diags none;
    diags_init(&none, arena);
    reading->on(reading->context, file, had ? FILE_CHANGES : FILE_COMES, &none);
}

static void read_file(struct reading *reading, struct watch_file *file, bool only_usb)
{
    const bool known = file->second;
    struct diags diags;
    // A file that is too large for the memory ends the watcher.
    struct arena *arena = arena_new_small();
    if (!arena)
        arena_give_up();
    diags_init(&diags, arena);
    const struct config *config = compile(arena, &diags, file->path);
    // One that no longer has anything of USB wants nothing from now on.
    if (config && GIVEN(config->domain.name) && (has_usb(config) || file->config)) {
        const struct text name = config->domain.name.text;
        const char *domain = arena_copy(arena, name.at, name.size);
        const struct watch_file *other =
            *file->of_uuid ? NULL : other_of_domain(reading->files, file, domain);
        if (!other) {
            take(reading, file, arena, config);
            return;
        }
        file->second = true;
        if (!only_usb)
            warn_of_first(&diags, config, other->path, domain);
    }
    file->broken = true;
    if (diags.errors || (file->second && !known && !only_usb))
        reading->on(reading->context, file, FILE_BREAKS, &diags);
    arena_free(arena);
}

// ---- all files ----

static struct watch_file *take_out(struct watch_file **list, const char *path)
{
    for (; *list; list = &(*list)->next)
        if (strcmp((*list)->path, path) == 0) {
            struct watch_file *file = *list;
            *list = file->next;
            return file;
        }
    return NULL;
}

// Puts it behind those before it in the order of the words.
static void append(struct reading *reading, struct watch_file *file)
{
    file->kept = true;
    file->next = NULL;
    *reading->last = file;
    reading->last = &file->next;
}

static bool is_in(const char *path, const char *directory)
{
    const size_t size = strlen(directory);
    return strncmp(path, directory, size) == 0 && path[size] == '/' &&
           !strchr(path + size + 1, '/');
}

// All that was found in a directory stays as it is; that it cannot be read is reported once.
static void keep_directory(struct reading *reading, const char *path, int error)
{
    for (struct watch_file **at = reading->old; *at;) {
        struct watch_file *file = *at;
        if (is_in(file->path, path)) {
            *at = file->next;
            append(reading, file);
        } else {
            at = &file->next;
        }
    }
    struct watch_file *file = take_out(reading->old, path);
    const bool known = file && file->directory;
    if (!file)
        file = file_new(path);
    file->broken = file->directory = true;
    file->read = (struct stat){ .st_mode = 0 };
    append(reading, file);
    if (known)
        return;
    struct diags diags;
    cleanup_arena struct arena *arena = arena_new_small();
    if (!arena)
        arena_give_up();
    diags_init(&diags, arena);
    complain_error(&diags, CODE_UNREADABLE, "cannot read %s: %s", path, strerror(error));
    reading->on(reading->context, file, FILE_BREAKS, &diags);
}

// Whether nothing is there, as errno tells: what cannot be looked at may be.
static bool is_absent(void)
{
    return errno == ENOENT || errno == ENOTDIR;
}

// A file that was `named` and never was there is broken.
static void keep(void *context, const char *path, enum watch_path which)
{
    struct reading *reading = context;
    struct watch_file **old = reading->old;
    struct stat now = { .st_mode = 0 };
    if (which == PATH_UNREADABLE) {
        keep_directory(reading, path, errno);
        return;
    }
    const bool exists = stat(path, &now) == 0 ? !S_ISDIR(now.st_mode) : !is_absent();
    struct watch_file *file = take_out(old, path);
    if (!exists && (which != PATH_NAMED || (file && file->config))) {
        if (file) {
            file->next = *old;
            *old = file;
        }
        return;
    }
    const bool unchanged = file && is_unchanged(&file->read, &now);
    if (!file)
        file = file_new(path);
    file->read = now;
    file->directory = false;
    append(reading, file);
    if (!unchanged)
        file->second = false;
    if (!unchanged || file->second)
        read_file(reading, file, which == PATH_AUTO);
}

static int is_visible(const struct dirent *entry)
{
    // What an editor leaves does not count, as for the toolstack's own script.
    return entry->d_name[0] != '.' && entry->d_name[strlen(entry->d_name) - 1] != '~';
}

static int is_config(const struct dirent *entry)
{
    const size_t size = strlen(entry->d_name);
    return is_visible(entry) && size > 4 && strcmp(entry->d_name + size - 4, ".cfg") == 0;
}

static void each_of_directory(const char *directory, enum watch_path which, watch_path_callback on,
                              void *context)
{
    struct dirent **entries;
    // /etc/xen/auto has links of any name.
    int count =
        scandir(directory, &entries, which == PATH_AUTO ? is_visible : is_config, alphasort);
    for (int i = 0; i < count; i++) {
        cleanup_free char *path = NULL;
        if (asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0)
            arena_give_up();
        if (which != PATH_KEPT || kept_uuid(path))
            on(context, path, which);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    else if (!is_absent())
        on(context, directory, PATH_UNREADABLE);
}

static void each_of_word(const char *word, watch_path_callback on, void *context)
{
    struct stat info;
    if (stat(word, &info) != 0)
        on(context, word, is_absent() ? PATH_NAMED : PATH_UNREADABLE);
    else if (S_ISDIR(info.st_mode))
        each_of_directory(word, PATH_FOUND, on, context);
    else
        on(context, word, PATH_NAMED);
}

void watch_files_each(const struct watch_files *files, watch_path_callback on, void *context)
{
    for (size_t i = 0; i < word_count(files); i++) {
        const char *word = word_at(files, i);
        if (files->count)
            each_of_word(word, on, context);
        else
            each_of_directory(word, is_auto(files, i) ? PATH_AUTO : PATH_FOUND, on, context);
    }
    each_of_directory(kept_directory, PATH_KEPT, on, context);
}

void watch_files_read(struct watch_files *files, watch_file_callback on, void *context)
{
    struct watch_file *old = files->first;
    struct diags none = { .arena = NULL };
    struct reading reading = { files, &files->first, &old, on, context };
    files->first = NULL;
    for (struct watch_file *file = old; file; file = file->next)
        file->kept = false;
    watch_files_each(files, keep, &reading);
    while (old) {
        struct watch_file *next = old->next;
        if (!old->directory || old->config)
            on(context, old, FILE_GOES, &none);
        file_free(old);
        old = next;
    }
}

void watch_files_free(struct watch_files *files)
{
    while (files->first) {
        struct watch_file *next = files->first->next;
        file_free(files->first);
        files->first = next;
    }
}
