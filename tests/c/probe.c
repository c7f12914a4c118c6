/*
 * A host process for the tests: does what its arguments say, one after the other, through the C ABI.
 *
 *     probe new log:1000 flush:5000 stats exit:0
 *
 * Verbs:
 *   new                    make a logger (from MAXIM_BASE_URL, MAXIM_SPOOL_DIR, PROBE_… below)
 *   log:N[:NAME]           log N records marked seq-NAME-1 … seq-NAME-N (NAME: default w)
 *   threads:K:N            log N records on each of K threads, marked seq-t0-… and so on
 *   background:K           K threads log until the process ends
 *   flush:MS, cleanup:MS, write-to-file:MS, flush-log-files:MS, free
 *   stats                  print the logger's numbers as one line of JSON
 *   accepted               print how many calls were answered with MAXIM_OK, flushed
 *   spool-dir              print the spool directory in use, or none
 *   expect:STATUS          the last call must have been answered with that status
 *   sleep:MS
 *   exit:CODE, _exit:CODE, abort, kill, return
 *
 * Environment: PROBE_FLUSH_MS (flush interval, default 10000), PROBE_MEMORY, PROBE_DISK (caps in
 * bytes), PROBE_OVERFLOW (policy), PROBE_BLOCK_MS, PROBE_PAD (bytes added to each record),
 * PROBE_REPOSITORY, PROBE_CA_FILE, PROBE_PLAINTEXT (allow http to another host),
 * PROBE_CLIENT=structured (log entries of a structured log client instead) or otlp (spans; see probe_client.h).
 *
 * torture.h has further verbs.
 */
#define _GNU_SOURCE
#include <maxim.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static unsigned long long env_number(const char *name, unsigned long long otherwise) {
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static atomic_ullong told;

static void on_error(void *user_data, maxim_status status, const char *message, uint64_t records) {
    (void)user_data;
    fprintf(stderr, "probe: %s (%llu records): %s\n", maxim_status_str(status), (unsigned long long)records,
            message);
    atomic_fetch_add(&told, 1);
}

/* A test's own, so that it never meets the records of another one at the same port. */
static const char *repository(void) {
    const char *name = getenv("PROBE_REPOSITORY");
    return name ? name : "probe";
}

#include "probe_client.h"

static maxim_logger *logger;
static maxim_status last;
static atomic_ullong accepted;
static char padding[1 << 20];

static void note_places(void);

static void make_logger(void) {
    if (structured()) {
        last = make_client(on_error);
        note_places();
        return;
    }
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.repository_id = maxim_str_z(repository());
    CONFIGURE(config, on_error);
    if (speaks_otlp()) {
        choose_otlp(&config);
    }
    last = maxim_logger_new(&config, &logger);
    if (last != MAXIM_OK) {
        fprintf(stderr, "probe: maxim_logger_new: %s\n", maxim_last_error());
    }
    note_places();
}

static unsigned long long now_ns(void);
static int measures_latency;
static void note_latency(unsigned long long since);
static void note_accepted(const char *name, unsigned long long number);

static maxim_status log_one(const char *name, unsigned long long number) {
    char text[128];
    int head = snprintf(text, sizeof text, "seq-%s-%llu ", name, number);
    maxim_status status;
    unsigned long long start = measures_latency ? now_ns() : 0;
    if (padding[0] == '\0') {
        status = log_text(logger, maxim_str_n(text, (size_t)head));
    } else {
        char *padded = malloc((size_t)head + sizeof padding);
        memcpy(padded, text, (size_t)head);
        strcpy(padded + head, padding);
        status = log_text(logger, maxim_str_z(padded));
        free(padded);
    }
    if (measures_latency) {
        note_latency(start);
    }
    if (status == MAXIM_OK) {
        atomic_fetch_add(&accepted, 1);
        note_accepted(name, number);
    }
    return status;
}

struct writer {
    char name[24];
    unsigned long long count; /* 0: for ever */
};

static unsigned pace_us;

static void *write_records(void *argument) {
    struct writer *writer = argument;
    for (unsigned long long n = 1; writer->count == 0 || n <= writer->count; n++) {
        log_one(writer->name, n);
        if (pace_us && n % 16 == 0) {
            usleep(pace_us);
        }
    }
    return NULL;
}

static void run_threads(int threads, unsigned long long count, int wait) {
    pthread_t ids[64];
    struct writer *writers = calloc(64, sizeof *writers);
    if (threads > 64) {
        threads = 64;
    }
    for (int i = 0; i < threads; i++) {
        snprintf(writers[i].name, sizeof writers[i].name, "%st%d", getenv("PROBE_WRITER") ? getenv("PROBE_WRITER") : "", i);
        writers[i].count = count;
        pthread_create(&ids[i], NULL, write_records, &writers[i]);
    }
    for (int i = 0; wait && i < threads; i++) {
        pthread_join(ids[i], NULL);
    }
    if (wait) {
        free(writers);
    }
}

