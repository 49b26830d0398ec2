// SPDX-License-Identifier: MIT
#include "log.h"

#include "base/arena.h"

#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

enum { NAME_SHOWN = 100, LINE_SHOWN = 900 }; // bytes; syslog takes 1024 (RFC 3164, 4.1)

const char *log_who(struct arena *arena)
{
    // getpwuid() may ask a server that does not answer, and aborts the process without memory
    // (glibc: nss/nss_database.c).
    const uid_t id = getuid();
    const char *sudo = getenv("SUDO_USER");
    const char *user = id == 0 ? "root" : arena_printf(arena, "user %u", (unsigned)id);
    if (!sudo || !*sudo)
        return user;
    return arena_printf(arena, "%s for %s", user, text_show(arena, text_of(sudo), NAME_SHOWN));
}

// The object of a step, in the words for which an admin would search the log.
static const char *describe(struct arena *arena, const struct step *step)
{
    const struct device *device = step->device;
    if (step->pvusb_qemu)
        return arena_printf(arena, "the PVUSB QEMU (%s)", step->pvusb_qemu->program);
    if (!device)
        return arena_printf(arena, "controller %s (%s)", step->controller->name,
                            step->controller->driver);
    if (device->host) {
        host_read_strings(device->host, HOST_SERIAL);
        return arena_printf(arena, "%s %04x:%04x%s%s", host_device_show(arena, device->host),
                            device->host->vendor, device->host->product,
                            *device->host->serial ? " serial " : "", device->host->serial);
    }
    if (device->kind == DEVICE_HOSTDEV)
        return arena_printf(arena, "host device %s",
                            device->selector.criteria ? selector_show(arena, &device->selector)
                                                      : device->id);
    return device_kind_name(device);
}

static const char *place_of(struct arena *arena, const struct domain *domain,
                            const struct step *step)
{
    const char *in = domain->id < 0 ? arena_strdup(arena, domain->name)
                                    : arena_printf(arena, "%s (%d)", domain->name, domain->id);
    if (!step->device)
        return in;
    return arena_printf(arena, "%s, %s", in, device_position(arena, step->device));
}

const char *log_line(struct arena *arena, const struct domain *domain, const struct step *step,
                     const char *who)
{
    static const struct {
        enum step_op op;
        enum step_state state;
        bool pvusb_qemu;
        const char *before;
        const char *between;
    } words[] = {
        { STEP_ADD, STEP_DONE, false, "attached ", " to " },
        { STEP_ADD, STEP_UNDONE, false, "undo: detached ", " from " },
        { STEP_ADD, STEP_LEFT, false, "could not detach ", " from " },
        { STEP_REMOVE, STEP_DONE, false, "detached ", " from " },
        { STEP_REMOVE, STEP_UNDONE, false, "undo: reattached ", " to " },
        { STEP_REMOVE, STEP_LEFT, false, "could not reattach ", " to " },
        { STEP_ADD, STEP_DONE, true, "started ", " for " },
        { STEP_ADD, STEP_UNDONE, true, "undo: stopped ", " for " },
        { STEP_ADD, STEP_LEFT, true, "could not stop ", " for " },
        { STEP_REMOVE, STEP_DONE, true, "stopped ", " for " },
        { STEP_REMOVE, STEP_UNDONE, true, "undo: restarted ", " for " },
        { STEP_REMOVE, STEP_LEFT, true, "could not restart ", " for " },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words[i].op != step->op || words[i].state != step->state ||
            words[i].pvusb_qemu != (step->pvusb_qemu != NULL))
            continue;
        const char *line =
            arena_printf(arena, "%s%s%s%s; by %s%s%s", words[i].before, describe(arena, step),
                         words[i].between, place_of(arena, domain, step), who,
                         step->words ? ": " : "", step->words ? step->words : "");
        return text_show(arena, text_of(line), LINE_SHOWN);
    }
    return NULL;
}

void log_step(struct arena *arena, const struct domain *domain, const struct step *step)
{
    const char *line = log_line(arena, domain, step, log_who(arena));
    if (!line)
        return;
    openlog("xenusb", LOG_PID, LOG_DAEMON);
    syslog(step->state == STEP_LEFT ? LOG_ERR : LOG_NOTICE, "%s", line);
    closelog();
}
