/*
 * `longjmp` of hostile_host.c: a signal handler that jumps out of log calls. Included by it once, after its own helpers.
 */
#include "mask_signal.h"

enum { JUMPS = 1000, TRIES = 200000, STUCK_CALLS = 300, LAST_CALLS = 400 };

static struct {
    sigjmp_buf from;
    pthread_t thread;
    atomic_int jumps;
    atomic_ulong ok;
    atomic_int want;  /* 0: log, 1: stay where the last jump led to, 2: log once more, 3: end */
    atomic_int stays; /* what it has seen of that; -1: nothing yet */
} jumper = {.stays = -1};

static void jump_out(int number) {
    (void)number;
    siglongjmp(jumper.from, 1);
}

/* Out of line, so that every call has its frame at the same place. */
__attribute__((noinline)) static void log_as_jumper(void) {
    jumper.ok += log_one(logger, 1) == MAXIM_OK;
}

static void *log_and_jump(void *unused) {
    if (sigsetjmp(jumper.from, 1) != 0) {
        jumper.jumps++;
    }
    mask_signal(SIG_BLOCK);
    int want;
    while ((want = jumper.want) == 1) {
        jumper.stays = 1;
        usleep(100);
    }
    /* Not interrupted: what a call keeps for the next one is made again, which an allocator may have to do. */
    log_as_jumper();
    jumper.stays = want;
    while (jumper.want == 2) {
        usleep(100);
    }
    if (jumper.want == 3) {
        return unused;
    }
    mask_signal(SIG_UNBLOCK);
    for (;;) {
        log_as_jumper();
    }
}

static void let_jumper(int want) {
    jumper.want = want;
    int before = jumper.jumps;
    while (jumper.stays != want || (want == 1 && jumper.jumps == before)) {
        if (want == 1 && jumper.jumps == before) {
            pthread_kill(jumper.thread, SIGUSR1);
        }
        usleep(50);
    }
}

/* Further in on the stack than the call that follows a jump out of it, which shows that it is gone. */
__attribute__((noinline)) static void log_further_in(maxim_str value) {
    volatile char room[8192];
    room[0] = 0;
    jumper.ok += maxim_trace_add_tag(logger, MAXIM_STR("trace-1"), MAXIM_STR("mark"), value) == MAXIM_OK;
    room[1] = room[0];
}

/* Logs until calls have been at so many files of their own, and jumps at each of them. */
static int jump_at_files(void) {
    enum { FILES = 10, VALUE = 400000 };
    static char value[VALUE];
    void (*enter)(void), (*tick)(void);
    *(void **)&enter = dlsym(RTLD_DEFAULT, "shim_enter");
    *(void **)&tick = dlsym(RTLD_DEFAULT, "shim_tick");
    atomic_ulong *interruptions = dlsym(RTLD_DEFAULT, "shim_interruptions");
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.flush_interval_ms = 50;
    config.overflow_policy = MAXIM_OVERFLOW_BLOCK;
    config.block_timeout_ms = 50000;
    must("new", MAXIM_OK, maxim_logger_new(&config, &logger));
    memset(value, 'v', VALUE);
    struct sigaction action = {.sa_handler = jump_out};
    sigaction(SIGUSR1, &action, NULL);
    if (sigsetjmp(jumper.from, 1) != 0) {
        jumper.jumps++;
    }
    tick();
    /* Not interrupted: so the thread shows that the call which it left is gone. */
    must("log again", MAXIM_OK, log_one(logger, 1));
    jumper.ok++;
    while (*interruptions < FILES) {
        enter();
        log_further_in((maxim_str){value, VALUE});
        tick();
    }
    printf("{\"jumps\":%d,\"ok\":%lu}\n", jumper.jumps, jumper.ok);
    fflush(stdout);
    (void)getchar(); /* until the service takes records */
    must("flush", MAXIM_OK, maxim_flush(logger, 40000));
    print_numbers(logger);
    must("free", MAXIM_OK, maxim_logger_free(logger));
    return 0;
}

/* Stops log_as_jumper of the main thread at some moment. */
static void *stop_once(void *unused) {
    usleep(50 + (unsigned)atomic_load(&jumper.jumps) % 97);
    pthread_kill(jumper.thread, SIGUSR1);
    return unused;
}

