// SPDX-License-Identifier: MIT
#include "planning.h"

#include "base/arena.h"

struct diag *planning_complain(struct planning *planning, enum status status, enum diag_code code,
                               struct span span, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = arena_vprintf(planning->arena, format, args);
    va_end(args);
    planning->status = status_worse(planning->status, status);
    return complain(planning->diags, SEVERITY_ERROR, code, planning->config->source, span, "%s",
                    message);
}

const char *planning_driver(const struct planning *planning, const struct config_device *wanted)
{
    const struct device_model *model = device_model_of(wanted->kind);
    if (model)
        return model->driver;
    struct text text = planning->config->source->text;
    text = text_part(text, wanted->kind_at.from, wanted->kind_at.to);
    return arena_copy(planning->arena, text.at, text.size);
}

const struct controller_model *planning_model(const struct config_controller *wanted,
                                              const struct domain *domain)
{
    if (wanted->model)
        return wanted->model;
    bool pv_guest = !domain_has_machine(domain->type);
    bool pv = wanted->type == CONTROLLER_PV || (wanted->type == CONTROLLER_AUTO && pv_guest);
    // The version is not set if the type of the guest is unknown.
    unsigned version = wanted->version.value ? wanted->version.value : pv ? 2 : 3;
    return pv ? controller_model_pvusb(version) : controller_model_for(version);
}

bool planning_libxl_supports(const struct planning *planning, const struct device *device)
{
    return device->kind == DEVICE_HOSTDEV && planning->topology->domain->id >= 0;
}

bool planning_is_pv_guest(const struct planning *planning)
{
    enum domain_type type = planning->topology->domain->type;
    return !domain_has_machine(type);
}

bool planning_starts_pvusb_qemu(const struct planning *planning)
{
    const struct pvusb_qemu *pvusb_qemu = planning->topology->pvusb_qemu;
    return planning->options->start_backend && pvusb_qemu && !pvusb_qemu->runs;
}

// The domain that backend= names; NULL if there is none.
static const struct domain *find_domain(const struct topology *topology, struct text word)
{
    uint64_t id = 0;
    bool number = text_number(word, 10, 0, UINT16_MAX, &id) == NUMBER_OK;
    for (size_t i = 0; i < topology->domain_count; i++) {
        const struct domain *domain = &topology->domains[i];
        if (number ? (uint64_t)domain->id == id : text_is(word, domain->name))
            return domain;
    }
    return NULL;
}

// usbback if it is loaded, else QEMU; but xl's own `pv` is usbback only. For a driver domain, which
// cannot be inspected, usbback unless the config names QEMU.
static enum pvusb_backend kind_of(const struct planning *planning,
                                  const struct config_controller *wanted, unsigned backend_domain)
{
    if (wanted->pvusb != PVUSB_ANY)
        return wanted->pvusb;
    bool kernel = wanted->kernel_only || backend_domain || !planning->topology->pvusb.no_kernel;
    return kernel ? PVUSB_KERNEL : PVUSB_QEMU;
}

const char *planning_pvusb(const struct planning *planning, const struct config_controller *wanted,
                           enum pvusb_backend *kind, unsigned *backend_domain, const char **advice)
{
    const struct topology *topology = planning->topology;
    const struct pvusb_supply *pvusb = &topology->pvusb;
    *advice = NULL;
    *backend_domain = 0;
    *kind = PVUSB_KERNEL;
    if (GIVEN(wanted->backend)) {
        const struct domain *domain = find_domain(topology, wanted->backend.text);
        if (!domain)
            return "there is no such domain";
        if (domain->id == topology->domain->id)
            return "a guest cannot be its own backend";
        *backend_domain = (unsigned)domain->id;
    }
    *kind = kind_of(planning, wanted, *backend_domain);
    if (!pvusb->known || *backend_domain)
        return NULL;
    if (*kind == PVUSB_KERNEL) {
        *advice = wanted->kernel_only ? "xl's type=pv means usbback; type=qusb is QEMU's PVUSB"
                                      : "load the module, or use type=qusb";
        return pvusb->no_kernel;
    }
    if (planning_starts_pvusb_qemu(planning))
        return NULL;
    *advice = pvusb->advice;
    return pvusb->no_qemu;
}

struct span planning_selector_place(const struct config_device *wanted)
{
    return span_is_none(wanted->selector_at) ? wanted->why : wanted->selector_at;
}

void planning_refuse(struct placement *placement, const char *words)
{
    placement->op = STEP_REFUSE;
    placement->words = words;
}
