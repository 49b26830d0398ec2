// SPDX-License-Identifier: MIT
// The rings of a controller whose QEMU has exited, with a simulated driver that manages its
// requests like Linux' xen-hcd: an id is in flight until it is answered once, and the id that was
// freed last is reused first.
#include "backends/pvusb/rings.h"
#include "unit.h"

#include <string.h>
#include <sys/mman.h>
#include <xen/io/usbif.h>

enum { PAGE = 4096, NODEV = USBIF_STATUS_NODEV, NONE = 0xffff };

static struct {
    char *mapped; // three pages, only the middle one of which is accessible
    struct usbif_urb_sring *shared;
    uint32_t asked, seen;
    uint16_t free[URB_RING_SLOTS];
    unsigned free_count;
    bool in_flight[URB_RING_SLOTS];
    uint16_t last_id; // of the last answer
    int32_t last_status;
} driver;

static struct urb_ring ring;

// A driver that has had that many requests, all of them answered.
static int begin_at(uint32_t index)
{
    driver.mapped = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (driver.mapped == MAP_FAILED || mprotect(driver.mapped + PAGE, PAGE, PROT_READ | PROT_WRITE))
        return -1;
    driver.shared = (void *)(driver.mapped + PAGE);
    driver.shared->req_prod = driver.shared->rsp_prod = driver.asked = driver.seen = index;
    driver.free_count = URB_RING_SLOTS;
    memset(driver.in_flight, 0, sizeof driver.in_flight);
    for (unsigned i = 0; i < URB_RING_SLOTS; i++)
        driver.free[i] = (uint16_t)(URB_RING_SLOTS - 1 - i);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    return begin_at(0);
}

static int end(void **state)
{
    (void)state;
    return munmap(driver.mapped, 3 * PAGE);
}

static uint16_t push(uint32_t pipe, uint16_t target)
{
    assert_true(driver.free_count > 0);
    uint16_t id = driver.free[--driver.free_count];
    driver.shared->ring[driver.asked % URB_RING_SLOTS].req =
        (struct usbif_urb_request){ .id = id, .pipe = pipe, .u.unlink.unlink_id = target };
    driver.shared->req_prod = ++driver.asked;
    driver.in_flight[id] = true;
    return id;
}

static uint16_t ask(void)
{
    return push((uint32_t)USBIF_PIPE_TYPE_BULK << USBIF_PIPE_TYPE_SHIFT, NONE);
}

static uint16_t unlink_of(uint16_t target)
{
    return push(USBIF_PIPE_UNLINK, target);
}

// Read the next answer, as the driver does.
static void take_answer(void)
{
    assert_int_not_equal(driver.seen, driver.shared->rsp_prod);
    struct usbif_urb_response *answer = &driver.shared->ring[driver.seen++ % URB_RING_SLOTS].rsp;
    driver.last_id = answer->id;
    driver.last_status = answer->status;
    assert_true(driver.last_id < URB_RING_SLOTS);
    assert_true(driver.in_flight[driver.last_id]);
    driver.in_flight[driver.last_id] = false;
    driver.free[driver.free_count++] = driver.last_id;
}

static void want_answer(uint16_t id, int32_t status)
{
    take_answer();
    assert_int_equal(driver.last_id, id);
    assert_int_equal(driver.last_status, status);
}

static void want_no_more(void)
{
    assert_int_equal(driver.seen, driver.shared->rsp_prod);
}

// The former backend answers.
static void former_answers(uint16_t id)
{
    driver.shared->ring[driver.shared->rsp_prod % URB_RING_SLOTS].rsp =
        (struct usbif_urb_response){ .id = id };
    driver.shared->rsp_prod++;
    take_answer();
}

// Leave one old request open, and send so many others after it that its slot was reused.
static uint16_t leave_one_open(unsigned others)
{
    uint16_t open = ask();
    for (unsigned i = 0; i < others; i++)
        former_answers(ask());
    return open;
}

static void take_over(void)
{
    assert_true(urb_ring_take_over(&ring, driver.shared));
}

static void test_an_open_request_is_found_by_its_unlink(void **state)
{
    (void)state;
    uint16_t open = leave_one_open(40);
    take_over();
    assert_int_equal(urb_ring_open(&ring), 1);
    assert_false(urb_ring_answer(&ring));
    uint16_t unlink = unlink_of(open);
    assert_true(urb_ring_answer(&ring));
    want_answer(open, NODEV);
    want_answer(unlink, USBIF_STATUS_OK);
    want_no_more();
    assert_int_equal(urb_ring_open(&ring), 0);
}