static void print_stats(void) {
    maxim_stats s = MAXIM_STATS_INIT;
    last = structured() ? maxim_log_client_stats(client, &s) : maxim_logger_stats(logger, &s);
#define N(field) (unsigned long long)s.field
    printf("{\"accepted\":%llu,\"adopted\":%llu,\"delivered\":%llu,\"held\":%llu,\"dropped_memory\":%llu,"
           "\"dropped_disk\":%llu,\"dropped_expired\":%llu,\"dropped_corrupt\":%llu,\"quarantined\":%llu,"
           "\"retries\":%llu,\"refused\":%llu,\"refused_other\":%llu,\"bytes_held\":%llu,\"bytes_delivered\":%llu,"
           "\"oldest_held_ms\":%llu,\"last_http_status\":%d}\n",
           N(accepted), N(adopted), N(delivered), N(held), N(dropped_memory), N(dropped_disk), N(dropped_expired),
           N(dropped_corrupt), N(quarantined), N(retries), N(refused), N(refused_other), N(bytes_held), N(bytes_delivered),
           N(oldest_held_ms), s.last_http_status);
    fflush(stdout);
}

/* The text after the n-th colon of a verb, or `otherwise`. */
static const char *part(const char *verb, int n, const char *otherwise) {
    while (n-- > 0) {
        verb = strchr(verb, ':');
        if (!verb) {
            return otherwise;
        }
        verb++;
    }
    return verb;
}

static unsigned long long number(const char *verb, int n, const char *otherwise) {
    return strtoull(part(verb, n, otherwise), NULL, 10);
}

#include "torture.h"

int main(int count, char **verbs) {
    size_t pad = (size_t)env_number("PROBE_PAD", 0);
    memset(padding, 'x', pad < sizeof padding ? pad : sizeof padding - 1);
    torture_start();
    for (int i = 1; i < count; i++) {
        const char *verb = verbs[i];
#define IS(name) (strncmp(verb, name, strlen(name)) == 0 && strchr(":", verb[strlen(name)]))
        if (IS("new")) {
            make_logger();
        } else if (IS("log")) {
            char name[24];
            snprintf(name, sizeof name, "%s", part(verb, 2, "w"));
            for (unsigned long long n = 1; n <= number(verb, 1, "1"); n++) {
                last = log_one(name, n);
            }
        } else if (IS("threads")) {
            run_threads((int)number(verb, 1, "1"), number(verb, 2, "1"), 1);
        } else if (IS("background")) {
            run_threads((int)number(verb, 1, "1"), 0, 0);
        } else if (IS("flush")) {
            uint32_t ms = (uint32_t)number(verb, 1, "5000");
            last = structured() ? maxim_log_flush(client, ms) : maxim_flush(logger, ms);
        } else if (IS("cleanup")) {
            uint32_t ms = (uint32_t)number(verb, 1, "5000");
            last = structured() ? maxim_log_disconnect(client, ms) : maxim_cleanup(logger, ms);
        } else if (IS("write-to-file")) {
            last = maxim_write_to_file(logger, (uint32_t)number(verb, 1, "5000"));
        } else if (IS("flush-log-files")) {
            last = maxim_flush_log_files(logger, (uint32_t)number(verb, 1, "5000"));
        } else if (IS("free")) {
            last = structured() ? maxim_log_client_free(client) : maxim_logger_free(logger);
        } else if (IS("stats")) {
            print_stats();
        } else if (IS("spool-dir")) {
            const char *directory = structured() ? maxim_log_client_spool_dir(client) : maxim_logger_spool_dir(logger);
            printf("spool-dir %s\n", directory ? directory : "none");
            fflush(stdout);
        } else if (IS("accepted")) {
            printf("accepted %llu\n", (unsigned long long)atomic_load(&accepted));
            fflush(stdout);
        } else if (IS("expect")) {
            if (strcmp(maxim_status_str(last), part(verb, 1, "MAXIM_OK")) != 0) {
                fprintf(stderr, "probe: %s: got %s: %s\n", verb, maxim_status_str(last), maxim_last_error());
                return 3;
            }
        } else if (IS("sleep")) {
            usleep((useconds_t)number(verb, 1, "0") * 1000);
        } else if (IS("exit")) {
            exit((int)number(verb, 1, "0"));
        } else if (IS("_exit")) {
            _exit((int)number(verb, 1, "0"));
        } else if (IS("abort")) {
            abort();
        } else if (IS("kill")) {
            kill(getpid(), SIGKILL);
        } else if (IS("return")) {
            return 0;
        } else {
            switch (torture_verb(verb)) {
            case 1:
                fprintf(stderr, "probe: unknown verb %s\n", verb);
                return 2;
            case 2:
                fprintf(stderr, "probe: %s failed: %s\n", verb, maxim_last_error());
                return 3;
            case 3:
                return 0;
            }
        }
    }
    return 0;
}
