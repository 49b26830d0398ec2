// SPDX-License-Identifier: MIT
#include "report.h"

#include "base/arena.h"
#include "base/json.h"
#include "xen/xen.h"

#include <limits.h>

static const char *const verdict_names[WATCH_VERDICTS] = {
    [WATCH_UNKNOWN] = "unknown", [WATCH_THERE] = "there",   [WATCH_MISSING] = "missing",
    [WATCH_AWAY] = "away",       [WATCH_OTHERS] = "others", [WATCH_REFUSED] = "refused",
    [WATCH_FAILED] = "failed",
};

const char *watch_verdict_name(enum watch_verdict verdict)
{
    return verdict_names[verdict];
}

const struct watch_entry *watch_report_same(const struct watch_report *report,
                                            const struct watch_entry *entry)
{
    for (const struct watch_entry *at = report->entries; at; at = at->next)
        if (at->controller == entry->controller && at->nth == entry->nth &&
            strcmp(at->text, entry->text) == 0)
            return at;
    return NULL;
}

void watch_report_date(struct watch_report *report, const struct watch_report *last, int64_t now)
{
    for (struct watch_entry *at = report->entries; at; at = at->next) {
        const struct watch_entry *was = last ? watch_report_same(last, at) : NULL;
        at->since = was && was->since && was->verdict == at->verdict ? was->since : now;
    }
}

struct watch_report *watch_report_copy(struct arena *arena, const struct watch_report *report)
{
    struct watch_report *copy = arena_new_of(arena, struct watch_report);
    struct watch_entry **last = &copy->entries;
    *copy = *report;
    copy->why = arena_strdup(arena, report->why);
    copy->uuid = arena_strdup(arena, report->uuid);
    for (const struct watch_entry *from = report->entries; from; from = from->next) {
        struct watch_entry *to = *last = arena_new_of(arena, struct watch_entry);
        *to = *from;
        to->text = arena_strdup(arena, from->text);
        to->busid = arena_strdup(arena, from->busid);
        to->place = arena_strdup(arena, from->place);
        to->label = arena_strdup(arena, from->label);
        to->why = arena_strdup(arena, from->why);
        last = &to->next;
    }
    *last = NULL;
    return copy;
}

// ---- writing ----

// Not within a character.
static struct text cut(const char *words)
{
    size_t size = strlen(words);
    if (size > WATCH_TEXT_MAX) {
        size = WATCH_TEXT_MAX;
        while (size > WATCH_TEXT_MAX - 3 && (words[size] & 0xC0) == 0x80)
            size--;
    }
    return (struct text){ words, size };
}

// What is usual, such as an empty string, is left out.
static void add_words(struct json_writer *json, const char *key, const char *words)
{
    if (*words)
        json_add_text(json, key, cut(words));
}

static void add_number(struct json_writer *json, const char *key, int64_t number)
{
    if (number)
        json_add_integer(json, key, number);
}

static void put_entry(struct json_writer *json, const struct watch_entry *entry)
{
    json_open_object(json);
    add_words(json, "text", entry->text);
    add_number(json, "nth", entry->nth);
    if (entry->controller)
        json_add_bool(json, "controller", true);
    json_add_string(json, "verdict", watch_verdict_name(entry->verdict));
    if (entry->changed)
        json_add_bool(json, "changed", true);
    add_words(json, "busid", entry->busid);
    add_number(json, "bus", entry->bus);
    add_number(json, "address", entry->address);
    add_words(json, "place", entry->place);
    add_words(json, "label", entry->label);
    add_words(json, "why", entry->why);
    add_number(json, "since", entry->since);
    json_close(json);
}

void watch_report_put(struct json_writer *json, const struct watch_report *report)
{
    json_open_object(json);
    json_add_integer(json, "status", report->status);
    add_words(json, "why", report->why);
    json_add_integer(json, "domain", report->domain);
    add_words(json, "uuid", report->uuid);
    if (report->given_up)
        json_add_bool(json, "given_up", true);
    json_key(json, "qemus");
    json_open_array(json);
    for (size_t i = 0; i < sizeof report->qemus / sizeof *report->qemus; i++)
        json_put_integer(json, report->qemus[i]);
    json_close(json);
    json_key(json, "entries");
    json_open_array(json);
    size_t left = WATCH_ENTRIES_MAX;
    for (const struct watch_entry *at = report->entries; at && left; at = at->next, left--)
        put_entry(json, at);
    json_close(json);
    json_close(json);
}

struct text watch_report_write(struct arena *arena, const struct watch_report *report)
{
    struct json_writer *json = json_writer_new(arena, false);
    watch_report_put(json, report);
    return json_writer_end(json);
}

// ---- reading ----

// Bytes that are not UTF-8 are written as U+FFFD, which has three.
enum { WATCH_TEXT_READ = 3 * WATCH_TEXT_MAX };

// Reads the members of one object; `fine` becomes false at the first that is wrong.
struct reading {
    struct arena *arena;
    const struct json *object;
    bool fine;
};

