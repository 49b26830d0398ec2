// SPDX-License-Identifier: MIT
// xenstored, the hypervisor, and what is installed, as they are on few hosts.
#include "base/arena.h"
#include "fake_calls.h"
#include "store_scene.h"
#include "xen/connection.h"
#include "xen/domain.h"
#include "xen/hypervisor.h"
#include "xen/share.h"
#include "xen/toolstack.h"
#include "xen/wire.h"
#include "xen/xen.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>

static struct store_scene scene;

// ---- the hypervisor ----

static struct xen_running running[130];
static unsigned running_count;
static int hypervisor_error; // -1: there is no hypervisor

struct xc_interface_core *__wrap_hypervisor_open(void);
struct xc_interface_core *__wrap_hypervisor_open(void)
{
    static char handle;
    errno = ENOENT;
    return hypervisor_error < 0 ? NULL : (struct xc_interface_core *)&handle;
}

void __wrap_hypervisor_close(struct xc_interface_core *hypervisor);
void __wrap_hypervisor_close(struct xc_interface_core *hypervisor)
{
    (void)hypervisor;
}

int __wrap_hypervisor_list(struct xc_interface_core *hypervisor, unsigned first,
                           struct xen_running *domains, unsigned max);
int __wrap_hypervisor_list(struct xc_interface_core *hypervisor, unsigned first,
                           struct xen_running *domains, unsigned max)
{
    unsigned count = 0;
    (void)hypervisor;
    errno = hypervisor_error == ENOENT ? 0 : hypervisor_error;
    if (hypervisor_error)
        return -1;
    for (unsigned i = 0; i < running_count && count < max; i++)
        if (running[i].id >= first)
            domains[count++] = running[i];
    return (int)count;
}

// ---- shared pages ----

static bool gnttab_fails, evtchn_fails;
static unsigned closed;
static char handles[2];

xengnttab_handle *__wrap_xengnttab_open(struct xentoollog_logger *logger, unsigned flags);
xengnttab_handle *__wrap_xengnttab_open(struct xentoollog_logger *logger, unsigned flags)
{
    (void)logger, (void)flags;
    errno = ENOENT;
    return gnttab_fails ? NULL : (xengnttab_handle *)&handles[0];
}

int __wrap_xengnttab_close(xengnttab_handle *handle);
int __wrap_xengnttab_close(xengnttab_handle *handle)
{
    closed += handle == (xengnttab_handle *)&handles[0];
    return 0;
}

void *__wrap_xengnttab_map_grant_ref(xengnttab_handle *handle, uint32_t domain, uint32_t grant,
                                     int protection);
void *__wrap_xengnttab_map_grant_ref(xengnttab_handle *handle, uint32_t domain, uint32_t grant,
                                     int protection)
{
    (void)handle, (void)domain, (void)grant, (void)protection;
    return &handles[1];
}

int __wrap_xengnttab_unmap(xengnttab_handle *handle, void *page, uint32_t count);
int __wrap_xengnttab_unmap(xengnttab_handle *handle, void *page, uint32_t count)
{
    (void)handle, (void)page;
    closed += count * 100;
    return 0;
}

xenevtchn_handle *__wrap_xenevtchn_open(struct xentoollog_logger *logger, unsigned flags);
xenevtchn_handle *__wrap_xenevtchn_open(struct xentoollog_logger *logger, unsigned flags)
{
    (void)logger, (void)flags;
    errno = EACCES;
    return evtchn_fails ? NULL : (xenevtchn_handle *)&handles[1];
}

int __wrap_xenevtchn_close(xenevtchn_handle *handle);
int __wrap_xenevtchn_close(xenevtchn_handle *handle)
{
    (void)handle;
    closed += 10;
    return 0;
}

static int begin(void **state)
{
    (void)state;
    hypervisor_error = -1;
    running_count = 0;
    store_scene_begin(&scene);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_calls_reset();
    fake_directory_remove();
    store_scene_end(&scene);
    return 0;
}

// A new connection, with the hypervisor as it is now.
static struct xen *reopen(void)
{
    xen_close(scene.session.xen);
    assert_int_equal(xen_open(scene.arena, &scene.diags, 5, &scene.session.xen), STATUS_OK);
    return scene.session.xen;
}

