/*
 * What a caller pays for a call of libmaxim, and what a process pays for having it.
 *
 *     calls latency CALL PACE COUNT THREADS
 *         CALL: tag | span | result | info | debug | empty | memcpy | clock;
 *         PACE: tight | bursty | paced | grouped
 *     calls throughput COUNT
 *     calls spans COUNT
 *     calls link CALL COUNT
 *         CALL: input | entry
 *     calls idle SECONDS
 *
 * Method: each call stands between two readings of the time stamp counter (lfence; rdtsc before,
 * rdtscp; lfence after), which is calibrated against CLOCK_MONOTONIC at the start. Every sample is
 * kept, so that percentiles are exact. The cost of the readings is in every figure: `empty` measures
 * it alone, and nothing is subtracted. Bursty: 100 calls at once, then 100 us of sleep; paced: one
 * call each 50 us, so 20,000 a second, asleep between them as a program that waits for its work is.
 * Grouped, for a call that costs less than the readings: 100 calls between two readings, and each sample
 * is a hundredth of that, COUNT of them. Answers other than MAXIM_OK are counted and printed, and so is how
 * often the kernel took the processor away from the calling threads, which is what long calls mostly are.
 *
 * Spans: COUNT spans of one trace, each with a name and a tag of its own number, by OTLP.
 * Link: COUNT records of one kind, to a server that is far away: inputs of 130 bytes, which arrive in order, or
 * structured entries of one member.
 *
 * Each result is one line of `name=value` fields; times are in nanoseconds unless the name says more.
 * Environment: MAXIM_BASE_URL, MAXIM_SPOOL_DIR.
 */

#define _GNU_SOURCE /* RUSAGE_THREAD */
#include "timing.h"
#include "workload.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 100, GROUP = 100 };
static const long BURST_PAUSE_NS = 100000, PACE_NS = 50000;

struct thread_work {
    pthread_t thread;
    workload_call call;
    char pace;
    size_t count;
    uint32_t *samples;
    size_t refused;
    long preempted;
};

/* Sleeps until `ns` after the time that `when` has, and moves that on. A time gone by is no sleep. */
static void sleep_until_next(struct timespec *when, long ns) {
    when->tv_nsec += ns;
    if (when->tv_nsec >= 1000000000) {
        when->tv_nsec -= 1000000000;
        when->tv_sec++;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, when, NULL);
}

static long preemptions(void) {
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw;
}

/* How many calls each sample is of. */
static size_t group_of(char pace) {
    return pace == 'g' ? GROUP : 1;
}

static void *measure(void *argument) {
    struct thread_work *work = argument;
    struct timespec when;
    long preempted = preemptions();
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); /* else each sleep is 50 us longer */
    const size_t group = group_of(work->pace);
    clock_gettime(CLOCK_MONOTONIC, &when);
    for (size_t i = 0; i < work->count; i++) {
        if (work->pace == 'b' && i % BURST == 0) {
            clock_gettime(CLOCK_MONOTONIC, &when);
            sleep_until_next(&when, BURST_PAUSE_NS);
        } else if (work->pace == 'p') {
            sleep_until_next(&when, PACE_NS);
        }
        uint64_t before = tick_before();
        for (size_t n = group; n > 1; n--) {
            work->refused += work->call() != MAXIM_OK;
        }
        maxim_status status = work->call();
        uint64_t ticks = tick_after() - before;
        work->samples[i] = ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
        work->refused += status != MAXIM_OK;
    }
    work->preempted = preemptions() - preempted;
    return NULL;
}

