// SPDX-License-Identifier: MIT
#include "report.h"

#include "base/arena.h"

// Removes `word` from the front of `text`; false if it is not there.
static bool skip(struct text *text, const char *word)
{
    if (!text_starts(*text, word))
        return false;
    *text = text_part(*text, strlen(word), text->size);
    return true;
}

// Moves everything before the first `end` from `text` to `taken`, and drops `end`.
static bool take_until(struct text *text, const char *end, struct text *taken)
{
    for (size_t i = 0; i < text->size; i++)
        if (text_starts(text_part(*text, i, text->size), end)) {
            *taken = text_part(*text, 0, i);
            *text = text_part(*text, i + strlen(end), text->size);
            return true;
        }
    return false;
}

// QEMU's usb_speed() (hw/usb/bus.c).
static enum speed read_speed(struct text text)
{
    static const char *const words[] = {
        [SPEED_LOW] = "1.5", [SPEED_FULL] = "12", [SPEED_HIGH] = "480", [SPEED_SUPER] = "5000"
    };
    for (enum speed speed = SPEED_LOW; speed <= SPEED_SUPER; speed++)
        if (text_is(text, words[speed]))
            return speed;
    return SPEED_UNKNOWN;
}

// QEMU's rule for ids (util/id.c).
static bool is_id(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.at[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bool other = (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_';
        if (!letter && !(i > 0 && other))
            return false;
    }
    return text.size > 0;
}

// The id follows the last ", ID: ": a product's name may contain that, an id cannot.
static void split_product(struct text rest, struct report_line *line)
{
    static const char mark[] = ", ID: ";
    line->product = rest;
    for (size_t i = rest.size; i-- > 0;) {
        struct text end = text_part(rest, i, rest.size);
        if (!skip(&end, mark))
            continue;
        if (is_id(end)) {
            line->product = text_part(rest, 0, i);
            line->id = end;
        }
        return;
    }
}

static bool read_line(struct text text, struct report_line *line)
{
    struct text bus, address, port, speed;
    uint64_t number;
    if (!skip(&text, "  Device ") || !take_until(&text, ".", &bus) ||
        !take_until(&text, ", Port ", &address) || !take_until(&text, ", Speed ", &port) ||
        !take_until(&text, " Mb/s, Product ", &speed))
        return false;
    if (text_number(address, 10, 0, UINT8_MAX, &number) != NUMBER_OK ||
        text_number(bus, 10, 0, UINT16_MAX, &number) != NUMBER_OK || !port_read(port, &line->port))
        return false;
    line->bus = (unsigned)number;
    line->speed = read_speed(speed);
    split_product(text, line);
    return true;
}

struct report_line *report_read(struct arena *arena, struct text text)
{
    struct report_line *first = NULL, **last = &first;
    unsigned count = 0;
    for (size_t from = 0; from < text.size && count < REPORT_LINES_MAX;) {
        size_t to = text_find(text, '\n', from);
        struct report_line line = { 0 };
        if (read_line(text_part(text, from, to), &line)) {
            *last = arena_new_of(arena, struct report_line);
            **last = line;
            last = &(*last)->next;
            count++;
        }
        from = to + 1;
    }
    return first;
}

static bool is_hub_line(const struct report_line *line)
{
    return text_is(line->product, "QEMU USB Hub");
}

static void assign_line(struct report_line *line, struct device *device)
{
    line->assigned = true;
    device->port = line->port;
    if (device->kind != DEVICE_HOSTDEV)
        device->speed = line->speed;
}

// The only line with that id; NULL if there are several. A product's name can forge the id of
// another device, but then the true line is there as well, and neither is trusted.
static struct report_line *line_with_id(struct report_line *lines, const char *id)
{
    struct report_line *found = NULL;
    for (struct report_line *line = lines; line && *id; line = line->next)
        if (text_is(line->id, id)) {
            if (found)
                return NULL;
            found = line;
        }
    return found;
}

// The number of a controller's bus, from the lines of its devices that have an id; -1 if there are
// none or they disagree.
static int bus_by_ids(struct report_line *lines, const struct controller *controller)
{
    int bus = -1;
    for (const struct device *device = controller->devices; device; device = device->next) {
        const struct report_line *line = line_with_id(lines, device->id);
        if (!line)
            continue;
        if (bus >= 0 && bus != (int)line->bus)
            return -1;
        bus = (int)line->bus;
    }
    return bus;
}

// A controller with devices, and the number of its bus in the report; -1: not known.
struct bus_guess {
    struct controller *controller;
    int bus;
};

// If only one controller's bus is unknown, it is the only bus that no other controller has.
static void guess_last_bus(const struct report_line *lines, struct bus_guess *guesses, size_t count)
{
    struct bus_guess *unknown = NULL;
    int left = -1;
    for (size_t i = 0; i < count; i++) {
        if (guesses[i].bus < 0 && unknown)
            return;
        if (guesses[i].bus < 0)
            unknown = &guesses[i];
    }
    for (const struct report_line *line = lines; line && unknown; line = line->next) {
        bool taken = false;
        for (size_t i = 0; i < count; i++)
            taken |= guesses[i].bus == (int)line->bus;
        if (taken || left == (int)line->bus)
            continue;
        if (left >= 0)
            return;
        left = (int)line->bus;
    }
    if (unknown)
        unknown->bus = left;
}

// Assigns lines to devices whose port or id is known.
static void assign_known(struct report_line *lines, struct controller *controller, unsigned bus)
{
    for (struct device *device = controller->devices; device; device = device->next) {
        struct report_line *named = line_with_id(lines, device->id);
        for (struct report_line *line = lines; line; line = line->next) {
            bool same = device->port.depth ? port_same(line->port, device->port) : line == named;
            if (line->bus == bus && same && !line->assigned) {
                assign_line(line, device);
                break;
            }
        }
    }
}

// Whether a device has neither an id nor a known port, and is a hub if and only if `hub`.
static bool has_no_id_or_port(const struct device *device, bool hub)
{
    return device->port.depth == 0 && !*device->id && (device->kind == DEVICE_HUB) == hub;
}

static bool is_candidate_line(const struct report_line *line, unsigned bus, bool hub)
{
    return line->bus == bus && !line->assigned && !line->id.size && is_hub_line(line) == hub;
}

// Assigns the other lines in the order in which the devices were created, hubs separately: QEMU
// creates a hub of its own while it creates the device that needs one. Does nothing unless there is
// one line for each device.
static void assign_in_order(struct report_line *lines, struct controller *controller, unsigned bus,
                            bool hubs)
{
    size_t count = 0;
    for (const struct report_line *line = lines; line; line = line->next)
        count += is_candidate_line(line, bus, hubs);
    for (const struct device *device = controller->devices; device; device = device->next)
        count -= has_no_id_or_port(device, hubs);
    if (count != 0)
        return;
    for (struct device *device = controller->devices; device; device = device->next) {
        if (!has_no_id_or_port(device, hubs))
            continue;
        for (struct report_line *line = lines; line; line = line->next)
            if (is_candidate_line(line, bus, hubs)) {
                assign_line(line, device);
                break;
            }
    }
}

void report_place(struct arena *arena, struct report_line *lines, struct topology *topology)
{
    size_t count = 0;
    for (const struct controller *at = topology->controllers; at; at = at->next)
        count += at->devices != NULL;
    struct bus_guess *guesses = arena_array_of(arena, struct bus_guess, count);
    size_t i = 0;
    for (struct controller *at = topology->controllers; at; at = at->next)
        if (at->devices)
            guesses[i++] = (struct bus_guess){ at, bus_by_ids(lines, at) };
    guess_last_bus(lines, guesses, count);
    for (i = 0; i < count; i++) {
        struct controller *controller = guesses[i].controller;
        if (guesses[i].bus >= 0) {
            assign_known(lines, controller, (unsigned)guesses[i].bus);
            assign_in_order(lines, controller, (unsigned)guesses[i].bus, true);
            assign_in_order(lines, controller, (unsigned)guesses[i].bus, false);
        }
        controller_sort_devices(controller);
        // Without a port, a device comes first.
        controller->has_unplaced |= controller->devices->port.depth == 0;
    }
}
