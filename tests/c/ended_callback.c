/*
 * A host whose callbacks end the thread that they run on, for tests/torture/hosts_keep_their_threads.rs:
 *
 *     ended_callback CALLBACK HOW
 *
 * CALLBACK: error, debug, flush or mask. HOW: `exit` (pthread_exit), `cancel` (it cancels its thread and comes to a
 * cancellation point) or `pending` (it cancels its thread and returns). Waits until it has been called again and
 * again all the same, and prints how often. `mask` runs on a thread of the host's: it is cancelled after its log call.
 */
#include <maxim.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALLS 5

static const char *how;
static atomic_int calls;
static maxim_logger *logger;

static void must(const char *what, maxim_status wanted, maxim_status got) {
    if (wanted != got) {
        fprintf(stderr, "%s: %s, not %s: %s\n", what, maxim_status_str(got), maxim_status_str(wanted), maxim_last_error());
        exit(3);
    }
}

static void end_this_thread(void) {
    calls++;
    if (strcmp(how, "exit") == 0) {
        pthread_exit(NULL);
    }
    pthread_cancel(pthread_self());
    if (strcmp(how, "cancel") == 0) {
        pthread_testcancel();
    }
}

static void on_error(void *data, maxim_status status, const char *message, uint64_t records) {
    (void)data, (void)status, (void)message, (void)records;
    end_this_thread();
}

static void on_debug(void *data, const char *line) {
    (void)data, (void)line;
    end_this_thread();
}

static void on_flush(void *data, maxim_status status, const char *detail) {
    (void)data, (void)status, (void)detail;
    end_this_thread();
}

static int32_t on_mask(void *data, int32_t entity, const char *field, const char *text, size_t length, maxim_str *out) {
    (void)data, (void)entity, (void)field, (void)text, (void)length, (void)out;
    end_this_thread();
    return 0;
}

static maxim_status log_one(void) {
    return maxim_trace_add_tag(logger, MAXIM_STR("trace-1"), MAXIM_STR("mark"), MAXIM_STR("a text"));
}

static void *log_and_be_cancelled(void *unused) {
    (void)unused;
    must("log", MAXIM_OK, log_one());
    pthread_testcancel();
    fprintf(stderr, "the thread was not cancelled after its log call\n");
    exit(3);
}

static void wait_for(int wanted) {
    while (calls < wanted) {
        usleep(1000);
    }
}

int main(int count, char **words) {
    if (count != 3) {
        return 2;
    }
    const char *callback = words[1];
    how = words[2];
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.flush_interval_ms = 50;
    int is_error = strcmp(callback, "error") == 0, is_debug = strcmp(callback, "debug") == 0;
    config.error_callback = is_error ? on_error : NULL;
    config.debug_callback = is_debug ? on_debug : NULL;
    config.is_debug = is_debug;
    config.mask_callback = strcmp(callback, "mask") == 0 ? on_mask : NULL;
    must("new", MAXIM_OK, maxim_logger_new(&config, &logger));
    for (int n = 0; n < CALLS; n++) {
        if (config.mask_callback) {
            pthread_t thread;
            void *end = NULL;
            pthread_create(&thread, NULL, log_and_be_cancelled, NULL);
            pthread_join(thread, &end);
            if (end != PTHREAD_CANCELED) {
                fprintf(stderr, "the thread ended in another way\n");
                return 3;
            }
            continue;
        }
        must("log", MAXIM_OK, log_one());
        if (strcmp(callback, "flush") == 0) {
            must("flush", MAXIM_OK, maxim_flush_async(logger, 60000, on_flush, NULL));
        }
        /* An error is told once in ten seconds, debug lines come with each attempt. */
        wait_for(is_error ? 1 : n + 1);
    }
    if (!is_error && !is_debug) {
        must("flush", MAXIM_OK, maxim_flush(logger, 60000));
    }
    must("free", MAXIM_OK, maxim_logger_free(logger));
    printf("{\"calls\":%d}\n", calls);
    return 0;
}
