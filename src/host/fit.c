// SPDX-License-Identifier: MIT
#include "fit.h"

enum { TRANSFER_MASK = 3, TRANSFER_ISOCHRONOUS = 1, TRANSFER_BULK = 2, TRANSFER_INTERRUPT = 3 };
enum { INTERRUPT_FULL_MAX = 64, INTERRUPT_HIGH_MAX = 1024 };
enum { CLASS_MASS_STORAGE = 8, SUBCLASS_SCSI = 6 };

void host_fit_endpoint(struct host_fit *fit, uint8_t attributes, uint16_t packet, unsigned streams)
{
    switch (attributes & TRANSFER_MASK) {
    case TRANSFER_ISOCHRONOUS:
        fit->isochronous = true;
        fit->high = fit->full = false;
        break;
    case TRANSFER_BULK:
        if (streams)
            fit->high = fit->full = false;
        break;
    case TRANSFER_INTERRUPT:
        fit->full = fit->full && packet <= INTERRUPT_FULL_MAX;
        fit->high = fit->high && packet <= INTERRUPT_HIGH_MAX;
        break;
    default: break;
    }
}

bool host_fit_skips(uint8_t class, uint8_t subclass)
{
    return class == CLASS_MASS_STORAGE && subclass == SUBCLASS_SCSI;
}
