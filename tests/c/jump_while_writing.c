/*
 * A host with a signal that comes whenever an attachment's content is being written, and a handler that jumps out, for
 * tests/torture/hosts_keep_their_threads.rs. `write` is wrapped here, and sends the signal.
 *
 * Prints how often it jumped, and the logger's numbers.
 */
#define _GNU_SOURCE
#include <maxim.h>

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ATTACHMENTS 20
#define CONTENT (300 * 1024)

static sigjmp_buf back;
static __thread int is_attaching;

ssize_t write(int to, const void *bytes, size_t size) {
    if (is_attaching && size >= CONTENT / 2) {
        pthread_kill(pthread_self(), SIGUSR1);
    }
    return syscall(SYS_write, to, bytes, size);
}

static void jump(int number) {
    (void)number;
    siglongjmp(back, 1);
}

static void must(const char *what, maxim_status status) {
    if (status != MAXIM_OK) {
        fprintf(stderr, "%s: %s\n", what, maxim_last_error());
        _exit(3);
    }
}

int main(void) {
    static volatile int jumps, n;
    static uint8_t content[CONTENT];
    maxim_logger *logger;
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    must("new", maxim_logger_new(&config, &logger));
    maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
    attachment.kind = MAXIM_ATTACHMENT_DATA;
    attachment.data = content;
    attachment.data_len = sizeof content;
    /* The first one makes the place for all. */
    must("attach", maxim_trace_add_attachment(logger, MAXIM_STR("trace-1"), &attachment, NULL));
    signal(SIGUSR1, jump);
    for (n = 0; n < ATTACHMENTS; n++) {
        if (sigsetjmp(back, 1) == 0) {
            is_attaching = 1;
            must("attach", maxim_trace_add_attachment(logger, MAXIM_STR("trace-1"), &attachment, NULL));
        } else {
            jumps++;
        }
        is_attaching = 0;
    }
    maxim_stats s = MAXIM_STATS_INIT;
    must("flush", maxim_flush(logger, 120000));
    must("stats", maxim_logger_stats(logger, &s));
    printf("{\"jumps\":%d,\"accepted\":%llu,\"delivered\":%llu}\n", jumps, (unsigned long long)s.accepted,
           (unsigned long long)s.delivered);
    fflush(stdout);
    _exit(0);
}
