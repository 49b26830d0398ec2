// SPDX-License-Identifier: MIT
// Where the watcher listens for changes of files: in the directories that have them, and of a link
// in those that have what it points to. Directories, since an editor replaces a file, and since a
// file that is not there yet may come.
#include "base/arena.h"
#include "base/scope.h"
#include "watching.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

enum {
    LINKS_MAX = 40, // as in the kernel
    CHANGES = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE,
};

struct listening {
    struct watch *watch;
    struct arena *arena;
    struct watch_places before, now;
    bool added;
};

static bool has_directory(const struct watch_places *places, int number)
{
    for (size_t i = 0; i < places->count; i++)
        if (places->places[i].number == number)
            return true;
    return false;
}

// Listens in a directory, for all names or for one. Adding one again changes nothing.
static void listen_in(struct listening *listening, const char *directory, const char *name)
{
    struct watch_places *now = &listening->now;
    const int number =
        inotify_add_watch(listening->watch->inotify, directory, CHANGES | IN_ONLYDIR);
    if (number < 0)
        return;
    listening->added |= !has_directory(&listening->before, number) && !has_directory(now, number);
    now->places = reallocarray(now->places, now->count + 1, sizeof *now->places);
    char *own = name ? strdup(name) : NULL;
    if (!now->places || (name && !own))
        arena_give_up();
    now->places[now->count++] = (struct watch_place){ number, own };
}

// The path as seen from where the link is.
static const char *target_of(struct arena *arena, const char *path)
{
    char target[PATH_MAX];
    const ssize_t size = readlink(path, target, sizeof target - 1);
    if (size <= 0)
        return NULL;
    target[size] = '\0';
    const char *slash = strrchr(path, '/');
    return target[0] == '/' || !slash
               ? arena_strdup(arena, target)
               : arena_printf(arena, "%.*s/%s", (int)(slash - path), path, target);
}

static void follow(void *context, const char *path, enum watch_path which)
{
    struct listening *listening = context;
    (void)which;
    for (int i = 0; i < LINKS_MAX && (path = target_of(listening->arena, path)); i++) {
        const char *slash = strrchr(path, '/');
        const char *directory = !slash ? "."
                                : slash == path
                                    ? "/"
                                    : arena_copy(listening->arena, path, (size_t)(slash - path));
        listen_in(listening, directory, slash ? slash + 1 : path);
    }
}

static void free_places(struct watch_places *places)
{
    for (size_t i = 0; i < places->count; i++)
        free(places->places[i].name);
    free(places->places);
    *places = (struct watch_places){ NULL, 0 };
}

bool watch_places_update(struct watch *watch)
{
    const char *directory;
    enum { RESERVE = 4096 };
    cleanup_arena struct arena *arena = arena_new(RESERVE);
    if (!arena)
        arena_give_up();
    struct listening listening = { watch, arena, watch->places, { NULL, 0 }, false };
    for (size_t i = 0; (directory = watch_files_directory(arena, &watch->files, i)); i++)
        listen_in(&listening, directory, NULL);
    watch_files_each(&watch->files, follow, &listening);
    for (size_t i = 0; i < watch->places.count; i++) {
        const int number = watch->places.places[i].number;
        if (number != watch->saved && !has_directory(&listening.now, number))
            (void)inotify_rm_watch(watch->inotify, number);
    }
    free_places(&watch->places);
    watch->places = listening.now;
    return listening.added;
}

bool watch_places_changed(const struct watch *watch, const struct inotify_event *event)
{
    for (size_t i = 0; i < watch->places.count; i++) {
        const struct watch_place *place = &watch->places.places[i];
        if (place->number == event->wd &&
            (!event->len || !place->name || strcmp(place->name, event->name) == 0))
            return true;
    }
    return event->mask & IN_Q_OVERFLOW;
}

void watch_places_free(struct watch *watch)
{
    free_places(&watch->places);
}