static void assert_reported(const char *part)
{
    const char *text = store_reported(&scene);
    diags_init(&scene.diags, scene.arena);
    if (!strstr(text, part))
        fail_msg("not \"%s\" in: %s", part, text);
}

// ---- domains ----

static void test_many_domains(void **state)
{
    const struct domain *domains;
    size_t count;
    (void)state;
    hypervisor_error = 0;
    running_count = 128; // twice as many as are asked for at once
    for (unsigned i = 0; i < running_count; i++)
        running[i] = (struct xen_running){ .id = i * 3, .hvm = i % 2 };
    struct xen *xen = reopen();
    assert_int_equal(xen_domains(xen, &scene.diags, DOMAIN_ID, &domains, &count), STATUS_OK);
    assert_int_equal(count, 128);
    assert_int_equal(domains[127].id, 381);
    running[127].id = 0x7fef; // the last one there can be
    assert_int_equal(xen_domains(xen, &scene.diags, DOMAIN_ID, &domains, &count), STATUS_OK);
    assert_int_equal(count, 128);
}

static void test_a_hypervisor_that_cannot_be_asked(void **state)
{
    const struct domain *domains;
    size_t count;
    (void)state;
    hypervisor_error = 0;
    struct xen *xen = reopen();
    hypervisor_error = EACCES;
    assert_int_equal(xen_domains(xen, &scene.diags, DOMAIN_NAME, &domains, &count), STATUS_OK);
    assert_int_equal(count, 2); // as xenstore has them
    assert_string_equal(domains[1].name, "web");
    assert_null(xen_broken(xen));
    hypervisor_error = ENOENT; // without a reason: out of memory
    assert_int_equal(xen_domains(xen, &scene.diags, DOMAIN_NAME, &domains, &count), STATUS_FAILED);
    assert_reported("cannot list the domains: out of memory");
    hypervisor_error = 0;
    xen = reopen();
    hypervisor_error = ENOMEM;
    assert_int_equal(xen_domains(xen, &scene.diags, DOMAIN_NAME, &domains, &count), STATUS_FAILED);
    assert_reported("cannot list the domains: Cannot allocate memory");
}

static void test_whether_a_domain_is_alive(void **state)
{
    (void)state;
    hypervisor_error = 0;
    running_count = 1;
    running[0] = (struct xen_running){ .id = 3, .uuid = SCENE_UUID };
    struct xen *xen = reopen();
    assert_int_equal(xen_domain_is_alive(xen, &scene.domain), VERDICT_YES);
    running[0].dying = true;
    assert_int_equal(xen_domain_is_alive(xen, &scene.domain), VERDICT_NO);
    running[0] = (struct xen_running){ .id = 3, .uuid = "another" };
    assert_int_equal(xen_domain_is_alive(xen, &scene.domain), VERDICT_NO);
    running[0].id = 4;
    assert_int_equal(xen_domain_is_alive(xen, &scene.domain), VERDICT_NO);
    assert_int_equal(xen_check_alive(xen, &scene.diags, &scene.domain), STATUS_REQUEST);
    assert_reported("domain web (3) is gone");
    hypervisor_error = -1;
    xen = reopen();
    assert_int_equal(xen_check_alive(xen, &scene.diags, &scene.domain), STATUS_OK);
    fake_store_fail_from(1, FAKE_LOST);
    assert_int_equal(xen_check_alive(xen, &scene.diags, &scene.domain), STATUS_FAILED);
    assert_reported("cannot tell whether domain web (3) is still running: ");
}

static enum status find_domain(const char *name)
{
    struct domain *domain;
    return xen_find_domain(scene.session.xen, &scene.diags, name, &domain);
}

static void test_domains_that_are_not_supported(void **state)
{
    (void)state;
    fake_store_set("/local/domain/7/vm", "/vm/x"); // has no name yet
    assert_int_equal(find_domain("wbe"), STATUS_REQUEST);
    assert_reported("did you mean 'web'?");
    assert_int_equal(find_domain("0"), STATUS_REQUEST);
    assert_reported("domain 0 is this host itself");
    fake_store_set("/local/domain/3/image/device-model-domid", "0");
    assert_int_equal(find_domain("web"), STATUS_OK);
    fake_store_set("/local/domain/3/image/device-model-domid", "8");
    assert_int_equal(find_domain("web"), STATUS_REQUEST);
    assert_reported("runs in stub domain 8");
    fake_store_set("/libxl/3/dm-version", "qemu_xen_traditional");
    assert_int_equal(find_domain("web"), STATUS_REQUEST);
    assert_reported("qemu-traditional");
    fake_store_unset("/local");
    assert_int_equal(find_domain("web"), STATUS_REQUEST);
    assert_reported("there is no domain \"web\"");
}

