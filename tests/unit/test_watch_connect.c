// SPDX-License-Identifier: MIT
// The watcher's connection to a xenstored that answers, when its events cannot be waited for.
#include "base/arena.h"
#include "unit.h"
#include "watch/watching.h"
#include "xen/events.h"

#include <string.h>

static unsigned opened, closed;
static char connection; // taken for it

struct xen_events *__wrap_xen_events_open(const char *const *paths, size_t count, double seconds,
                                          const char **why);
struct xen_events *__wrap_xen_events_open(const char *const *paths, size_t count, double seconds,
                                          const char **why)
{
    (void)paths;
    (void)count;
    (void)seconds;
    (void)why;
    opened++;
    return (struct xen_events *)&connection;
}

void __wrap_xen_events_close(struct xen_events *events);
void __wrap_xen_events_close(struct xen_events *events)
{
    closed += events != NULL;
}

int __wrap_xen_events_fd(const struct xen_events *events);
int __wrap_xen_events_fd(const struct xen_events *events)
{
    assert_ptr_equal(events, &connection);
    return 0;
}

static void test_events_that_cannot_be_waited_for(void **state)
{
    const struct watch_options options = { .timeout_scale = 1 };
    struct watch watch = { .options = &options, .epoll = -1 };
    const char *why = NULL;
    (void)state;
    for (unsigned i = 1; i <= 2; i++, why = NULL) {
        assert_false(watch_connect(&watch, &why));
        assert_string_equal(why, "Bad file descriptor");
        assert_int_equal(opened, i);
        assert_int_equal(closed, i);
        assert_null(watch.xen_events);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_that_cannot_be_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
