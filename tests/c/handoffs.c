/*
 * Threads that tell each other of what they have logged, for tests/torture/threads_log_in_the_order_of_their_calls.rs:
 *
 *     handoffs HOW COUNT    two threads log by turns, COUNT records in all, marked seq-w-1, seq-w-2 and so on: one logs
 *                           only after the other has told it to, by HOW: `mutex` (and a condition), `queue` (a
 *                           pipe) or `atomic`. Two further threads log in bursts meanwhile, in the way of both
 *     handoffs many COUNT   16 threads log COUNT records each, marked seq-t0-1 and so on
 *     handoffs jumps COUNT  4 threads log marked records while COUNT times a signal handler jumps out of the calls of a
 *                           fifth
 *     handoffs stops COUNT  the same, and COUNT times a handler stays for 1.5 seconds in the middle of a call
 *
 * Prints how many marked records there are in all and, after everything has been delivered, the logger's numbers.
 */
#define _GNU_SOURCE
#include "mask_signal.h"

#include <maxim.h>

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 16, BURST = 100, DISTURBED = 4 };

static maxim_logger *logger;
static long count;
static const char *how;
static atomic_long turn = 1;
static atomic_bool is_over;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int pipes[2][2];
static atomic_long logged; /* marked records */
static struct {
    sigjmp_buf from;
    pthread_t thread;
    atomic_bool is_inside;
    atomic_long times;
} disturbed;

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, maxim_last_error());
    exit(3);
}

static void log_marked(const char *writer, long number) {
    char mark[48];
    snprintf(mark, sizeof mark, "seq-%s-%ld", writer, number);
    maxim_status status;
    do {
        status = maxim_trace_add_tag(logger, MAXIM_STR("trace-1"), MAXIM_STR("mark"), maxim_str_z(mark));
        /* While a call that is stopped is in the way of all others, they are refused. */
    } while (status == MAXIM_ERR_NO_RESOURCES && disturbed.thread != 0);
    if (status != MAXIM_OK) {
        fail(mark);
    }
    logged++;
}

static void wait_for_turn(long number) {
    if (strcmp(how, "mutex") == 0) {
        pthread_mutex_lock(&mutex);
        while (turn != number) {
            pthread_cond_wait(&changed, &mutex);
        }
        pthread_mutex_unlock(&mutex);
    } else if (strcmp(how, "queue") == 0) {
        char token;
        if (number > 1 && read(pipes[number % 2][0], &token, 1) != 1) {
            fail("read");
        }
    } else {
        while (atomic_load_explicit(&turn, memory_order_acquire) != number) {
            sched_yield();
        }
    }
}

static void give_turn(long number) {
    if (strcmp(how, "mutex") == 0) {
        pthread_mutex_lock(&mutex);
        turn = number;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    } else if (strcmp(how, "queue") == 0) {
        if (write(pipes[number % 2][1], "", 1) != 1) {
            fail("write");
        }
    } else {
        atomic_store_explicit(&turn, number, memory_order_release);
    }
}

static void *take_turns(void *first) {
    for (long number = (long)first; number <= count; number += 2) {
        wait_for_turn(number);
        log_marked("w", number);
        give_turn(number + 1);
    }
    return NULL;
}

static void *log_in_bursts(void *unused) {
    while (!is_over) {
        for (int i = 0; i < BURST; i++) {
            if (maxim_trace_add_tag(logger, MAXIM_STR("trace-2"), MAXIM_STR("noise"), MAXIM_STR("x")) != MAXIM_OK) {
                fail("noise");
            }
        }
        usleep(50); /* or the two would wait for a processor most of the time */
    }
    return unused;
}

static void *log_many(void *thread) {
    char writer[16];
    snprintf(writer, sizeof writer, "t%ld", (long)thread);
    for (long number = 1; number <= count; number++) {
        log_marked(writer, number);
    }
    return NULL;
}

static void jump_out(int number) {
    (void)number;
    disturbed.times++;
    siglongjmp(disturbed.from, 1);
}

static void stay(int number) {
    (void)number;
    if (disturbed.is_inside) {
        disturbed.times++;
        usleep(1500000); /* longer than others wait before they look whether it is alive */
    }
}

