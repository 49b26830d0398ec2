// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/shortage.h"
#include "base/waiting.h"
#include "color.h"
#include "command.h"
#include "envelope.h"
#include "misread.h"
#include "wait_line.h"
#include "xen/advice.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

enum {
    RESERVE = 1024 * 1024, // enough to undo any plan when memory runs out
    DESCRIPTORS = 20,      // enough for any plan and its undo; they need 12 at once
};

static void print_help(FILE *stream)
{
    fputs("usage: xenusb VERB [options] ...\n\n"
          "USB for Xen guests: reads USB declarations in any dialect and applies them.\n\n",
          stream);
    for (const struct command *const *at = commands; *at; at++)
        fprintf(stream, "  %-18s %-21s %s\n", (*at)->name, (*at)->arguments, (*at)->summary);
    fputs("\nSee 'xenusb help VERB' for details, 'xenusb version' for the version.\n", stream);
}

// Prints the help of all verbs whose first word is `word`; false if there are none.
static bool print_family_help(const char *word, FILE *stream)
{
    bool any = false;
    for (const struct command *const *at = commands; *at; at++) {
        struct text name = text_of((*at)->name);
        if (!text_is(text_part(name, 0, text_find(name, ' ', 0)), word))
            continue;
        if (any)
            fputc('\n', stream);
        options_print_help(*at, stream);
        any = true;
    }
    return any;
}

// "help", "help VERB", "VERB --help". STATUS_REQUEST after reporting that there is no such verb.
static enum status help(const struct invocation *invocation, const char *const *words, size_t count)
{
    size_t used = 0;
    const struct command *command =
        invocation->command ? invocation->command : command_find(words, count, &used);
    if (command)
        options_print_help(command, stdout);
    else if (!count)
        print_help(stdout);
    else if (!print_family_help(words[0], stdout))
        return misread_verb(invocation, words, count);
    return STATUS_OK;
}

// What is no verb of a card.
static enum status run_without_verb(const struct invocation *invocation)
{
    const char *const *words = invocation->words;
    size_t count = invocation->count;
    if (count && strcmp(words[0], "help") == 0)
        return help(invocation, words + 1, count - 1);
    if (invocation->given & OPTION_VERSION || (count && strcmp(words[0], "version") == 0)) {
        version_print(stdout);
        return STATUS_OK;
    }
    if (invocation->given & OPTION_HELP)
        return help(invocation, words, count);
    if (count)
        return misread_verb(invocation, words, count);
    if (!invocation->typed_count)
        print_help(stderr);
    else
        diag_hint(invocation->diags,
                  complain_error(invocation->diags, CODE_USAGE, "the verb is missing"), "%s",
                  advice(invocation->arena, ADVICE_VERBS, NULL, NULL));
    return STATUS_REQUEST;
}

static enum status dispatch(struct invocation *invocation, const char *const *words, size_t count)
{
    if (count && strcmp(words[0], "complete") == 0) {
        complete_print(invocation->arena, words + 1, count - 1, stdout);
        return STATUS_OK;
    }
    invocation->typed = words;
    invocation->typed_count = count;
    enum status status = options_read(invocation, words, count);
    if (status != STATUS_OK)
        return status;
    if (!invocation->command)
        return run_without_verb(invocation);
    if (invocation->given & OPTION_HELP)
        return help(invocation, NULL, 0);
    if (invocation->given & OPTION_VERSION) {
        version_print(stdout);
        return STATUS_OK;
    }
    const struct command *command = invocation->command;
    // Verbs with a time limit talk to others.
    if (command->options & OPTION_TIMEOUT)
        status = shortage_reserve(invocation->diags, DESCRIPTORS);
    if (status != STATUS_OK)
        return status;
    // The watcher waits all the time, and --json and --quiet are for programs.
    if (command != &watch_command && !(invocation->given & (OPTION_JSON | OPTION_QUIET)))
        wait_line_begin();
    invocation->ran = true;
    return command->run(invocation);
}

// Whether the status of the verb tells what was changed, so that lost output must not replace it.
static bool changes_something(const struct invocation *invocation)
{
    if (!invocation->ran)
        return false;
    return invocation->given & OPTION_IN_PLACE ||
           (invocation->command->options & OPTION_DRY_RUN && !(invocation->given & OPTION_DRY_RUN));
}

