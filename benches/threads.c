/*
 * What threads that share one logger get out of it: tags back to back from 1, 2, 4, 8 and 16 threads.
 *
 *     threads ROUNDS MILLISECONDS
 *
 * In each round every number of threads has its turn of so many milliseconds, one after the other, so that
 * what else the machine does meets all of them alike; before a turn everything is delivered. Of the rounds the
 * one with the median of calls a second is printed, a line of `name=value` fields for each number of threads:
 *
 *   calls_per_s          of all threads together
 *   p50, p99, p99.9      of a call, in ns; one call in 8 is measured (timing.h), with the readings' cost in it
 *   switches             context switches of the calling threads in 10,000 calls, of both kinds
 *   waits                those of them that the threads asked for: they waited or yielded
 *   cpu_ns               of the processor's time for each call, of the calling threads
 *   ratio                calls a second, as times those of one thread
 *
 * Environment: MAXIM_BASE_URL, MAXIM_SPOOL_DIR.
 */
#define _GNU_SOURCE /* RUSAGE_THREAD */
#include "timing.h"
#include "workload.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

enum { MEASURED = 8, SAMPLES = 1 << 18, MOST = 16, COUNTS = 5, ROUNDS_MOST = 99 };
static const int counts[COUNTS] = {1, 2, 4, 8, 16};

struct turn {
    double calls_per_s, p50, p99, p99_9, switches, waits, cpu_ns;
};

struct thread_work {
    pthread_t thread;
    unsigned long calls;
    size_t samples, refused;
    double cpu_s;
    long switches, waits;
    double ended;
    uint32_t *ticks;
};

static struct thread_work work[MOST];
static uint32_t all[MOST * SAMPLES];
static pthread_barrier_t start;
static atomic_bool is_over;

static void *make_calls(void *argument) {
    struct thread_work *mine = argument;
    struct rusage before, after;
    unsigned long calls = 0;
    size_t refused = 0, samples = 0;
    pthread_barrier_wait(&start);
    getrusage(RUSAGE_THREAD, &before);
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
        uint64_t first = tick_before();
        refused += workload_tag() != MAXIM_OK;
        uint64_t ticks = tick_after() - first;
        mine->ticks[samples++ % SAMPLES] = ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
        for (int i = 1; i < MEASURED; i++) {
            refused += workload_tag() != MAXIM_OK;
        }
        calls += MEASURED;
    }
    getrusage(RUSAGE_THREAD, &after);
    mine->ended = now_ns(CLOCK_MONOTONIC);
    mine->calls = calls;
    mine->refused = refused;
    mine->samples = samples < SAMPLES ? samples : SAMPLES;
    mine->waits = after.ru_nvcsw - before.ru_nvcsw;
    mine->switches = mine->waits + after.ru_nivcsw - before.ru_nivcsw;
#define SECONDS(of) ((double)(of).tv_sec + (double)(of).tv_usec / 1e6)
    mine->cpu_s = SECONDS(after.ru_utime) + SECONDS(after.ru_stime) - SECONDS(before.ru_utime) - SECONDS(before.ru_stime);
    return NULL;
}

static bool take_turn(int threads, unsigned milliseconds, struct turn *turn) {
    maxim_flush(workload_logger, 60000);
    is_over = false;
    pthread_barrier_init(&start, NULL, (unsigned)threads + 1);
    for (int t = 0; t < threads; t++) {
        pthread_create(&work[t].thread, NULL, make_calls, &work[t]);
    }
    pthread_barrier_wait(&start);
    double began = now_ns(CLOCK_MONOTONIC), ended = began;
    usleep(milliseconds * 1000);
    is_over = true;
    size_t samples = 0, refused = 0;
    double calls = 0, cpu_s = 0, switches = 0, waits = 0;
    for (int t = 0; t < threads; t++) {
        pthread_join(work[t].thread, NULL);
        memcpy(all + samples, work[t].ticks, work[t].samples * sizeof *all);
        samples += work[t].samples;
        calls += (double)work[t].calls;
        refused += work[t].refused;
        cpu_s += work[t].cpu_s;
        switches += (double)work[t].switches;
        waits += (double)work[t].waits;
        ended = work[t].ended > ended ? work[t].ended : ended;
    }
    pthread_barrier_destroy(&start);
    qsort(all, samples, sizeof *all, ascending);
#define AT(share) (all[(size_t)((double)(samples - 1) * (share))] / ticks_per_ns)
    *turn = (struct turn){calls / (ended - began) * 1e9, AT(0.5), AT(0.99), AT(0.999),
                          switches / calls * 1e4,        waits / calls * 1e4, cpu_s / calls * 1e9};
    if (refused > 0) {
        fprintf(stderr, "%zu calls refused: %s\n", refused, maxim_last_error());
    }
    return refused == 0;
}

static int by_calls(const void *a, const void *b) {
    double x = ((const struct turn *)a)->calls_per_s, y = ((const struct turn *)b)->calls_per_s;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    static struct turn turns[COUNTS][ROUNDS_MOST];
    int rounds = argc == 3 ? atoi(argv[1]) : 0;
    if (rounds < 1 || rounds > ROUNDS_MOST || !workload_open()) {
        return 2;
    }
    calibrate();
    for (int t = 0; t < MOST; t++) {
        work[t].ticks = malloc(SAMPLES * sizeof *work[t].ticks);
        memset(work[t].ticks, 1, SAMPLES * sizeof *work[t].ticks); /* page faults of ours are not to be measured */
    }
    for (int round = 0; round < rounds; round++) {
        for (int c = 0; c < COUNTS; c++) {
            if (!take_turn(counts[c], (unsigned)atoi(argv[2]), &turns[c][round])) {
                return 1;
            }
        }
    }
    double one = 0;
    for (int c = 0; c < COUNTS; c++) {
        qsort(turns[c], (size_t)rounds, sizeof *turns[c], by_calls);
        const struct turn *t = &turns[c][rounds / 2];
        one = c == 0 ? t->calls_per_s : one;
        printf("threads %d threads=%d calls_per_s=%.0f p50=%.1f p99=%.1f p99.9=%.1f switches=%.2f waits=%.2f cpu_ns=%.1f "
               "ratio=%.2f\n",
               counts[c], counts[c], t->calls_per_s, t->p50, t->p99, t->p99_9, t->switches, t->waits, t->cpu_ns,
               t->calls_per_s / one);
    }
    workload_close();
    return 0;
}
