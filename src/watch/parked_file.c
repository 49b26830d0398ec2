// SPDX-License-Identifier: MIT
// The files of what is parked, and in which instance of a domain that was: a line of its file.
// Another domain id, or another boot of the host, is an instance that was restored.
#include "parked_file.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/scope.h"
#include "base/source_read.h"
#include "xen/xen.h"

#include <fcntl.h>

const char parked_directory[] = UUID_FILE_PARENT "/parked";
const struct uuid_files parked_files = { parked_directory, "parked" };

const char *parked_line(struct arena *arena, const struct domain *domain)
{
    char boot[UUID_SIZE - 1];
    size_t size;
    cleanup_close int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !read_up_to(fd, boot, sizeof boot, &size) || size != sizeof boot)
        return NULL;
    return arena_printf(arena, "# Parked in domain %d of boot %.*s.\n", domain->id, (int)size,
                        boot);
}

static struct text text_of_file(const struct session *session)
{
    struct diags quiet;
    diags_init(&quiet, session->arena);
    const char *path = uuid_file_path(session->arena, &parked_files, session->domain);
    const struct source *source = path ? source_read(session->arena, &quiet, path) : NULL;
    return source ? source->text : TEXT_EMPTY;
}

// Where the line is in the text; NULL if it is not.
static const char *find_line(const struct session *session, struct text text, size_t *size)
{
    const char *line = parked_line(session->arena, session->domain);
    *size = line ? strlen(line) : 0;
    return line && text.size ? memmem(text.at, text.size, line, *size) : NULL;
}

bool parked_holds(const struct session *session)
{
    size_t size;
    return find_line(session, text_of_file(session), &size);
}

enum status parked_release(const struct session *session)
{
    size_t size;
    const struct text text = text_of_file(session);
    const char *line = find_line(session, text, &size);
    if (!line)
        return STATUS_OK;
    const size_t before = (size_t)(line - text.at);
    const char *without = arena_printf(session->arena, "%.*s%.*s", (int)before, text.at,
                                       (int)(text.size - before - size), line + size);
    return uuid_file_replace(session, &parked_files,
                             uuid_file_path(session->arena, &parked_files, session->domain),
                             text_of(without));
}
