// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "watching.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

struct watch_source *watch_source_add(struct watch *watch, int fd,
                                      void (*ready)(struct watch *, struct watch_source *))
{
    struct watch_source *source = calloc(1, sizeof *source);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };
    if (!source)
        arena_give_up();
    *source = (struct watch_source){ .next = watch->sources, .fd = fd, .ready = ready };
    if (epoll_ctl(watch->epoll, EPOLL_CTL_ADD, fd, &event) == 0) {
        watch->sources = source;
        return source;
    }
    const int error = errno;
    if (fd >= 0)
        close(fd);
    free(source);
    errno = error;
    return NULL;
}

void watch_source_drop(struct watch *watch, struct watch_source *source)
{
    if (!source)
        return;
    (void)epoll_ctl(watch->epoll, EPOLL_CTL_DEL, source->fd, NULL);
    if (source->fd >= 0)
        close(source->fd);
    struct watch_source **at = &watch->sources;
    while (*at != source)
        at = &(*at)->next;
    *at = source->next;
    source->next = watch->dropped;
    watch->dropped = source;
    source->fd = -1;
    source->ready = NULL;
}

void watch_sources_free_dropped(struct watch *watch)
{
    while (watch->dropped) {
        struct watch_source *next = watch->dropped->next;
        free(watch->dropped);
        watch->dropped = next;
    }
}

void watch_sources_drop_all(struct watch *watch)
{
    while (watch->sources)
        watch_source_drop(watch, watch->sources);
    watch_sources_free_dropped(watch);
}
