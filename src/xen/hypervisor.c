// SPDX-License-Identifier: MIT
#include "hypervisor.h"

#include <xenctrl.h>

const bool xen_supported = true;

// Failures are reported as diagnostics, so libxenctrl must not print its own messages.
static void log_nothing(xentoollog_logger *logger, xentoollog_level level, int error,
                        const char *context, const char *format, va_list args)
{
    (void)logger, (void)level, (void)error, (void)context, (void)format, (void)args;
}

static void show_nothing(xentoollog_logger *logger, const char *context, const char *what,
                         int percent, unsigned long done, unsigned long total)
{
    (void)logger, (void)context, (void)what, (void)percent, (void)done, (void)total;
}

static xentoollog_logger silent = { .vmessage = log_nothing, .progress = show_nothing };

xentoollog_logger *xen_silent_logger(void)
{
    return &silent;
}

// libxenstore does not set errno when it runs out of memory, so errno is cleared before each call.
struct xc_interface_core *hypervisor_open(void)
{
    return xc_interface_open(&silent, &silent, 0);
}

void hypervisor_close(struct xc_interface_core *hypervisor)
{
    xc_interface_close(hypervisor);
}

static void write_uuid(const uint8_t bytes[16], char uuid[UUID_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    for (unsigned i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *uuid++ = '-';
        *uuid++ = hex[bytes[i] >> 4];
        *uuid++ = hex[bytes[i] & 15];
    }
    *uuid = '\0';
}

int hypervisor_list(struct xc_interface_core *hypervisor, unsigned first,
                    struct xen_running *domains, unsigned max)
{
    enum { BATCH_MAX = 64 };
    static xc_domaininfo_t found[BATCH_MAX];
    int count = xc_domain_getinfolist(hypervisor, first, max < BATCH_MAX ? max : BATCH_MAX, found);
    for (int i = 0; i < count; i++) {
        domains[i] = (struct xen_running){
            .id = found[i].domain,
            .hvm = (found[i].flags & XEN_DOMINF_hvm_guest) != 0,
            .paused = (found[i].flags & XEN_DOMINF_paused) != 0,
            .dying = (found[i].flags & XEN_DOMINF_dying) != 0,
        };
        write_uuid(found[i].handle, domains[i].uuid);
    }
    return count;
}
