// SPDX-License-Identifier: MIT
#include "files.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/interrupt.h"
#include "envelope.h"
#include "misread.h"

enum { PATH_SHOWN = 1024 };

// A file of several. Its diagnostics are printed with its output.
struct file {
    struct invocation invocation; // as if it were the only one
    struct diags diags;
    struct job job;
    enum status status;
};

static enum status compile(const struct invocation *invocation, struct job *job)
{
    *job = (struct job){ .invocation = invocation, .world = WORLD_NONE, .moves = true };
    enum status status = job_compile_file(job, invocation->words[0]);
    if (status == STATUS_REQUEST)
        misread_file(invocation);
    return status;
}

static enum status run_one(const struct invocation *invocation, enum status (*run)(struct job *job))
{
    cleanup_job struct job job;
    enum status status = compile(invocation, &job);
    return status == STATUS_OK ? run(&job) : status;
}

// Options that are about one domain.
static enum status refuse_options(const struct invocation *invocation)
{
    static const struct {
        enum option option;
        const char *name;
    } single[] = { { OPTION_DOMAIN, "--domain" }, { OPTION_QMP, "--qmp" } };
    for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
        if (!(invocation->given & single[i].option))
            continue;
        complain_error(invocation->diags, CODE_USAGE, "%s takes one file, not %zu", single[i].name,
                       invocation->count);
        return STATUS_REQUEST;
    }
    return STATUS_OK;
}

static void compile_all(const struct invocation *invocation, struct file *files)
{
    for (size_t i = 0; i < invocation->count; i++) {
        struct file *file = &files[i];
        file->invocation = *invocation;
        file->invocation.words = &invocation->words[i];
        file->invocation.count = 1;
        file->invocation.diags = &file->diags;
        diags_init(&file->diags, invocation->arena);
        file->status = compile(&file->invocation, &file->job);
    }
}

static bool is_for_same(const struct file *a, const struct file *b)
{
    const struct config *one = a->job.config, *other = b->job.config;
    return one && other && GIVEN(one->domain.name) && GIVEN(other->domain.name) &&
           text_same(one->domain.name.text, other->domain.name.text);
}

// Each would undo what the other does.
static enum status refuse_same(const struct invocation *invocation, const struct file *files)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < invocation->count; i++)
        for (size_t j = 0; j < i; j++) {
            if (!is_for_same(&files[i], &files[j]))
                continue;
            const struct text name = files[i].job.config->domain.name.text;
            diag_hint(invocation->diags,
                      complain_error(invocation->diags, CODE_CONFLICT,
                                     "%s and %s are both for domain %.*s", invocation->words[j],
                                     invocation->words[i], (int)name.size, name.at),
                      "nothing was changed; name one of them");
            status = STATUS_REQUEST;
        }
    return status;
}

static void print_diags(struct file *file)
{
    if (file->invocation.given & OPTION_JSON)
        diags_write_json(&file->diags, envelope_list(&file->invocation, "complaints"));
    fflush(stdout);
    diags_print(&file->diags, stderr, file->invocation.color);
}

static void run_file(struct file *file, enum status (*run)(struct job *job), bool first)
{
    const struct invocation *invocation = &file->invocation;
    if (!(invocation->given & (OPTION_JSON | OPTION_QUIET)))
        printf("%s%s:\n", first ? "" : "\n",
               text_show(invocation->arena, text_of(invocation->words[0]), PATH_SHOWN));
    fflush(stdout);
    if (file->status == STATUS_OK)
        file->status = run(&file->job);
    print_diags(file);
}

// What a user who has seen many lines must know.
static enum status conclude(const struct invocation *invocation, const struct file *files)
{
    enum status status = STATUS_OK;
    struct buffer failed = buffer_in(invocation->arena);
    size_t count = 0;
    for (size_t i = 0; i < invocation->count; i++) {
        status = status_worse(status, files[i].status);
        if (files[i].status == STATUS_OK || files[i].status == STATUS_CHANGES)
            continue;
        count++;
        buffer_join(&failed, ", ", "%s", invocation->words[i]);
    }
    if (count)
        complain_error(invocation->diags, CODE_FAILED, "%s failed for %zu of %zu files: %s",
                       invocation->command->name, count, invocation->count, buffer_string(&failed));
    return status;
}

static enum status run_several(const struct invocation *invocation,
                               enum status (*run)(struct job *job))
{
    enum status status = refuse_options(invocation);
    if (status != STATUS_OK)
        return status;
    struct file *files = arena_array_of(invocation->arena, struct file, invocation->count);
    compile_all(invocation, files);
    status = refuse_same(invocation, files);
    for (size_t i = 0; i < invocation->count; i++) {
        if (status != STATUS_OK)
            print_diags(&files[i]);
        else if (interrupt_of_process()->raised)
            files[i].status = status_worse(files[i].status, STATUS_FAILED);
        else
            run_file(&files[i], run, i == 0);
        job_close(&files[i].job);
    }
    return status == STATUS_OK ? conclude(invocation, files) : status;
}

enum status files_run(const struct invocation *invocation, enum status (*run)(struct job *job))
{
    return invocation->count == 1 ? run_one(invocation, run) : run_several(invocation, run);
}
