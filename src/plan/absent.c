// SPDX-License-Identifier: MIT
// What is said of a host device that is not plugged in.
#include "base/arena.h"
#include "base/suggest.h"
#include "planning.h"
#include "xen/advice.h"

// Whether a device is plugged in that has the digits of an id, as in 1:7, for bus and address.
static bool is_address_of(const struct planning *planning, const struct selector *selector,
                          struct selector *address)
{
    const char *digits =
        arena_printf(planning->arena, "%x.%x", selector->vendor, selector->product);
    return selector_read_address(text_of(digits), address) &&
           host_next(planning->host, address, NULL);
}

// The device that was probably meant by a selector that matches none: vendor and product are
// swapped, or the serial number differs in case, or a little. NULL if there is none.
static const char *probably_meant(const struct planning *planning, const struct selector *selector)
{
    enum { SERIALS_MAX = 256 };
    const unsigned id = SELECT_VENDOR | SELECT_PRODUCT;
    struct selector other = *selector;
    const char *serials[SERIALS_MAX + 1] = { NULL };
    size_t count = 0;
    if (!planning->host)
        return NULL;
    other.vendor = selector->product;
    other.product = selector->vendor;
    if ((selector->criteria & id) == id && host_next(planning->host, &other, NULL))
        return arena_printf(planning->arena,
                            "%04x:%04x is plugged in: vendor and product are swapped", other.vendor,
                            other.product);
    if (selector->criteria == id && is_address_of(planning, selector, &other))
        return arena_printf(planning->arena, "did you mean %u.%u, a bus and an address?", other.bus,
                            other.address);
    if (!(selector->criteria & SELECT_SERIAL))
        return NULL;
    other = *selector;
    other.criteria &= ~(unsigned)SELECT_SERIAL;
    const struct selector *rest = other.criteria ? &other : NULL;
    for (const struct host_device *at = planning->host->devices; at && count < SERIALS_MAX;
         at = at->next) {
        if (rest && !selector_matches(rest, at))
            continue;
        host_read_strings(at, HOST_SERIAL);
        if (*at->serial)
            serials[count++] = at->serial;
    }
    const char *near = text_nearest(selector->serial, serials);
    return near ? arena_printf(planning->arena, "did you mean serial=%s?", near) : NULL;
}

// How many devices match that can be attached.
static unsigned count_plugged(const struct planning *planning, const struct selector *selector)
{
    unsigned count = 0;
    for (const struct host_device *at = NULL;
         planning->host && (at = host_next(planning->host, selector, at));)
        count += !at->hub;
    return count;
}

static const char *words_of_absence(const struct planning *planning,
                                    const struct config_device *wanted)
{
    struct arena *arena = planning->arena;
    const char *shown = selector_show(arena, &wanted->selector);
    const unsigned plugged = wanted->missing ? count_plugged(planning, &wanted->selector) : 0;
    if (wanted->missing && wanted->all.value && plugged)
        return arena_printf(arena, "each USB device %s is requested by another item as well",
                            shown);
    if (!wanted->missing || wanted->all.value)
        return arena_printf(arena, "no USB device %s is plugged into this host", shown);
    return arena_printf(arena, "%u of %u USB devices %s %s", wanted->missing, wanted->count.value,
                        shown,
                        plugged < wanted->count.value ? "are not plugged into this host"
                                                      : "are requested by other items as well");
}

// A device that matches but for its serial number, which cannot be read; NULL if there is none.
static const struct host_device *perhaps_plugged(const struct planning *planning,
                                                 const struct selector *selector)
{
    if (!planning->host || !(selector->criteria & SELECT_SERIAL))
        return NULL;
    struct selector rest = *selector;
    rest.criteria &= ~(unsigned)SELECT_SERIAL;
    for (struct host_device *at = planning->host->devices; at; at = at->next) {
        if (at->hub || (rest.criteria && !selector_matches(&rest, at)))
            continue;
        host_read_strings(at, HOST_SERIAL);
        if (!at->serial_error)
            continue;
        host_describe(at);
        return at;
    }
    return NULL;
}

static void refuse_unknown(struct planning *planning, struct placement *placement,
                           const struct host_device *perhaps)
{
    const struct config_device *wanted = placement->wanted;
    planning_refuse(placement, "it is not known whether it is plugged in");
    planning_complain(
        planning, STATUS_FAILED, CODE_UNREADABLE, planning_selector_place(wanted),
        "it is not known whether a USB device %s is plugged into this host: cannot read "
        "the serial number of %s: %s",
        selector_show(planning->arena, &wanted->selector),
        host_device_show(planning->arena, perhaps), strerror(perhaps->serial_error));
}

void refuse_absent(struct planning *planning, struct placement *placement)
{
    const struct config_device *wanted = placement->wanted;
    const struct host_device *perhaps = perhaps_plugged(planning, &wanted->selector);
    if (perhaps) {
        refuse_unknown(planning, placement, perhaps);
        return;
    }
    const char *words = words_of_absence(planning, wanted);
    bool optional = GIVEN(wanted->required) && !wanted->required.value;
    if (optional || planning->options->skip_missing) {
        struct diag *diag =
            complain(planning->diags, SEVERITY_WARNING, CODE_NOT_PLUGGED_IN,
                     planning->config->source, planning_selector_place(wanted), "%s", words);
        diag_hint(planning->diags, diag,
                  optional ? "skipped, since it is not required"
                           : "skipped, because of --skip-missing");
        placement->op = STEP_SKIP;
        placement->words = "not plugged in";
        return;
    }
    planning_refuse(placement, "not plugged in");
    struct diag *diag = planning_complain(planning, STATUS_REQUEST, CODE_NOT_PLUGGED_IN,
                                          planning_selector_place(wanted), "%s", words);
    const char *meant = probably_meant(planning, &wanted->selector);
    if (meant)
        diag_hint(planning->diags, diag, "%s", meant);
    else
        diag_hint(planning->diags, diag, "required=no makes it optional; %s",
                  advice(planning->arena, ADVICE_DEVICES, NULL, NULL));
}
