// SPDX-License-Identifier: MIT
// A libxenstore whose calls all fail without setting errno.
#include "base/arena.h"
#include "unit.h"
#include "xen/probe.h"
#include "xen/xen.h"

#include <errno.h>
#include <xenctrl.h>
#include <xenstore.h>

static struct arena *arena;
static struct diags diags;
static struct xen *xen;
static bool opens;

enum xen_probe __wrap_xen_probe_open(struct arena *in, const char *path, double seconds,
                                     struct wire **wire);
enum xen_probe __wrap_xen_probe_open(struct arena *in, const char *path, double seconds,
                                     struct wire **wire)
{
    (void)in, (void)path, (void)seconds;
    *wire = NULL;
    return PROBE_ANSWERED;
}

struct xs_handle *__wrap_xs_open(unsigned long flags);
struct xs_handle *__wrap_xs_open(unsigned long flags)
{
    static char handle;
    (void)flags;
    return opens ? (struct xs_handle *)&handle : NULL;
}

void __wrap_xs_close(struct xs_handle *store);
void __wrap_xs_close(struct xs_handle *store)
{
    (void)store;
}

xc_interface *__wrap_xc_interface_open(xentoollog_logger *logger, xentoollog_logger *other,
                                       unsigned flags);
xc_interface *__wrap_xc_interface_open(xentoollog_logger *logger, xentoollog_logger *other,
                                       unsigned flags)
{
    (void)logger, (void)other, (void)flags;
    return NULL;
}

// Their arguments do not matter here.
#define FAILS(type, name, result)                                                                  \
    type __wrap_##name(void);                                                                      \
    type __wrap_##name(void)                                                                       \
    {                                                                                              \
        return result;                                                                             \
    }
FAILS(void *, xs_read, NULL)
FAILS(char **, xs_directory, NULL)
FAILS(bool, xs_write, false)
FAILS(bool, xs_mkdir, false)
FAILS(bool, xs_rm, false)
FAILS(bool, xs_set_permissions, false)
FAILS(bool, xs_transaction_end, false)

static xs_transaction_t begun;
FAILS(xs_transaction_t, xs_transaction_start, begun)

static int begin(void **state)
{
    (void)state;
    arena = arena_new(1024);
    if (!arena)
        return -1;
    diags_init(&diags, arena);
    opens = true;
    return xen_open(arena, &diags, 1.0, &xen) == STATUS_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    xen_close(xen);
    arena_free(arena);
    return 0;
}

static enum xen_result read_node(struct xen_transaction *in)
{
    struct text value;
    return xen_read(xen, in, "/a", &value);
}

static enum xen_result list_node(struct xen_transaction *in)
{
    const char *const *names;
    size_t count;
    return xen_list(xen, in, "/a", &names, &count);
}

static enum xen_result write_node(struct xen_transaction *in)
{
    return xen_write(xen, in, "/a", text_of("b"));
}

static enum xen_result make_directory(struct xen_transaction *in)
{
    return xen_make_directory(xen, in, "/a");
}

static enum xen_result remove_node(struct xen_transaction *in)
{
    return xen_remove(xen, in, "/a");
}

static enum xen_result set_permissions(struct xen_transaction *in)
{
    return xen_set_permissions(xen, in, "/a", &(struct xen_permission){ 0, 'n' }, 1);
}

static enum xen_result commit(struct xen_transaction *in)
{
    return xen_commit(xen, in);
}

static enum xen_result begin_another(struct xen_transaction *in)
{
    struct xen_transaction *transaction;
    (void)in;
    begun = XBT_NULL;
    return xen_begin(xen, &transaction);
}

// Each errno would give the failure another meaning: nothing to remove, a conflict to retry, no
// permission.
static void test_a_stale_errno_is_not_the_reason(void **state)
{
    (void)state;
    static enum xen_result (*const calls[])(
        struct xen_transaction *) = { read_node,   list_node,       write_node, make_directory,
                                      remove_node, set_permissions, commit,     begin_another };
    static const int older[] = { ENOENT, EAGAIN, EACCES, EPERM, EINVAL };
    for (size_t call = 0; call < sizeof calls / sizeof *calls; call++)
        for (size_t i = 0; i < sizeof older / sizeof *older; i++) {
            struct xen_transaction *transaction;
            begun = 7;
            assert_int_equal(xen_begin(xen, &transaction), XEN_OK);
            errno = older[i];
            assert_int_equal(calls[call](transaction), XEN_FAILED);
            assert_string_equal(xen_why(xen), "out of memory");
            assert_string_equal(xen_broken(xen), "out of memory");
        }
}

static void test_a_stale_errno_is_not_the_reason_of_a_failed_connection(void **state)
{
    (void)state;
    struct xen_transaction *transaction;
    opens = false;
    errno = ENOENT;
    assert_int_equal(xen_begin(xen, &transaction), XEN_FAILED);
    assert_null(transaction);
    assert_string_equal(xen_why(xen), "out of memory");
    assert_int_equal(write_node(NULL), XEN_FAILED);
    assert_int_equal(read_node(NULL), XEN_FAILED);
    assert_string_equal(xen_broken(xen), "out of memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_stale_errno_is_not_the_reason, begin, end),
        cmocka_unit_test_setup_teardown(test_a_stale_errno_is_not_the_reason_of_a_failed_connection,
                                        begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
