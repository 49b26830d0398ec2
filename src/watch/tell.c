// SPDX-License-Identifier: MIT
#include "tell.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"

enum { SHOWN = 500 }; // bytes of a clause

enum event {
    EVENT_NONE,
    EVENT_ATTACHED,
    EVENT_REMOVED, // it was gone
    EVENT_THERE,   // again, and not by this run
    EVENT_MISSING,
    EVENT_AWAY,
    EVENT_OTHERS,
    EVENT_REFUSED,
    EVENT_FAILED,
    EVENT_UNKNOWN,
    EVENT_ENDED, // the domain
    EVENT_WHOLE, // what is wrong with the domain as a whole, or a note about it
};

static const char *const event_names[] = {
    [EVENT_NONE] = "",           [EVENT_ATTACHED] = "attached", [EVENT_REMOVED] = "removed",
    [EVENT_THERE] = "there",     [EVENT_MISSING] = "missing",   [EVENT_AWAY] = "away",
    [EVENT_OTHERS] = "others",   [EVENT_REFUSED] = "refused",   [EVENT_FAILED] = "failed",
    [EVENT_UNKNOWN] = "unknown", [EVENT_ENDED] = "ended",       [EVENT_WHOLE] = "domain",
};

// ---- what is different ----

static enum event event_of_verdict(enum watch_verdict verdict)
{
    switch (verdict) {
    case WATCH_THERE: return EVENT_THERE;
    case WATCH_MISSING: return EVENT_MISSING;
    case WATCH_AWAY: return EVENT_AWAY;
    case WATCH_OTHERS: return EVENT_OTHERS;
    case WATCH_REFUSED: return EVENT_REFUSED;
    case WATCH_FAILED: return EVENT_FAILED;
    case WATCH_UNKNOWN: break;
    }
    return EVENT_UNKNOWN;
}

static enum event change_of(const struct watch_entry *entry)
{
    if (!entry->changed)
        return EVENT_NONE;
    return entry->verdict == WATCH_THERE ? EVENT_ATTACHED : EVENT_REMOVED;
}

// How an entry is, if that is worth telling after what was changed.
static enum event state_of(const struct watch_entry *entry, const struct watch_entry *last)
{
    bool same = last && last->verdict == entry->verdict && strcmp(last->why, entry->why) == 0;
    bool told =
        entry->changed && (entry->verdict == WATCH_THERE || entry->verdict == WATCH_MISSING);
    if (same || told || (!last && entry->verdict == WATCH_THERE))
        return EVENT_NONE;
    // Only the whole is wrong.
    if (entry->verdict == WATCH_UNKNOWN && !*entry->why)
        return EVENT_NONE;
    return event_of_verdict(entry->verdict);
}

typedef void (*tell_event)(struct arena *arena, const struct telling *telling, enum event event,
                           const struct watch_entry *entry, FILE *stream);

static unsigned tell_entry(struct arena *arena, const struct telling *telling,
                           const struct watch_entry *entry, tell_event tell, FILE *stream)
{
    const struct watch_entry *last = telling->last ? watch_report_same(telling->last, entry) : NULL;
    const enum event events[] = { change_of(entry), state_of(entry, last) };
    unsigned count = 0;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i] != EVENT_NONE) {
            tell(arena, telling, events[i], entry, stream);
            count++;
        }
    return count;
}

static unsigned tell_all(struct arena *arena, const struct telling *telling, tell_event tell,
                         FILE *stream)
{
    const struct watch_report *now = telling->now, *last = telling->last;
    unsigned count = 0;
    if (now->domain < 0 && (!last || last->domain >= 0) && !*now->why) {
        tell(arena, telling, EVENT_ENDED, NULL, stream);
        count++;
    }
    if (*now->why && (!last || strcmp(last->why, now->why) != 0)) {
        tell(arena, telling, EVENT_WHOLE, NULL, stream);
        count++;
    }
    for (const struct watch_entry *at = now->entries; at; at = at->next)
        count += tell_entry(arena, telling, at, tell, stream);
    return count;
}

// ---- as text ----

static const char *show(struct arena *arena, const char *words)
{
    return text_show(arena, text_of(words), SHOWN);
}

