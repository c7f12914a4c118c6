/*
 * A host that is unkind to its own threads, for tests/torture/hosts_keep_their_threads.rs:
 *
 *     hostile_host WHAT [HOW]
 *
 *   file-size WHERE        no file may be larger than 64 KiB (RLIMIT_FSIZE): from the start (`new`), or once
 *                          there is a logger (`log`, `attach`, `large`, `images`); prints the numbers
 *   cancelled WHERE        cancels a thread in `new`, `log`, `attach`, `flush` or `cleanup`
 *   callback HOW           does HOW in an error callback: `pthread_exit`, `slow` (it waits for a lock that the
 *                          host holds while it frees the logger), `fork` (and the child frees), `free-other`
 *                          (which is in a callback of its own), `free-itself`, `cleanup`
 *   debug-that-logs        a debug callback that logs, and calls what is refused, with its own logger
 *   hanging-names          twelve loggers for a name whose look-up never ends; prints how many threads look it up
 *   slow-files             logs without a pause while another thread has the records moved to files, sent and
 *                          removed, and each of that takes 100 ms (SHIM_SLOW_FILES); prints how many of these
 *                          operations the logging thread stood still for, and the numbers
 *   longjmp HOW            a signal handler jumps out of log calls, again and again: prints how often, how many calls
 *                          said OK, and the numbers. `alone`: the thread goes on by itself; `others`: other threads
 *                          find the lock held by a call that never comes back, until its own thread logs again;
 *                          `last`: the call that was left is the last one, and other calls of that thread follow;
 *                          `files`: it jumps at each file that a call makes (SHIM_INTERRUPTED), while the overflow
 *                          policy is to wait; then waits for a line on standard input before it flushes
 *   no-randomness          the system has no randomness to give, and no descriptor is left
 *
 * Prints what came of it as lines of JSON; a fault is a line on standard error and exit code 3. The library's
 * configuration comes from the environment.
 */
#define _GNU_SOURCE
#include <maxim.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILE_SIZE_LIMIT (64 * 1024)
/* However busy the machine is. */
#define PATIENCE_MS 120000

static maxim_logger *logger;
static atomic_int signals;

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, maxim_last_error());
    exit(3);
}

static void must(const char *what, maxim_status wanted, maxim_status got) {
    if (wanted != got) {
        fprintf(stderr, "%s: %s, not %s: ", what, maxim_status_str(got), maxim_status_str(wanted));
        fail(what);
    }
}

static maxim_status make(maxim_logger **out, maxim_error_callback on_error, void *user_data) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.flush_interval_ms = 50;
    config.error_callback = on_error;
    config.user_data = user_data;
    return maxim_logger_new(&config, out);
}

static maxim_status log_one(maxim_logger *to, unsigned long long number) {
    char mark[48];
    snprintf(mark, sizeof mark, "seq-w-%llu", number);
    return maxim_trace_add_tag(to, MAXIM_STR("trace-1"), MAXIM_STR("mark"), maxim_str_z(mark));
}

static maxim_status attach(maxim_logger *to, size_t size) {
    static uint8_t content[1 << 20];
    maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
    attachment.kind = MAXIM_ATTACHMENT_DATA;
    attachment.data = content;
    attachment.data_len = size;
    return maxim_trace_add_attachment(to, MAXIM_STR("trace-1"), &attachment, NULL);
}

/* A generation with an image of that many base64 characters. */
static maxim_status add_image(maxim_logger *to, size_t size) {
    static const char head[] = "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
                               "\"data:image/png;base64,";
    static const char tail[] = "\"}}]}]";
    char *text = malloc(sizeof head + size + sizeof tail);
    memcpy(text, head, sizeof head - 1);
    memset(text + sizeof head - 1, 'A', size);
    memcpy(text + sizeof head - 1 + size, tail, sizeof tail);
    maxim_generation_config config = MAXIM_GENERATION_CONFIG_INIT;
    config.provider = MAXIM_STR("openai");
    config.model = MAXIM_STR("gpt-4o");
    config.messages_json = maxim_str_z(text);
    maxim_status status = maxim_trace_add_generation(to, MAXIM_STR("trace-1"), &config, NULL);
    free(text);
    return status;
}

