/*
 * A host whose signal handler jumps out of log calls, for tests/torture/hosts_keep_their_threads.rs: whenever a log call
 * allocates or frees, no handler may run, or the allocator's lock is lost with the jump and the next `malloc` of anybody
 * waits for ever. The allocator is wrapped here, and counts what is done with that signal unblocked.
 *
 * Prints how often it jumped, how often the allocator was called within log calls, and how often unblocked.
 */
#define _GNU_SOURCE
#include <maxim.h>

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define JUMPS 300
#define ALLOCATIONS 100
#define LARGE (200 * 1024)

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

static __thread int is_in_call;
static volatile unsigned long allocations, unblocked;
static sigjmp_buf back;
static maxim_logger *logger;
static char large[LARGE];

static void look(void) {
    if (is_in_call) {
        sigset_t mask;
        pthread_sigmask(SIG_BLOCK, NULL, &mask);
        allocations++;
        unblocked += !sigismember(&mask, SIGALRM);
    }
}

void *malloc(size_t size) {
    look();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    look();
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    look();
    return __libc_realloc(old, size);
}

void free(void *memory) {
    if (memory) {
        look();
    }
    __libc_free(memory);
}

static void jump(int number) {
    (void)number;
    siglongjmp(back, 1);
}

static void let_signals(int how) {
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    pthread_sigmask(how, &alarm_only, NULL);
}

int main(void) {
    static volatile int jumps;
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    if (maxim_logger_new(&config, &logger) != MAXIM_OK) {
        fprintf(stderr, "%s\n", maxim_last_error());
        return 3;
    }
    memset(large, 'x', sizeof large);
    /* A thread's first call tells the C library, which allocates for it, what is to be done at the thread's end. */
    maxim_trace_add_tag(logger, MAXIM_STR("trace-1"), MAXIM_STR("key"), MAXIM_STR("first"));
    signal(SIGALRM, jump);
    /* On a slow machine many a signal comes before the first call: until enough have come in one. */
    for (jumps = 0; jumps < JUMPS || allocations < ALLOCATIONS; jumps++) {
        if (sigsetjmp(back, 1) == 0) {
            is_in_call = 1;
            setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = 30 + jumps * 37 % 2000}, NULL);
            for (unsigned long n = 0;; n++) {
                /* Most are short; a large one lets a buffer grow, and go. */
                size_t length = n % 50 == 7 ? sizeof large : 8;
                maxim_trace_add_tag(logger, MAXIM_STR("trace-1"), MAXIM_STR("key"), maxim_str_n(large, length));
            }
        }
    }
    let_signals(SIG_BLOCK);
    is_in_call = 0;
    printf("{\"jumps\":%d,\"allocations\":%lu,\"unblocked\":%lu}\n", jumps, allocations, unblocked);
    fflush(stdout);
    _Exit(0);
}
