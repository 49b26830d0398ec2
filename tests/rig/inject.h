// SPDX-License-Identifier: MIT
// What the parts of inject.so share: inject.c counts, and inject-send.c knows what is sent to whom.
#ifndef INJECT_H
#define INJECT_H

#include <dlfcn.h>
#include <stdbool.h>

enum { INJECT_MAX_FD = 1024, INJECT_SHOWN = 160 };

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

enum inject_kind {
    XENSTORE, // a request begins
    QMP,      // bytes for any other socket
    CONNECT,
    DRIVER, // a driver's file is opened to bind or unbind an interface
    OPEN,   // a file is opened to be written, or created
    WRITE,  // to a file or a pipe, but not to stdout and stderr
    FILES,  // rename, link, unlink, mkdir, chown, chmod
    LOCK,
    SYNC,
    IOCTL,
    START, // fork, exec
    SIGNAL,
    LOOK, // a file is opened to be read
    INJECT_KINDS
};

// What must happen at an act. FAILS: errno is set. SPOILS: what is opened must be spoilt.
enum inject_verdict { PASSES, FAILS, DIES, DIES_AFTER, LOSES, SPOILS };

extern bool inject_active;
extern char inject_action[16];

// Counts an act that begins now, and enters it in the log with what printf() makes of the rest. It
// does not return if the process dies before the act.
__attribute__((format(printf, 2, 3))) enum inject_verdict inject_act(enum inject_kind kind,
                                                                     const char *format, ...);
// The same in parts: the number of the act is stored, for a later entry, and DIES is returned.
enum inject_verdict inject_count(enum inject_kind kind, long *number);
void inject_log(long number, enum inject_kind kind, const char *what);

// Reading this descriptor fails until it is closed.
void inject_spoil(int fd);

// Call it after the act.
void inject_finish(enum inject_verdict verdict);
void inject_die(void);

#endif