static void test_open_requests_complete_without_a_device(void **state)
{
    (void)state;
    take_over();
    for (unsigned i = 0; i < 100; i++) {
        uint16_t one = ask(), other = ask();
        assert_true(urb_ring_answer(&ring));
        want_answer(one, NODEV);
        want_answer(other, NODEV);
        want_no_more();
    }
    assert_int_equal(urb_ring_open(&ring), 0);
}

static void test_completed_requests_are_not_completed_again(void **state)
{
    (void)state;
    uint16_t open = leave_one_open(3);
    take_over();
    uint16_t asked = ask(), unlink = unlink_of(asked);
    assert_true(urb_ring_answer(&ring));
    want_answer(asked, NODEV);
    want_answer(unlink, USBIF_STATUS_OK);
    want_no_more();
    assert_int_equal(urb_ring_open(&ring), 1);
    assert_true(driver.in_flight[open]);
}

static void test_an_id_is_reused(void **state)
{
    (void)state;
    uint16_t open = leave_one_open(20);
    take_over();
    (void)unlink_of(open);
    assert_true(urb_ring_answer(&ring));
    take_answer();
    take_answer();
    for (unsigned i = 0; i < URB_RING_SLOTS; i++) {
        uint16_t asked = ask();
        assert_true(urb_ring_answer(&ring));
        want_answer(asked, NODEV);
    }
    want_no_more();
}

static void test_an_early_unlink_is_completed_last(void **state)
{
    (void)state;
    uint16_t open = leave_one_open(25), unlink = unlink_of(open);
    take_over();
    assert_false(urb_ring_answer(&ring));
    assert_int_equal(urb_ring_open(&ring), 2);
    assert_true(urb_ring_answer_old_unlinks(&ring));
    want_answer(open, NODEV);
    want_answer(unlink, USBIF_STATUS_OK);
    assert_int_equal(urb_ring_open(&ring), 0);
    assert_false(urb_ring_answer_old_unlinks(&ring));
}

static void test_a_completed_early_unlink_is_left_alone(void **state)
{
    (void)state;
    uint16_t open = leave_one_open(9), asked = ask(), unlink = unlink_of(asked);
    former_answers(asked);
    former_answers(unlink);
    take_over();
    assert_int_equal(urb_ring_open(&ring), 1);
    assert_false(urb_ring_answer_old_unlinks(&ring));
    want_no_more();
    assert_true(driver.in_flight[open]);
}

static void test_the_later_of_two_early_unlinks_with_one_id_counts(void **state)
{
    (void)state;
    uint16_t first = leave_one_open(0), second = leave_one_open(0);
    uint16_t asked = ask(), unlink = unlink_of(asked);
    former_answers(asked);
    former_answers(unlink);
    // The id that was freed last is reused.
    assert_int_equal(unlink_of(first), unlink);
    take_over();
    assert_int_equal(ring.old_unlink_count, 1);
    assert_int_equal(ring.old_unlinks[0].target, first);
    assert_true(urb_ring_answer_old_unlinks(&ring));
    want_answer(first, NODEV);
    want_answer(unlink, USBIF_STATUS_OK);
    assert_true(driver.in_flight[second]);
}

// Its id was reused, so it has been answered. Another answer would be taken for that to the later
// request, or free the id twice.
static void test_an_early_unlink_whose_id_was_reused(void **state)
{
    (void)state;
    uint16_t first = leave_one_open(0), second = leave_one_open(0);
    uint16_t asked = ask(), unlink = unlink_of(asked);
    former_answers(asked);
    former_answers(unlink);
    assert_int_equal(ask(), unlink); // also in the ring, and open
    take_over();
    assert_int_equal(urb_ring_open(&ring), 3);
    assert_false(urb_ring_answer_old_unlinks(&ring));
    want_no_more();
    assert_true(driver.in_flight[first] && driver.in_flight[second]);
}

