/*
 * The verbs of probe.c that exist to break things. Included by it once, after its own helpers.
 *
 *   pace:N:RATE[:NAME]     log N records at RATE records a second
 *   forks:N:R[:MS]         fork N children one after the other; each logs R records marked
 *                          seq-c<child>-1 …, rests for MS ms and ends in one of eight ways; prints
 *                          the slowest
 *   attach:N:BYTES         attach N times that many bytes
 *   attach-file:PATH       attach a file
 *   opens:N                make and free N loggers
 *   wait                   print "ready" and wait for a line on standard input
 *   flush-until-retries:N:MS  flush for MS ms each time, until so many attempts have failed
 *   flush-until:STATUS:MS  flush for MS ms each time, until that is the answer
 *   told                   wait until the host has been told of something
 *   latency                print the percentiles of the calls so far (needs PROBE_LATENCY)
 *   memory                 print resident bytes
 *   descriptors            print how many descriptors stay open
 *   masks                  fail unless every other thread blocks every signal that can be blocked
 *   few-descriptors        leave no descriptor to be opened
 *   free-descriptors       give back those that few-descriptors took
 *   become:USER            have another user's access from now on
 *   until-files, until-no-files  wait until the logger says that it can write to files, or cannot
 *   child-without-descriptors:N
 *                          fork a child that logs N records while there is no descriptor, and N more when its
 *                          logger can write to files, and ends by _exit
 *   take-descriptors[:sockets]  close the library's descriptors, and have files or sockets of one's own under their
 *                          numbers
 *   close-standard, restore-standard  close the standard input, output and error, and have them back
 *   write-standard         write to their numbers, whatever has them, once the library has left them
 *   own-descriptors        fail if one of these has been closed or written to
 *   address-space:KIB      have only so much address space left
 *   take-memory, give-memory  have all that malloc gives, and give it back
 *   give-memory-slowly     the same piece by piece, and log a large result each few; print how many there was memory for
 *   large-text:N           log N texts of 800 kB, until one is refused
 *   more-loggers:N         make N loggers beside this one; print how many there is no memory for
 *   idle-thread            have a thread that does nothing
 *   idle-child             fork a child that never calls the library and ends after ten minutes, or when it is
 *                          killed; print its process id
 *   seteuid:UID, setuid:UID, chdir:PATH, chroot:PATH
 *                          what programs do once they have started
 *   leaving                print the monotonic clock in ns: the verb before an exit
 *   sigterm, segfault      end by that signal
 *   throw, throw-caught    throw a C++ exception past the logger, out of the plugin PROBE_PLUGIN: nobody
 *                          catches it, or the plugin itself does after a log call of ours in between
 *   default-sigpipe        let SIGPIPE end the process, as it does unless somebody asks otherwise
 *   break-pipe             write into a pipe that nobody reads
 *
 * Environment: PROBE_TALLY (a file in which the last accepted number of each writer is kept, 8 bytes
 * each, so that it outlives the process; see slot_of), PROBE_WRITER (put before the names of threads),
 * PROBE_PACE_US (rest after 16 records of a thread), PROBE_LATENCY, PROBE_PLACES (a file to which the
 * directories of this identity in shared memory are added, for whoever cleans up).
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define TALLY_SLOTS 4096
#define CHILD_SLOTS 100
/* Buckets of 2^(1/8): from 1 ns to minutes with an error below a tenth. */
#define BUCKETS 320
/* However busy the machine is: whoever hangs does so for longer. */
#define CHILD_PATIENCE_NS 120000000000ull

static _Atomic unsigned long long *tally;
static atomic_ullong latencies[BUCKETS];
static int measures_latency;
static unsigned pace_us;

static unsigned long long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long long)now.tv_sec * 1000000000ull + (unsigned long long)now.tv_nsec;
}

