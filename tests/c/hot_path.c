/*
 * Makes a hot call many times and tells, for the calling thread, what it should not do.
 *
 *     hot_path allocations CALL COUNT    prints how often malloc and its kin were called
 *     hot_path system-calls CALL COUNT   prints `NAME COUNT` for each system call after the warm-up
 *     hot_path control-allocation | control-system-call    does what is looked for: must be noticed
 *
 * System calls are seen by a seccomp filter that asks another thread about each of them, which notes
 * it and lets it pass (seccomp_unotify(2), Linux 5.5).
 */
#include "../../benches/workload.h"

#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static __thread volatile unsigned long allocations; /* the compiler thinks that malloc changes nothing */

/* These take the place of the C library's for the shared library as well. */
void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}
void *realloc(void *block, size_t size) {
    allocations++;
    return __libc_realloc(block, size);
}
int posix_memalign(void **block, size_t alignment, size_t size) {
    allocations++;
    *block = __libc_memalign(alignment, size);
    return *block ? 0 : 12;
}
void *aligned_alloc(size_t alignment, size_t size) {
    allocations++;
    return __libc_memalign(alignment, size);
}

enum { SYSTEM_CALLS = 512, FUTEX_OPERATIONS = 16 };

static struct {
    atomic_int listener; /* descriptor of the filter, -1 while there is none */
    atomic_bool counting;
    unsigned long calls[SYSTEM_CALLS];
    unsigned long futex[FUTEX_OPERATIONS]; /* of those, by operation */
} watch = {.listener = -1};

static bool is_wake(int operation) {
    return operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET;
}

static void *watch_system_calls(void *unused) {
    int listener;
    while ((listener = atomic_load(&watch.listener)) < 0) {
        usleep(100);
    }
    for (;;) {
        struct seccomp_notif seen = {0};
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &seen) != 0) {
            continue;
        }
        if (atomic_load(&watch.counting) && seen.data.nr < SYSTEM_CALLS) {
            watch.calls[seen.data.nr]++;
            if (seen.data.nr == SYS_futex) {
                watch.futex[seen.data.args[1] & FUTEX_CMD_MASK & (FUTEX_OPERATIONS - 1)]++;
            }
        }
        struct seccomp_notif_resp pass = {.id = seen.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &pass);
    }
    return unused;
}

/* From here on each system call of the calling thread, and of no other, is seen. */
static void begin_watch(void) {
    struct sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)};
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    pthread_t thread;
    if (pthread_create(&thread, NULL, watch_system_calls, NULL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        _exit(3);
    }
    int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0) {
        perror("seccomp");
        _exit(3);
    }
    atomic_store(&watch.listener, listener);
    atomic_store(&watch.counting, true);
}

/* Prints what was seen: futexes by what they are for, other system calls by number. */
static void end_watch(void) {
    atomic_store(&watch.counting, false);
    for (int nr = 0; nr < SYSTEM_CALLS; nr++) {
        if (nr == SYS_sched_yield && watch.calls[nr] > 0) {
            printf("yield %lu\n", watch.calls[nr]);
        } else if (nr != SYS_futex && watch.calls[nr] > 0) {
            printf("number-%d %lu\n", nr, watch.calls[nr]);
        }
    }
    for (int operation = 0; operation < FUTEX_OPERATIONS; operation++) {
        if (watch.futex[operation] > 0) {
            printf("%s %lu\n", is_wake(operation) ? "wake" : "wait", watch.futex[operation]);
        }
    }
    fflush(stdout);
}

static void make(workload_call call, long count) {
    for (long i = 0; i < count; i++) {
        if (call() != MAXIM_OK) {
            _exit(4);
        }
    }
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "control-system-call") == 0) {
        begin_watch();
        getppid();
        end_watch();
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "control-allocation") == 0) {
        unsigned long before = allocations;
        void *volatile block = malloc(16);
        free(block);
        printf("%lu\n", allocations - before);
        return 0;
    }
    workload_call call = argc == 4 ? workload_find(argv[2]) : NULL;
    if (call == NULL || !workload_open() || !workload_open_client()) {
        return 2;
    }
    make(call, 20);
    if (strcmp(argv[1], "system-calls") == 0) {
        begin_watch();
        make(call, atol(argv[3]));
        end_watch();
    } else {
        unsigned long before = allocations;
        make(call, atol(argv[3]));
        printf("%lu\n", allocations - before);
        fflush(stdout);
    }
    workload_close();
    return 0;
}