static const char *take_words(struct reading *reading, const char *key)
{
    const struct json *member = json_member(reading->object, key);
    struct text text = json_text(member);
    if (!member)
        return "";
    if (member->type != JSON_STRING || text.size > WATCH_TEXT_READ ||
        (text.size && memchr(text.at, '\0', text.size)))
        reading->fine = false;
    return reading->fine ? arena_copy(reading->arena, text.size ? text.at : "", text.size) : "";
}

// A number of [least, most]; `otherwise` if there is none.
static int64_t take_number(struct reading *reading, const char *key, int64_t least, int64_t most,
                           int64_t otherwise)
{
    const struct json *member = json_member(reading->object, key);
    if (!member)
        return otherwise;
    int64_t number = json_integer(member, otherwise);
    if (member->type != JSON_INTEGER || number < least || number > most)
        reading->fine = false;
    return reading->fine ? number : otherwise;
}

static bool take_flag(struct reading *reading, const char *key)
{
    const struct json *member = json_member(reading->object, key);
    if (member && member->type != JSON_BOOL)
        reading->fine = false;
    return reading->fine && json_is_true(member);
}

static enum watch_verdict take_verdict(struct reading *reading)
{
    struct text name = json_member_text(reading->object, "verdict");
    for (int i = 0; i < WATCH_VERDICTS; i++)
        if (text_is(name, verdict_names[i]))
            return (enum watch_verdict)i;
    reading->fine = false;
    return WATCH_UNKNOWN;
}

static enum status take_status(struct reading *reading)
{
    int64_t number = take_number(reading, "status", STATUS_OK, STATUS_TIMEOUT, -1);
    if (number < 0)
        reading->fine = false;
    return reading->fine ? (enum status)number : STATUS_FAILED;
}

// NULL if it is wrong.
static struct watch_entry *take_entry(struct arena *arena, const struct json *json)
{
    struct reading reading = { arena, json, json->type == JSON_OBJECT };
    struct watch_entry *entry = arena_new_of(arena, struct watch_entry);
    *entry = (struct watch_entry){
        .text = take_words(&reading, "text"),
        .nth = (unsigned)take_number(&reading, "nth", 0, UINT16_MAX, 0),
        .controller = take_flag(&reading, "controller"),
        .verdict = take_verdict(&reading),
        .changed = take_flag(&reading, "changed"),
        .busid = take_words(&reading, "busid"),
        .bus = (unsigned)take_number(&reading, "bus", 0, UINT8_MAX, 0),
        .address = (unsigned)take_number(&reading, "address", 0, UINT8_MAX, 0),
        .place = take_words(&reading, "place"),
        .label = take_words(&reading, "label"),
        .why = take_words(&reading, "why"),
        .since = take_number(&reading, "since", 0, INT64_MAX, 0),
    };
    return reading.fine ? entry : NULL;
}

static void take_entries(struct reading *reading, struct watch_report *report)
{
    const struct json *list = json_member(reading->object, "entries");
    struct watch_entry **last = &report->entries;
    if (!list || list->type != JSON_ARRAY)
        reading->fine = false;
    for (const struct json *at = json_elements(list); at && reading->fine; at = at->next) {
        *last = report->count < WATCH_ENTRIES_MAX ? take_entry(reading->arena, at) : NULL;
        if (!*last) {
            reading->fine = false;
            return;
        }
        report->count++;
        last = &(*last)->next;
    }
}

static void take_qemus(struct reading *reading, struct watch_report *report)
{
    const struct json *list = json_member(reading->object, "qemus");
    size_t count = 0;
    for (const struct json *at = json_elements(list); at; at = at->next, count++) {
        int64_t process = json_integer(at, -1);
        if (count >= sizeof report->qemus / sizeof *report->qemus || process < 0 ||
            process > INT_MAX) {
            reading->fine = false;
            return;
        }
        report->qemus[count] = (unsigned)process;
    }
}

bool watch_report_take(struct arena *arena, const struct json *json, struct watch_report *report)
{
    struct reading reading = { arena, json, json && json->type == JSON_OBJECT };
    *report = (struct watch_report){
        .status = take_status(&reading),
        .why = take_words(&reading, "why"),
        .domain = (int)take_number(&reading, "domain", -1, INT_MAX, -1),
        .uuid = take_words(&reading, "uuid"),
        .given_up = take_flag(&reading, "given_up"),
    };
    if (strlen(report->uuid) >= UUID_SIZE)
        reading.fine = false;
    take_qemus(&reading, report);
    take_entries(&reading, report);
    if (!reading.fine)
        *report =
            (struct watch_report){ .status = STATUS_FAILED, .why = "", .domain = -1, .uuid = "" };
    return reading.fine;
}

bool watch_report_read(struct arena *arena, struct text text, struct watch_report *report)
{
    const char *why;
    const struct json *json = text.size <= WATCH_REPORT_MAX ? json_read(arena, text, &why) : NULL;
    return watch_report_take(arena, json, report);
}