/* Out of line, so that every call has its frame at the same place. */
__attribute__((noinline)) static void log_noise(void) {
    disturbed.is_inside = 1;
    maxim_status status =
        maxim_trace_add_tag(logger, MAXIM_STR("trace-2"), MAXIM_STR("noise"), MAXIM_STR("x"));
    disturbed.is_inside = 0;
    if (status != MAXIM_OK && status != MAXIM_ERR_NO_RESOURCES) {
        fail("noise");
    }
}

static void *be_disturbed(void *unused) {
    (void)sigsetjmp(disturbed.from, 1);
    mask_signal(SIG_BLOCK);
    /* Not interrupted: what a call keeps for the next one is made again, which an allocator may have to do. */
    log_noise();
    while (!is_over) {
        mask_signal(SIG_UNBLOCK);
        for (int i = 0; i < BURST; i++) {
            log_noise();
        }
        mask_signal(SIG_BLOCK);
        usleep(1000);
    }
    return unused;
}

static void *log_meanwhile(void *thread) {
    char writer[16];
    snprintf(writer, sizeof writer, "t%ld", (long)thread);
    /* At first without a break, so that they meet. */
    for (long number = 1; number <= 20000 || !is_over; number++) {
        log_marked(writer, number);
        if (number > 20000 && number % 20 == 0) {
            usleep(1000);
        }
    }
    return NULL;
}

static void disturb(void) {
    struct sigaction action = {.sa_handler = how[0] == 'j' ? jump_out : stay};
    sigaction(SIGUSR1, &action, NULL);
    mask_signal(SIG_BLOCK);
    pthread_create(&disturbed.thread, NULL, be_disturbed, NULL);
    pthread_t threads[DISTURBED];
    for (long i = 0; i < DISTURBED; i++) {
        pthread_create(&threads[i], NULL, log_meanwhile, (void *)i);
    }
    for (long i = 0; i < count; i++) {
        usleep(500);
        while (disturbed.times <= i) {
            pthread_kill(disturbed.thread, SIGUSR1);
            usleep(50);
        }
    }
    is_over = 1;
    for (int i = 0; i < DISTURBED; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_join(disturbed.thread, NULL);
}

int main(int argc, char **argv) {
    pthread_t threads[THREADS], noise[2];
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.flush_interval_ms = 50;
    config.overflow_policy = MAXIM_OVERFLOW_BLOCK; /* more than there is room for, if all of it has to wait */
    config.block_timeout_ms = 600000;
    if (argc != 3 || pipe(pipes[0]) != 0 || pipe(pipes[1]) != 0 || maxim_logger_new(&config, &logger) != MAXIM_OK) {
        fail("new");
    }
    how = argv[1];
    count = atol(argv[2]);
    int is_many = strcmp(how, "many") == 0, used = is_many ? THREADS : 2;
    if (strcmp(how, "jumps") == 0 || strcmp(how, "stops") == 0) {
        disturb();
        used = 0;
        is_many = 1;
    }
    for (int i = 0; i < 2 && !is_many; i++) {
        pthread_create(&noise[i], NULL, log_in_bursts, NULL);
    }
    for (long i = 0; i < used; i++) {
        pthread_create(&threads[i], NULL, is_many ? log_many : take_turns, (void *)(is_many ? i : i + 1));
    }
    for (int i = 0; i < used; i++) {
        pthread_join(threads[i], NULL);
    }
    is_over = 1;
    for (int i = 0; i < 2 && !is_many; i++) {
        pthread_join(noise[i], NULL);
    }
    if (maxim_flush(logger, 600000) != MAXIM_OK) {
        fail("flush");
    }
    maxim_stats s = MAXIM_STATS_INIT;
    if (maxim_logger_stats(logger, &s) != MAXIM_OK) {
        fail("stats");
    }
    printf("{\"logged\":%ld}\n", logged);
#define N(field) (unsigned long long)s.field
    printf("{\"accepted\":%llu,\"adopted\":%llu,\"delivered\":%llu,\"held\":%llu,\"dropped_memory\":%llu,"
           "\"dropped_disk\":%llu,\"dropped_expired\":%llu,\"dropped_corrupt\":%llu,\"quarantined\":%llu}\n",
           N(accepted), N(adopted), N(delivered), N(held), N(dropped_memory), N(dropped_disk), N(dropped_expired),
           N(dropped_corrupt), N(quarantined));
    return maxim_cleanup(logger, 10000) != MAXIM_OK || maxim_logger_free(logger) != MAXIM_OK;
}