// "hci0.1  1050:0407 YubiKey (1-4)".
static const char *thing(struct arena *arena, const struct watch_entry *entry)
{
    struct buffer words = buffer_in(arena);
    if (*entry->place)
        buffer_printf(&words, "%s  ", show(arena, entry->place));
    buffer_add_string(&words, show(arena, *entry->label ? entry->label : entry->text));
    if (*entry->busid)
        buffer_printf(&words, " (%s)", show(arena, entry->busid));
    return buffer_string(&words);
}

static const char *domain_of(struct arena *arena, const struct telling *telling)
{
    const char *name = show(arena, telling->domain);
    return telling->now->domain < 0 ? name
                                    : arena_printf(arena, "%s (%d)", name, telling->now->domain);
}

static const char *line_of_entry(struct arena *arena, enum event event,
                                 const struct watch_entry *entry)
{
    const char *text = show(arena, entry->text), *why = show(arena, entry->why);
    switch (event) {
    case EVENT_ATTACHED:
        return arena_printf(arena, "+ %s %s", thing(arena, entry),
                            entry->controller ? "added" : "attached");
    case EVENT_REMOVED: return arena_printf(arena, "- %s unplugged", thing(arena, entry));
    case EVENT_THERE: return arena_printf(arena, "= %s is there", thing(arena, entry));
    case EVENT_MISSING:
        return arena_printf(arena, "  %s is not plugged in%s%s", text, *why ? ": " : "", why);
    case EVENT_AWAY:
        return arena_printf(arena, "  %s was taken away, and stays away until %s",
                            thing(arena, entry),
                            *entry->busid ? "it is plugged in again" : "the domain restarts");
    case EVENT_OTHERS: return arena_printf(arena, "  %s: %s", text, why);
    case EVENT_REFUSED:
    case EVENT_FAILED: return arena_printf(arena, "! %s: %s", text, why);
    case EVENT_UNKNOWN: return arena_printf(arena, "? %s: %s", text, why);
    case EVENT_NONE:
    case EVENT_ENDED:
    case EVENT_WHOLE: break;
    }
    return "";
}

static void put_text(struct arena *arena, const struct telling *telling, enum event event,
                     const struct watch_entry *entry, FILE *stream)
{
    const char *line;
    if (event == EVENT_ENDED)
        line = "  not running";
    else if (event == EVENT_WHOLE)
        line = arena_printf(arena, "%s %s", telling->now->status == STATUS_OK ? " " : "!",
                            show(arena, telling->now->why));
    else
        line = line_of_entry(arena, event, entry);
    fprintf(stream, "%s: %s\n", domain_of(arena, telling), line);
}

unsigned tell_text(struct arena *arena, const struct telling *telling, FILE *stream)
{
    return tell_all(arena, telling, put_text, stream);
}

// ---- as JSON ----

static void add_or_null(struct json_writer *json, const char *key, const char *string)
{
    json_add_string(json, key, string && *string ? string : NULL);
}

static void put_json(struct arena *arena, const struct telling *telling, enum event event,
                     const struct watch_entry *entry, FILE *stream)
{
    struct json_writer *json = json_writer_to(arena, stream, false);
    json_open_object(json);
    json_add_integer(json, "version", WATCH_JSON_VERSION);
    json_add_string(json, "event", event_names[event]);
    json_add_string(json, "domain", telling->domain);
    json_key(json, "domid");
    if (telling->now->domain < 0)
        json_put_null(json);
    else
        json_put_integer(json, telling->now->domain);
    json_add_string(json, "file", telling->file);
    add_or_null(json, "entry", entry ? entry->text : NULL);
    add_or_null(json, "place", entry ? entry->place : NULL);
    add_or_null(json, "label", entry ? entry->label : NULL);
    add_or_null(json, "busid", entry ? entry->busid : NULL);
    add_or_null(json, "why", entry ? entry->why : telling->now->why);
    json_close(json);
    json_writer_end(json);
    fputc('\n', stream);
}

unsigned tell_json(struct arena *arena, const struct telling *telling, FILE *stream)
{
    return tell_all(arena, telling, put_json, stream);
}
