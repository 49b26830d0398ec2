// SPDX-License-Identifier: MIT
// Compares libxl's saved configuration with the record: a command that was killed, or could not
// write the file, leaves it out of date.
//
// libxl changes the file and its record in one step under the lock for the file, and its
// transaction ends last. So whatever differs is final, provided that the record is still the same
// under that lock (saved_write() checks it). Of an entry that both have, only what the file gives
// is compared: libxl omits defaults.
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "recording.h"
#include "saved.h"
#include "xen/xen.h"

// One comparison.
struct comparison {
    const struct session *session;
    const struct record *record;
    const struct json *saved; // the whole file
    struct buffer missing;    // what it lacks, for messages
    bool differs;             // it has to be changed
};

// Notes a controller, or a device, that the file lacks.
static void add_missing(struct comparison *comparison, const struct controller *controller,
                        const struct device *device, const char *what)
{
    if (!saved_catch_up_missing(comparison->session, comparison->saved, controller, device, what))
        return;
    buffer_printf(&comparison->missing, "%s%s", comparison->missing.size ? ", " : "", what);
    comparison->differs = true;
}

// ---- what is missing ----

// Whether a member has that value, or none.
static bool may_be(const struct json *element, const char *key, unsigned value)
{
    return !value || json_member_integer(element, key, value) == value;
}

static bool may_be_of_type(const struct json *element, enum record_kind kind)
{
    static const char *const types[] = { [RECORD_EMULATED] = "devicemodel",
                                         [RECORD_KERNEL] = "pv",
                                         [RECORD_QEMU] = "qusb",
                                         [RECORD_UNKNOWN] = "auto" };
    struct text type = json_member_text(element, "type");
    return !type.size || text_is(type, "auto") || text_is(type, types[kind]);
}

static bool has_controller(const struct comparison *comparison,
                           const struct record_controller *controller)
{
    const struct json *at = saved_controller(comparison->saved, controller->index);
    return at && may_be_of_type(at, controller->kind) &&
           may_be(at, "version", controller->version) && may_be(at, "ports", controller->ports);
}

// Also true of an entry for the same device that leaves the port to libxl.
static bool has_device(const struct comparison *comparison, const struct device *device)
{
    const struct json *at = json_elements(json_member(comparison->saved, "usbdevs"));
    for (; at; at = at->next) {
        const struct json *host = json_member(at, "type.hostdev");
        bool same_place =
            may_be(at, "port", device->port.number[0]) &&
            json_member_integer(at, "ctrl", device->controller->index) == device->controller->index;
        if (same_place && json_member_integer(host, "hostbus", 0) == device->host->bus &&
            json_member_integer(host, "hostaddr", 0) == device->host->address)
            return true;
    }
    return false;
}

static void find_missing_devices(struct comparison *comparison,
                                 const struct record_controller *record,
                                 const struct controller *controller)
{
    struct arena *arena = comparison->session->arena;
    for (const struct device *at = controller->devices; at; at = at->next) {
        bool counts = at->state == DEVICE_ATTACHED && at->host && at->port.depth == 1 &&
                      strcmp(record_busid_of(record, at->port.number[0]), at->host->busid) == 0;
        if (counts && !has_device(comparison, at))
            add_missing(
                comparison, controller, at,
                arena_printf(arena, "%s at %s", at->host->busid, device_position(arena, at)));
    }
}

static void find_missing(struct comparison *comparison, const struct topology *topology)
{
    const struct session *session = comparison->session;
    for (const struct controller *at = topology->controllers; at; at = at->next) {
        const struct record_controller *record =
            at->present && !at->stale && at->index >= 0
                ? record_controller_of(comparison->record, at->index)
                : NULL;
        if (!record || !at->model || (record->kind == RECORD_EMULATED) != (at->pvusb == PVUSB_ANY))
            continue;
        if (!has_controller(comparison, record))
            add_missing(comparison, at, NULL,
                        arena_printf(session->arena, "controller %s", at->name));
        find_missing_devices(comparison, record, at);
    }
}

// ---- what is too much ----

// libxl itself does not remove what it detaches; it ignores what the record does not have.
static void find_stale(struct comparison *comparison)
{
    const struct json *at = json_elements(json_member(comparison->saved, "usbctrls"));
    for (; at; at = at->next) {
        int64_t index = json_member_integer(at, "devid", -1);
        if (index >= 0 && !record_controller_of(comparison->record, index))
            comparison->differs |= saved_catch_up_stale(comparison->session, index, 0);
    }
    at = json_elements(json_member(comparison->saved, "usbdevs"));
    for (; at; at = at->next) {
        int64_t index = json_member_integer(at, "ctrl", -1);
        int64_t port = json_member_integer(at, "port", -1);
        const struct record_controller *record = record_controller_of(comparison->record, index);
        bool unknown = record && (record->kind == RECORD_UNKNOWN || !record->ports);
        if (index >= 0 && port >= 1 && !unknown && !*record_busid_of(record, port))
            comparison->differs |= saved_catch_up_stale(comparison->session, index, port);
    }
}

// ---- all of it ----

const char *saved_catch_up(const struct session *session, const struct topology *topology,
                           const char **missing)
{
    struct text text;
    *missing = NULL;
    if (!session->record || session->keep_saved || !change_has_xen(session))
        return NULL;
    const char *why = saved_read(session, &text);
    if (!text.size)
        return why;
    const struct json *saved = json_read(session->arena, text, &why);
    if (!saved)
        return why;
    struct comparison comparison = { .session = session,
                                     .record = session->record,
                                     .saved = saved,
                                     .missing = buffer_in(session->arena) };
    find_missing(&comparison, topology);
    find_stale(&comparison);
    if (!comparison.differs)
        return NULL;
    const enum verdict unsaved = note_is_unsaved(session);
    if (unsaved != VERDICT_NO) {
        saved_catch_up_drop(session);
        return unsaved == VERDICT_YES ? NULL : xen_why(session->xen);
    }
    if (comparison.missing.size)
        *missing = buffer_string(&comparison.missing);
    return NULL;
}
