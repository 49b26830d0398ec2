// SPDX-License-Identifier: MIT
// The config files that the watcher keeps to: which there are, and what each says as of the last
// time that it had no errors.
#ifndef XENUSB_WATCH_FILES_H
#define XENUSB_WATCH_FILES_H

#include "config/config.h"
#include "report.h"
#include "task.h"
#include "xen/xen.h"

#include <sys/stat.h>

enum { WATCH_QEMUS = 2 }; // processes of a domain whose end matters

// A process whose end is awaited.
struct watch_end {
    struct watch_source *source; // NULL: none
    unsigned pid;
};

// The child that brings a domain up to date, and what it has said so far.
struct watch_child {
    struct watch_source *source; // NULL: none runs
    int pid;
    char *said; // malloc'd
    size_t size, capacity;
};

// A file with a config, and the domain that it is for. malloc'd; the config and the report are in
// arenas of their own.
struct watch_file {
    struct watch_file *next; // in the order of the command line, then by name
    char *path;
    struct stat read; // as of the last reading
    bool broken;      // the file as it is now has errors; `config` is what it said before
    bool second;      // broken because an earlier file is for its domain
    bool directory;   // broken because it is a directory that cannot be read
    bool kept;        // while reading all: it is still there
    struct arena *arena;
    const struct config *config; // NULL: it never had one without errors
    const char *domain;          // the name of its domain; NULL like the config
    char of_uuid[UUID_SIZE];     // what was attached with --keep (kept.h): the UUID of its domain,
                                 // which decides; "": a file that a person wrote
    // The domain.
    int id; // -1: none of that name runs
    char uuid[UUID_SIZE];
    struct watch_task task;
    struct watch_child child;
    struct arena *said;                // of the report
    const struct watch_report *report; // of the last run; NULL: none for this instance
    struct watch_end ends[WATCH_QEMUS];
};

// Zeroed: none.
struct watch_files {
    const char *const *words; // files and directories
    size_t count;
    struct watch_file *first;
};

// What happened to a file. `diags` has the errors if it is broken, or a warning that another one is
// used for its domain.
enum watch_file_event { FILE_COMES, FILE_CHANGES, FILE_BREAKS, FILE_GOES };
typedef void (*watch_file_callback)(void *context, struct watch_file *file,
                                    enum watch_file_event event, struct diags *diags);

// What the file is known by to state.h: the name of its domain, or the UUID.
static inline const char *watch_file_key(const struct watch_file *file)
{
    return *file->of_uuid ? file->of_uuid : file->domain;
}

// Looks which files there are and reads those that have changed. A directory has the files named
// *.cfg; one that does not exist has none. A FILE that never was there is broken. Without words:
// /etc/xenusb/guests and what is in /etc/xen/auto. A file without USB counts as not there, unless
// it had some before. Of two files for the same domain, the second is broken. Whatever the words,
// the files of kept.h come last, one for each domain. Calls `on` for each file that changed; one
// that goes is freed after that. A directory that cannot be read counts as one more broken file;
// what its files said before stays in force.
void watch_files_read(struct watch_files *files, watch_file_callback on, void *context);
void watch_files_free(struct watch_files *files);

// A path that the words name, whether or not there is a file: the word itself, what is in a
// directory, what is in /etc/xen/auto, what was attached with --keep; or what may be a directory
// and cannot be read, for the reason in errno.
enum watch_path { PATH_NAMED, PATH_FOUND, PATH_AUTO, PATH_KEPT, PATH_UNREADABLE };
typedef void (*watch_path_callback)(void *context, const char *path, enum watch_path which);
// Calls `on` for each of them, in order.
void watch_files_each(const struct watch_files *files, watch_path_callback on, void *context);

// The directories in which files of the words come and go; the n-th of them, or NULL. Owned
// by the arena.
const char *watch_files_directory(struct arena *arena, const struct watch_files *files, size_t n);

#endif