static void test_an_early_unlink_whose_id_is_reused_later(void **state)
{
    (void)state;
    uint16_t first = leave_one_open(0), second = leave_one_open(0);
    uint16_t asked = ask(), unlink = unlink_of(asked);
    former_answers(asked);
    former_answers(unlink);
    take_over();
    assert_int_equal(ask(), unlink);
    assert_true(urb_ring_answer(&ring));
    want_answer(unlink, NODEV);
    assert_false(urb_ring_answer_old_unlinks(&ring));
    want_no_more();
    assert_true(driver.in_flight[first] && driver.in_flight[second]);
}

// The unlinked request had completed by itself: the unlink is open, and so is all after it.
static void test_an_early_unlink_whose_target_was_reused(void **state)
{
    (void)state;
    uint16_t asked = ask(), unlink = unlink_of(asked);
    former_answers(asked);
    assert_int_equal(ask(), asked);
    take_over();
    assert_true(urb_ring_answer_old_unlinks(&ring));
    want_answer(asked, NODEV);
    want_answer(unlink, USBIF_STATUS_OK);
    assert_int_equal(urb_ring_open(&ring), 0);
}

static void test_each_early_unlink_needs_two_answers(void **state)
{
    (void)state;
    uint16_t one = leave_one_open(0), other = leave_one_open(0);
    uint16_t asked = ask(), unlink_one = unlink_of(one), unlink_other = unlink_of(other);
    take_over();
    assert_int_equal(urb_ring_open(&ring), 5);
    assert_true(urb_ring_answer_old_unlinks(&ring));
    want_answer(one, NODEV);
    want_answer(unlink_one, USBIF_STATUS_OK);
    want_answer(other, NODEV);
    want_answer(unlink_other, USBIF_STATUS_OK);
    want_no_more();
    assert_true(driver.in_flight[asked]);
    assert_int_equal(urb_ring_open(&ring), 1);
}

// As long as no id shows which of the two was answered, neither is answered.
static void test_one_of_two_early_unlinks_is_open(void **state)
{
    (void)state;
    uint16_t old = leave_one_open(0), one = ask(), other = ask();
    uint16_t unlink_one = unlink_of(one), unlink_other = unlink_of(other);
    former_answers(one);
    former_answers(unlink_one);
    take_over();
    assert_int_equal(urb_ring_open(&ring), 3);
    assert_false(urb_ring_answer_old_unlinks(&ring));
    want_no_more();
    assert_int_equal(unlink_of(old), unlink_one);
    assert_true(urb_ring_answer(&ring));
    want_answer(old, NODEV);
    want_answer(unlink_one, USBIF_STATUS_OK);
    assert_true(urb_ring_answer_old_unlinks(&ring));
    want_answer(other, NODEV);
    want_answer(unlink_other, USBIF_STATUS_OK);
    assert_int_equal(urb_ring_open(&ring), 0);
}

// A driver whose ids are all in use cannot unlink any of them until one is free.
static void test_a_full_ring(void **state)
{
    (void)state;
    (void)leave_one_open(40);
    while (driver.free_count)
        (void)ask();
    take_over();
    assert_true(urb_ring_answer(&ring));
    assert_int_equal(urb_ring_open(&ring), 0);
    for (unsigned i = 0; i < URB_RING_SLOTS; i++) {
        take_answer();
        assert_int_equal(driver.last_status, NODEV);
    }
    want_no_more();
    uint16_t asked = ask(), unlink = unlink_of(asked);
    assert_true(urb_ring_answer(&ring));
    want_answer(asked, NODEV);
    want_answer(unlink, USBIF_STATUS_OK);
    assert_false(urb_ring_answer(&ring));
    assert_false(urb_ring_answer_old_unlinks(&ring));
}

static void test_a_full_ring_with_unlinks(void **state)
{
    (void)state;
    uint16_t open = leave_one_open(3), other = ask();
    (void)unlink_of(open);
    (void)unlink_of(other);
    while (driver.free_count)
        (void)ask();
    take_over();
    assert_true(urb_ring_answer(&ring));
    for (unsigned i = 0; i < URB_RING_SLOTS; i++)
        take_answer();
    want_no_more();
    assert_false(urb_ring_answer_old_unlinks(&ring));
    assert_int_equal(urb_ring_open(&ring), 0);
}