static void test_whether_a_qemu_has_exited(void **state)
{
    static const char path[] = "/local/domain/3/image/device-model-pid";
    (void)state;
    assert_false(xen_qemu_exited(scene.session.xen, &scene.domain));
    fake_store_set(path, "0");
    assert_false(xen_qemu_exited(scene.session.xen, &scene.domain));
    fake_store_set(path, "1");
    assert_false(xen_qemu_exited(scene.session.xen, &scene.domain));
    fake_store_set(path, "x");
    assert_false(xen_qemu_exited(scene.session.xen, &scene.domain));
    fake_store_set(path, "2147483647");
    assert_true(xen_qemu_exited(scene.session.xen, &scene.domain));
}

// ---- requests ----

static void test_permissions(void **state)
{
    struct xen *xen = scene.session.xen;
    struct xen_permission many[9] = { { 0, 'n' } };
    static const char letters[] = "nrwb";
    (void)state;
    assert_string_equal(xen_why(xen), "no error");
    for (size_t i = 0; letters[i]; i++)
        assert_int_equal(
            xen_set_permissions(xen, NULL, "/a", &(struct xen_permission){ 3, letters[i] }, 1),
            XEN_OK);
    assert_int_equal(xen_set_permissions(xen, NULL, "/a", many, 0), XEN_FAILED);
    assert_int_equal(xen_set_permissions(xen, NULL, "/a", many, 9), XEN_FAILED);
    assert_string_equal(xen_why(xen), "a node has 1 to 8 permissions");
    assert_int_equal(xen_set_permissions(xen, NULL, "/a", &(struct xen_permission){ 3, 0 }, 1),
                     XEN_FAILED);
    assert_int_equal(xen_set_permissions(xen, NULL, "/a", &(struct xen_permission){ 3, 'x' }, 1),
                     XEN_FAILED);
    assert_string_equal(xen_why(xen), "a permission must be n, r, w or b");
    xen_abort(xen, NULL);
    assert_string_equal(xen_why(xen), "a permission must be n, r, w or b");
    assert_int_equal(xen_status(xen, XEN_FAILED), STATUS_FAILED);
}

// The connection was replaced meanwhile: whatever is done in a transaction of the former one must
// be done again.
static void test_a_transaction_of_a_lost_connection(void **state)
{
    struct xen *xen = scene.session.xen;
    struct xen_transaction *transaction;
    struct text value;
    (void)state;
    xen_persist(xen, 10);
    assert_int_equal(xen_begin(xen, &transaction), XEN_OK);
    fake_store_fail(1, FAKE_LOST);
    assert_int_equal(xen_write(xen, NULL, "/a", text_of("b")), XEN_OK);
    assert_string_equal(fake_store_get("/a"), "b");
    assert_int_equal(connection_generation(xen), 1);
    assert_int_equal(xen_read(xen, transaction, "/a", &value), XEN_AGAIN);
    assert_int_equal(xen_commit(xen, transaction), XEN_AGAIN);
    assert_null(xen_broken(xen));
}

// Waiting for it would not help.
static void test_a_connection_that_is_denied_is_not_waited_for(void **state)
{
    struct xen *xen = scene.session.xen;
    (void)state;
    xen_persist(xen, 1000);
    fake_store_fail_from(1, FAKE_LOST);
    fail_calls("connect", NULL, EACCES);
    assert_int_equal(xen_write(xen, NULL, "/a", text_of("b")), XEN_FAILED);
    assert_null(fake_store_get("/a"));
}

// ---- finding xenstored ----