static int latency(const char *name, const char *pace, size_t count, size_t threads) {
    workload_call call = workload_find(name);
    if (call == NULL || threads == 0 || count < threads) {
        return 2;
    }
    count -= count % threads;
    uint32_t *samples = malloc(count * sizeof *samples);
    struct thread_work *work = calloc(threads, sizeof *work);
    memset(samples, 1, count * sizeof *samples); /* page faults of ours are not to be measured */
    for (int i = 0; i < 1000; i++) {
        call();
    }
    for (size_t t = 0; t < threads; t++) {
        size_t share = count / threads;
        work[t] = (struct thread_work){.call = call, .pace = pace[0], .count = share, .samples = samples + t * share};
        pthread_create(&work[t].thread, NULL, measure, &work[t]);
    }
    size_t refused = 0;
    long preempted = 0;
    for (size_t t = 0; t < threads; t++) {
        pthread_join(work[t].thread, NULL);
        refused += work[t].refused;
        preempted += work[t].preempted;
    }
    qsort(samples, count, sizeof *samples, ascending);
    size_t group = group_of(pace[0]);
    double mean = 0, ticks_per_call = ticks_per_ns * (double)group;
    for (size_t i = 0; i < count; i++) {
        mean += samples[i] / ticks_per_call / (double)count;
    }
#define AT(share) (samples[(size_t)((double)(count - 1) * (share))] / ticks_per_call)
    printf("p50=%.1f p99=%.1f p99.9=%.1f max=%.1f mean=%.1f calls=%zu refused=%zu preempted=%ld\n", AT(0.5), AT(0.99),
           AT(0.999), AT(1.0), mean, count * group, refused, preempted);
    free(work);
    free(samples);
    return 0;
}

/* A number of /proc/self/status, in its own unit. */
static long own_status(const char *path, const char *name) {
    char line[256];
    long value = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) == 0) {
            value = strtol(line + strlen(name) + 1, NULL, 10);
        }
    }
    if (file) {
        fclose(file);
    }
    return value;
}

/* Every thread's waits since it began, but for the calling one's. */
static long wake_ups(void) {
    long sum = 0;
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    while ((entry = readdir(tasks)) != NULL) {
        if (entry->d_name[0] != '.' && atol(entry->d_name) != (long)getpid()) {
            char path[300];
            snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
            sum += own_status(path, "voluntary_ctxt_switches");
        }
    }
    closedir(tasks);
    return sum;
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Appends a number and a text; gives where they end. */
static char *append_number(char *out, size_t number, const char *after) {
    char digits[24];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + number % 10);
    } while ((number /= 10) != 0);
    while (n > 0) {
        *out++ = digits[--n];
    }
    while (*after != '\0') {
        *out++ = *after++;
    }
    return out;
}

static size_t log_mark(size_t number) {
    char mark[32] = "seq-w-";
    size_t length = (size_t)(append_number(mark + 6, number, "") - mark);
    return maxim_trace_add_tag(workload_logger, WORKLOAD_TRACE, MAXIM_STR("mark"), maxim_str_n(mark, length)) != MAXIM_OK;
}

static size_t log_span(size_t number) {
    char tags[64] = "{\"mark\":\"seq-w-";
    maxim_id id;
    maxim_span_config config = MAXIM_SPAN_CONFIG_INIT;
    config.name = MAXIM_STR("mark");
    config.tags_json = maxim_str_n(tags, (size_t)(append_number(tags + 15, number, "\"}") - tags));
    if (maxim_trace_add_span(workload_logger, WORKLOAD_TRACE, &config, &id) != MAXIM_OK) {
        return 1;
    }
    return maxim_span_end(workload_logger, maxim_str_z(id.text)) != MAXIM_OK;
}

static size_t log_input(size_t number) {
    (void)number;
    static const char digits[] = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
                                 "012345678901234567890123456789";
    return maxim_trace_set_input(workload_logger, WORKLOAD_TRACE, maxim_str_n(digits, sizeof digits - 1)) != MAXIM_OK;
}

static size_t log_entry(size_t number) {
    (void)number;
    return maxim_log_info(workload_client, MAXIM_STR("order placed"), MAXIM_STR("{\"items\": 3}"), NULL) != MAXIM_OK;
}

/* Makes the logger of the workload one that sends spans. */
static bool speak_otlp(void) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.protocol = MAXIM_PROTOCOL_OTLP;
    config.base_url = maxim_str_z(getenv("MAXIM_BASE_URL"));
    config.service_name = workload_name();
    workload_close();
    if (maxim_logger_new(&config, &workload_logger) != MAXIM_OK) {
        fprintf(stderr, "maxim_logger_new: %s\n", maxim_last_error());
        return false;
    }
    maxim_trace_config trace = MAXIM_TRACE_CONFIG_INIT;
    trace.id = WORKLOAD_TRACE;
    return maxim_trace_create(workload_logger, &trace, NULL) == MAXIM_OK;
}

