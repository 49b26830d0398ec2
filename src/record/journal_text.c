// SPDX-License-Identifier: MIT
// The text of a journal, without the place where it is kept. A header:
//
//     {"xenusb":1,"uuid":"...","verb":"attach","command":"attach web 1-4","pid":123,
//      "started":"4567","undoing":false,"no-save":false,"nodes":1}
//
// with "socket" instead of "uuid" if there is no Xen; and a node with steps:
//
//     [{"op":"add","index":0,"name":"hci0","pvusb":false},
//      {"op":"add","index":0,"name":"hci0","pvusb":false,"port":"2","kind":"hostdev",
//       "busid":"1-4"}]
//
// A step that starts or stops the PVUSB QEMU only has "op" and "qemu":true. The two steps of a
// move, a removal and an addition of the same device, have "moves":true, and the header of a
// journal with them "xenusb":2. If the addition is in another domain, whose journal has it, the
// header has the id of that domain as "to". A removal that may fail has "spare":true, and the
// addition of a controller that is made as needed "as-needed":true; a version that does not know
// these takes them for any others.
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "journal.h"
#include "xen/xen.h"

// Bytes, of what is read. Of these lengths, all that is in a header or a step fits into a node,
// even if every byte must be escaped.
enum {
    NAME_LONGEST = 255, // a name, a kind
    WORD_MAX = 32,      // a verb, when a process was started
    COMMAND_MAX = 400,
    SOCKET_MAX = 107, // as long as the address of a socket can be
};

// ---- writing ----

// As much of it as is at most so long when it is read: JSON has three bytes for an invalid one.
static struct text cut(const char *string, size_t most)
{
    uint32_t point;
    struct text rest = text_of(string);
    for (size_t length, left = most; rest.size; rest = text_part(rest, length, rest.size)) {
        length = text_utf8(rest, &point);
        const size_t read = length ? length : 3;
        if (read > left)
            break;
        left -= read;
        length = length ? length : 1;
    }
    return (struct text){ string, (size_t)(rest.at - string) };
}

struct text journal_header(struct arena *arena, const struct journal *journal)
{
    struct json_writer *writer = json_writer_new(arena, false);
    json_open_object(writer);
    json_add_integer(writer, "xenusb", journal->moves ? JOURNAL_VERSION : JOURNAL_VERSION - 1);
    if (*journal->uuid)
        json_add_string(writer, "uuid", journal->uuid);
    else
        json_add_text(writer, "socket", cut(journal->socket, SOCKET_MAX));
    json_add_text(writer, "verb", cut(journal->verb, WORD_MAX));
    json_add_text(writer, "command", cut(journal->command, COMMAND_MAX));
    json_add_integer(writer, "pid", journal->process);
    json_add_string(writer, "started", journal->started);
    json_add_bool(writer, "undoing", journal->undoing);
    json_add_bool(writer, "no-save", journal->keep_saved);
    if (journal->to > 0)
        json_add_integer(writer, "to", journal->to);
    json_add_integer(writer, "nodes", journal->nodes);
    json_close(writer);
    return json_writer_end(writer);
}

static void add_device(struct json_writer *writer, const struct device *device)
{
    char buf[PORT_TEXT_SIZE];
    json_add_string(writer, "port", port_write(device->port, buf));
    json_add_text(writer, "kind", cut(device_kind_name(device), NAME_LONGEST));
    if (device->kind == DEVICE_HOSTDEV && *device_busid(device))
        json_add_string(writer, "busid", device_busid(device));
}

static struct text step_text(struct arena *arena, const struct step *step)
{
    struct json_writer *writer = json_writer_new(arena, false);
    json_open_object(writer);
    json_add_string(writer, "op", step->op == STEP_ADD ? "add" : "remove");
    if (step->pvusb_qemu) {
        json_add_bool(writer, "qemu", true);
    } else {
        json_add_integer(writer, "index", step->controller->index);
        json_add_text(writer, "name", cut(step->controller->name, NAME_LONGEST));
        json_add_bool(writer, "pvusb", step->controller->pvusb != PVUSB_ANY);
        if (step->device)
            add_device(writer, step->device);
        if (step->pair)
            json_add_bool(writer, "moves", true);
        if (!step->device && step->op == STEP_ADD && step->controller->as_needed)
            json_add_bool(writer, "as-needed", true);
    }
    if (step->spare)
        json_add_bool(writer, "spare", true);
    json_close(writer);
    return json_writer_end(writer);
}

// That of the steps without a controller.
static const struct domain *plan_domain(const struct plan *plan, const struct domain *domain)
{
    return plan->topology ? plan->topology->domain : domain;
}

struct text *journal_nodes(struct arena *arena, const struct plan *plan,
                           const struct domain *domain, size_t *count)
{
    struct text *nodes = arena_array_of(arena, struct text, JOURNAL_NODES_MAX);
    struct buffer node = buffer_in(arena);
    *count = 0;
    for (const struct step *step = plan->first; step; step = step->next) {
        if ((step->op != STEP_ADD && step->op != STEP_REMOVE) ||
            step_domain(step, plan_domain(plan, domain)) != domain)
            continue;
        struct text text = step_text(arena, step);
        if (node.size && node.size + text.size + 2 > XEN_VALUE_MAX) {
            buffer_printf(&node, "]");
            nodes[(*count)++] = text_of(buffer_string(&node));
            node = buffer_in(arena);
        }
        if (text.size + 2 > XEN_VALUE_MAX || *count == JOURNAL_NODES_MAX) {
            *count = JOURNAL_NODES_MAX + 1;
            return nodes;
        }
        buffer_printf(&node, "%s%.*s", node.size ? "," : "[", (int)text.size, text.at);
    }
    if (node.size) {
        buffer_printf(&node, "]");
        nodes[(*count)++] = text_of(buffer_string(&node));
    }
    return nodes;
}