// Whether nobody reads standard output any longer, as in "xenusb list | head -n 1".
static bool reader_left(int error)
{
    struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };
    return error == EPIPE || (waiting_poll(NULL, &output, 1, 0) == 1 && output.revents & POLLERR);
}

// What is not decisive, such as the name of a device, may be missing from the output.
static void warn_of_shortage(struct diags *diags)
{
    if (shortage_why() && !diags->errors)
        complain(diags, SEVERITY_WARNING, CODE_INCOMPLETE, NULL, SPAN_NONE,
                 "not everything could be read: %s", shortage_why());
}

// Writes what is left of standard output; returns the status with which to exit.
static enum status finish_output(const struct invocation *invocation, enum status status)
{
    struct diags *diags = invocation->diags;
    errno = 0;
    bool failed = ferror(stdout);
    failed |= fflush(stdout) != 0;
    if ((failed && reader_left(errno)) || (!failed && fclose(stdout) == 0))
        return status;
    const int error = errno;
    struct diag *diag =
        complain_error(diags, CODE_UNWRITABLE, "cannot write to standard output: %s",
                       error ? strerror(error) : "some of it is lost");
    if (!changes_something(invocation))
        return status_worse(status, STATUS_FAILED);
    diag_hint(diags, diag, "what was done stays done; the exit status is that of %s (%d)",
              invocation->command->name, (int)status);
    return status;
}

// The code of the first error of which there is more to say than its message does; DIAG_CODES
// without one.
static enum diag_code code_to_explain(const struct diags *diags)
{
    for (const struct diag *at = diags->first; at; at = at->next) {
        if (at->severity != SEVERITY_ERROR)
            continue;
        switch (at->code) {
        case CODE_INVALID:
        case CODE_FAILED:
        case CODE_USAGE:
        case CODE_UNKNOWN_KEY:
        case CODE_AMBIGUOUS:
        case CODE_CONFLICT:
        case CODE_UNSUPPORTED:
        case CODE_REFUSED:
        case CODE_INTERRUPTED: break;
        default: return at->code;
        }
    }
    return DIAG_CODES;
}

// Only for people: scripts have the codes in their JSON.
static void print_diags(const struct invocation *invocation)
{
    const enum diag_code code = code_to_explain(invocation->diags);
    diags_print(invocation->diags, stderr, invocation->color);
    if (code != DIAG_CODES && isatty(STDERR_FILENO) && !(invocation->given & OPTION_QUIET))
        fprintf(stderr, "%s\n",
                advice(invocation->arena, ADVICE_EXPLAIN, NULL, diag_code_name(code)));
}

// If a standard stream is closed, the next file or socket opened would take its number and receive
// the output.
static void open_standard_streams(void)
{
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = dup(fd);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    open_standard_streams();
    cleanup_arena struct arena *arena = arena_new(RESERVE);
    if (!arena) {
        fputs("xenusb: error: out of memory\n", stderr);
        return STATUS_FAILED;
    }
    struct diags diags;
    diags_init(&diags, arena);
    signal(SIGPIPE, SIG_IGN); // write() to a closed peer fails with EPIPE instead
    signal(SIGXFSZ, SIG_IGN); // and one beyond the limit for files with EFBIG
    signal(SIGCHLD, SIG_DFL); // if inherited as ignored, waitpid() could not see a QEMU exit
    openlog("xenusb", LOG_PID, LOG_DAEMON);
    struct envelope envelope = { .wanted = false };
    struct invocation invocation = {
        .arena = arena,
        .diags = &diags,
        .envelope = &envelope,
        .timeout_scale = 1.0,
        .color = color_on("auto", STDERR_FILENO),
        .color_output = color_on("auto", STDOUT_FILENO),
    };
    enum status status =
        dispatch(&invocation, (const char *const *)argv + 1, argc > 0 ? (size_t)argc - 1 : 0);
    warn_of_shortage(&diags);
    if (envelope_is_wanted(&invocation, status))
        envelope_print(&invocation, status, stdout);
    status = finish_output(&invocation, status);
    print_diags(&invocation);
    return (int)status;
}
