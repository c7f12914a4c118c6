/*
 * Preloaded into a host process: makes the system misbehave under the library.
 *
 * SHIM_NO_THREADS   pthread_create fails with EAGAIN
 * SHIM_NO_NAMES     getaddrinfo never comes back
 * SHIM_CLOCK_JUMPS  CLOCK_REALTIME jumps a year back and forth at every call
 * SHIM_UNREADABLE   while this file exists, segments cannot be opened, with the error whose number it holds
 * SHIM_UNREAD       while this file exists, segments, contents beside them and files named `*.attached` can be opened
 *                   and not read, with the error whose number it holds
 * SHIM_SLOW_FILES   making, renaming and removing a segment takes so many milliseconds. `shim_enter` and
 *                   `shim_tick` are called by the thread that is not to wait for that, before and after each of its
 *                   calls; `shim_operations` and `shim_standstills` count the operations of other threads, and those
 *                   at whose end it was in a call and had meanwhile not begun and ended one
 * SHIM_INTERRUPTED  a thread between its `shim_enter` and `shim_tick` gets SIGUSR1 when it makes, renames or removes a
 *                   segment; `shim_interruptions` counts these
 * SHIM_NO_MEMORY    while this file exists, no thread but the first has memory from malloc and realloc
 * SHIM_FORKS        as if another thread forked then, a child that does nothing is forked behind every second lock file that
 *                   is opened and every one that is locked; their process ids are added to this file
 * SHIM_CLOCK_LATE   CLOCK_REALTIME is so many seconds late (or early, if negative)
 * SHIM_BOOT_LATE    the same with CLOCK_BOOTTIME
 */
#define _GNU_SOURCE
#include "idle_child.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return getenv("SHIM_NO_THREADS") ? EAGAIN : real(thread, attributes, body, argument);
}

extern void *__libc_malloc(size_t);
extern void *__libc_realloc(void *, size_t);

static const char *no_memory;

__attribute__((constructor)) static void begin(void) {
    no_memory = getenv("SHIM_NO_MEMORY");
}

static int has_memory(void) {
    int before = errno;
    int has = !no_memory || syscall(SYS_gettid) == getpid() || access(no_memory, F_OK) != 0;
    errno = has ? before : ENOMEM;
    return has;
}

void *malloc(size_t size) {
    return has_memory() ? __libc_malloc(size) : NULL;
}

void *realloc(void *old, size_t size) {
    return has_memory() ? __libc_realloc(old, size) : NULL;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    while (getenv("SHIM_NO_NAMES")) {
        pause();
    }
    return real(node, service, hints, result);
}

/* The number in the file that a variable names, or 0. */
static int number_in(const char *variable) {
    const char *control = getenv(variable);
    FILE *file = control ? fopen(control, "r") : NULL;
    int number = 0;
    if (file) {
        number = fscanf(file, "%d", &number) == 1 ? number : 0;
        fclose(file);
    }
    return number;
}

/* The error that opening this file for reading has, or 0. */
static int unreadable(const char *path, int flags) {
    const char *end = strrchr(path, '.');
    int is_one = end && strcmp(end, ".seg") == 0 && !(flags & O_CREAT);
    return is_one ? number_in("SHIM_UNREADABLE") : 0;
}

ssize_t read(int from, void *buffer, size_t size) {
    ssize_t (*real)(int, void *, size_t);
    *(void **)&real = dlsym(RTLD_NEXT, "read");
    char link[64], path[1024] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", from);
    if (getenv("SHIM_UNREAD") && readlink(link, path, sizeof path - 1) > 0 &&
        (strstr(path, ".seg") || strstr(path, "/attachments/") || strstr(path, ".attached"))) {
        errno = number_in("SHIM_UNREAD");
        if (errno) {
            return -1;
        }
    }
    return real(from, buffer, size);
}

_Atomic unsigned long shim_operations, shim_standstills, shim_interruptions;
static _Atomic unsigned long ticks, own_operations;
static _Atomic int is_in_call;
static __thread int is_ticking;

void shim_enter(void) {
    is_ticking = 1;
    is_in_call = 1;
}

void shim_tick(void) {
    ticks++;
    is_in_call = 0;
}

