// SPDX-License-Identifier: MIT
// What the watcher asks of a run, which brings one domain up to date, and what the run answers. A
// report goes through a pipe and into a file as JSON. All memory is from an arena.
#ifndef XENUSB_WATCH_REPORT_H
#define XENUSB_WATCH_REPORT_H

#include "base/status.h"
#include "base/text.h"

struct arena;
struct config;
struct json;
struct json_writer;
struct world_known;

// How an entry of a config is, as of the last run.
enum watch_verdict {
    WATCH_UNKNOWN, // it could not be determined
    WATCH_THERE,   // the guest has it
    WATCH_MISSING, // it is not plugged in
    WATCH_AWAY,    // somebody has taken it away, and it is left so
    WATCH_OTHERS,  // the domain of an earlier file wants it as well
    WATCH_REFUSED, // it must not or cannot be attached
    WATCH_FAILED,  // it was tried
};
enum { WATCH_VERDICTS = WATCH_FAILED + 1 };

enum { WATCH_JSON_VERSION = 1 }; // of the objects that "watch --json" prints

// "there", "missing", ...
const char *watch_verdict_name(enum watch_verdict verdict);

enum {
    WATCH_TEXT_MAX = 1000,              // bytes of any string in a report; longer ones are cut
    WATCH_ENTRIES_MAX = 1000,           // entries in a report; more are left out
    WATCH_REPORT_MAX = 8 * 1024 * 1024, // bytes of a report as JSON
};

// One entry of the config: a controller or a device. No string is NULL.
struct watch_entry {
    struct watch_entry *next;
    const char *text; // as the file has it, safe to print, at most WATCH_TEXT_MAX bytes
    unsigned nth;     // among the entries with the same text, from 0
    bool controller;
    enum watch_verdict verdict;
    bool changed;      // by this run: attached, or removed because it was gone
    const char *busid; // of the host device that it is, or was; ""
    unsigned bus;      // its bus and address on the host; 0
    unsigned address;  //
    const char *place; // "hci0.1"; the name of a controller; ""
    const char *label; // "1050:0407 YubiKey", "tablet"; the model of a controller; ""
    const char *why;   // others, refused, failed, unknown: a clause; ""
    int64_t since;     // seconds since 1970: as long as the verdict has been the same
};

// What a run found and did.
struct watch_report {
    enum status
        status;       // STATUS_OK: all that can be there is there; else the worst of what was wrong
    const char *why;  // what was wrong with the domain as a whole, or is worth telling; ""
    int domain;       // its id; -1: there is no such domain
    const char *uuid; // ""
    unsigned qemus[2]; // ids of the processes whose end matters: its QEMU, its PVUSB QEMU; 0: none
    struct watch_entry *entries; // controllers, then devices, in the order of the config
    size_t count;
    bool given_up; // it failed too often: the next run is only after another event
};

// A file before this one, and the domain it is for, which runs.
struct watch_rival {
    const char *domain; // its name
    int id;
    const struct config *config;
};

// What a run works on. Nothing of it is changed.
struct watch_request {
    const struct config *config;      // compiled and checked as far as possible
    const char *domain;               // the name of the domain
    int id;                           // its id; -1: the one that has the name now
    const struct watch_report *last;  // the report before; NULL: none
    const struct watch_rival *rivals; // of the files before this one
    size_t rival_count;
    const struct world_known *known; // of the other domains; NULL: nothing
    bool start_backend;              // start a PVUSB QEMU if the guest has none
    double timeout_scale;            // factor for every time limit
    double undo_scale;               // the same for what is undone
};

// Brings the domain up to date. Returns report->status.
typedef enum status (*watch_act)(void *context, struct arena *arena,
                                 const struct watch_request *request, struct watch_report *report);

// The entry that is the same as `entry` of another report, or NULL: by its text.
const struct watch_entry *watch_report_same(const struct watch_report *report,
                                            const struct watch_entry *entry);

// Sets since when each entry has been as it is: as in the report before (NULL: none), or from now
// on (seconds since 1970).
void watch_report_date(struct watch_report *report, const struct watch_report *last, int64_t now);

// Copies all of it into the arena, so that nothing else is kept with it.
struct watch_report *watch_report_copy(struct arena *arena, const struct watch_report *report);

// Adds the report as one JSON object.
void watch_report_put(struct json_writer *json, const struct watch_report *report);
// Reads it from such an object. False if it is not one, or is beyond the limits.
bool watch_report_take(struct arena *arena, const struct json *json, struct watch_report *report);

// The same as a text.
struct text watch_report_write(struct arena *arena, const struct watch_report *report);
bool watch_report_read(struct arena *arena, struct text text, struct watch_report *report);

#endif
