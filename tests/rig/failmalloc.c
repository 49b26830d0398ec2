// SPDX-License-Identifier: MIT
// Preloaded into the binary under test: lets allocations fail. FAILMALLOC_AT is the number of the
// first one that fails, counted from 1; FAILMALLOC_FOR how many fail (default: all later ones);
// FAILMALLOC_COUNT is a file that receives the number of allocations of the run. Only allocations
// of the program xenusb count, from the start of its main().
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static unsigned long calls, first, last;

static int (*real_main)(int, char **, char **);

static void report(void)
{
    const char *path = getenv("FAILMALLOC_COUNT");
    char text[32];
    int size = snprintf(text, sizeof text, "%lu\n", calls), fd;
    if (!path)
        return;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, (size_t)size) != size)
        abort();
    close(fd);
}

static int counted_main(int argc, char **argv, char **environment)
{
    const char *at = getenv("FAILMALLOC_AT"), *number = getenv("FAILMALLOC_FOR");
    if (strcmp(program_invocation_short_name, "xenusb") == 0) {
        atexit(report);
        first = at ? strtoul(at, NULL, 10) : 0;
        last = number ? first + strtoul(number, NULL, 10) : (unsigned long)-1;
        calls = 0;
    }
    return real_main(argc, argv, environment);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*end)(void), void *stack);

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*end)(void), void *stack)
{
    __typeof__(__libc_start_main) *start = NULL;
    *(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = main;
    return start(counted_main, argc, argv, init, fini, end, stack);
}

static bool fails(void)
{
    calls++;
    if (first == 0 || calls < first || calls >= last)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return fails() ? NULL : __libc_realloc(memory, size);
}
