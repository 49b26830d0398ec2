// SPDX-License-Identifier: MIT
#include "saved.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/scope.h"
#include "record.h"
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

// Reads the file; *text is empty if it does not exist. Returns NULL, or why it cannot be read.
static const char *read_config(const struct session *session, struct text *text)
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
        rename(next, path_of(session, 'd')) == 0)
        return NULL;
    const char *why = strerror(errno);
    (void)unlink(next);
    return why;
}

static enum status edit_config(const struct session *session, const struct saved_element *element,
                               const char *consequence)
{
    cleanup_lock struct lock lock = LOCK_NONE;
    struct text config, edited = TEXT_EMPTY;
    if (!session->xen || session->domain->id < 0 || session->keep_saved)
        return STATUS_OK;
    if (access(path_of(session, 'd'), F_OK) != 0 ||
        !xen_domain_is_alive(session->xen, session->domain))
        return STATUS_OK;
    enum status status = lock_libxl(session, LOCK_LIBXL_USERDATA, &lock);
    if (status != STATUS_OK)
        return status;
    const char *why = read_config(session, &config);
    if (!why && !config.size)
        return STATUS_OK;
    if (!why && saved_edit(session->arena, config, element, &edited, &why))
        why = text_same(config, edited) ? NULL : write_config(session, edited);
    if (why) {
        struct diag *diag =
            complain(session->diags, SEVERITY_WARNING, NULL, SPAN_NONE,
                     "cannot change libxl's saved configuration of domain %s (%d): %s",
                     session->domain->name, session->domain->id, why);
        diag_hint(session->diags, diag, "%s; the file is %s", consequence, path_of(session, 'd'));
    }
    return STATUS_OK;
}

static const char if_not_added[] = "xl reboot will not attach it again",
                  if_not_removed[] = "this is harmless: libxl ignores what xenstore no longer has";

static enum status change_controller(const struct session *session,
                                     const struct controller *controller, bool added)
{
    struct saved_element element = { .array = "usbctrls",
                                     .keys = { "devid" },
                                     .numbers = { controller->index } };
    static const char *const types[] = {
        [PVUSB_ANY] = "devicemodel", [PVUSB_KERNEL] = "pv", [PVUSB_QEMU] = "qusb"
    };
    if (!controller->pvusb && !record_expresses_controller(controller))
        return STATUS_OK;
    if (added && controller->cold_only)
        return STATUS_OK;
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
    return edit_config(session, &element, added ? if_not_added : if_not_removed);
}

static enum status change_device(const struct session *session, const struct device *device,
                                 bool added)
{
    struct saved_element element = {
        .array = "usbdevs",
        .keys = { "ctrl", "port" },
        .numbers = { device->controller->index, device->port.number[0] },
    };
    // The address of a driver domain's device is unknown here.
    if (!(device->controller->pvusb || record_expresses_device(device)) || (added && !device->host))
        return STATUS_OK;
    if (added && device->controller->cold_only)
        return STATUS_OK;
    if (added)
        element.json = arena_printf(session->arena,
                                    "{ \"ctrl\": %d, \"port\": %u, \"type.hostdev\": { "
                                    "\"hostbus\": %u, \"hostaddr\": %u } }",
                                    device->controller->index, device->port.number[0],
                                    device->host->bus, device->host->address);
    return edit_config(session, &element, added ? if_not_added : if_not_removed);
}

enum status saved_controller_added(const struct session *session,
                                   const struct controller *controller)
{
    return change_controller(session, controller, true);
}

enum status saved_controller_removed(const struct session *session,
                                     const struct controller *controller)
{
    return change_controller(session, controller, false);
}

enum status saved_device_added(const struct session *session, const struct device *device)
{
    return change_device(session, device, true);
}

enum status saved_device_removed(const struct session *session, const struct device *device)
{
    return change_device(session, device, false);
}