// ---- reading ----

static void set_torn(struct journal *journal, const char *why)
{
    journal->state = JOURNAL_TORN;
    journal->why = why;
    journal->steps = NULL;
}

// A member as a string without NUL bytes; "" if it is none, or too long.
static const char *string_of(struct arena *arena, const struct json *object, const char *key,
                             size_t most)
{
    struct text text = json_member_text(object, key);
    bool fine = text.size <= most && (!text.size || !memchr(text.at, '\0', text.size));
    return fine ? arena_copy(arena, text.at ? text.at : "", text.size) : "";
}

void journal_read_header(struct arena *arena, struct text text, struct journal *journal)
{
    const char *why = "it is not JSON";
    *journal = (struct journal){
        .state = JOURNAL_OPEN, .verb = "", .command = "", .started = "", .uuid = "", .socket = ""
    };
    const struct json *header = text.size <= XEN_VALUE_MAX ? json_read(arena, text, &why) : NULL;
    const int64_t version = json_member_integer(header, "xenusb", -1);
    const int64_t nodes = json_member_integer(header, "nodes", -1);
    const int64_t process = json_member_integer(header, "pid", 0);
    const int64_t to = json_member_integer(header, "to", 0);
    if (!header || version < 1) {
        set_torn(journal, "its header cannot be read");
        return;
    }
    journal->verb = string_of(arena, header, "verb", WORD_MAX);
    journal->command = string_of(arena, header, "command", COMMAND_MAX);
    journal->process = process > 0 && process <= INT32_MAX ? (unsigned)process : 0;
    if (version > JOURNAL_VERSION) {
        journal->state = JOURNAL_NEWER;
        journal->why = "a newer xenusb has written it";
        return;
    }
    journal->started = string_of(arena, header, "started", WORD_MAX);
    journal->uuid = string_of(arena, header, "uuid", UUID_SIZE - 1);
    journal->socket = string_of(arena, header, "socket", SOCKET_MAX);
    journal->to = to > 0 && to <= UINT16_MAX ? (int)to : 0;
    journal->undoing = json_member_is_true(header, "undoing");
    journal->keep_saved = json_member_is_true(header, "no-save");
    journal->nodes = nodes >= 0 && nodes <= JOURNAL_NODES_MAX ? (unsigned)nodes : 0;
    if (nodes < 1 || nodes > JOURNAL_NODES_MAX || (!*journal->uuid && !*journal->socket))
        set_torn(journal, "its header is incomplete");
}

static bool read_device(struct arena *arena, const struct json *object, struct journal_step *step)
{
    char busid[BUSID_SIZE];
    struct text port = json_member_text(object, "port"), at = json_member_text(object, "busid");
    step->kind = string_of(arena, object, "kind", NAME_LONGEST);
    step->busid = "";
    if (at.size) {
        if (!busid_read(at, busid) || !text_is(at, busid))
            return false;
        step->busid = arena_strdup(arena, busid);
    }
    // QEMU has chosen the port of a device that it was started with.
    return *step->kind && (!port.size || port_read(port, &step->port));
}

static bool read_step(struct arena *arena, const struct json *object, struct journal_step *step)
{
    struct text op = json_member_text(object, "op");
    int64_t index = json_member_integer(object, "index", -2);
    *step = (struct journal_step){ .index = -1, .name = "", .kind = "", .busid = "" };
    step->adds = text_is(op, "add");
    step->qemu = json_member_is_true(object, "qemu");
    step->moves = json_member_is_true(object, "moves");
    step->spare = json_member_is_true(object, "spare");
    step->as_needed = json_member_is_true(object, "as-needed");
    if (!step->adds && !text_is(op, "remove"))
        return false;
    if (step->qemu)
        return true;
    step->pvusb = json_member_is_true(object, "pvusb");
    step->name = string_of(arena, object, "name", NAME_LONGEST);
    if (index < -1 || index > JOURNAL_INDEX_MAX || !*step->name)
        return false;
    step->index = (int)index;
    return !json_member(object, "kind") || read_device(arena, object, step);
}

void journal_read_node(struct arena *arena, struct text text, unsigned number,
                       struct journal *journal)
{
    const char *why;
    struct journal_step **last = &journal->steps;
    const struct json *array = text.size <= XEN_VALUE_MAX ? json_read(arena, text, &why) : NULL;
    while (*last)
        last = &(*last)->next;
    for (const struct json *at = json_elements(array); at; at = at->next) {
        struct journal_step *step = arena_new_of(arena, struct journal_step);
        if (!read_step(arena, at, step)) {
            array = NULL;
            break;
        }
        *last = step;
        last = &step->next;
    }
    if (!json_elements(array))
        set_torn(journal, arena_printf(arena, "its node %u cannot be read", number));
}

const char *journal_show(struct arena *arena, const struct journal *journal)
{
    const char *what = *journal->command ? journal->command : "a command";
    const char *shown = text_show(arena, text_of(what), COMMAND_MAX);
    return journal->process ? arena_printf(arena, "\"%s\" (process %u)", shown, journal->process)
                            : arena_printf(arena, "\"%s\"", shown);
}
