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

enum { CONFIG_MAX = 8 * 1024 * 1024 }; // bytes; a large one has some 20,000

// The file, and the name under which libxl__userdata_store (libxl_dom.c) writes the next one.
static const char *path_of(const struct session *session, char which)
{
    return arena_printf(session->arena, "/var/lib/xen/userdata-%c.%d.%s.libxl-json", which,
                        session->domain->id, session->domain->uuid);
}

static const char *system_words(void)
{
    return strerror(errno);
}

// NULL if the file was read, or is not there (then `text` is empty); else why not.
static const char *read_config(const struct session *session, struct text *text)
{
    struct stat info;
    *text = TEXT_EMPTY;
    cleanup_close int fd = open(path_of(session, 'd'), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? NULL : system_words();
    if (fstat(fd, &info) != 0)
        return system_words();
    if (!S_ISREG(info.st_mode) || info.st_size > CONFIG_MAX)
        return "it is no file of a config's size";
    size_t size = (size_t)info.st_size, used = 0;
    char *bytes = arena_alloc(session->arena, size + 1);
    while (used < size) {
        ssize_t got = read(fd, bytes + used, size - used);
        if (got < 0 && errno != EINTR)
            return system_words();
        if (got == 0)
            break;
        used += got > 0 ? (size_t)got : 0;
    }
    // libxl writes the NUL at the end of its string as well.
    *text = text_part((struct text){ bytes, used }, 0, strlen(bytes));
    return NULL;
}

// As libxl does it: into a new file, which then takes the place of the old one.
static const char *write_config(const struct session *session, struct text text)
{
    const char *next = path_of(session, 'n');
    const char *bytes = arena_copy(session->arena, text.at, text.size);
    cleanup_close int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return system_words();
    if (write_all(fd, (struct text){ bytes, text.size + 1 }) && fsync(fd) == 0 &&
        rename(next, path_of(session, 'd')) == 0)
        return NULL;
    const char *why = system_words();
    (void)unlink(next);
    return why;
}

static enum status change(const struct session *session, const struct saved_element *element,
                          const char *what)
{
    cleanup_lock struct lock lock = LOCK_NONE;
    struct text config, edited = TEXT_EMPTY;
    if (!session->xen || session->domain->id < 0 || session->keep_saved)
        return STATUS_OK;
    if (access(path_of(session, 'd'), F_OK) != 0 ||
        !xen_domain_lives(session->xen, session->domain))
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
        struct diag *diag = complain(session->diags, SEVERITY_WARNING, NULL, SPAN_NONE,
                                     "cannot change the configuration that libxl saved of domain "
                                     "%s (%d): %s",
                                     session->domain->name, session->domain->id, why);
        diag_hint(session->diags, diag, "%s; %s", what, path_of(session, 'd'));
    }
    return STATUS_OK;
}

static const char forgotten[] = "xl reboot will not bring it back",
                  brought_back[] = "it is of no account there once it is gone from xenstore";

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
    // Domain 0 is libxl's default, which it does not write.
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
    return change(session, &element, added ? forgotten : brought_back);
}

static enum status change_device(const struct session *session, const struct device *device,
                                 bool added)
{
    struct saved_element element = {
        .array = "usbdevs",
        .keys = { "ctrl", "port" },
        .numbers = { device->controller->index, device->port.number[0] },
    };
    // A driver domain's device has no address that could be known here.
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
    return change(session, &element, added ? forgotten : brought_back);
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
