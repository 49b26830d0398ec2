// SPDX-License-Identifier: MIT
// What the verbs that plan share: compile and check a config, open the domain, make the plan, run
// it.
#ifndef XENUSB_CLI_JOB_H
#define XENUSB_CLI_JOB_H

#include "command.h"
#include "parser/parser.h"

struct job {
    const struct invocation *invocation;
    struct config *config;
    bool attaches;        // the config says what is wanted, not what to remove
    bool unchecked;       // to be checked as soon as the type of the guest is known
    bool quiet;           // prints nothing to standard output
    bool keep_done;       // a step that fails undoes nothing
    bool moves;           // what the guest has at another place is moved
    struct device *moved; // the one device that the config asks for; NULL: it is looked for
    struct world world;
    struct world *other; // of a move to this domain: of the one that loses the device; else NULL
    struct plan plan;
};
#define cleanup_job __attribute__((cleanup(job_close)))

// Takes a config that was compiled before, and checked if the guest's type was known.
void job_take_config(struct job *job, struct config *config);

// Compiles a file, and checks it if the guest's type is known; else job_open() does. STATUS_REQUEST
// after reporting errors.
enum status job_compile_file(struct job *job, const char *path);
// The same for command line arguments. Those that only name present devices (detach) are parsed but
// not checked: pass false for `checked`.
enum status job_compile_words(struct job *job, const char *const *words, size_t count,
                              enum spec_what what, bool checked);

// Opens the domain given by --domain, `name`, or the config's name=, in this order. A config that
// did not give the guest's type is settled and checked before anything is locked or looked at.
enum status job_open(struct job *job, const char *name, bool changes);

// Takes another config once the domain is found, and settles and checks it. STATUS_REQUEST after
// reporting errors.
enum status job_change_config(struct job *job, struct config *config);

// The two halves of job_open(): finds the domain and resumes journals; opens what was found.
enum status job_find(struct job *job, const char *name, bool changes);
enum status job_look(struct job *job, bool changes);

// Plans what the config asks for.
enum status job_plan(struct job *job);

// Adds the steps of the plan to the JSON, if that is asked for. job_run() does it by itself.
void job_write_steps(const struct job *job);

// What a verb does that runs its plan: job_plan(), and if that fails job_write_steps().
enum status job_plan_to_run(struct job *job);

// Finds what an earlier command left out of libxl's saved configuration, for job_run() to add it
// and report it; or only reports it, if `dry`. Whether there is any.
bool job_catch_up(struct job *job, bool dry);

// Runs the plan, printing each step and the result to standard output unless the job is quiet.
// Changes nothing with --dry-run.
enum status job_run(struct job *job);

void job_close(struct job *job);

#endif
