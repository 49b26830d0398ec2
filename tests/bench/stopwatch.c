// SPDX-License-Identifier: MIT
//
// stopwatch [-c] [-l SECONDS] [-p LIBRARIES] LIST OUTPUT - run the commands of the file LIST one
// after another, each a line of words, with standard output and error in OUTPUT and LIBRARIES
// preloaded. Prints the time from the start of the first to the end of the last in nanoseconds;
// with -c, the processor time that they took instead. Exit status: 0, 1 if a command failed, 3 if
// they were not done after SECONDS (the running one is killed), 2 usage.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORDS_MAX = 64 };

extern char **environ;

static volatile pid_t running;

static void too_long(int signal)
{
    (void)signal;
    if (running > 0)
        kill(running, SIGKILL);
    _exit(3);
}

static uint64_t now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
}

static uint64_t of_timeval(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_usec * 1000;
}

// Runs one command. Returns its exit status.
static int run(char *line, posix_spawn_file_actions_t *actions)
{
    char *words[WORDS_MAX + 1] = { NULL };
    size_t count = 0;
    int status;
    pid_t pid;

    for (char *at = line, *word; count < WORDS_MAX && (word = strtok(at, " \n")); at = NULL)
        words[count++] = word;
    if (!count)
        return 0;
    errno = posix_spawnp(&pid, words[0], actions, NULL, words, environ);
    if (errno) {
        perror(words[0]);
        return 127;
    }
    running = pid;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return 127;
    }
    running = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_all(FILE *list, const char *output)
{
    posix_spawn_file_actions_t actions;
    char *line = NULL;
    size_t size = 0;
    int status = 0;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_APPEND,
                                     0644);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    while (status == 0 && getline(&line, &size, list) > 0)
        status = run(line, &actions);
    posix_spawn_file_actions_destroy(&actions);
    free(line);
    return status;
}

int main(int argc, char **argv)
{
    int processor = 0, option, status;
    struct rusage used;
    uint64_t began;
    FILE *list;

    while ((option = getopt(argc, argv, "+cl:p:")) != -1) {
        if (option == 'c')
            processor = 1;
        else if (option == 'l')
            alarm((unsigned)strtoul(optarg, NULL, 10));
        else if (option == 'p')
            setenv("LD_PRELOAD", optarg, 1); // of the commands
        else
            return 2;
    }
    list = argc - optind == 2 ? fopen(argv[optind], "re") : NULL;
    if (!list) {
        fprintf(stderr, "usage: stopwatch [-c] [-l SECONDS] [-p LIBRARIES] LIST OUTPUT\n");
        return 2;
    }
    signal(SIGALRM, too_long);
    began = now();
    status = run_all(list, argv[optind + 1]);
    began = now() - began;
    getrusage(RUSAGE_CHILDREN, &used);
    printf("%llu\n",
           (unsigned long long)(processor ? of_timeval(used.ru_utime) + of_timeval(used.ru_stime)
                                          : began));
    return status != 0;
}