static maxim_status log_large(maxim_logger *to, size_t size) {
    char *text = malloc(size);
    memset(text, 'x', size);
    maxim_status status =
        maxim_trace_add_tag(to, MAXIM_STR("trace-1"), MAXIM_STR("mark"), maxim_str_n(text, size));
    free(text);
    return status;
}

static void print_numbers(maxim_logger *of) {
    maxim_stats s = MAXIM_STATS_INIT;
    must("stats", MAXIM_OK, maxim_logger_stats(of, &s));
#define N(field) (unsigned long long)s.field
    printf("{\"accepted\":%llu,\"adopted\":%llu,\"delivered\":%llu,\"held\":%llu,\"dropped_memory\":%llu,"
           "\"dropped_disk\":%llu,\"dropped_expired\":%llu,\"dropped_corrupt\":%llu,\"quarantined\":%llu,"
           "\"refused\":%llu}\n",
           N(accepted), N(adopted), N(delivered), N(held), N(dropped_memory), N(dropped_disk), N(dropped_expired),
           N(dropped_corrupt), N(quarantined), N(refused));
    fflush(stdout);
}

static int is_blocked(int signal_number) {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    return sigismember(&mask, signal_number);
}

static void count_signal(int number) {
    (void)number;
    signals++;
}

static int file_size(const char *where) {
    struct rlimit limit = {FILE_SIZE_LIMIT, FILE_SIZE_LIMIT};
    int from_the_start = strcmp(where, "new") == 0;
    if (from_the_start) {
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    must("new", MAXIM_OK, make(&logger, NULL, NULL));
    setrlimit(RLIMIT_FSIZE, &limit);
    if (strcmp(where, "attach") == 0) {
        must("attach", MAXIM_OK, attach(logger, 300000));
    } else if (strcmp(where, "images") == 0) {
        must("image", MAXIM_OK, add_image(logger, 400000));
    } else if (strcmp(where, "large") == 0) {
        must("large", MAXIM_OK, log_large(logger, 3 << 20));
    } else {
        for (unsigned long long n = 1; n <= 50000; n++) {
            must("log", MAXIM_OK, log_one(logger, n));
        }
    }
    maxim_write_to_file(logger, 60000);
    must("flush", MAXIM_OK, maxim_flush(logger, 60000));
    print_numbers(logger);
    must("cleanup", MAXIM_OK, maxim_cleanup(logger, 60000));
    must("free", MAXIM_OK, maxim_logger_free(logger));
    /* What is the host's stays the host's: its mask, and the signal of its own write. */
    if (is_blocked(SIGXFSZ) || is_blocked(SIGPIPE)) {
        fail("a signal is still blocked");
    }
    signal(SIGXFSZ, count_signal);
    char path[] = "/tmp/maxim-hostile-XXXXXX";
    int file = mkstemp(path);
    unlink(path);
    if (file < 0 || pwrite(file, "x", 1, FILE_SIZE_LIMIT) != -1 || signals != 1) {
        fail("the host's own signal did not come");
    }
    return 0;
}

static atomic_int started, go_on;
static const char *where_cancelled;

static void *to_be_cancelled(void *unused) {
    int before;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    started = 1;
    while (!go_on) {
        usleep(1000);
    }
    /* From here on the first cancellation point ends this thread. */
    pthread_setcancelstate(before, NULL);
    maxim_status got = MAXIM_OK;
    maxim_logger *another = NULL;
    if (strcmp(where_cancelled, "new") == 0) {
        got = make(&another, NULL, NULL);
    } else if (strcmp(where_cancelled, "log") == 0) {
        for (unsigned long long n = 1; n <= 100000 && got == MAXIM_OK; n++) {
            got = log_one(logger, n);
        }
    } else if (strcmp(where_cancelled, "attach") == 0) {
        for (int n = 0; n < 10 && got == MAXIM_OK; n++) {
            got = attach(logger, 300000);
        }
    } else if (strcmp(where_cancelled, "large") == 0) {
        got = log_large(logger, 3 << 20);
    } else if (strcmp(where_cancelled, "flush") == 0) {
        log_one(logger, 1);
        got = maxim_flush(logger, 60000);
    } else {
        log_one(logger, 1);
        got = maxim_cleanup(logger, 60000);
    }
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    must(where_cancelled, MAXIM_OK, got);
    if (another) {
        must("free", MAXIM_OK, maxim_logger_free(another));
    }
    pthread_setcancelstate(before, NULL);
    pthread_testcancel();
    return unused;
}

static int cancelled(const char *where) {
    pthread_t thread;
    void *end = NULL;
    where_cancelled = where;
    must("new", MAXIM_OK, make(&logger, NULL, NULL));
    pthread_create(&thread, NULL, to_be_cancelled, NULL);
    while (!started) {
        usleep(1000);
    }
    pthread_cancel(thread);
    go_on = 1;
    pthread_join(thread, &end);
    if (end != PTHREAD_CANCELED) {
        fail("the thread was not cancelled after the call");
    }
    if (strcmp(where, "cleanup") != 0) {
        must("the next call", MAXIM_OK, log_one(logger, 1));
        must("flush", MAXIM_OK, maxim_flush(logger, 60000));
    }
    print_numbers(logger);
    return 0;
}

/* What a callback is given, and what it gives up. */
struct heard {
    const char *how;
    maxim_logger *itself, *other;
    struct heard *others;
    pthread_mutex_t lock;
    atomic_int calls, inside, done, forked;
    char memory[16];
};

static double seconds_since(struct timespec start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9;
}

static void wait_for(atomic_int *number) {
    for (int n = 0; *number == 0; n++) {
        if (n == PATIENCE_MS) {
            fail("waited in vain");
        }
        usleep(1000);
    }
}

static void on_error(void *user_data, maxim_status status, const char *message, uint64_t records) {
    struct heard *heard = user_data;
    (void)status, (void)message, (void)records;
    if (heard->calls++) {
        return;
    }
    heard->inside = 1;
    if (strcmp(heard->how, "pthread_exit") == 0) {
        pthread_exit(NULL);
    } else if (strcmp(heard->how, "slow") == 0) {
        pthread_mutex_lock(&heard->lock);
        pthread_mutex_unlock(&heard->lock);
    } else if (strcmp(heard->how, "rest") == 0) {
        /* From the moment when the other one comes to free this. */
        wait_for(&heard->others->calls);
        usleep(1800000);
        if (strcmp(heard->memory, "good") != 0) {
            fail("user_data was given up while its callback ran");
        }
    } else if (strcmp(heard->how, "free-other") == 0) {
        wait_for(&heard->others->calls);
        if (maxim_logger_free(heard->other) == MAXIM_OK) {
            strcpy(heard->others->memory, "bad");
        }
    } else if (strcmp(heard->how, "free-itself") == 0) {
        must("free", MAXIM_OK, maxim_logger_free(heard->itself));
    } else if (strcmp(heard->how, "cleanup") == 0) {
        must("flush", MAXIM_ERR_TIMEOUT, maxim_flush(heard->itself, 100));
        must("cleanup", MAXIM_ERR_TIMEOUT, maxim_cleanup(heard->itself, 300));
    } else if (strcmp(heard->how, "fork") == 0) {
        /* It is forked meanwhile. */
        wait_for(&heard->forked);
    }
    heard->inside = 0;
    heard->done = 1;
}

static void hear(struct heard *heard, const char *how) {
    heard->how = how;
    pthread_mutex_init(&heard->lock, NULL);
    strcpy(heard->memory, "good");
    must("new", MAXIM_OK, make(&heard->itself, on_error, heard));
}

static void on_debug(void *user_data, const char *line) {
    struct heard *heard = user_data;
    (void)line;
    heard->calls++;
    (void)log_one(heard->itself, 1);
    (void)maxim_trace_add_tag(heard->itself, (maxim_str){NULL, 7}, MAXIM_STR("k"), MAXIM_STR("v"));
}

/* A debug callback that logs what it hears, as a bridge to the host's own log does: it is called no more for what its own
 * calls are refused for. */
static int debug_that_logs(void) {
    static struct heard heard;
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.is_debug = true;
    config.debug_callback = on_debug;
    config.user_data = &heard;
    must("new", MAXIM_OK, maxim_logger_new(&config, &logger));
    heard.itself = logger;
    must("log", MAXIM_OK, log_one(logger, 1));
    must("flush", MAXIM_OK, maxim_flush(logger, PATIENCE_MS));
    wait_for(&heard.calls);
    must("cleanup", MAXIM_OK, maxim_cleanup(logger, PATIENCE_MS));
    must("log", MAXIM_ERR_CLOSED, log_one(logger, 1));
    int before = -1;
    for (int n = 0; before != heard.calls; n++) {
        if (n == 100) {
            fail("the callback is called without end");
        }
        before = heard.calls;
        usleep(200000);
    }
    maxim_stats stats = MAXIM_STATS_INIT;
    must("stats", MAXIM_OK, maxim_logger_stats(logger, &stats));
    if (stats.refused_invalid == 0 || stats.held != 0) {
        fail("what the callback called is not counted");
    }
    must("free", MAXIM_OK, maxim_logger_free(logger));
    return 0;
}

/* Nobody answers at the service's address, so that there is something to tell. */
static int callback(const char *how) {
    static struct heard first, second;
    struct timespec start;
    hear(&first, how);
    if (strcmp(how, "free-other") == 0) {
        setenv("MAXIM_LOG_REPO_ID", "hostile-host-other", 1);
        hear(&second, "rest");
        first.other = second.itself;
        first.others = &second;
        second.others = &first;
        must("log", MAXIM_OK, log_one(second.itself, 1));
    }
    pthread_mutex_lock(&first.lock);
    must("log", MAXIM_OK, log_one(first.itself, 1));
    if (strcmp(how, "slow") != 0 && strcmp(how, "fork") != 0) {
        /* One that ended its thread is never out of it. */
        wait_for(strcmp(how, "pthread_exit") == 0 ? &first.calls : &first.done);
        if (second.how) {
            wait_for(&second.done);
        }
        usleep(50000); /* most often the thread has left the callback then; either way the calls must answer */
        if (strcmp(how, "free-itself") != 0) {
            must("log", strcmp(how, "cleanup") == 0 ? MAXIM_ERR_CLOSED : MAXIM_OK, log_one(first.itself, 2));
            must("free", MAXIM_OK, maxim_logger_free(first.itself));
        }
        return 0;
    }
    wait_for(&first.inside);
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (strcmp(how, "fork") == 0) {
        pid_t child = fork();
        if (child == 0) {
            alarm(PATIENCE_MS / 1000);
            must("the child's log", MAXIM_OK, log_one(first.itself, 3));
            must("the child's free", MAXIM_OK, maxim_logger_free(first.itself));
            _exit(0);
        }
        first.forked = 1;
        int status = 1;
        if (waitpid(child, &status, 0) != child || status != 0) {
            fail("the child did not end well");
        }
        must("free", MAXIM_OK, maxim_logger_free(first.itself));
        return 0;
    }
    /* It waits for what this thread holds: delivery and other calls go on, and free gives up. */
    for (unsigned long long n = 2; n <= 1000; n++) {
        must("log", MAXIM_OK, log_one(first.itself, n));
    }
    must("flush", MAXIM_ERR_TIMEOUT, maxim_flush(first.itself, 200));
    must("free", MAXIM_ERR_TIMEOUT, maxim_logger_free(first.itself));
    printf("{\"seconds\":%.3f}\n", seconds_since(start));
    pthread_mutex_unlock(&first.lock);
    wait_for(&first.done);
    return 0;
}

static atomic_int told;

static void count_error(void *user_data, maxim_status status, const char *message, uint64_t records) {
    (void)user_data, (void)status, (void)message, (void)records;
    told++;
}

static int hanging_names(void) {
    enum { LOGGERS = 12 };
    maxim_logger *loggers[LOGGERS];
    for (int n = 0; n < LOGGERS; n++) {
        must("new", MAXIM_OK, make(&loggers[n], count_error, NULL));
        must("log", MAXIM_OK, log_one(loggers[n], 1));
    }
    /* Each has given its first attempt up by then. */
    for (int n = 0; told < LOGGERS; n++) {
        usleep(10000);
        if (n == PATIENCE_MS / 10) {
            fail("waited in vain");
        }
    }
    int threads = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; tasks && (task = readdir(tasks));) {
        char path[300], name[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        FILE *file = fopen(path, "r");
        threads += file && fgets(name, sizeof name, file) && strcmp(name, "maxim-names\n") == 0;
        if (file) {
            fclose(file);
        }
    }
    printf("{\"threads\":%d}\n", threads);
    fflush(stdout);
    _exit(0);
}

static int no_randomness(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    struct rlimit limit = {0, 0};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0 || setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        perror("no-randomness");
        return 4;
    }
    must("new", MAXIM_OK, make(&logger, NULL, NULL));
    maxim_id ids[2];
    maxim_trace_config trace = MAXIM_TRACE_CONFIG_INIT;
    for (int n = 0; n < 2; n++) {
        must("trace", MAXIM_OK, maxim_trace_create(logger, &trace, &ids[n]));
        must("attach", MAXIM_OK, attach(logger, 300000));
    }
    if (strcmp(ids[0].text, ids[1].text) == 0) {
        fail("two traces have one id");
    }
    print_numbers(logger);
    must("free", MAXIM_OK, maxim_logger_free(logger));
    return 0;
}

