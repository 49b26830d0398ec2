// SPDX-License-Identifier: MIT
#include "kept.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/scope.h"
#include "base/source_read.h"
#include "config/check.h"
#include "parser/parser.h"
#include "parser/translate.h"
#include "plan/plan.h"
#include "plan/presence.h"
#include "xen/xen.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_PARENT    "/var/lib/xenusb"
#define KEPT_DIRECTORY KEPT_PARENT "/kept"
const char kept_directory[] = KEPT_DIRECTORY;

static const char suffix[] = ".cfg";

// As the hypervisor's are written; nothing else gets into a path.
static bool is_uuid(const char *word, size_t size)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (size != sizeof form - 1)
        return false;
    for (size_t i = 0; i < size; i++)
        if (form[i] == '-' ? word[i] != '-' : !strchr("0123456789abcdef", word[i]))
            return false;
    return true;
}

const char *kept_uuid(const char *path)
{
    const char *name = path + sizeof kept_directory;
    const size_t size = strlen(path), end = sizeof suffix - 1;
    return strncmp(path, KEPT_DIRECTORY "/", sizeof kept_directory) == 0 &&
                   is_uuid(name, size - sizeof kept_directory - end)
               ? name
               : NULL;
}

bool kept_any(void)
{
    bool any = false;
    DIR *directory = opendir(kept_directory);
    for (const struct dirent *at; directory && !any && (at = readdir(directory));)
        any = is_uuid(at->d_name, strcspn(at->d_name, ".")) &&
              strcmp(at->d_name + strcspn(at->d_name, "."), suffix) == 0;
    if (directory)
        closedir(directory);
    return any;
}

static const struct config *compile(struct arena *arena, struct diags *diags,
                                    const struct source *source)
{
    struct config *config = parse_config(arena, diags, source);
    config->from_command_line = true;
    if (!diags->errors && config->domain.type != DOMAIN_UNKNOWN)
        (void)check_config(arena, diags, config);
    return diags->errors ? NULL : config;
}

const struct config *kept_read(struct arena *arena, struct diags *diags, const char *path)
{
    const struct source *source = source_read(arena, diags, path);
    return source ? compile(arena, diags, source) : NULL;
}

// ---- files ----

static enum status complain_file(const struct session *session, const char *path)
{
    const int error = errno;
    complain_error(session->diags, "cannot write %s, which remembers what is kept: %s", path,
                   strerror(error));
    return error == EACCES || error == EPERM || error == EROFS ? STATUS_REFUSED : STATUS_FAILED;
}

static enum status make_directory(const struct session *session, const char *path)
{
    struct stat info;
    if ((mkdir(path, 0700) != 0 && errno != EEXIST) || lstat(path, &info) != 0)
        return complain_file(session, path);
    if (S_ISDIR(info.st_mode) && info.st_uid == geteuid() && !(info.st_mode & (S_IWGRP | S_IWOTH)))
        return STATUS_OK;
    diag_hint(session->diags,
              complain_error(session->diags,
                             "%s is not a directory that only this user can write to", path),
              "what is kept is remembered there");
    return STATUS_REFUSED;
}

void kept_make_directory(void)
{
    if (mkdir(KEPT_PARENT, 0700) == 0 || errno == EEXIST)
        (void)mkdir(kept_directory, 0700);
}

static enum status write_next(const struct session *session, const char *next, struct text text)
{
    enum status status = make_directory(session, KEPT_PARENT);
    if (status == STATUS_OK)
        status = make_directory(session, kept_directory);
    if (status != STATUS_OK)
        return status;
    if (unlink(next) != 0 && errno != ENOENT)
        return complain_file(session, next);
    cleanup_close int fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || !write_all(fd, text) || fsync(fd) != 0)
        return complain_file(session, next);
    return STATUS_OK;
}

static const char *next_of(const struct session *session, const struct kept_change *change)
{
    return arena_printf(session->arena, "%s.new", change->path);
}