static void test_indexes_wrap(void **state)
{
    assert_int_equal(end(state), 0);
    assert_int_equal(begin_at(UINT32_MAX - 7), 0);
    uint16_t open = leave_one_open(4);
    take_over();
    for (unsigned i = 0; i < 20; i++) {
        uint16_t asked = ask();
        assert_true(urb_ring_answer(&ring));
        want_answer(asked, NODEV);
    }
    uint16_t unlink = unlink_of(open);
    assert_true(urb_ring_answer(&ring));
    want_answer(open, NODEV);
    want_answer(unlink, USBIF_STATUS_OK);
    assert_int_equal(urb_ring_open(&ring), 0);
}

static void test_impossible_indexes(void **state)
{
    (void)state;
    driver.shared->req_prod = URB_RING_SLOTS + 1;
    assert_false(urb_ring_take_over(&ring, driver.shared));
    driver.shared->req_prod = UINT32_MAX;
    assert_false(urb_ring_take_over(&ring, driver.shared));
    driver.shared->req_prod = URB_RING_SLOTS;
    take_over();
    driver.shared->req_prod = 1000000;
    assert_false(urb_ring_answer(&ring));
    assert_int_equal(driver.shared->rsp_prod, 0);
    driver.shared->req_prod = 0; // fewer than before
    assert_false(urb_ring_answer(&ring));
    assert_int_equal(driver.shared->rsp_prod, 0);
}

// It only harms itself: at most as many answers as requests, and all of them inside the page.
static void test_a_guest_that_writes_garbage(void **state)
{
    (void)state;
    take_over();
    for (uint32_t i = 0; i < 1000; i++) {
        driver.shared->ring[i % URB_RING_SLOTS].req =
            (struct usbif_urb_request){ .id = (uint16_t)(i * 40503u),
                                        .pipe = i * 2654435761u,
                                        .u.unlink.unlink_id = (uint16_t)(i % 5 ? i % 20 : i * 31) };
        driver.shared->req_prod = i + 1;
        (void)urb_ring_answer(&ring);
        (void)urb_ring_answer_old_unlinks(&ring);
        assert_true(driver.shared->rsp_prod <= i + 1);
        assert_true(urb_ring_open(&ring) <= URB_RING_SLOTS);
    }
    assert_int_equal(ring.req_taken, 1000);
}

static void test_a_target_that_is_unlinked_repeatedly(void **state)
{
    (void)state;
    uint16_t open = leave_one_open(0), other = leave_one_open(0);
    take_over();
    for (unsigned i = 0; i < 100; i++) {
        uint16_t unlink = unlink_of(open);
        assert_true(urb_ring_answer(&ring));
        if (i == 0)
            want_answer(open, NODEV);
        want_answer(unlink, USBIF_STATUS_OK);
        want_no_more();
    }
    uint16_t unlink = unlink_of(URB_RING_SLOTS); // no id
    assert_true(urb_ring_answer(&ring));
    want_answer(unlink, USBIF_STATUS_OK);
    assert_int_equal(urb_ring_open(&ring), 1);
    assert_true(driver.in_flight[other]);
}

static uint32_t seed;

