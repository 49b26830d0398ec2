// SPDX-License-Identifier: MIT
//
// arrival [-d BUS] USBBED MONITOR BUSID - plug a device in, and print how many nanoseconds later
// QEMU has opened it, which a watcher is waiting to tell it to. With -d, tell QEMU at once instead,
// to add it to that bus of its own: no program can be faster. USBBED is the socket of the mocked
// USB tree, MONITOR one of QEMU's with QMP. Exit status: 0, 1 if something failed.

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE = 200 }; // microseconds between two questions

static FILE *monitor, *answers;
static char line[65536];

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static uint64_t now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
}

static int connected(const char *path, int type)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
        return -1;
    memcpy(address.sun_path, path, strlen(path));
    return connect(fd, (struct sockaddr *)&address, sizeof(address)) ? -1 : fd;
}

// Sends a QMP command and leaves the answer in `line`. False if there is none.
__attribute__((format(printf, 1, 2))) static bool ask(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(monitor, format, args);
    va_end(args);
    fputc('\n', monitor);
    fflush(monitor);
    while (fgets(line, sizeof(line), answers))
        if (!strncmp(line, "{\"return\"", 9) || !strncmp(line, "{\"error\"", 8))
            return true;
    return false;
}

static unsigned number_of(const char *busid, const char *file)
{
    char path[256];
    unsigned number = 0;
    FILE *from;

    snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/%s", busid, file);
    from = fopen(path, "re");
    if (!from || fscanf(from, "%u", &number) != 1)
        perror(path);
    if (from)
        fclose(from);
    return number;
}

static bool plug(int usbbed, const char *busid)
{
    char text[64], reply[512];
    int size = snprintf(text, sizeof(text), "plug %s", busid);

    return send(usbbed, text, (size_t)size, MSG_NOSIGNAL) == size &&
           recv(usbbed, reply, sizeof(reply), 0) == 2 && !memcmp(reply, "ok", 2);
}

static bool add(const char *bus, unsigned number, unsigned address)
{
    return ask("{\"execute\": \"device_add\", \"arguments\": {\"driver\": \"usb-host\", \"id\": "
               "\"xenusb-%u-%u\", \"bus\": \"%s\", \"hostbus\": %u, \"hostaddr\": "
               "%u}}",
               number, address, bus, number, address) &&
           !strncmp(line, "{\"return\"", 9);
}

static bool await(unsigned number, unsigned address)
{
    while (ask("{\"execute\": \"qom-get\", \"arguments\": {\"path\": "
               "\"/machine/peripheral/xenusb-%u-%u\", \"property\": \"attached\"}}",
               number, address)) {
        if (strstr(line, "true"))
            return true;
        usleep(PAUSE);
    }
    return false;
}

int main(int argc, char **argv)
{
    const char *bus = NULL;
    int option, usbbed, fd;
    unsigned number, address;
    uint64_t began;

    while ((option = getopt(argc, argv, "d:")) != -1) {
        if (option != 'd')
            return 1;
        bus = optarg;
    }
    if (argc - optind != 3)
        return fail("usage: arrival [-d BUS] USBBED MONITOR BUSID");
    usbbed = connected(argv[optind], SOCK_SEQPACKET);
    fd = connected(argv[optind + 1], SOCK_STREAM);
    if (usbbed < 0 || fd < 0)
        return fail("arrival");
    monitor = fdopen(fd, "w");
    answers = fdopen(dup(fd), "r");
    if (!monitor || !answers || !ask("{\"execute\": \"qmp_capabilities\"}"))
        return fail(argv[optind + 1]);
    began = now();
    if (!plug(usbbed, argv[optind + 2]))
        return fail(argv[optind]);
    number = number_of(argv[optind + 2], "busnum");
    address = number_of(argv[optind + 2], "devnum");
    if (bus && !add(bus, number, address)) {
        fputs(line, stderr);
        return 1;
    }
    if (!await(number, address))
        return fail(argv[optind + 1]);
    printf("%llu\n", (unsigned long long)(now() - began));
    return 0;
}