/* A handler ends the work of a program of one thread, which closes up: the call that was left is its last one. */
static int jump_and_close(void) {
    must("new", MAXIM_OK, make(&logger, NULL, NULL));
    struct sigaction action = {.sa_handler = jump_out};
    sigaction(SIGUSR1, &action, NULL);
    mask_signal(SIG_BLOCK);
    jumper.thread = pthread_self();
    static pthread_t other;
    while (jumper.jumps < LAST_CALLS) {
        if (sigsetjmp(jumper.from, 1) == 0) {
            log_as_jumper();
            pthread_create(&other, NULL, stop_once, NULL);
            mask_signal(SIG_UNBLOCK);
            for (;;) {
                log_as_jumper();
            }
        }
        jumper.jumps++;
        maxim_stats stats = MAXIM_STATS_INIT;
        switch (jumper.jumps % 4) {
        case 0: must("stats", MAXIM_OK, maxim_logger_stats(logger, &stats)); break;
        case 1: must("flush", MAXIM_OK, maxim_flush(logger, 60000)); break;
        case 2: must("write to file", MAXIM_OK, maxim_write_to_file(logger, 60000)); break;
        default: must("flush lines", MAXIM_OK, maxim_flush_commit_logs(logger, 60000));
        }
        pthread_join(other, NULL);
    }
    must("flush", MAXIM_OK, maxim_flush(logger, 60000));
    printf("{\"jumps\":%d,\"ok\":%lu,\"refused\":0}\n", jumper.jumps, jumper.ok);
    print_numbers(logger);
    must("free", MAXIM_OK, maxim_logger_free(logger));
    return 0;
}

static int longjmp_out(const char *how) {
    if (strcmp(how, "files") == 0) {
        return jump_at_files();
    }
    if (strcmp(how, "last") == 0) {
        return jump_and_close();
    }
    must("new", MAXIM_OK, make(&logger, NULL, NULL));
    struct sigaction action = {.sa_handler = jump_out};
    sigaction(SIGUSR1, &action, NULL);
    mask_signal(SIG_BLOCK);
    pthread_create(&jumper.thread, NULL, log_and_jump, NULL);
    unsigned long refused = 0;
    if (strcmp(how, "alone") == 0) {
        for (int i = 0; i < JUMPS; i++) {
            usleep(50 + (unsigned)i % 97);
            pthread_kill(jumper.thread, SIGUSR1);
            while (jumper.jumps <= i) {
                usleep(10);
            }
        }
    } else {
        int tries = 0;
        do {
            let_jumper(0);
            usleep(100 + (unsigned)tries % 97);
            let_jumper(1);
        } while (log_one(logger, 2) == MAXIM_OK && ++jumper.ok && ++tries < TRIES);
        if (tries == TRIES) {
            fprintf(stderr, "no jump left the lock held\n");
            return 3;
        }
        refused = 1;
        /* Nobody waits for long: a second for each of these would be more than the time there is. */
        for (; refused <= STUCK_CALLS; refused++) {
            must("log", MAXIM_ERR_NO_RESOURCES, log_one(logger, 2));
        }
        maxim_stats stats = MAXIM_STATS_INIT;
        must("stats", MAXIM_ERR_NO_RESOURCES, maxim_logger_stats(logger, &stats));
        must("flush", MAXIM_ERR_TIMEOUT, maxim_flush(logger, 100));
        maxim_logger *other;
        must("another", MAXIM_OK, make(&other, NULL, NULL));
        must("free", MAXIM_OK, maxim_logger_free(other));
        pid_t child = fork();
        if (child == 0) {
            alarm(PATIENCE_MS / 1000);
            _exit(log_one(logger, 3) == MAXIM_OK && maxim_cleanup(logger, 60000) == MAXIM_OK ? 0 : 3);
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (status != 0) {
            fprintf(stderr, "the child ended with %d\n", status);
            return 3;
        }
        let_jumper(2);
        must("log again", MAXIM_OK, log_one(logger, 2));
        jumper.ok++;
    }
    jumper.want = 3;
    pthread_kill(jumper.thread, SIGUSR1);
    pthread_join(jumper.thread, NULL);
    must("flush", MAXIM_OK, maxim_flush(logger, 60000));
    printf("{\"jumps\":%d,\"ok\":%lu,\"refused\":%lu}\n", jumper.jumps, jumper.ok, refused);
    print_numbers(logger);
    must("free", MAXIM_OK, maxim_logger_free(logger));
    return 0;
}