static void interrupt(const char *path) {
    if (is_ticking && is_in_call && getenv("SHIM_INTERRUPTED") && strstr(path, ".seg")) {
        shim_interruptions++;
        pthread_kill(pthread_self(), SIGUSR1);
    }
}

static void take_long(const char *path) {
    interrupt(path);
    const char *milliseconds = getenv("SHIM_SLOW_FILES");
    if (!milliseconds || !strstr(path, ".seg")) {
        return;
    }
    /* Odd while the ticking thread is at a file of its own. */
    own_operations += (unsigned)is_ticking;
    unsigned long before = ticks, own = own_operations;
    usleep((unsigned)atoi(milliseconds) * 1000);
    if (is_ticking) {
        own_operations++;
    } else if (own % 2 == 0 && own == own_operations && before > 0) {
        shim_operations++;
        /* A thread that merely has no processor meanwhile is in no call. */
        shim_standstills += is_in_call && ticks - before < 2;
    }
}

int unlinkat(int directory, const char *path, int flags) {
    int (*real)(int, const char *, int);
    *(void **)&real = dlsym(RTLD_NEXT, "unlinkat");
    take_long(path);
    return real(directory, path, flags);
}

int renameat(int from, const char *path, int to, const char *name) {
    int (*real)(int, const char *, int, const char *);
    *(void **)&real = dlsym(RTLD_NEXT, "renameat");
    take_long(path);
    return real(from, path, to, name);
}

static void fork_idle_child(void) {
    const char *path = getenv("SHIM_FORKS");
    int before = errno;
    pid_t child = path ? fork() : -1;
    if (child == 0) {
        be_idle();
    }
    FILE *file = child > 0 ? fopen(path, "a") : NULL;
    if (file) {
        fprintf(file, "%d\n", (int)child);
        fclose(file);
    }
    errno = before;
}

static _Atomic int lock_file = -1;

static int note_lock(const char *path, int descriptor) {
    static _Atomic unsigned count;
    const char *name = strrchr(path, '/');
    if (descriptor >= 0 && name && strcmp(name, "/lock") == 0) {
        lock_file = descriptor;
        if (count++ % 2 == 0) {
            fork_idle_child();
        }
    }
    return descriptor;
}

int flock(int descriptor, int operation) {
    int (*real)(int, int);
    *(void **)&real = dlsym(RTLD_NEXT, "flock");
    int result = real(descriptor, operation);
    if (result == 0 && descriptor == lock_file) {
        fork_idle_child();
    }
    return result;
}

#define OPENAT(name)                                                                  \
    int name(int directory, const char *path, int flags, ...) {                       \
        int (*real)(int, const char *, int, ...);                                     \
        *(void **)&real = dlsym(RTLD_NEXT, #name);                                    \
        va_list rest;                                                                 \
        va_start(rest, flags);                                                        \
        unsigned mode = flags & O_CREAT ? va_arg(rest, unsigned) : 0;                 \
        va_end(rest);                                                                 \
        if (flags & O_CREAT) {                                                        \
            take_long(path);                                                          \
        }                                                                             \
        errno = unreadable(path, flags);                                              \
        return errno ? -1 : note_lock(path, real(directory, path, flags, mode));      \
    }
OPENAT(openat)
OPENAT(openat64)

static int (*real_clock)(clockid_t, struct timespec *);

/* Once: an allocator may ask for the time, and looking a name up allocates. */
__attribute__((constructor)) static void find_clock(void) {
    *(void **)&real_clock = dlsym(RTLD_NEXT, "clock_gettime");
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static atomic_uint calls;
    if (!real_clock) {
        find_clock();
    }
    int result = real_clock(clock, time);
    if (clock == CLOCK_REALTIME && getenv("SHIM_CLOCK_JUMPS")) {
        time->tv_sec += atomic_fetch_add(&calls, 1) % 2 ? 31536000 : -31536000;
    }
    if (clock == CLOCK_REALTIME && getenv("SHIM_CLOCK_LATE")) {
        time->tv_sec -= strtol(getenv("SHIM_CLOCK_LATE"), NULL, 10);
    }
    if (clock == CLOCK_BOOTTIME && getenv("SHIM_BOOT_LATE")) {
        time->tv_sec -= strtol(getenv("SHIM_BOOT_LATE"), NULL, 10);
    }
    return result;
}