static void torture_start(void) {
    const char *path = getenv("PROBE_TALLY");
    if (path) {
        int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (file < 0 || ftruncate(file, TALLY_SLOTS * 8) != 0) {
            perror(path);
            exit(4);
        }
        tally = mmap(NULL, TALLY_SLOTS * 8, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        close(file);
    }
    measures_latency = getenv("PROBE_LATENCY") != NULL;
    pace_us = (unsigned)env_number("PROBE_PACE_US", 0);
}

/* t0 … t63: 0 … 63; c0 …: CHILD_SLOTS …; any other name: 64. */
static unsigned slot_of(const char *name) {
    const char *digits = name + strlen(name);
    while (digits > name && digits[-1] >= '0' && digits[-1] <= '9') {
        digits--;
    }
    unsigned number = (unsigned)strtoul(digits, NULL, 10);
    if (digits == name || !*digits) {
        return 64;
    }
    return digits[-1] == 't' ? number % 64 : digits[-1] == 'c' ? CHILD_SLOTS + number % (TALLY_SLOTS - CHILD_SLOTS) : 64;
}

static void note_accepted(const char *name, unsigned long long number) {
    if (tally) {
        atomic_store(&tally[slot_of(name)], number);
    }
}

static unsigned bucket_of(unsigned long long ns) {
    if (ns < 8) {
        return (unsigned)ns;
    }
    unsigned top = 63 - (unsigned)__builtin_clzll(ns);
    unsigned bucket = top * 8 + (unsigned)((ns >> (top - 3)) & 7) - 16;
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static unsigned long long bucket_end(unsigned bucket) {
    unsigned top = (bucket + 16) / 8;
    return bucket < 8 ? bucket : (8ull + (bucket + 16) % 8 + 1) << (top - 3);
}

static void note_latency(unsigned long long since) {
    atomic_fetch_add_explicit(&latencies[bucket_of(now_ns() - since)], 1, memory_order_relaxed);
}

static int flush_until_retries(unsigned long long retries, uint32_t timeout_ms) {
    unsigned long long end = now_ns() + CHILD_PATIENCE_NS;
    maxim_stats stats = MAXIM_STATS_INIT;
    do {
        (void)maxim_flush(logger, timeout_ms);
        last = maxim_logger_stats(logger, &stats);
    } while (last == MAXIM_OK && stats.retries < retries && now_ns() < end);
    return stats.retries >= retries;
}

/* Nothing is promised of how soon the answer is that. */
static int flush_until(const char *verb) {
    unsigned long long end = now_ns() + CHILD_PATIENCE_NS;
    const char *wanted = part(verb, 1, "");
    size_t length = strcspn(wanted, ":");
    do {
        last = maxim_flush(logger, (uint32_t)number(verb, 2, "300"));
        const char *said = maxim_status_str(last);
        if (strlen(said) == length && strncmp(said, wanted, length) == 0) {
            return 1;
        }
    } while (now_ns() < end);
    return 0;
}

static void print_latency(void) {
    static const double shares[] = {0.5, 0.99, 0.999, 1.0};
    static const char *names[] = {"p50", "p99", "p999", "max"};
    unsigned long long total = 0, seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        total += latencies[i];
    }
    printf("{\"calls\":%llu", total);
    for (unsigned i = 0, next = 0; i < BUCKETS; i++) {
        seen += latencies[i];
        while (total && next < 4 && (double)seen >= shares[next] * (double)total) {
            printf(",\"%s\":%llu", names[next++], bucket_end(i));
        }
    }
    printf("}\n");
    fflush(stdout);
}

static void run_pace(unsigned long long count, unsigned long long rate, const char *name) {
    unsigned long long start = now_ns();
    for (unsigned long long n = 1; n <= count; n++) {
        last = log_one(name, n);
        unsigned long long due = start + n * 1000000000ull / rate, now = now_ns();
        if (due > now + 1000000) {
            usleep((useconds_t)((due - now) / 1000));
        }
    }
}

static unsigned long long proc_number(const char *path, const char *label, int base) {
    char line[256];
    unsigned long long number = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, label, strlen(label)) == 0) {
            number = strtoull(line + strlen(label), NULL, base);
        }
    }
    if (file) {
        fclose(file);
    }
    return number;
}

static int entries_of(const char *path) {
    DIR *directory = opendir(path);
    int count = 0;
    while (directory && readdir(directory)) {
        count++;
    }
    if (directory) {
        closedir(directory);
    }
    return count - 2;
}

/* Signals 32 and 33 belong to the C library, 9 and 19 to the kernel. */
#define BLOCKABLE (0x7fffffffffffffffull & ~(1ull << 31) & ~(1ull << 32) & ~(1ull << 8) & ~(1ull << 18))

