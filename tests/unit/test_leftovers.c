// SPDX-License-Identifier: MIT
// What is left in xenstore, with a xenstore that does not answer one of the questions.
#include "doctor/problem.h"

#include "base/arena.h"
#include "unit.h"
#include "xen/xen.h"

struct node {
    const char *path, *value;
};
static const struct node nodes[] = {
    { "/xenusb", "" },
    { "/xenusb/9", "" },
    { "/xenusb/9/uuid", "gone" },
    { "/local/domain/0/backend/vusb", "" },
    { "/local/domain/0/backend/vusb/3", "" },
    { "/local/domain/0/backend/vusb/3/0", "" },
    { "/local/domain/0/backend/vusb/3/0/state", "1" },
    { "/local/domain/3/device/vusb/0", "" },
    { "/local/domain/3/device/vusb/0/state", "1" },
    { "/libxl/3/device/vusb", "" },
    { "/libxl/3/device/vusb/1", "" },
    { "/libxl/3/device/vusb/1/backend", "/local/domain/0/backend/vusb/3/1" },
};
enum { NODES = sizeof nodes / sizeof *nodes };

static struct arena *arena;
static const char *failing; // the path that cannot be read; NULL: all can
static bool failed;

static enum xen_result answer(const char *path)
{
    bool fails = failing && strcmp(failing, path) == 0;
    failed |= fails;
    return fails ? XEN_FAILED : XEN_OK;
}

enum xen_result __wrap_xen_read(struct xen *xen, struct xen_transaction *in, const char *path,
                                struct text *value);
enum xen_result __wrap_xen_read(struct xen *xen, struct xen_transaction *in, const char *path,
                                struct text *value)
{
    (void)xen;
    (void)in;
    if (answer(path) != XEN_OK)
        return XEN_FAILED;
    for (size_t i = 0; i < NODES; i++)
        if (strcmp(nodes[i].path, path) == 0) {
            *value = text_of(nodes[i].value);
            return XEN_OK;
        }
    return XEN_ABSENT;
}

enum xen_result __wrap_xen_read_number(struct xen *xen, struct xen_transaction *in,
                                       const char *path, uint64_t max, uint64_t *value);
enum xen_result __wrap_xen_read_number(struct xen *xen, struct xen_transaction *in,
                                       const char *path, uint64_t max, uint64_t *value)
{
    struct text text = TEXT_EMPTY;
    enum xen_result result = __wrap_xen_read(xen, in, path, &text);
    if (result == XEN_OK && text_number(text, 10, 0, max, value) != NUMBER_OK)
        return XEN_FAILED;
    return result;
}

enum xen_result __wrap_xen_list(struct xen *xen, struct xen_transaction *in, const char *path,
                                const char *const **names, size_t *count);
enum xen_result __wrap_xen_list(struct xen *xen, struct xen_transaction *in, const char *path,
                                const char *const **names, size_t *count)
{
    size_t length = strlen(path);
    const char **found = arena_array_of(arena, const char *, NODES);
    (void)xen;
    (void)in;
    *names = found;
    *count = 0;
    if (answer(path) != XEN_OK)
        return XEN_FAILED;
    for (size_t i = 0; i < NODES; i++)
        if (text_starts(text_of(nodes[i].path), path) && nodes[i].path[length] == '/' &&
            !strchr(nodes[i].path + length + 1, '/'))
            found[(*count)++] = nodes[i].path + length + 1;
    return *count ? XEN_OK : XEN_ABSENT;
}

const char *__wrap_xen_why(const struct xen *xen);
const char *__wrap_xen_why(const struct xen *xen)
{
    (void)xen;
    return "it failed";
}

enum status __wrap_xen_status(const struct xen *xen, enum xen_result result);
enum status __wrap_xen_status(const struct xen *xen, enum xen_result result)
{
    (void)xen;
    return result == XEN_OK ? STATUS_OK : STATUS_FAILED;
}

static int begin(void **state)
{
    (void)state;
    arena = arena_new(4096);
    failing = NULL;
    failed = false;
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

// Domain 3 exists, its record was not read.
static enum status search(struct problems *problems)
{
    struct diags diags;
    static struct domain domain = { .id = 3, .name = "web", .uuid = "u" };
    static const struct record *records[1];
    const struct domains domains = { .at = &domain, .count = 1, .records = records };
    const struct session session = { .arena = arena, .diags = &diags, .xen = (void *)1 };
    diags_init(&diags, arena);
    problems_init(problems);
    return problems_of_xenstore(&session, &domains, problems);
}

static bool has(const struct problems *problems, const char *path)
{
    for (const struct problem *at = problems->first; at; at = at->next)
        if (strcmp(at->paths[0], path) == 0)
            return true;
    return false;
}

static void test_all_can_be_read(void **state)
{
    (void)state;
    struct problems problems;
    assert_int_equal(search(&problems), STATUS_OK);
    assert_true(has(&problems, "/xenusb/9"));
    assert_true(has(&problems, "/local/domain/0/backend/vusb/3/0"));
    assert_true(has(&problems, "/libxl/3/device/vusb/1"));
}

// What depends on a node that cannot be read is not reported as a problem, and the search fails.
static void test_one_cannot_be_read(void **state)
{
    (void)state;
    static const struct {
        const char *path, *problem;
    } rows[] = {
        { "/xenusb/9/uuid", "/xenusb/9" },
        { "/libxl/3/device/vusb/0", "/local/domain/0/backend/vusb/3/0" },
        { "/local/domain/0/backend/vusb/3/0/state", "/local/domain/0/backend/vusb/3/0" },
        { "/local/domain/3/device/vusb/0/state", "/local/domain/0/backend/vusb/3/0" },
        { "/libxl/3/device/vusb/1/backend", "/libxl/3/device/vusb/1" },
        { "/local/domain/0/backend/vusb/3/1", "/libxl/3/device/vusb/1" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct problems problems;
        failing = rows[i].path;
        failed = false;
        assert_int_equal(search(&problems), STATUS_FAILED);
        assert_true(failed);
        assert_false(has(&problems, rows[i].problem));
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_all_can_be_read),
        CASE(test_one_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