static atomic_int is_over;
static atomic_ulong logged;

static void *log_and_tick(void *unused) {
    void (*enter)(void);
    void (*tick)(void);
    *(void **)&enter = dlsym(RTLD_DEFAULT, "shim_enter");
    *(void **)&tick = dlsym(RTLD_DEFAULT, "shim_tick");
    while (!is_over) {
        enter();
        must("log", MAXIM_OK, log_one(logger, ++logged));
        tick();
        usleep(200);
    }
    return unused;
}

static int slow_files(void) {
    enum { MOST_ROUNDS = 200, OPERATIONS = 20 };
    atomic_ulong *operations = dlsym(RTLD_DEFAULT, "shim_operations");
    atomic_ulong *standstills = dlsym(RTLD_DEFAULT, "shim_standstills");
    must("new", MAXIM_OK, make(&logger, NULL, NULL));
    pthread_t thread;
    pthread_create(&thread, NULL, log_and_tick, NULL);
    /* How many operations a round has depends on the machine. */
    for (int i = 0; i < MOST_ROUNDS && *operations < OPERATIONS; i++) {
        must("write to file", MAXIM_OK, maxim_write_to_file(logger, 60000));
        must("flush", MAXIM_OK, maxim_flush(logger, 60000));
    }
    is_over = 1;
    pthread_join(thread, NULL);
    must("flush", MAXIM_OK, maxim_flush(logger, 60000));
    printf("{\"logged\":%lu,\"operations\":%lu,\"standstills\":%lu}\n", logged, *operations, *standstills);
    print_numbers(logger);
    must("cleanup", MAXIM_OK, maxim_cleanup(logger, 60000));
    return 0;
}

#include "hostile_jumps.h"

int main(int count, char **words) {
    const char *what = count > 1 ? words[1] : "", *how = count > 2 ? words[2] : "";
    alarm(STUCK_CALLS);
    if (strcmp(what, "file-size") == 0) {
        return file_size(how);
    } else if (strcmp(what, "cancelled") == 0) {
        return cancelled(how);
    } else if (strcmp(what, "debug-that-logs") == 0) {
        return debug_that_logs();
    } else if (strcmp(what, "callback") == 0) {
        return callback(how);
    } else if (strcmp(what, "hanging-names") == 0) {
        return hanging_names();
    } else if (strcmp(what, "slow-files") == 0) {
        return slow_files();
    } else if (strcmp(what, "longjmp") == 0) {
        return longjmp_out(how);
    } else if (strcmp(what, "no-randomness") == 0) {
        return no_randomness();
    }
    fprintf(stderr, "hostile_host: %s?\n", what);
    return 2;
}