static int check_masks(void) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    int others = 0, unmasked = 0;
    while (tasks && (task = readdir(tasks))) {
        char path[300];
        if (task->d_name[0] == '.' || atoi(task->d_name) == getpid()) {
            continue;
        }
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        unsigned long long blocked = proc_number(path, "SigBlk:", 16);
        others++;
        unmasked += (blocked & BLOCKABLE) != BLOCKABLE;
    }
    closedir(tasks);
    printf("{\"threads\":%d,\"unmasked\":%d}\n", others, unmasked);
    fflush(stdout);
    return others > 0 && unmasked == 0;
}

/* What a child does: it ends here, or gives 1 when main is to return. */
static int live_as_child(unsigned child, int way, unsigned long long records, unsigned long long rest_ms) {
    char name[24];
    snprintf(name, sizeof name, "c%u", child);
    if (way == 6 && daemon(1, 1) != 0) {
        _exit(9);
    }
    /* Whoever hangs is to be gone some time, daemons too. */
    alarm(CHILD_PATIENCE_NS / 1000000000);
    for (unsigned long long n = 1; n <= records; n++) {
        if (log_one(name, n) != MAXIM_OK) {
            fprintf(stderr, "probe: child %u: %s\n", child, maxim_last_error());
            _exit(8);
        }
    }
    if (rest_ms) {
        usleep((useconds_t)rest_ms * 1000);
    }
    switch (way) {
    case 1:
        exit(0);
    case 2:
        _exit(0);
    case 3:
        signal(SIGABRT, SIG_DFL);
        abort();
    case 4:
        kill(getpid(), SIGKILL);
        break;
    case 5: /* raw clone */
    case 6: /* daemon */
        _exit(0);
    case 7:
        execl("/bin/true", "true", (char *)NULL);
        _exit(7);
    }
    return 1;
}

/* Gives 1 in a child that is to return from main. */
static int run_forks(unsigned count, unsigned long long records, unsigned long long rest_ms) {
    unsigned long long slowest = 0;
    unsigned failed = 0, hung = 0, late = 0;
    /* The daemon's grandchild comes back to us. */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    for (unsigned child = 0; child < count; child++) {
        int way = (int)(child % 8), left = way == 6 ? 2 : 1;
        unsigned long long start = now_ns();
        fflush(NULL);
        pid_t pid = way == 5 ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
        if (pid == 0 && live_as_child(child, way, records, rest_ms)) {
            return 1;
        }
        while (left > 0) {
            int status;
            pid_t ended = waitpid(-1, &status, WNOHANG);
            if (ended > 0) {
                int wanted = way == 3 ? SIGABRT : way == 4 ? SIGKILL : 0;
                left--;
                failed += WIFSIGNALED(status) ? WTERMSIG(status) != wanted : WEXITSTATUS(status) != 0 || wanted;
            } else if (now_ns() - start > CHILD_PATIENCE_NS) {
                kill(pid, SIGKILL);
                hung++;
                left = 0;
            } else {
                usleep(200);
            }
        }
        unsigned long long took = now_ns() - start;
        slowest = took > slowest ? took : slowest;
        late += took > 1000000000ull;
    }
    printf("{\"forks\":%u,\"failed\":%u,\"hung\":%u,\"over_1_s\":%u,\"slowest_us\":%llu}\n", count, failed, hung, late,
           slowest / 1000);
    fflush(stdout);
    return 0;
}

static void note_places(void) {
    const char *path = getenv("PROBE_PLACES");
    FILE *places = path ? fopen(path, "a") : NULL, *maps = places ? fopen("/proc/self/maps", "r") : NULL;
    char line[4096];
    while (maps && fgets(line, sizeof line, maps)) {
        char *from = strstr(line, "/dev/shm/maxim-"), *end = NULL;
        /* <hot dir>/<identity>/<instance>/<file> */
        for (int ups = 0; from && ups < 2 && (end = strrchr(from, '/')); ups++) {
            *end = '\0';
        }
        if (end) {
            fprintf(places, "%s\n", from);
        }
    }
    if (maps) {
        fclose(maps);
    }
    if (places) {
        fclose(places);
    }
}

