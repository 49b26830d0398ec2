// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/session.h"
#include "fake_peer.h"
#include "qemu/client_state.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

// Scales of the time limits: for tests that wait for a timeout, and for all others.
#define SHORT 0.04 // 0.2 s to connect, 0.4 s for an answer
#define LONG  6.0

static int setup(void **state)
{
    *state = arena_new(0);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static const struct session *session_with(struct arena *arena, double timeout_scale)
{
    struct session *session = arena_new_of(arena, struct session);
    *session = (struct session){ .arena = arena, .timeout_scale = timeout_scale };
    return session;
}

struct connection {
    struct fake_peer *peer;
    struct qmp_client *client;
    enum status status;
    const char *why;
};

typedef enum status connect_function(const struct session *, struct qmp_socket, struct deadline,
                                     struct qmp_client **, const char **);

static struct connection open_by(connect_function *function, void **state, fake_script script,
                                 double timeout_scale)
{
    struct connection made = { .why = "" };
    int fd;
    made.peer = fake_start(script, NULL, true, &fd);
    made.status =
        function(session_with(*state, timeout_scale), (struct qmp_socket){ fd, "QEMU at SOCKET" },
                 deadline_in(QMP_CONNECT_SECONDS * timeout_scale), &made.client, &made.why);
    return made;
}

static struct connection open_with(void **state, fake_script script, double timeout_scale)
{
    return open_by(qmp_negotiate, state, script, timeout_scale);
}

static struct connection open_greeted(void **state, fake_script script, double timeout_scale)
{
    struct connection made = open_with(state, script, timeout_scale);
    assert_int_equal(made.status, STATUS_OK);
    return made;
}

static void end(struct connection *connection)
{
    qmp_close(connection->client);
    fake_end(connection->peer);
}

// ---- the greeting ----

static void only_greet(struct fake_peer *peer, void *context)
{
    (void)context;
    fake_greet(peer);
    fake_stall(peer);
}

static void test_a_greeting(void **state)
{
    struct connection it = open_greeted(state, only_greet, LONG);
    assert_string_equal(qmp_version(it.client), "7.2.22");
    assert_false(qmp_broken(it.client));
    end(&it);
}

// QEMU had no client any more for what it had to tell, and sends it to the next one.
static void greet_late(struct fake_peer *peer, void *context)
{
    (void)context;
    fake_say(peer,
             "{\"event\": \"DEVICE_DELETED\", \"data\": {\"path\": \"/machine/peripheral/a\"}}");
    fake_greet(peer);
    fake_stall(peer);
}

static void test_an_event_before_the_greeting(void **state)
{
    struct connection it = open_greeted(state, greet_late, LONG);
    assert_string_equal(qmp_version(it.client), "7.2.22");
    assert_false(qmp_broken(it.client));
    end(&it);
}

static void no_greeting(struct fake_peer *peer, void *context)
{
    (void)context;
    fake_stall(peer);
}

static void test_a_missing_greeting_names_possible_holders(void **state)
{
    struct connection it = open_with(state, no_greeting, SHORT);
    assert_int_equal(it.status, STATUS_TIMEOUT);
    assert_non_null(strstr(it.why, "QEMU at SOCKET"));
    assert_non_null(strstr(it.why, "another client (xl, libvirt, another tool) is using"));
    fake_end(it.peer);
}

static void say_context(struct fake_peer *peer, void *context)
{
    fake_say(peer, context);
}

static void test_invalid_greetings(void **state)
{
    static const struct {
        const char *said;
        const char *complaint;
    } cases[] = {
        { "SSH-2.0-OpenSSH_9.2p1\r\n", "QEMU at SOCKET sent invalid QMP: " },
        { "", "QEMU at SOCKET closed the connection without a greeting" },
        { "{\"QMP\": {\"ver", "QEMU at SOCKET closed the connection without a greeting" },
        { "{\"QMP\": 1}", "sent an invalid greeting" },
        { "{\"return\": {}, \"id\": 1}", "did not send a QMP greeting" },
        { "[]", "did not send a QMP greeting" },
        { "{\"QMP\": {}}{\"QMP\": {}}", "sent a second greeting" },
        { "{\"QMP\": {}}", "QEMU at SOCKET closed the connection" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd;
        const char *why = "";
        struct qmp_client *client = NULL;
        char said[64];
        strcpy(said, cases[i].said);
        struct fake_peer *peer = fake_start(say_context, said, false, &fd);
        assert_int_equal(qmp_negotiate(session_with(*state, LONG),
                                       (struct qmp_socket){ fd, "QEMU at SOCKET" },
                                       deadline_in(LONG), &client, &why),
                         STATUS_FAILED);
        assert_null(client);
        assert_non_null(strstr(why, cases[i].complaint));
        fake_end(peer);
    }
}

static void refuse_capabilities(struct fake_peer *peer, void *context)
{
    (void)context;
    fake_say(peer, "{\"QMP\": {\"version\": {\"qemu\": {\"major\": \"7\"}}}}");
    fake_fail(peer, fake_command(peer), "CommandNotFound", "no such thing");
    fake_stall(peer);
}

static void test_capabilities_refused(void **state)
{
    struct connection it = open_with(state, refuse_capabilities, LONG);
    assert_int_equal(it.status, STATUS_FAILED);
    assert_string_equal(it.why,
                        "QEMU at SOCKET refused qmp_capabilities; QEMU says: no such thing");
    fake_end(it.peer);
}

static void greet_and_stall(struct fake_peer *peer, void *context)
{
    (void)context;
    fake_say(peer, "{\"QMP\": {}}");
    fake_stall(peer);
}

static void test_capabilities_unanswered(void **state)
{
    struct connection it = open_with(state, greet_and_stall, SHORT);
    assert_int_equal(it.status, STATUS_TIMEOUT);
    assert_string_equal(it.why, "QEMU at SOCKET did not answer qmp_capabilities within 0.4 s");
    fake_end(it.peer);
}

static void test_capabilities_refused_after_others_were_sent(void **state)
{
    struct connection it = open_by(qmp_greet, state, refuse_capabilities, LONG);
    assert_int_equal(it.status, STATUS_OK);
    struct qmp_command *command = qmp_submit(it.client, "query-status", TEXT_EMPTY);
    qmp_send(it.client);
    assert_false(qmp_await(it.client));
    assert_true(qmp_broken(it.client));
    assert_false(command->answered);
    assert_string_equal(qmp_why(it.client),
                        "QEMU at SOCKET refused qmp_capabilities; QEMU says: no such thing");
    end(&it);
}

static void test_capabilities_unanswered_after_others_were_sent(void **state)
{
    struct connection it = open_by(qmp_greet, state, greet_and_stall, SHORT);
    assert_int_equal(it.status, STATUS_OK);
    qmp_submit(it.client, "query-status", TEXT_EMPTY);
    qmp_send(it.client);
    assert_false(qmp_await(it.client));
    assert_false(qmp_broken(it.client));
    assert_string_equal(qmp_why(it.client),
                        "QEMU at SOCKET did not answer qmp_capabilities within 0.4 s");
    end(&it);
}

// ---- commands and answers ----

enum { MANY = 500 };

// Reads all commands first; then answers in reverse order, with an event before each answer.
static void answer_backwards(struct fake_peer *peer, void *context)
{
    const struct json *commands[MANY];
    (void)context;
    fake_greet(peer);
    for (int i = 0; i < MANY; i++)
        commands[i] = fake_command(peer);
    for (int i = MANY; i-- > 0;) {
        fake_say(peer, "{\"timestamp\": {}, \"event\": \"NIC_RX_FILTER_CHANGED\"}");
        if (i % 2)
            fake_answer(peer, commands[i], i == 7 ? "\"seven\"" : "{}");
        else
            fake_fail(peer, commands[i], "GenericError", i == 8 ? "eight" : "no");
    }
    fake_stall(peer);
}

static void many_commands(void **state, connect_function *function, unsigned rounds)
{
    struct qmp_command *commands[MANY];
    struct connection it = open_by(function, state, answer_backwards, LONG);
    assert_int_equal(it.status, STATUS_OK);
    for (int i = 0; i < MANY; i++)
        commands[i] = qmp_submit(it.client, "query-status", TEXT_EMPTY);
    assert_true(qmp_await(it.client));
    for (int i = 0; i < MANY; i++) {
        assert_true(commands[i]->answered);
        assert_int_equal(qmp_succeeded(commands[i]), i % 2);
    }
    assert_true(text_is(json_text(commands[7]->value), "seven"));
    assert_string_equal(commands[8]->error, "eight");
    assert_string_equal(commands[8]->error_class, "GenericError");
    qmp_close(it.client);
    fake_join(it.peer);
    assert_int_equal(fake_commands(it.peer), MANY + 1);
    assert_int_equal(fake_rounds(it.peer), rounds);
    fake_end(it.peer);
}

static void test_many_commands_cost_one_round_trip(void **state)
{
    many_commands(state, qmp_negotiate, 2); // qmp_capabilities, and all the rest
}

static void test_the_first_commands_are_sent_with_the_negotiation(void **state)
{
    many_commands(state, qmp_greet, 1);
}

static void check_command(struct fake_peer *peer, void *context)
{
    (void)context;
    fake_greet(peer);
    const struct json *command = fake_command(peer);
    bool right = text_is(json_text(json_member(command, "execute")), "device_add") &&
                 json_integer(json_member(json_member(command, "arguments"), "hostbus"), 0) == 3;
    fake_answer(peer, command, right ? "true" : "false");
    command = fake_command(peer);
    right = json_member(command, "arguments") && !json_member(command, "arguments")->first;
    fake_answer(peer, command, right ? "true" : "false");
    fake_stall(peer);
}

static void test_commands_are_valid_json(void **state)
{
    struct connection it = open_greeted(state, check_command, LONG);
    struct qmp_command *with = qmp_submit(it.client, "device_add", text_of("{\"hostbus\":3}"));
    struct qmp_command *without = qmp_submit(it.client, "query-pci", TEXT_EMPTY);
    assert_true(qmp_await(it.client));
    assert_true(json_is_true(with->value));
    assert_true(json_is_true(without->value));
    assert_true(qmp_await(it.client)); // nothing is pending
    end(&it);
}

// What the peer sends instead of an answer, and whether it then hangs up.
struct said {
    const char *bytes;
    bool hangs_up;
};

static void say_after_greeting(struct fake_peer *peer, void *context)
{
    const struct said *said = context;
    fake_greet(peer);
    fake_command(peer);
    fake_say(peer, said->bytes);
    if (!said->hangs_up)
        fake_stall(peer);
}

static void assert_breaks(void **state, fake_script script, void *context, const char *complaint)
{
    int fd;
    const char *why = "";
    struct qmp_client *client;
    struct fake_peer *peer = fake_start(script, context, false, &fd);
    assert_int_equal(qmp_negotiate(session_with(*state, LONG),
                                   (struct qmp_socket){ fd, "QEMU at SOCKET" }, deadline_in(LONG),
                                   &client, &why),
                     STATUS_OK);
    struct qmp_command *command = qmp_submit(client, "query-status", TEXT_EMPTY);
    assert_false(qmp_await(client));
    assert_true(qmp_broken(client));
    assert_false(command->answered);
    assert_non_null(strstr(qmp_why(client), "QEMU at SOCKET "));
    assert_non_null(strstr(qmp_why(client), complaint));
    // After that, no command is sent or answered.
    assert_false(qmp_submit(client, "query-status", TEXT_EMPTY)->answered);
    assert_false(qmp_await(client));
    assert_false(qmp_listen(client, NULL, LONG));
    qmp_close(client);
    fake_end(peer);
}

static void test_invalid_answers(void **state)
{
    static const struct {
        struct said said;
        const char *complaint;
    } cases[] = {
        { { "{\"return\": {}, \"id\": 99}", false }, "a response that matches no pending command" },
        { { "{\"return\": {}, \"id\": \"2\"}", false },
          "a response that matches no pending command" },
        { { "{\"return\": {}, \"id\": 1}", false }, "a response that matches no pending command" },
        { { "{\"return\": {}}", false }, "a response that matches no pending command" },
        { { "{\"return\": {}, \"error\": {}, \"id\": 2}", false }, "sent an invalid QMP message" },
        { { "{\"id\": 2}", false }, "sent an invalid QMP message" },
        { { "{\"event\": 1}", false }, "sent an invalid QMP message" },
        { { "{}", false }, "sent an invalid QMP message" },
        { { "[1]", false }, "sent an invalid QMP message" },
        { { "{\"error\": {\"class\": \"GenericError\"}, \"id\": 2}", false },
          "an error without a class or description" },
        { { "{\"error\": \"bad\", \"id\": 2}", false }, "an error without a class or description" },
        { { "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}", false },
          "could not parse a command; QEMU says: JSON parse error" },
        { { "{\"return\": {}, \"id\": 2}}", false }, "sent invalid QMP: " },
        { { "{\"return\": \"\xff\", \"id\": 2}", false }, "sent invalid QMP: " },
        { { "\x01", false }, "sent invalid QMP: " },
        { { "", true }, "QEMU at SOCKET closed the connection" },
        { { "{\"return\": {}, \"i", true }, "QEMU at SOCKET closed the connection" },
        { { "{\"QMP\": {}}", true }, "sent a second greeting" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct said said = cases[i].said;
        assert_breaks(state, say_after_greeting, &said, cases[i].complaint);
    }
}

static void say_deep(struct fake_peer *peer, void *context)
{
    (void)context;
    fake_greet(peer);
    fake_command(peer);
    fake_say(peer, "{\"id\": 2, \"return\": ");
    for (int i = 0; i < 300000; i++)
        fake_say_bytes(peer, "[", 1);
    fake_stall(peer);
}

static void say_much(struct fake_peer *peer, void *context)
{
    static const char kilobyte[1024] = { 0 };
    char letters[sizeof kilobyte];
    (void)context;
    memset(letters, 'x', sizeof letters);
    fake_greet(peer);
    fake_command(peer);
    fake_say(peer, "{\"id\": 2, \"return\": \"");
    for (int i = 0; i < 2048; i++)
        fake_say_bytes(peer, letters, sizeof letters);
    fake_say(peer, "\"}");
    fake_stall(peer);
}

// Hangs up with unread data, which the kernel reports as an error.
static void hang_up_unread(struct fake_peer *peer, void *context)
{
    (void)context;
    fake_greet(peer);
    fake_wait(peer);
}

static void test_a_hang_up_before_reading(void **state)
{
    assert_breaks(state, hang_up_unread, NULL,
                  "QEMU at SOCKET closed the connection: Connection reset by peer");
}

static void test_oversized_messages(void **state)
{
    assert_breaks(state, say_deep, NULL, "sent invalid QMP: nested too deeply");
    assert_breaks(state, say_much, NULL, "sent invalid QMP: a message is too large");
}

static const char *answer_at_length(void *context, struct arena *arena, const struct json *command)
{
    enum { LISTS = 100000 };
    char *member = arena_alloc(arena, sizeof "\"return\":[[]" + 3 * LISTS + 1);
    (void)context;
    if (text_is(json_member_text(command, "execute"), "qmp_capabilities"))
        return "\"return\":{}";
    char *at = stpcpy(member, "\"return\":[[]");
    for (int i = 0; i < LISTS; i++)
        at = stpcpy(at, ",[]");
    stpcpy(at, "]");
    return member;
}

static void say_much_often(struct fake_peer *peer, void *context)
{
    fake_greet(peer);
    fake_serve(peer, answer_at_length, context);
}

// Each answer is small enough, but QEMU could fill the memory with all of them.
static void test_memory_for_answers_is_bounded(void **state)
{
    struct connection it = open_greeted(state, say_much_often, LONG);
    unsigned answers = 0;
    while (answers < 1000) {
        qmp_submit(it.client, "query-chardev", TEXT_EMPTY);
        if (!qmp_await(it.client))
            break;
        answers++;
    }
    assert_in_range(answers, 5, 100);
    assert_string_equal(qmp_why(it.client), "QEMU at SOCKET sent more than 64 MiB in its answers");
    assert_true(qmp_broken(it.client));
    assert_in_range(arena_used(*state), QMP_KEPT_MAX, 2 * QMP_KEPT_MAX);
    end(&it);
}

static void answer_twice(struct fake_peer *peer, void *context)
{
    (void)context;
    fake_greet(peer);
    const struct json *command = fake_command(peer);
    fake_answer(peer, command, "1");
    fake_answer(peer, command, "2");
    fake_stall(peer);
}

static void test_a_duplicate_answer(void **state)
{
    struct connection it = open_greeted(state, answer_twice, LONG);
    struct qmp_command *first = qmp_submit(it.client, "query-status", TEXT_EMPTY);
    assert_true(qmp_await(it.client) || qmp_broken(it.client));
    assert_int_equal(json_integer(first->value, 0), 1);
    qmp_submit(it.client, "query-status", TEXT_EMPTY);
    assert_false(qmp_await(it.client));
    assert_non_null(strstr(qmp_why(it.client), "a response that matches no pending command"));
    end(&it);
}

// Answers the first two commands only after the third was received.
static void answer_late(struct fake_peer *peer, void *context)
{
    const struct json *commands[3];
    (void)context;
    fake_greet(peer);
    for (int i = 0; i < 3; i++)
        commands[i] = fake_command(peer);
    for (int i = 0; i < 3; i++)
        fake_answer(peer, commands[i], "{}");
    fake_stall(peer);
}

static void test_a_late_answer_is_ignored(void **state)
{
    struct connection it = open_greeted(state, answer_late, SHORT);
    struct qmp_command *first = qmp_submit(it.client, "device_add", TEXT_EMPTY);
    struct qmp_command *second = qmp_submit(it.client, "device_del", TEXT_EMPTY);
    assert_false(qmp_await(it.client));
    assert_string_equal(qmp_why(it.client),
                        "QEMU at SOCKET did not answer device_add within 0.4 s");
    assert_false(qmp_broken(it.client));
    struct qmp_command *third = qmp_submit(it.client, "query-status", TEXT_EMPTY);
    assert_true(qmp_await(it.client));
    assert_true(third->answered);
    assert_false(first->answered || second->answered);
    assert_true(first->abandoned && second->abandoned);
    end(&it);
}

static void chatter(struct fake_peer *peer, void *context)
{
    (void)context;
    fake_greet(peer);
    fake_command(peer);
    for (int i = 0; i < 2000; i++)
        fake_say(peer, "{\"event\": \"RTC_CHANGE\", \"data\": {\"offset\": 1}}\r\n");
    fake_say(peer, "{\"return\": ");
    fake_stall(peer);
}

static void test_events_do_not_extend_the_time_limit(void **state)
{
    struct connection it = open_greeted(state, chatter, SHORT);
    qmp_submit(it.client, "query-status", TEXT_EMPTY);
    assert_false(qmp_await(it.client));
    assert_string_equal(qmp_why(it.client),
                        "QEMU at SOCKET did not answer query-status within 0.4 s");
    end(&it);
}

// ---- events ----

static void tell_events(struct fake_peer *peer, void *context)
{
    char longest[400];
    (void)context;
    memset(longest, 'i', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    fake_greet(peer);
    const struct json *command = fake_command(peer);
    fake_say(peer, "{\"event\": \"RESUME\"}{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": "
                   "\"t1\", \"path\": \"/machine/peripheral/t1\"}}");
    fake_answer(peer, command, "{}");
    fake_command(peer);
    fake_say(peer, "{\"event\": \"DEVICE_UNPLUG_GUEST_ERROR\", \"data\": {\"path\": \"/a\"}}"
                   "{\"event\": \"DEVICE_DELETED\"}{\"event\": \"DEVICE_DELETED\", \"data\": "
                   "{\"device\": \"");
    fake_say(peer, longest);
    fake_say(peer, "\"}}");
    fake_command(peer);
    for (int i = 0; i < QMP_EVENTS_KEPT; i++)
        fake_say(peer, "{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"old\"}}");
    fake_say(peer, "{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"new\"}}");
}

static void test_events_are_kept(void **state)
{
    struct qmp_event event;
    struct connection it = open_greeted(state, tell_events, SHORT);
    assert_false(qmp_take_event(it.client, &event));
    qmp_submit(it.client, "query-status", TEXT_EMPTY);
    assert_true(qmp_await(it.client));
    assert_true(qmp_take_event(it.client, &event));
    assert_int_equal(event.kind, QMP_DEVICE_DELETED);
    assert_string_equal(event.device, "t1");
    assert_string_equal(event.path, "/machine/peripheral/t1");
    assert_false(qmp_take_event(it.client, &event));
    assert_true(qmp_listen(it.client, NULL, 0.01)); // there is nothing
    assert_false(qmp_take_event(it.client, &event));

    qmp_submit(it.client, "query-status", TEXT_EMPTY);
    assert_false(qmp_await(it.client)); // never answered, but there are events
    assert_true(qmp_take_event(it.client, &event));
    assert_int_equal(event.kind, QMP_DEVICE_UNPLUG_GUEST_ERROR);
    assert_string_equal(event.device, "");
    assert_string_equal(event.path, "/a");
    assert_true(qmp_take_event(it.client, &event));
    assert_string_equal(event.path, "");
    assert_true(qmp_take_event(it.client, &event));
    assert_int_equal(strlen(event.device), sizeof event.device - 1);

    qmp_submit(it.client, "query-status", TEXT_EMPTY);
    assert_false(qmp_await(it.client)); // the peer hangs up
    unsigned count = 0;
    for (; qmp_take_event(it.client, &event); count++)
        assert_string_equal(event.device, count == QMP_EVENTS_KEPT - 1 ? "new" : "old");
    assert_int_equal(count, QMP_EVENTS_KEPT);
    end(&it);
}

static void tell_one_event(struct fake_peer *peer, void *context)
{
    (void)context;
    fake_greet(peer);
    fake_say(peer, "{\"event\": \"DEVICE_DELETED\"}");
    fake_stall(peer);
}

static void test_listening_ends_with_an_event(void **state)
{
    struct qmp_event event;
    struct connection it = open_greeted(state, tell_one_event, LONG);
    assert_true(qmp_listen(it.client, NULL, 3600));
    assert_true(qmp_take_event(it.client, &event));
    end(&it);
}

// Answers the second command and nothing else.
static void answer_the_second(struct fake_peer *peer, void *context)
{
    (void)context;
    fake_greet(peer);
    (void)fake_command(peer);
    fake_answer(peer, fake_command(peer), "{}");
    fake_stall(peer);
}

// At once, unless a command that changes something may just have been executed.
static void test_an_interrupt_ends_a_wait(void **state)
{
    struct interrupt interrupt = { .wake = -1 };
    struct session session = { .arena = *state, .timeout_scale = 3600, .interrupt = &interrupt };
    struct connection it = { .why = "" };
    int fd;
    it.peer = fake_start(answer_the_second, NULL, true, &fd);
    assert_int_equal(qmp_negotiate(&session, (struct qmp_socket){ fd, "QEMU at SOCKET" },
                                   deadline_in(LONG), &it.client, &it.why),
                     STATUS_OK);
    interrupt.raised = 1;
    qmp_submit(it.client, "query-status", TEXT_EMPTY);
    assert_false(qmp_await(it.client));
    assert_string_equal(qmp_why(it.client),
                        "QEMU at SOCKET did not answer query-status before xenusb was interrupted");
    assert_true(qmp_listen(it.client, NULL, 3600));
    struct qmp_command *command = qmp_submit(it.client, "device_del", TEXT_EMPTY);
    assert_true(qmp_await(it.client));
    assert_true(qmp_succeeded(command));
    command = qmp_submit(it.client, "device_add", TEXT_EMPTY);
    assert_false(qmp_await(it.client));
    assert_false(command->answered);
    end(&it);
}

// ---- sockets with a path ----

struct listener {
    int fd;
    char directory[32];
    char path[64];
};

static struct listener listen_at(int backlog)
{
    struct listener made = { .directory = "/tmp/xenusb-unit-XXXXXX" };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    assert_non_null(mkdtemp(made.directory));
    snprintf(made.path, sizeof made.path, "%s/qmp", made.directory);
    memcpy(address.sun_path, made.path, sizeof made.path);
    made.fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(made.fd, (struct sockaddr *)&address, sizeof address), 0);
    if (backlog >= 0)
        assert_int_equal(listen(made.fd, backlog), 0);
    return made;
}

static void stop_listening(struct listener *listener)
{
    close(listener->fd);
    unlink(listener->path);
    rmdir(listener->directory);
}

static void assert_no_connection(void **state, const char *path, enum status status,
                                 const char *complaint)
{
    struct qmp_client *client = NULL;
    const char *why = "";
    assert_int_equal(qmp_connect(session_with(*state, SHORT), path, &client, &why), status);
    assert_null(client);
    assert_non_null(strstr(why, complaint));
}

static void test_sockets_that_do_not_work(void **state)
{
    char too_long[200];
    memset(too_long, 'p', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = 0;
    assert_no_connection(state, too_long, STATUS_REQUEST, "longer than 107 bytes");
    assert_no_connection(state, "/nowhere/qmp", STATUS_REQUEST,
                         "there is no QMP socket /nowhere/qmp");
    assert_no_connection(state, "/dev/null/qmp", STATUS_REQUEST, "there is no QMP socket");
    struct listener silent = listen_at(-1);
    assert_no_connection(state, silent.path, STATUS_FAILED, "its QEMU has exited");
    stop_listening(&silent);
}

static void test_a_socket_of_another_kind(void **state)
{
    struct listener listener = listen_at(-1);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    unlink(listener.path);
    memcpy(address.sun_path, listener.path, sizeof listener.path);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_no_connection(state, listener.path, STATUS_FAILED, "Protocol wrong type for socket");
    close(fd);
    stop_listening(&listener);
}

// In a child process, since root can connect to everything.
static void test_a_socket_of_another_user(void **state)
{
    struct listener listener = listen_at(1);
    assert_int_equal(chmod(listener.path, 0), 0);
    assert_int_equal(chmod(listener.directory, 0755), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct qmp_client *client = NULL;
        const char *why = "";
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(3);
        enum status status = qmp_connect(session_with(*state, SHORT), listener.path, &client, &why);
        _exit(status == STATUS_REFUSED && strstr(why, "no permission to connect to ") ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    stop_listening(&listener);
}

// ---- no memory ----

// The linker replaces calloc by this, except in libraries.
static unsigned callocs_left = UINT32_MAX;
void *__real_calloc(size_t count, size_t size); // NOLINT(bugprone-reserved-identifier): --wrap
void *__wrap_calloc(size_t count, size_t size); // NOLINT(bugprone-reserved-identifier): --wrap
void *__wrap_calloc(size_t count, size_t size)  // NOLINT(bugprone-reserved-identifier): --wrap
{
    return callocs_left && callocs_left-- ? __real_calloc(count, size) : NULL;
}

static void test_no_memory_for_a_connection(void **state)
{
    unsigned allowed = 0;
    for (; allowed < 20; allowed++) {
        int fd;
        struct qmp_client *client = NULL;
        const char *why = "";
        struct fake_peer *peer = fake_start(only_greet, NULL, true, &fd);
        struct deadline deadline = deadline_in(LONG);
        callocs_left = allowed;
        enum status status =
            qmp_negotiate(session_with(*state, LONG), (struct qmp_socket){ fd, "QEMU at SOCKET" },
                          deadline, &client, &why);
        callocs_left = UINT32_MAX;
        if (status != STATUS_OK)
            assert_string_equal(why, "out of memory");
        assert_true((status == STATUS_OK) == (client != NULL));
        qmp_close(client);
        fake_end(peer);
        if (status == STATUS_OK)
            break;
    }
    assert_in_range(allowed, 3, 19); // the client, the stream, its arenas
}

static void test_a_socket_with_a_full_queue(void **state)
{
    struct listener busy = listen_at(0);
    assert_no_connection(state, busy.path, STATUS_TIMEOUT, "another client (xl, libvirt");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, busy.path, sizeof busy.path);
    // The connection above may still be in the queue; otherwise this one fills it.
    int other = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)connect(other, (struct sockaddr *)&address, sizeof address);
    assert_no_connection(state, busy.path, STATUS_TIMEOUT, "other clients (xl, libvirt");
    close(other);
    stop_listening(&busy);
}

static void test_a_socket_that_works(void **state)
{
    struct listener listener = listen_at(1);
    struct qmp_client *client = NULL;
    const char *why = "";
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static const char greeting[] = "{\"QMP\": {}}\n";
        static const char answer[] = "{\"return\": {}, \"id\": 1}\n";
        int fd = accept(listener.fd, NULL, NULL);
        ssize_t size = write(fd, greeting, sizeof greeting - 1);
        char byte = 0;
        while (byte != '\n' && read(fd, &byte, 1) > 0)
            ;
        size += write(fd, answer, sizeof answer - 1);
        while (read(fd, &byte, 1) > 0)
            ;
        _exit(size != sizeof greeting + sizeof answer - 2);
    }
    assert_int_equal(qmp_connect(session_with(*state, LONG), listener.path, &client, &why),
                     STATUS_OK);
    assert_string_equal(qmp_version(client), "");
    qmp_close(client);
    qmp_close(NULL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    stop_listening(&listener);
}

// ---- what cannot be sent ----

static void serve_all(struct fake_peer *peer, void *context)
{
    const struct json *command;
    (void)context;
    fake_greet(peer);
    while ((command = fake_command(peer)))
        fake_answer(peer, command, "{}");
}

static void test_a_command_that_cannot_be_sent(void **state)
{
    struct connection it = open_greeted(state, serve_all, LONG);
    struct qmp_command *command = qmp_submit(it.client, "device_add", TEXT_EMPTY);
    client_fail_to_send(it.client, ENOMEM);
    assert_true(command->unsent);
    assert_false(qmp_await(it.client));
    assert_non_null(strstr(qmp_why(it.client), "could not send device_add to QEMU at SOCKET: "));
    assert_false(qmp_broken(it.client));
    // The connection can be used.
    command = qmp_submit(it.client, "device_add", TEXT_EMPTY);
    assert_true(qmp_await(it.client));
    assert_true(qmp_succeeded(command));
    end(&it);
}

// After its first bytes nothing else can be sent; what was before it is answered.
static void test_a_command_that_is_sent_in_part(void **state)
{
    struct connection it = open_greeted(state, only_greet, SHORT);
    struct qmp_command *first = qmp_submit(it.client, "query-status", TEXT_EMPTY);
    struct qmp_command *second = qmp_submit(it.client, "device_add", TEXT_EMPTY);
    it.client->out_sent = first->end + 2;
    client_fail_to_send(it.client, ENOMEM);
    assert_false(first->unsent);
    assert_true(second->unsent);
    assert_true(qmp_submit(it.client, "device_add", TEXT_EMPTY)->unsent);
    client_take(it.client, json_read(*state, text_of("{\"return\": {}, \"id\": 2}"), &it.why));
    assert_true(first->answered);
    assert_false(qmp_await(it.client));
    assert_true(qmp_broken(it.client));
    assert_non_null(strstr(qmp_why(it.client), "received only a part of a command"));
    end(&it);
}

// ---- passing a descriptor ----

// Receives what the client sends, one packet at a time, and which of them have a descriptor.
struct received {
    int fd;         // QEMU's end of the socket
    size_t bytes;   // of the packets before the descriptor
    char first;     // the first byte that came with it
    int descriptor; // -1: none
};

static bool receive_packet(struct received *received)
{
    char packet[4096], control[CMSG_SPACE(sizeof(int))];
    struct iovec bytes = { packet, sizeof packet };
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control
    };
    ssize_t size = recvmsg(received->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = size > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header) {
        received->first = packet[0];
        memcpy(&received->descriptor, CMSG_DATA(header), sizeof received->descriptor);
    } else if (size > 0 && received->descriptor < 0) {
        received->bytes += (size_t)size;
    }
    return size > 0;
}

static struct qmp_client *greeted_by_hand(void **state, int ends[2])
{
    struct qmp_client *client = NULL;
    const char *why = NULL;
    const char greeting[] = "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\n";
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    assert_int_equal(send(ends[1], greeting, sizeof greeting - 1, 0), sizeof greeting - 1);
    assert_int_equal(qmp_greet(session_with(*state, SHORT),
                               (struct qmp_socket){ ends[0], "QEMU at SOCKET" },
                               deadline_in(QMP_CONNECT_SECONDS), &client, &why),
                     STATUS_OK);
    return client;
}

// It comes with the first byte of its command, and not with the commands before.
static void test_a_descriptor_is_passed_with_its_command(void **state)
{
    int ends[2], pipes[2];
    struct stat ours, theirs;
    struct qmp_client *client = greeted_by_hand(state, ends);
    struct received received = { .fd = ends[1], .descriptor = -1 };
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(fstat(pipes[0], &ours), 0);
    qmp_submit(client, "query-status", TEXT_EMPTY);
    qmp_submit_passing(client, "add-fd", text_of("{\"fdset-id\":1}"), pipes[0]);
    qmp_submit(client, "query-name", TEXT_EMPTY);
    assert_false(qmp_await(client)); // no answer comes
    assert_int_equal(fcntl(pipes[0], F_GETFD), -1);
    while (receive_packet(&received))
        ;
    assert_int_equal(received.first, '{');
    assert_true(received.bytes > strlen("{\"execute\":\"query-status\"}"));
    assert_int_equal(fstat(received.descriptor, &theirs), 0);
    assert_int_equal(theirs.st_ino, ours.st_ino);
    close(received.descriptor);
    close(pipes[1]);
    qmp_close(client);
    close(ends[1]);
}

// Also if it was never sent.
static void test_a_descriptor_is_closed(void **state)
{
    int ends[2], pipes[2];
    struct qmp_client *client = greeted_by_hand(state, ends);
    assert_int_equal(pipe(pipes), 0);
    qmp_submit_passing(client, "add-fd", TEXT_EMPTY, pipes[0]);
    close(ends[1]);
    assert_false(qmp_await(client));
    assert_true(qmp_broken(client));
    assert_int_equal(fcntl(pipes[0], F_GETFD), -1);
    qmp_submit_passing(client, "add-fd", TEXT_EMPTY, pipes[1]);
    assert_int_equal(fcntl(pipes[1], F_GETFD), -1);
    qmp_close(client);
    client = greeted_by_hand(state, ends);
    assert_int_equal(pipe(pipes), 0);
    qmp_submit_passing(client, "add-fd", TEXT_EMPTY, pipes[0]);
    qmp_close(client);
    assert_int_equal(fcntl(pipes[0], F_GETFD), -1);
    close(pipes[1]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_greeting),
        cmocka_unit_test(test_an_event_before_the_greeting),
        cmocka_unit_test(test_a_missing_greeting_names_possible_holders),
        cmocka_unit_test(test_invalid_greetings),
        cmocka_unit_test(test_capabilities_refused),
        cmocka_unit_test(test_capabilities_unanswered),
        cmocka_unit_test(test_capabilities_refused_after_others_were_sent),
        cmocka_unit_test(test_capabilities_unanswered_after_others_were_sent),
        cmocka_unit_test(test_the_first_commands_are_sent_with_the_negotiation),
        cmocka_unit_test(test_many_commands_cost_one_round_trip),
        cmocka_unit_test(test_commands_are_valid_json),
        cmocka_unit_test(test_invalid_answers),
        cmocka_unit_test(test_a_hang_up_before_reading),
        cmocka_unit_test(test_oversized_messages),
        cmocka_unit_test(test_memory_for_answers_is_bounded),
        cmocka_unit_test(test_a_duplicate_answer),
        cmocka_unit_test(test_a_late_answer_is_ignored),
        cmocka_unit_test(test_events_do_not_extend_the_time_limit),
        cmocka_unit_test(test_events_are_kept),
        cmocka_unit_test(test_listening_ends_with_an_event),
        cmocka_unit_test(test_an_interrupt_ends_a_wait),
        cmocka_unit_test(test_sockets_that_do_not_work),
        cmocka_unit_test(test_a_socket_of_another_kind),
        cmocka_unit_test(test_a_socket_of_another_user),
        cmocka_unit_test(test_no_memory_for_a_connection),
        cmocka_unit_test(test_a_socket_with_a_full_queue),
        cmocka_unit_test(test_a_socket_that_works),
        cmocka_unit_test(test_a_command_that_cannot_be_sent),
        cmocka_unit_test(test_a_command_that_is_sent_in_part),
        cmocka_unit_test(test_a_descriptor_is_passed_with_its_command),
        cmocka_unit_test(test_a_descriptor_is_closed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
