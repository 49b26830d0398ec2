// SPDX-License-Identifier: MIT
//
// Linked into the programs of "make coverage" in place of the start and end of clang's profile
// runtime: adds the counters of each process that exits to a file of its program in PROFILES.
//
// - A process that is killed adds nothing. It would count branches that it never took: clang counts
//   only one side of a condition, and takes the other to be the rest of those that came there.
// - System calls are made directly. The rig's preloaded layers count and fail those of libc, and
//   these calls must neither be counted nor fail. Nothing is allocated, and nothing stays open.
// - A forked process starts from zero. It adds its counters when it calls _exit() or execve(); one
//   that was not forked adds nothing there, for the reason above.

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Of compiler-rt's InstrProfiling.h, which is not installed.
int __llvm_profile_runtime; // without it the linker takes clang's own start and end
uint64_t __llvm_profile_get_size_for_buffer(void);
int __llvm_profile_write_buffer(char *buffer);
int __llvm_profile_check_compatibility(const char *profile, uint64_t size);
int __llvm_profile_merge_from_buffer(const char *profile, uint64_t size);
void __llvm_profile_reset_counters(void);

pid_t __real_fork(void);
_Noreturn void __real__exit(int status);
int __real_execve(const char *program, char *const arguments[], char *const environment[]);
pid_t __wrap_fork(void);
_Noreturn void __wrap__exit(int status);
int __wrap_execve(const char *program, char *const arguments[], char *const environment[]);

static bool forked;

// The file of this program, locked; -1 if it cannot be opened.
static int open_profile(void)
{
    struct stat program;
    char path[4096];
    if (syscall(SYS_newfstatat, AT_FDCWD, "/proc/self/exe", &program, 0) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/%ju.profraw", PROFILES, (uintmax_t)program.st_ino);
    long file = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) { // a test has limited the number of descriptors; this one is no longer needed
        syscall(SYS_close, 0);
        file = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    }
    if (file >= 0 && syscall(SYS_flock, file, LOCK_EX) != 0)
        return -1;
    return (int)file;
}

__attribute__((destructor)) static void add_counters(void)
{
    uint64_t size = __llvm_profile_get_size_for_buffer();
    int file = open_profile();
    struct stat info;
    if (file < 0 || syscall(SYS_fstat, file, &info) != 0)
        return;
    bool begun = (uint64_t)info.st_size == size;
    if (begun || syscall(SYS_ftruncate, file, size) == 0) {
        char *profile =
            (char *)syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0L);
        if (profile != MAP_FAILED) {
            if (begun && __llvm_profile_check_compatibility(profile, size) == 0)
                __llvm_profile_merge_from_buffer(profile, size);
            __llvm_profile_write_buffer(profile);
            syscall(SYS_munmap, profile, size);
        }
    }
    syscall(SYS_close, file);
}

pid_t __wrap_fork(void)
{
    pid_t pid = __real_fork();
    if (pid == 0) {
        forked = true;
        __llvm_profile_reset_counters();
    }
    return pid;
}

_Noreturn void __wrap__exit(int status)
{
    if (forked)
        add_counters();
    __real__exit(status);
}

int __wrap_execve(const char *program, char *const arguments[], char *const environment[])
{
    if (forked) {
        add_counters();
        __llvm_profile_reset_counters();
    }
    return __real_execve(program, arguments, environment);
}