static void test_the_path_of_xenstored(void **state)
{
    char *own = arena_strdup(scene.arena, getenv("XENSTORED_PATH"));
    (void)state;
    assert_string_equal(xen_probe_path(scene.arena), own);
    unsetenv("XENSTORED_PATH");
    setenv("XENSTORED_RUNDIR", fake_directory(), 1);
    fake_redirect("/dev/xen", fake_path(scene.arena, "dev"));
    fake_redirect("/proc/xen", fake_path(scene.arena, "proc"));
    assert_string_equal(xen_probe_path(scene.arena),
                        fake_path(scene.arena, "socket")); // for the message
    fake_file("proc/xenbus", "");
    assert_string_equal(xen_probe_path(scene.arena), "/proc/xen/xenbus");
    fake_file("dev/xenbus", "");
    assert_string_equal(xen_probe_path(scene.arena), "/dev/xen/xenbus");
    fake_file("socket", "");
    assert_string_equal(xen_probe_path(scene.arena), fake_path(scene.arena, "socket"));
    unsetenv("XENSTORED_RUNDIR");
    setenv("XENSTORED_PATH", own, 1);
}

static void test_why_xenstored_cannot_be_reached(void **state)
{
    static const struct {
        const char *call;
        int error;
        enum xen_probe probe;
    } cases[] = {
        { "connect", ENOENT, PROBE_ABSENT },  { "connect", ECONNREFUSED, PROBE_ABSENT },
        { "connect", EACCES, PROBE_DENIED },  { "connect", EPERM, PROBE_DENIED },
        { "connect", EAGAIN, PROBE_TIMEOUT }, { "connect", EIO, PROBE_FAILED },
        { "socket", EMFILE, PROBE_FAILED },   { "stat", EACCES, PROBE_DENIED },
        { "send", EPIPE, PROBE_FAILED },      { "read", EIO, PROBE_FAILED },
        { "ppoll", ENOMEM, PROBE_FAILED },    { "stat", ENOENT, PROBE_ABSENT },
    };
    const char *path = getenv("XENSTORED_PATH");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fail_calls(cases[i].call, NULL, cases[i].error);
        const enum xen_probe probe =
            xen_probe(scene.arena, path, cases[i].probe == PROBE_TIMEOUT ? 0.02 : 5);
        fake_calls_succeed();
        if (probe != cases[i].probe)
            fail_msg("%s fails with %s: %d", cases[i].call, strerror(cases[i].error), (int)probe);
    }
    // The kernel's device, in a guest.
    fake_file("xenbus", "");
    static const int denied[] = { ENODEV, ENXIO, EACCES };
    for (size_t i = 0; i < 3; i++) {
        fail_calls("open", "xenbus", denied[i]);
        assert_int_equal(xen_probe(scene.arena, fake_path(scene.arena, "xenbus"), 1),
                         denied[i] == EACCES ? PROBE_DENIED : PROBE_ABSENT);
        fake_calls_succeed();
    }
    char *longer = arena_alloc(scene.arena, 200);
    memset(longer, 'a', 150);
    memcpy(longer, fake_directory(), strlen(fake_directory()));
    longer[strlen(fake_directory())] = '/';
    fake_redirect(longer, path); // only the address is too long
    assert_int_equal(xen_probe(scene.arena, longer, 1), PROBE_FAILED);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(xen_complain_probe(&scene.diags, path, PROBE_DENIED, 1), STATUS_REFUSED);
    assert_reported("no permission to connect to xenstored at ");
}