static uint32_t pick(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

// The former backend answers some open requests, in any order, and dies; then the driver sends more
// and unlinks all of them.
static void live_and_die(void)
{
    uint16_t open[URB_RING_SLOTS];
    unsigned count = 0;
    for (unsigned i = pick(200); i > 0; i--) {
        if (count < URB_RING_SLOTS / 2 && pick(2)) {
            open[count++] = ask();
        } else if (count) {
            unsigned at = pick(count);
            former_answers(open[at]);
            open[at] = open[--count];
        }
    }
    take_over();
    assert_int_equal(urb_ring_open(&ring), count);
    while (count) {
        if (pick(2)) {
            uint16_t asked = ask();
            assert_true(urb_ring_answer(&ring));
            want_answer(asked, NODEV);
        }
        unsigned at = pick(count);
        uint16_t target = open[at], unlink = unlink_of(target);
        open[at] = open[--count];
        assert_true(urb_ring_answer(&ring));
        want_answer(target, NODEV);
        want_answer(unlink, USBIF_STATUS_OK);
    }
    assert_int_equal(urb_ring_open(&ring), 0);
    want_no_more();
    assert_int_equal(driver.free_count, URB_RING_SLOTS);
}

static void test_random_rings(void **state)
{
    for (uint32_t life = 0; life < 2000; life++) {
        seed = life;
        assert_int_equal(end(state), 0);
        assert_int_equal(begin_at(pick(3) ? pick(100000) : UINT32_MAX - pick(100)), 0);
        live_and_die();
    }
}

// ---- a QEMU that dies anywhere ----

// QEMU reads in order, and answers unlinks at once (hw/usb/xen-usb.c).
static struct {
    uint32_t read;
    bool has[URB_RING_SLOTS];
} qemu;

static bool unlinks[URB_RING_SLOTS], is_unlinked[URB_RING_SLOTS]; // by id

static void qemu_says(uint16_t id, int32_t status)
{
    driver.shared->ring[driver.shared->rsp_prod++ % URB_RING_SLOTS].rsp =
        (struct usbif_urb_response){ .id = id, .status = status };
}

static void qemu_reads(void)
{
    if (qemu.read == driver.shared->req_prod)
        return;
    struct usbif_urb_request request = driver.shared->ring[qemu.read++ % URB_RING_SLOTS].req;
    if (usbif_pipesubmit(request.pipe)) {
        qemu.has[request.id] = true;
        return;
    }
    if (qemu.has[request.u.unlink.unlink_id])
        qemu_says(request.u.unlink.unlink_id, USBIF_STATUS_IOERROR);
    qemu.has[request.u.unlink.unlink_id] = false;
    qemu_says(request.id, USBIF_STATUS_OK);
}

static void qemu_completes_one(void)
{
    uint16_t id = (uint16_t)pick(URB_RING_SLOTS);
    if (qemu.has[id])
        qemu_says(id, USBIF_STATUS_OK);
    qemu.has[id] = false;
}

static void driver_asks(void)
{
    if (driver.free_count == 0)
        return;
    uint16_t id = ask();
    unlinks[id] = is_unlinked[id] = false;
}

static bool can_unlink(uint16_t id)
{
    return driver.in_flight[id] && !unlinks[id] && !is_unlinked[id];
}

static void driver_unlinks(uint16_t target)
{
    if (driver.free_count == 0 || !can_unlink(target))
        return;
    is_unlinked[target] = true;
    uint16_t id = unlink_of(target);
    unlinks[id] = true;
    is_unlinked[id] = false;
}

static void driver_reads(void)
{
    while (driver.seen != driver.shared->rsp_prod)
        take_answer();
}

// A driver that has at most that many open requests.
static void live(unsigned most)
{
    bool is_slow = pick(3) == 0; // QEMU is slow, as with idle devices
    for (unsigned i = pick(300); i > 0; i--) {
        switch (pick(6)) {
        case 0: driver_unlinks((uint16_t)pick(URB_RING_SLOTS)); break;
        case 1: qemu_reads(); break;
        case 2: qemu_reads(); break;
        case 3:
            if (!is_slow || pick(8) == 0)
                qemu_completes_one();
            break;
        case 4: driver_reads(); break;
        default:
            if (URB_RING_SLOTS - driver.free_count < most)
                driver_asks();
            break;
        }
    }
}

static bool an_unlink_is_unread(void)
{
    for (uint32_t at = qemu.read; at != driver.shared->req_prod; at++)
        if (usbif_pipeunlink(driver.shared->ring[at % URB_RING_SLOTS].req.pipe))
            return true;
    return false;
}

static void unlink_all(void)
{
    for (unsigned tries = 0; tries < 400; tries++) {
        if (pick(4) == 0)
            driver_asks();
        else
            driver_unlinks((uint16_t)pick(URB_RING_SLOTS));
        if (pick(2) == 0)
            continue;
        (void)urb_ring_answer(&ring);
        driver_reads();
    }
    (void)urb_ring_answer(&ring);
    driver_reads();
    for (uint16_t id = 0; id < URB_RING_SLOTS; id++)
        assert_false(can_unlink(id));
}

// Only requests in flight are answered, which take_answer asserts. All are answered, unless the
// ring had an unlink that QEMU had not read; then some are.
static void test_qemu_dies_at_random(void **state)
{
    unsigned clean = 0, old_unlinks = 0, early_answered = 0, full = 0;
    for (uint32_t life = 0; life < 6000; life++) {
        seed = life;
        assert_int_equal(end(state), 0);
        uint32_t index = pick(3) ? pick(100000) : UINT32_MAX - pick(100);
        assert_int_equal(begin_at(index), 0);
        memset(&qemu, 0, sizeof qemu);
        qemu.read = index;
        live(pick(2) ? URB_RING_SLOTS : 1 + pick(URB_RING_SLOTS));
        bool unread = an_unlink_is_unread();
        // The driver reads QEMU's answers before the events of the ports (xenhcd_int).
        driver_reads();
        take_over();
        full += urb_ring_open(&ring) == URB_RING_SLOTS;
        unlink_all();
        (void)urb_ring_answer_old_unlinks(&ring);
        driver_reads();
        if (!unread || urb_ring_open(&ring) == 0) {
            assert_int_equal(urb_ring_open(&ring), 0);
            assert_int_equal(driver.free_count, URB_RING_SLOTS);
        }
        clean += !unread;
        old_unlinks += unread;
        early_answered += unread && urb_ring_open(&ring) == 0;
    }
    assert_true(clean > 500 && full > 100);
    assert_true(early_answered > 500 && early_answered <= old_unlinks);
}

// ---- the ring of hotplug events ----

enum { EVENTS = 512 };

static struct usbif_conn_sring *events(uint32_t index, uint32_t count)
{
    struct usbif_conn_sring *shared = (void *)(driver.mapped + PAGE);
    shared->rsp_prod = index;
    shared->req_prod = index + count;
    for (uint32_t i = 0; i < EVENTS; i++)
        shared->ring[i].req.id = (uint16_t)(i + 7);
    return shared;
}

static void test_all_ports_are_reported_as_empty(void **state)
{
    (void)state;
    uint32_t index = UINT32_MAX - 2;
    struct usbif_conn_sring *shared = events(index, EVENTS);
    assert_true(conn_ring_unplug(shared, 4));
    assert_int_equal(shared->rsp_prod, index + 4);
    for (uint32_t i = 0; i < 4; i++) {
        struct usbif_conn_response *told = &shared->ring[(index + i) % EVENTS].rsp;
        assert_int_equal(told->id, (index + i) % EVENTS + 7);
        assert_int_equal(told->portnum, i + 1);
        assert_int_equal(told->speed, USBIF_SPEED_NONE);
    }
}

static void test_a_full_event_ring_is_left_alone(void **state)
{
    (void)state;
    static const uint32_t rooms[] = { 0, 3, EVENTS + 1, UINT32_MAX };
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        struct usbif_conn_sring *shared = events(100, rooms[i]);
        char before[PAGE];
        memcpy(before, shared, PAGE);
        assert_false(conn_ring_unplug(shared, 4));
        assert_memory_equal(before, shared, PAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_open_request_is_found_by_its_unlink, begin, end),
        cmocka_unit_test_setup_teardown(test_open_requests_complete_without_a_device, begin, end),
        cmocka_unit_test_setup_teardown(test_completed_requests_are_not_completed_again, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_an_id_is_reused, begin, end),
        cmocka_unit_test_setup_teardown(test_an_early_unlink_is_completed_last, begin, end),
        cmocka_unit_test_setup_teardown(test_a_completed_early_unlink_is_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(test_the_later_of_two_early_unlinks_with_one_id_counts,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_an_early_unlink_whose_id_was_reused, begin, end),
        cmocka_unit_test_setup_teardown(test_an_early_unlink_whose_id_is_reused_later, begin, end),
        cmocka_unit_test_setup_teardown(test_an_early_unlink_whose_target_was_reused, begin, end),
        cmocka_unit_test_setup_teardown(test_each_early_unlink_needs_two_answers, begin, end),
        cmocka_unit_test_setup_teardown(test_one_of_two_early_unlinks_is_open, begin, end),
        cmocka_unit_test_setup_teardown(test_a_full_ring, begin, end),
        cmocka_unit_test_setup_teardown(test_a_full_ring_with_unlinks, begin, end),
        cmocka_unit_test_setup_teardown(test_indexes_wrap, begin, end),
        cmocka_unit_test_setup_teardown(test_impossible_indexes, begin, end),
        cmocka_unit_test_setup_teardown(test_a_guest_that_writes_garbage, begin, end),
        cmocka_unit_test_setup_teardown(test_a_target_that_is_unlinked_repeatedly, begin, end),
        cmocka_unit_test_setup_teardown(test_random_rings, begin, end),
        cmocka_unit_test_setup_teardown(test_qemu_dies_at_random, begin, end),
        cmocka_unit_test_setup_teardown(test_all_ports_are_reported_as_empty, begin, end),
        cmocka_unit_test_setup_teardown(test_a_full_event_ring_is_left_alone, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