static void attach(unsigned long long count, size_t bytes) {
    maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
    uint8_t *data = calloc(1, bytes);
    attachment.kind = MAXIM_ATTACHMENT_DATA;
    attachment.data = data;
    attachment.data_len = bytes;
    while (count-- > 0 && last == MAXIM_OK) {
        last = maxim_trace_add_attachment(logger, MAXIM_STR("trace-1"), &attachment, NULL);
    }
    free(data);
    /* The first one has opened a place for uploads. */
    note_places();
}

static void attach_file(const char *path) {
    maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
    attachment.kind = MAXIM_ATTACHMENT_FILE;
    attachment.path = maxim_str_z(path);
    last = maxim_trace_add_attachment(logger, MAXIM_STR("trace-1"), &attachment, NULL);
}

static void *do_nothing(void *unused) {
    for (;;) {
        pause();
    }
    return unused;
}

#include "idle_child.h"

static void fork_idle_child(void) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        be_idle();
    }
    printf("%d\n", (int)child);
    fflush(stdout);
}

static void log_for_plugin(void) {
    static unsigned long long number;
    char name[24];
    snprintf(name, sizeof name, "%splugin", getenv("PROBE_WRITER") ? getenv("PROBE_WRITER") : "");
    last = log_one(name, ++number);
}

#include "descriptors.h"
#include "memory.h"

static int make_more_loggers(unsigned long long count) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.api_key = MAXIM_STR("probe-key-0123456789");
    config.repository_id = MAXIM_STR("of-no-use");
    unsigned long long refused = 0;
    for (unsigned long long n = 0; n < count; n++) {
        maxim_logger *another;
        maxim_status status = maxim_logger_new(&config, &another);
        if (status != MAXIM_OK && (status != MAXIM_ERR_NO_RESOURCES || another)) {
            fprintf(stderr, "probe: maxim_logger_new: %s\n", maxim_last_error());
            return 0;
        }
        refused += status != MAXIM_OK;
    }
    printf("%llu\n", refused);
    fflush(stdout);
    return 1;
}

/* See tests/c/plugin.cpp. */
static void throw_in_cpp(const char *name) {
    void *plugin = dlopen(getenv("PROBE_PLUGIN"), RTLD_NOW);
    void (*throwing)(void (*)(void)) = plugin ? (void (*)(void (*)(void)))dlsym(plugin, name) : NULL;
    if (!throwing) {
        fprintf(stderr, "probe: %s\n", dlerror());
        exit(4);
    }
    throwing(log_for_plugin);
}

static void break_pipe(void) {
    int ends[2];
    if (pipe(ends) == 0) {
        close(ends[0]);
        if (write(ends[1], "x", 1) < 0) {
            fprintf(stderr, "probe: SIGPIPE did not come\n");
        }
    }
}

