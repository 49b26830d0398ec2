// SPDX-License-Identifier: MIT
#include "saved.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/scope.h"
#include "recording.h"
#include "xen/lock.h"
#include "xen/xen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { CONFIG_MAX = 8 * 1024 * 1024 }; // bytes; usual ones have less than 20,000

// The path of the file ('d'), or of its next version ('n') while libxl__userdata_store
// (libxl_dom.c) writes it.
static const char *path_of(const struct session *session, char which)
{
    return arena_printf(session->arena, "/var/lib/xen/userdata-%c.%d.%s.libxl-json", which,
                        session->domain->id, session->domain->uuid);
}

const char *saved_read(const struct session *session, struct text *text)
{
    struct stat info;
    *text = TEXT_EMPTY;
    cleanup_close int fd = open(path_of(session, 'd'), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? NULL : strerror(errno);
    if (fstat(fd, &info) != 0)
        return strerror(errno);
    if (!S_ISREG(info.st_mode) || info.st_size > CONFIG_MAX)
        return "not a regular file of at most 8 MiB";
    size_t size = (size_t)info.st_size, used = 0;
    char *bytes = arena_alloc(session->arena, size + 1);
    while (used < size) {
        ssize_t got = read(fd, bytes + used, size - used);
        if (got < 0 && errno != EINTR)
            return strerror(errno);
        if (got == 0)
            break;
        used += got > 0 ? (size_t)got : 0;
    }
    // libxl also writes the NUL at the end of its string.
    *text = text_part((struct text){ bytes, used }, 0, strlen(bytes));
    return NULL;
}

// Makes sure that the new name of the file is on disk. A failure is ignored: the file is complete
// under either name.
static void sync_directory(void)
{
    cleanup_close int fd = open("/var/lib/xen", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)fsync(fd);
}

// Writes a new file that then replaces the old one, as libxl does. Returns NULL, or why that
// failed.
static const char *write_config(const struct session *session, struct text text)
{
    const char *next = path_of(session, 'n');
    const char *bytes = arena_copy(session->arena, text.at, text.size);
    cleanup_close int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return strerror(errno);
    if (write_all(fd, (struct text){ bytes, text.size + 1 }) && fsync(fd) == 0 &&
        rename(next, path_of(session, 'd')) == 0) {
        sync_directory();
        return NULL;
    }
    const char *why = strerror(errno);
    (void)unlink(next);
    return why;
}

// A change that is not written yet.
struct saved_change {
    struct saved_change *next;
    struct saved_element element;
    bool caught_up;      // of an earlier command, by the record as this one found it
    const char *missing; // if so, what it adds, for messages; NULL if it removes something
};

static bool is_same_entry(const struct saved_element *one, const struct saved_element *other)
{
    return strcmp(one->array, other->array) == 0 && one->numbers[0] == other->numbers[0] &&
           one->numbers[1] == other->numbers[1];
}

// Adds a change, instead of an earlier one to the same entry.
static void note_change(const struct session *session, struct saved_element element)
{
    if (!session->saved || !session->xen || session->domain->id < 0 || session->keep_saved)
        return;
    struct saved_change **at = &session->saved->first;
    while (*at && !is_same_entry(&(*at)->element, &element))
        at = &(*at)->next;
    if (*at)
        *at = (*at)->next;
    while (*at)
        at = &(*at)->next;
    *at = arena_new_of(session->arena, struct saved_change);
    (*at)->element = element;
}

// Reads the file and makes the changes in its text. Returns NULL, or why that is not possible.
static const char *edit_config(const struct session *session, struct text *config,
                               struct text *edited)
{
    const char *why = saved_read(session, config);
    *edited = *config;
    if (!config->size)
        return why;
    for (const struct saved_change *at = session->saved->first; at; at = at->next)
        if (!saved_edit(session->arena, *edited, &at->element, edited, &why))
            return why;
    return NULL;
}

static void warn(const struct session *session, const char *why)
{
    bool added = false;
    for (const struct saved_change *at = session->saved->first; at; at = at->next)
        added |= at->element.json != NULL;
    struct diag *diag = complain(session->diags, SEVERITY_WARNING, CODE_UNSAVED, NULL, SPAN_NONE,
                                 "cannot change libxl's saved configuration of domain %s (%d): %s",
                                 session->domain->name, session->domain->id, why);
    diag_hint(session->diags, diag, "%s; the file is %s",
              added ? "xl reboot will not attach again what was added"
                    : "this is harmless: libxl ignores what xenstore no longer has",
              path_of(session, 'd'));
}

// Whether the changes would change the file, or cannot be made in it. Also if it is not known
// whether the domain still exists.
static bool is_needed(const struct session *session)
{
    struct text config, edited;
    if (xen_domain_is_alive(session->xen, session->domain) == VERDICT_NO)
        return false;
    return edit_config(session, &config, &edited) || !text_same(config, edited);
}

// Whether a change that was noted by the record as it was found is still due by the present one,
// from which this command may have removed more.
static bool is_still_due(const struct session *session, const struct record *now,
                         const struct saved_element *element)
{
    const int64_t index = element->numbers[0], port = element->numbers[1];
    const struct record_controller *controller = record_controller_of(now, index);
    if (!element->json && !controller)
        return true;
    return record_has_same(session->record, now, index, port);
}

// Drops what was to be caught up with but has changed since. Returns NULL, or why that is unknown.
static const char *check_caught_up(const struct session *session)
{
    struct record now;
    struct diags quiet;
    struct session own = *session;
    struct saved_change **at = &session->saved->first;
    bool any = false;
    for (const struct saved_change *change = *at; change; change = change->next)
        any |= change->caught_up;
    if (!any)
        return NULL;
    diags_init(&quiet, session->arena);
    own.diags = &quiet;
    if (record_read(&own, &now) != STATUS_OK)
        return diags_reason(&quiet, "xenstore could not be read");
    while (*at) {
        if ((*at)->caught_up && !is_still_due(session, &now, &(*at)->element))
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
    return NULL;
}

static void list_added(const struct session *session)
{
    struct buffer added = buffer_in(session->arena);
    for (const struct saved_change *at = session->saved->first; at; at = at->next)
        if (at->missing)
            buffer_printf(&added, "%s%s", added.size ? ", " : "", at->missing);
    if (added.size)
        session->saved->added = buffer_string(&added);
}

enum status saved_write(const struct session *session)
{
    cleanup_lock struct lock lock = LOCK_NONE;
    struct text config, edited;
    if (!session->saved || !session->saved->first)
        return STATUS_OK;
    if (is_needed(session)) {
        enum status status = lock_libxl(session, LOCK_LIBXL_USERDATA, &lock);
        if (status != STATUS_OK)
            return status;
        const char *why = check_caught_up(session);
        if (!why)
            why = edit_config(session, &config, &edited);
        if (!why && !text_same(config, edited))
            why = write_config(session, edited);
        session->saved->failed = why;
        if (why)
            warn(session, why);
        else
            list_added(session);
    }
    session->saved->first = NULL;
    return STATUS_OK;
}

// Whether a guest may be started from a configuration that has this controller.
static enum verdict may_have(const struct controller *controller)
{
    const enum verdict cold = controller->pvusb ? controller->cold_only : controller->at_start;
    return cold == VERDICT_UNKNOWN ? VERDICT_UNKNOWN
           : cold == VERDICT_NO    ? VERDICT_YES
                                   : VERDICT_NO;
}

static void change_controller(const struct session *session, const struct controller *controller,
                              bool added)
{
    struct saved_element element = { .array = "usbctrls",
                                     .keys = { "devid" },
                                     .numbers = { controller->index } };
    static const char *const types[] = {
        [PVUSB_ANY] = "devicemodel", [PVUSB_KERNEL] = "pv", [PVUSB_QEMU] = "qusb"
    };
    if (!controller->pvusb && !record_expresses_controller(controller))
        return;
    if (added && may_have(controller) != VERDICT_YES)
        return;
    // libxl does not write its default, domain 0.
    const char *backend =
        controller->backend_domain
            ? arena_printf(session->arena, ", \"backend_domid\": %u", controller->backend_domain)
            : "";
    if (added)
        element.json = arena_printf(session->arena,
                                    "{ \"type\": \"%s\", \"devid\": %d, \"version\": %u, "
                                    "\"ports\": %u%s }",
                                    types[controller->pvusb], controller->index,
                                    controller->model->version, controller->ports, backend);
    note_change(session, element);
}

static void change_device(const struct session *session, const struct device *device, bool added)
{
    struct saved_element element = {
        .array = "usbdevs",
        .keys = { "ctrl", "port" },
        .numbers = { device->controller->index, device->port.number[0] },
    };
    // The address of a driver domain's device is unknown here.
    if (!(device->controller->pvusb || record_expresses_device(device)) || (added && !device->host))
        return;
    const enum verdict with = may_have(device->controller);
    if (added && with == VERDICT_NO)
        return;
    element.if_has_controller = added && with == VERDICT_UNKNOWN;
    if (added)
        element.json = arena_printf(session->arena,
                                    "{ \"ctrl\": %d, \"port\": %u, \"type.hostdev\": { "
                                    "\"hostbus\": %u, \"hostaddr\": %u } }",
                                    device->controller->index, device->port.number[0],
                                    device->host->bus, device->host->address);
    note_change(session, element);
}

void saved_controller_added(const struct session *session, const struct controller *controller)
{
    change_controller(session, controller, true);
}

void saved_controller_removed(const struct session *session, const struct controller *controller)
{
    change_controller(session, controller, false);
}

void saved_device_added(const struct session *session, const struct device *device)
{
    change_device(session, device, true);
}

void saved_device_removed(const struct session *session, const struct device *device)
{
    change_device(session, device, false);
}

// ---- what an earlier command has not written ----

static struct saved_change *last_change(const struct session *session)
{
    struct saved_change *at = session->saved ? session->saved->first : NULL;
    while (at && at->next)
        at = at->next;
    return at;
}

// Marks the last change if it was not there before; whether there is one.
static bool mark_caught_up(const struct session *session, const struct saved_change *before,
                           const char *missing)
{
    struct saved_change *last = last_change(session);
    if (last == before)
        return false;
    last->caught_up = true;
    last->missing = missing;
    return true;
}

bool saved_catch_up_missing(const struct session *session, const struct json *config,
                            const struct controller *controller, const struct device *device,
                            const char *what)
{
    const struct saved_change *before = last_change(session);
    if (device && may_have(controller) == VERDICT_UNKNOWN &&
        !saved_controller(config, controller->index))
        return false;
    if (device)
        saved_device_added(session, device);
    else
        saved_controller_added(session, controller);
    return mark_caught_up(session, before, what);
}

bool saved_catch_up_stale(const struct session *session, int64_t index, int64_t port)
{
    const struct saved_change *before = last_change(session);
    if (port)
        note_change(session, (struct saved_element){ .array = "usbdevs",
                                                     .keys = { "ctrl", "port" },
                                                     .numbers = { index, port } });
    else
        note_change(session, (struct saved_element){
                                 .array = "usbctrls", .keys = { "devid" }, .numbers = { index } });
    return mark_caught_up(session, before, NULL);
}

void saved_catch_up_drop(const struct session *session)
{
    struct saved_change **at = &session->saved->first;
    while (*at)
        if ((*at)->caught_up)
            *at = (*at)->next;
        else
            at = &(*at)->next;
}
