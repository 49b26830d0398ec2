// SPDX-License-Identifier: MIT
// The way of a verb that compiles, plans and acts: source, config, checks; the world; the plan;
// and if it may, the execution.
#ifndef XENUSB_CLI_JOB_H
#define XENUSB_CLI_JOB_H

#include "command.h"
#include "parser/parser.h"

struct job {
    const struct invocation *invocation;
    struct config *config;
    bool checked; // whether the config is a wish, to be checked
    struct world world;
    struct plan plan;
};
#define cleanup_job __attribute__((cleanup(job_close)))

// Compiles and checks a file. STATUS_REQUEST after complaints.
enum status job_compile_file(struct job *job, const char *path);
// The same for the words of a command line. Words that only name what is there already (detach) are
// read, but not judged as a wish would be.
enum status job_compile_words(struct job *job, const char *const *words, size_t count,
                              enum spec_what what, bool checked);

// Opens the world of --domain, of `name`, or of the config's own name=.
enum status job_open(struct job *job, const char *name, bool changes);

// Plans what the config wishes.
enum status job_plan(struct job *job);

// Carries the plan out, tells of each step on standard output, and says at the end what became of
// the whole. With --dry-run nothing is touched.
enum status job_run(struct job *job);

void job_close(struct job *job);

#endif