// NULL: there will be no file.
static enum status put_in_place(const struct session *session, const char *next, const char *path)
{
    if (next ? rename(next, path) != 0 : unlink(path) != 0 && errno != ENOENT)
        return complain_file(session, path);
    cleanup_close int fd = open(kept_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return complain_file(session, path);
    return STATUS_OK;
}

enum status kept_commit(const struct session *session, struct kept_change *change)
{
    if (!change->count)
        return STATUS_OK;
    change->done = true;
    return put_in_place(session, change->next, change->path);
}

enum status kept_cancel(const struct session *session, struct kept_change *change)
{
    if (!change->count)
        return STATUS_OK;
    const char *next = next_of(session, change);
    if (!change->done)
        return !change->next || unlink(next) == 0 || errno == ENOENT ? STATUS_OK
                                                                     : complain_file(session, next);
    enum status status =
        change->before.size ? write_next(session, next, change->before) : STATUS_OK;
    return status == STATUS_OK
               ? put_in_place(session, change->before.size ? next : NULL, change->path)
               : status;
}

// ---- items ----

// The items of usbdevice=[], as text.
struct items {
    const char **at;
    size_t count;
};

static struct items items_of(struct arena *arena, size_t most)
{
    return (struct items){ arena_array_of(arena, const char *, most), 0 };
}

static bool add_item(struct items *items, const char *item)
{
    for (size_t i = 0; i < items->count; i++)
        if (strcmp(items->at[i], item) == 0)
            return false;
    items->at[items->count++] = item;
    return true;
}

static struct text text_of_items(const struct session *session, const struct items *items)
{
    const struct domain *domain = session->domain;
    struct buffer text = buffer_in(session->arena);
    buffer_printf(&text,
                  "# What was attached with --keep. It is kept until it is detached.\n"
                  "name='%s'\nuuid='%s'\n",
                  domain->name, domain->uuid);
    if (domain->type != DOMAIN_UNKNOWN)
        buffer_printf(&text, "type='%s'\n", domain_type_name(domain->type));
    buffer_add_string(&text, "usbdevice=[\n");
    for (size_t i = 0; i < items->count; i++)
        buffer_printf(&text, "    '%s',\n", items->at[i]);
    buffer_add_string(&text, "]\n");
    return buffer_text(&text);
}

// Whether the file says what it is to say: quotes in a name or a serial could make it say anything.
static bool reads_back(const struct session *session, const char *path, struct text text,
                       const struct items *items)
{
    struct diags diags;
    struct arena *arena = session->arena;
    diags_init(&diags, arena);
    const struct config *config =
        compile(arena, &diags, source_from_bytes(arena, path, text.at, text.size));
    if (!config || !text_is(config->domain.name.text, session->domain->name) ||
        config->device_count != items->count || config->controllers)
        return false;
    size_t i = 0;
    for (const struct config_device *at = config->devices; at; at = at->next)
        if (strcmp(config_device_item(arena, at), items->at[i++]) != 0)
            return false;
    return true;
}

static enum status prepare(const struct session *session, struct kept_change *change,
                           const struct items *items)
{
    if (!change->count || !items->count)
        return STATUS_OK;
    const struct text text = text_of_items(session, items);
    const char *next = next_of(session, change);
    if (!reads_back(session, change->path, text, items)) {
        diag_hint(session->diags,
                  complain_error(session->diags, "this cannot be kept: it cannot be written to %s",
                                 change->path),
                  "a quote or a backslash in the name of the domain or of a serial number?");
        return STATUS_REFUSED;
    }
    enum status status = write_next(session, next, text);
    if (status == STATUS_OK)
        change->next = next;
    return status;
}

// Reads what is kept now: *kept is NULL if nothing is.
static enum status begin(const struct session *session, struct kept_change *change,
                         const struct config **kept)
{
    struct diags diags;
    struct arena *arena = session->arena;
    const char *uuid = session->domain->uuid;
    diags_init(&diags, arena);
    *kept = NULL;
    *change = (struct kept_change){ .path = NULL };
    if (!is_uuid(uuid, strlen(uuid)))
        return STATUS_OK;
    change->path = arena_printf(arena, "%s/%s%s", kept_directory, uuid, suffix);
    // What a killed command has left.
    (void)unlink(next_of(session, change));
    if (access(change->path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return STATUS_OK;
    *kept = kept_read(arena, &diags, change->path);
    if (*kept) {
        change->before = (*kept)->source->text;
        return STATUS_OK;
    }
    diag_hint(session->diags,
              complain_error(session->diags, "cannot read %s, which remembers what is kept: %s",
                             change->path, diags_reason(&diags, "no reason given")),
              "remove it if nothing more is to be kept");
    return STATUS_FAILED;
}

// ---- adding ----

// A serial number is the device's own: only one that can be nothing else is written to a file.
static bool is_plain(const char *serial)
{
    for (const char *at = serial; *at; at++)
        if (!(*at >= 'a' && *at <= 'z') && !(*at >= 'A' && *at <= 'Z') &&
            !strchr("0123456789-_.:", *at))
            return false;
    return *serial;
}

// An address lasts only until the next replug.
static struct config_device lasting(const struct session *session,
                                    const struct config_device *device)
{
    const unsigned address = SELECT_BUS | SELECT_ADDRESS;
    struct config_device lasting = *device;
    struct selector *selector = &lasting.selector;
    const struct host_device *host = NULL;
    if (!(selector->criteria & address) || !session->host ||
        host_select(session->host, &device->selector, &host) != 1)
        return lasting;
    host_read_strings(host, HOST_SERIAL);
    selector->criteria &= ~address;
    selector->criteria |= SELECT_VENDOR | SELECT_PRODUCT;
    selector->vendor = host->vendor;
    selector->product = host->product;
    if (is_plain(host->serial)) {
        selector->criteria |= SELECT_SERIAL;
        selector->serial = text_of(host->serial);
    } else {
        selector->criteria |= SELECT_BUSID;
        memcpy(selector->busid, host->busid, sizeof selector->busid);
    }
    return lasting;
}

enum status kept_prepare_add(const struct session *session, const struct config *config,
                             struct kept_change *change)
{
    const struct config *kept;
    struct arena *arena = session->arena;
    enum status status = begin(session, change, &kept);
    if (status != STATUS_OK)
        return status;
    if (!change->path) {
        complain_error(session->diags, "--keep needs a domain with a UUID");
        return STATUS_REQUEST;
    }
    struct items items = items_of(arena, config->device_count + (kept ? kept->device_count : 0));
    struct items added = items_of(arena, config->device_count);
    for (const struct config_device *at = kept ? kept->devices : NULL; at; at = at->next)
        (void)add_item(&items, config_device_item(arena, at));
    for (const struct config_device *at = config->devices; at; at = at->next) {
        const struct config_device device = lasting(session, at);
        const char *item = config_device_item(arena, &device);
        if (add_item(&items, item))
            added.at[added.count++] = item;
    }
    change->items = added.at;
    change->count = added.count;
    return prepare(session, change, &items);
}

// ---- dropping ----

// Whether both select the same thing: a device that is plugged in, or by bus id or ids.
static bool meet(const struct session *session, const struct config_device *one,
                 const struct config_device *other)
{
    const unsigned id = SELECT_VENDOR | SELECT_PRODUCT;
    const struct selector *a = &one->selector, *b = &other->selector;
    const unsigned both = a->criteria & b->criteria;
    if (one->kind != other->kind)
        return false;
    if (one->kind != DEVICE_HOSTDEV)
        return true;
    if (both & SELECT_SERIAL && !text_same(a->serial, b->serial))
        return false;
    if ((both & SELECT_BUSID && strcmp(a->busid, b->busid) == 0) ||
        ((both & id) == id && a->vendor == b->vendor && a->product == b->product))
        return true;
    const struct host *host = session->host;
    for (const struct host_device *at = NULL; host && (at = host_next(host, a, at));)
        if (selector_matches(b, at))
            return true;
    return false;
}

static bool is_removed(const struct plan *plan, const struct config_device *wanted)
{
    for (const struct step *step = plan->first; step; step = step->next)
        if (step->op == STEP_REMOVE && step->device && step->why.from == wanted->why.from &&
            step->why.to == wanted->why.to)
            return true;
    return false;
}

// Whether it may be what is kept.
static bool can_be(const struct device *device, const struct config_device *kept)
{
    const struct host_device *host = device->host;
    if (device->kind != kept->kind)
        return false;
    if (device->kind != DEVICE_HOSTDEV)
        return true;
    return host ? selector_matches(&kept->selector, host)
                : device_may_have_been(&kept->selector, device);
}

static bool is_dropped(const struct session *session, const struct kept_removal *removal,
                       const struct config_device *kept)
{
    if (removal->all)
        return true;
    for (const struct step *step = removal->plan->first; step; step = step->next)
        if (step->op == STEP_REMOVE && step->device && can_be(step->device, kept))
            return true;
    for (const struct config_device *at = removal->config->devices; at; at = at->next)
        if (!is_removed(removal->plan, at) && meet(session, at, kept))
            return true;
    return false;
}

enum status kept_prepare_drop(const struct session *session, const struct kept_removal *removal,
                              struct kept_change *change)
{
    const struct config *kept;
    struct arena *arena = session->arena;
    enum status status = begin(session, change, &kept);
    if (status != STATUS_OK || !kept)
        return status;
    struct items items = items_of(arena, kept->device_count);
    struct items dropped = items_of(arena, kept->device_count);
    for (const struct config_device *at = kept->devices; at; at = at->next)
        (void)add_item(is_dropped(session, removal, at) ? &dropped : &items,
                       config_device_item(arena, at));
    change->items = dropped.at;
    change->count = dropped.count;
    return prepare(session, change, &items);
}

// ---- moving ----

// What is kept of a device with its place, at its new place.
static struct config_device kept_at(const struct config_device *kept, const struct device *to)
{
    struct config_device moved = *kept;
    moved.controller = NULL;
    moved.controller_name = (struct config_text){ kept->why, text_of(to->controller->name) };
    moved.port = to->port;
    return moved;
}

enum status kept_prepare_move(const struct session *session, const struct device *from,
                              const struct device *to, struct kept_change *change)
{
    const struct config *kept;
    struct arena *arena = session->arena;
    enum status status = begin(session, change, &kept);
    if (status != STATUS_OK || !kept)
        return status;
    struct items items = items_of(arena, kept->device_count);
    struct items moved = items_of(arena, kept->device_count);
    for (const struct config_device *at = kept->devices; at; at = at->next) {
        const bool placed = at->port.depth || GIVEN(at->controller_name);
        const bool moves = placed && can_be(from, at);
        const struct config_device there = moves ? kept_at(at, to) : *at;
        const char *item = config_device_item(arena, &there);
        (void)add_item(&items, item);
        if (moves)
            moved.at[moved.count++] = item;
    }
    change->items = moved.at;
    change->count = moved.count;
    return prepare(session, change, &items);
}