/* What is marked has seq-w-0, seq-w-1, …: maxim-dev follows that with --check-seq. */
static int throughput(size_t count, size_t (*log)(size_t)) {
    double cpu = cpu_seconds();
    size_t refused = 0;
    double first_us = now_ns(CLOCK_REALTIME) / 1e3, start = now_ns(CLOCK_MONOTONIC);
    for (size_t i = 0; i < count; i++) {
        refused += log(i);
    }
    double calls_s = (now_ns(CLOCK_MONOTONIC) - start) / 1e9;
    maxim_status flushed = workload_client ? maxim_log_flush(workload_client, 120000) : maxim_flush(workload_logger, 120000);
    double all_s = (now_ns(CLOCK_MONOTONIC) - start) / 1e9;
    printf("first_us=%.0f calls_s=%.3f flushed_s=%.3f flush_status=%d refused=%zu cpu_s=%.3f peak_kb=%ld\n", first_us, calls_s,
           all_s, (int)flushed, refused, cpu_seconds() - cpu, own_status("/proc/self/status", "VmHWM"));
    return 0;
}

static int ascending_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int idle(unsigned seconds) {
    enum { LOGGERS = 11, FLUSHES = 101 };
    double new_ms[LOGGERS], flush_us[FLUSHES];
    for (int i = 0; i < LOGGERS; i++) {
        workload_close();
        double start = now_ns(CLOCK_MONOTONIC);
        if (!workload_open()) {
            return 1;
        }
        new_ms[i] = (now_ns(CLOCK_MONOTONIC) - start) / 1e6;
    }
    workload_find("tag")();
    maxim_flush(workload_logger, 5000);
    for (int i = 0; i < FLUSHES; i++) {
        double start = now_ns(CLOCK_MONOTONIC);
        maxim_flush(workload_logger, 5000);
        flush_us[i] = (now_ns(CLOCK_MONOTONIC) - start) / 1e3;
    }
    qsort(new_ms, LOGGERS, sizeof *new_ms, ascending_doubles);
    qsort(flush_us, FLUSHES, sizeof *flush_us, ascending_doubles);
    sleep(2); /* lets what the flush has started come to its end */
    long woken = wake_ups();
    double cpu = cpu_seconds();
    sleep(seconds);
    printf("new_p50_ms=%.2f flush_p50_us=%.1f wake_ups_per_s=%.2f cpu_percent=%.3f rss_kb=%ld\n", new_ms[LOGGERS / 2],
           flush_us[FLUSHES / 2], (double)(wake_ups() - woken) / seconds, (cpu_seconds() - cpu) / seconds * 100,
           own_status("/proc/self/status", "VmRSS"));
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        return 2;
    }
    calibrate();
    if (!workload_open()) {
        return 1;
    }
    bool is_entry = strcmp(argv[2], "info") == 0 || strcmp(argv[2], "debug") == 0 || strcmp(argv[2], "entry") == 0;
    if (is_entry && !workload_open_client()) {
        return 1;
    }
    int answer = 2;
    if (strcmp(argv[1], "latency") == 0 && argc == 6) {
        answer = latency(argv[2], argv[3], strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10));
    } else if (strcmp(argv[1], "throughput") == 0) {
        answer = throughput(strtoul(argv[2], NULL, 10), log_mark);
    } else if (strcmp(argv[1], "spans") == 0) {
        answer = speak_otlp() ? throughput(strtoul(argv[2], NULL, 10), log_span) : 1;
    } else if (strcmp(argv[1], "link") == 0 && argc == 4) {
        answer = throughput(strtoul(argv[3], NULL, 10), is_entry ? log_entry : log_input);
    } else if (strcmp(argv[1], "idle") == 0) {
        answer = idle((unsigned)strtoul(argv[2], NULL, 10));
    }
    workload_close();
    return answer;
}