/* Runs a verb: 0 done, 1 not a verb of this file, 2 failed, 3 main is to return. */
static int torture_verb(const char *verb) {
#define IS_VERB(name) (strncmp(verb, name, strlen(name)) == 0 && strchr(":", verb[strlen(name)]))
    if (IS_VERB("pace")) {
        char name[24];
        snprintf(name, sizeof name, "%s", part(verb, 3, "w"));
        run_pace(number(verb, 1, "1"), number(verb, 2, "1000"), name);
    } else if (IS_VERB("forks")) {
        return run_forks((unsigned)number(verb, 1, "1"), number(verb, 2, "1"), number(verb, 3, "0")) ? 3 : 0;
    } else if (IS_VERB("attach-file")) {
        attach_file(part(verb, 1, ""));
    } else if (IS_VERB("attach")) {
        attach(number(verb, 1, "1"), number(verb, 2, "100000"));
        return last == MAXIM_OK ? 0 : 2;
    } else if (IS_VERB("opens")) {
        for (unsigned long long n = 0; n < number(verb, 1, "1"); n++) {
            make_logger();
            last = last == MAXIM_OK ? maxim_logger_free(logger) : last;
            if (last != MAXIM_OK) {
                return 2;
            }
        }
    } else if (IS_VERB("wait")) {
        char line[16];
        printf("ready\n");
        fflush(stdout);
        if (!fgets(line, sizeof line, stdin)) {
            return 2;
        }
    } else if (IS_VERB("flush-until-retries")) {
        return flush_until_retries(number(verb, 1, "1"), (uint32_t)number(verb, 2, "300")) ? 0 : 2;
    } else if (IS_VERB("flush-until")) {
        return flush_until(verb) ? 0 : 2;
    } else if (IS_VERB("told")) {
        for (int patience = 0; patience < 12000 && atomic_load(&told) == 0; patience++) {
            usleep(10000);
        }
        return atomic_load(&told) > 0 ? 0 : 2;
    } else if (IS_VERB("latency")) {
        print_latency();
    } else if (IS_VERB("memory")) {
        printf("%llu\n", proc_number("/proc/self/status", "VmRSS:", 10) * 1024);
        fflush(stdout);
    } else if (IS_VERB("descriptors")) {
        /* A directory that the upkeep looks through is open for a moment: what lasts is the least of several looks,
         * of which one descriptor is the look itself. */
        int least = entries_of("/proc/self/fd");
        for (int looks = 0; looks < 20; looks++) {
            usleep(20000);
            int now = entries_of("/proc/self/fd");
            least = now < least ? now : least;
        }
        printf("%d\n", least - 1);
        fflush(stdout);
    } else if (IS_VERB("masks")) {
        return check_masks() ? 0 : 2;
    } else if (IS_VERB("few-descriptors")) {
        take_all_descriptors();
    } else if (IS_VERB("become")) {
        return seteuid((uid_t)number(verb, 1, "1")) == 0 ? 0 : 2;
    } else if (IS_VERB("free-descriptors")) {
        free_descriptors();
    } else if (IS_VERB("until-files")) {
        return has_files(1) ? 0 : 2;
    } else if (IS_VERB("until-no-files")) {
        return has_files(0) ? 0 : 2;
    } else if (IS_VERB("child-without-descriptors")) {
        return live_without_descriptors(number(verb, 1, "1")) ? 0 : 2;
    } else if (IS_VERB("take-descriptors")) {
        return take_descriptors(strcmp(part(verb, 1, "files"), "sockets") == 0) ? 0 : 2;
    } else if (IS_VERB("own-descriptors")) {
        return own_descriptors() ? 0 : 2;
    } else if (IS_VERB("close-standard")) {
        close_standard();
    } else if (IS_VERB("write-standard")) {
        return write_standard() ? 0 : 2;
    } else if (IS_VERB("restore-standard")) {
        return restore_standard() ? 0 : 2;
    } else if (IS_VERB("address-space")) {
        return limit_address_space(number(verb, 1, "0")) ? 0 : 2;
    } else if (IS_VERB("take-memory")) {
        take_memory();
    } else if (IS_VERB("give-memory-slowly")) {
        give_memory_slowly();
    } else if (IS_VERB("give-memory")) {
        give_memory();
    } else if (IS_VERB("large-text")) {
        log_large_texts(number(verb, 1, "1"));
    } else if (IS_VERB("more-loggers")) {
        return make_more_loggers(number(verb, 1, "1")) ? 0 : 2;
    } else if (IS_VERB("idle-thread")) {
        pthread_t thread;
        pthread_create(&thread, NULL, do_nothing, NULL);
    } else if (IS_VERB("idle-child")) {
        fork_idle_child();
    } else if (IS_VERB("seteuid")) {
        return seteuid((uid_t)number(verb, 1, "0")) == 0 ? 0 : 2;
    } else if (IS_VERB("setuid")) {
        return setuid((uid_t)number(verb, 1, "0")) == 0 ? 0 : 2;
    } else if (IS_VERB("chdir")) {
        return chdir(part(verb, 1, "/")) == 0 ? 0 : 2;
    } else if (IS_VERB("chroot")) {
        return chroot(part(verb, 1, "/")) == 0 && chdir("/") == 0 ? 0 : 2;
    } else if (IS_VERB("leaving")) {
        printf("%llu\n", now_ns());
        fflush(stdout);
    } else if (IS_VERB("sigterm")) {
        raise(SIGTERM);
    } else if (IS_VERB("segfault")) {
        raise(SIGSEGV);
    } else if (IS_VERB("throw")) {
        throw_in_cpp("plugin_throws");
    } else if (IS_VERB("throw-caught")) {
        throw_in_cpp("plugin_throws_and_catches");
    } else if (IS_VERB("default-sigpipe")) {
        signal(SIGPIPE, SIG_DFL);
    } else if (IS_VERB("break-pipe")) {
        break_pipe();
    } else {
        return 1;
    }
    return 0;
}