static void test_calls_that_are_made_again(void **state)
{
    static const struct {
        const char *call;
        int error;
    } cases[] = {
        { "connect", EINTR }, { "connect", EAGAIN }, { "send", EINTR },
        { "send", EAGAIN },   { "send", 0 },         { "read", EINTR },
        { "read", EAGAIN },   { "ppoll", EINTR },    { "ppoll", 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fail_call_nth(cases[i].call, NULL, cases[i].error, 1);
        const enum xen_probe probe = xen_probe(scene.arena, getenv("XENSTORED_PATH"), 5);
        fake_calls_succeed();
        if (probe != PROBE_ANSWERED)
            fail_msg("%s: %d", cases[i].call, (int)probe);
    }
    fail_calls("send", NULL, EAGAIN);
    fail_calls("ppoll", NULL, ENOMEM);
    assert_int_equal(xen_probe(scene.arena, getenv("XENSTORED_PATH"), 5), PROBE_FAILED);
}

// The kernel's device takes a request with each write, and is no socket.
static void test_a_wire_that_is_no_socket(void **state)
{
    int ends[2];
    char request[64];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
    fail_calls("fstat", NULL, EIO);
    struct wire *wire = wire_new(scene.arena, ends[0]);
    fake_calls_succeed();
    struct xen_query queries[] = { { .path = "/a" }, { .path = "/bc" } };
    assert_false(wire_ask(wire, queries, 2, 0.01));
    assert_int_equal(errno, ETIMEDOUT);
    assert_int_equal(recv(ends[1], request, sizeof request, 0), 16 + 3);
    assert_int_equal(recv(ends[1], request, sizeof request, 0), 16 + 4);
    wire_close(wire);
    close(ends[1]);
    // One that ends in the middle of an answer that claims to be long.
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    wire = wire_new(scene.arena, ends[0]);
    const uint32_t head[] = { 2, 0, 0, 100000 };
    assert_int_equal(write(ends[1], head, sizeof head), sizeof head);
    assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
    assert_false(wire_ping(wire, deadline_in(1)));
    assert_int_equal(errno, ECONNRESET);
    wire_close(wire);
    close(ends[1]);
}

static void test_whether_this_is_a_xen_host(void **state)
{
    char *own = arena_strdup(scene.arena, getenv("XENSTORED_PATH"));
    (void)state;
    assert_true(xen_is_host(scene.arena)); // it has a xenstored
    setenv("XENSTORED_PATH", fake_path(scene.arena, "none"), 1);
    fake_redirect("/sys/hypervisor", fake_path(scene.arena, "sys"));
    assert_false(xen_is_host(scene.arena));
    fake_file("sys/type", "xen\n");
    fake_file("sys/uuid", "00000000-0000-0000-0000-000000000000\n");
    assert_true(xen_is_host(scene.arena));
    fake_file("sys/uuid", SCENE_UUID "\n");
    assert_false(xen_is_host(scene.arena));
    fake_file("none", "");
    assert_false(xen_is_host(scene.arena));
    setenv("XENSTORED_PATH", own, 1);
}

// ---- shared pages ----

static void test_pages_that_are_shared(void **state)
{
    const char *why;
    (void)state;
    gnttab_fails = true;
    assert_null(xen_share_open(scene.arena, 3, &why));
    assert_string_equal(why, "/dev/xen/gntdev: No such file or directory");
    gnttab_fails = false;
    evtchn_fails = true;
    assert_null(xen_share_open(scene.arena, 3, &why));
    assert_string_equal(why, "/dev/xen/evtchn: Permission denied");
    assert_int_equal(closed, 1);
    evtchn_fails = false;
    struct xen_share *share = xen_share_open(scene.arena, 3, &why);
    assert_non_null(xen_share_map(share, 1, &why));
    assert_non_null(xen_share_map(share, 2, &why));
    assert_null(xen_share_map(share, 3, &why)); // a ring has two
    assert_string_equal(why, "cannot map its grant 3: No space left on device");
    closed = 0;
    xen_share_close(share);
    assert_int_equal(closed, 211);
    xen_share_close(share);
    assert_int_equal(closed, 211);
}

// ---- what is installed ----

static void test_a_toolstack(void **state)
{
    struct toolstack toolstack = { .xl = NULL };
    (void)state;
    fake_redirect("/usr", fake_path(scene.arena, "usr"));
    toolstack_find(scene.arena, &toolstack);
    assert_null(toolstack.xl);
    assert_null(toolstack.library);
    assert_string_equal(toolstack.qemu_why, "no QEMU for Xen was found");
    fake_file("usr/bin/qemu-system-i386", "has no such device");
    toolstack = (struct toolstack){ .xl = NULL };
    toolstack_find(scene.arena, &toolstack);
    assert_int_equal(toolstack.qemu_has_pvusb, VERDICT_NO);
    assert_string_equal(toolstack.qemu_why, "/usr/bin/qemu-system-i386 was built without qusb");
    fake_file("usr/lib64/libxenlight.so.4.17", "nothing");
    fake_file("usr/lib64/libxenlight.so.4.9", "nothing");
    fake_file("usr/sbin/xl", "");
    assert_int_equal(chmod(fake_path(scene.arena, "usr/sbin/xl"), 0755), 0);
    toolstack = (struct toolstack){ .xl = NULL };
    toolstack_find(scene.arena, &toolstack);
    assert_string_equal(toolstack.libxl, "4.17");
    assert_string_equal(toolstack.xl, "/usr/sbin/xl");
    assert_false(toolstack.qemu_of_libxl);
}

static void test_programs_that_cannot_be_read(void **state)
{
    static const char *const calls[] = { "open", "fstat", "mmap" };
    struct toolstack toolstack;
    (void)state;
    fake_redirect("/usr", fake_path(scene.arena, "usr"));
    fake_file("usr/bin/qemu-system-i386", "qemu");
    for (size_t i = 0; i < 3; i++) {
        toolstack = (struct toolstack){ .xl = NULL };
        fail_calls(calls[i], NULL, EIO);
        toolstack_find(scene.arena, &toolstack);
        fake_calls_succeed();
        assert_int_equal(toolstack.qemu_has_pvusb, VERDICT_UNKNOWN);
        assert_string_equal(toolstack.qemu_why, "/usr/bin/qemu-system-i386 cannot be read");
    }
    fake_file("usr/bin/qemu-system-i386", "");
    toolstack = (struct toolstack){ .xl = NULL };
    toolstack_find(scene.arena, &toolstack);
    assert_int_equal(toolstack.qemu_has_pvusb, VERDICT_UNKNOWN);
    assert_int_equal(unlink(fake_path(scene.arena, "usr/bin/qemu-system-i386")), 0);
    assert_int_equal(mkdir(fake_path(scene.arena, "usr/bin/qemu-system-i386"), 0700), 0);
    toolstack = (struct toolstack){ .xl = NULL };
    toolstack_find(scene.arena, &toolstack);
    assert_int_equal(toolstack.qemu_has_pvusb, VERDICT_UNKNOWN);
}

static void test_the_path_of_qemu_in_a_library(void **state)
{
    static const char relative[] = "\0bin/qemu-system-i386\0x";
    static const char none[] = "\0/usr/bin/qemu-system-x86_64\0";
    static const char first[] = "/usr/bin/qemu-system-i386";
    static const char odd[] = "/\x7f/usr/bin/qemu-system-i386";
    static const char second[] = "qemu-system-i386\0\0/opt/qemu-system-i386";
    char *longer = arena_alloc(scene.arena, 10000);
    (void)state;
#define IN(bytes) toolstack_qemu_in(scene.arena, (struct text){ bytes, sizeof bytes })
    assert_null(IN(relative));
    assert_null(IN(none));
    assert_string_equal(IN(first), "/usr/bin/qemu-system-i386");
    assert_string_equal(IN(odd), "/usr/bin/qemu-system-i386");
    assert_string_equal(IN(second), "/opt/qemu-system-i386");
    memset(longer, '/', 9000);
    memcpy(longer + 9000, "qemu-system-i386", 17);
    const char *found = toolstack_qemu_in(scene.arena, (struct text){ longer, 9017 });
    assert_non_null(found);
    assert_true(strlen(found) < 5000);
    assert_null(toolstack_qemu_in(scene.arena, TEXT_EMPTY));
}

static void test_whether_xl_is_at_work(void **state)
{
    (void)state;
    fake_redirect("/proc", fake_path(scene.arena, "proc"));
    assert_int_equal(toolstack_at_work(), 0);
    fake_file("proc/meminfo", "");
    fake_file("proc/5/comm", "bash\n");
    fake_file("proc/6/.keep", ""); // it has just ended
    fake_file("proc/7/comm", "xl\n");
    fake_file("proc/7/cmdline", "xl");
    assert_int_equal(toolstack_at_work(), 0);
    fake_file("proc/7/cmdline", "usbdev-attach");
    assert_int_equal(toolstack_at_work(), 7);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_many_domains),
        CASE(test_a_hypervisor_that_cannot_be_asked),
        CASE(test_whether_a_domain_is_alive),
        CASE(test_domains_that_are_not_supported),
        CASE(test_whether_a_qemu_has_exited),
        CASE(test_permissions),
        CASE(test_a_transaction_of_a_lost_connection),
        CASE(test_a_connection_that_is_denied_is_not_waited_for),
        CASE(test_the_path_of_xenstored),
        CASE(test_why_xenstored_cannot_be_reached),
        CASE(test_calls_that_are_made_again),
        CASE(test_a_wire_that_is_no_socket),
        CASE(test_whether_this_is_a_xen_host),
        CASE(test_pages_that_are_shared),
        CASE(test_a_toolstack),
        CASE(test_programs_that_cannot_be_read),
        CASE(test_the_path_of_qemu_in_a_library),
        CASE(test_whether_xl_is_at_work),
    };
    return cmocka_run_group_tests(tests, store_group_setup, store_group_teardown);
}
