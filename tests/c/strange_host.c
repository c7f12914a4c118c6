/*
 * Hosts that do to their process what few do, for tests/torture/strange_hosts_lose_nothing.rs:
 *
 *     strange_host WHAT
 *
 *   daemon        goes on as a daemon, by daemon(3), after the logger has been made
 *   vfork         has children by vfork, which log once or run another program, while a thread logs
 *   clone-memory  has children in its own memory, which log once
 *   no-root       has nothing in its root directory, not even /proc, before the logger is made
 *   own-table     gives its thread a table of descriptors of its own
 *   namespaces    logs in a child with namespaces of its own for mounts and processes
 *   interrupted   has a signal every millisecond, which interrupts system calls
 *   undumpable    may not look at its own /proc/self
 *   few-processes, as another user: no thread can be had
 *   programs      runs programs while a thread logs and attaches; each looks for descriptors of the library
 *   odd-files     attaches what is no file: devices, pipes, sockets, directories; prints how many were refused
 *
 * Prints the numbers of all that was logged as JSON; a fault is a line on standard error and exit code 3.
 */
#define _GNU_SOURCE
#include <maxim.h>

#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 300
#define LIMIT_MS 120000
#define INHERITED 1024
#define CHILDREN 20
#define RECORDS 1000
#define CONTENT 300000
#define ANOTHER_USER 65533

extern char **environ;

static maxim_logger *logger;
static atomic_int is_over;

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, maxim_last_error());
    _exit(3);
}

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != MAXIM_OK) {                                                                                      \
            fail(#call);                                                                                               \
        }                                                                                                              \
    } while (0)

static void on_late(int number) {
    (void)number;
    static const char late[] = "it hangs\n";
    _exit(write(STDERR_FILENO, late, sizeof late - 1) < 0 ? 4 : 3);
}

/* A child has no timer of its parent's; the first process of a namespace ignores what it has no handler for. SIGALRM and
 * its timer are for who is interrupted. */
static void limit_time(void) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    struct itimerspec once = {.it_value = {.tv_sec = PATIENCE_S}};
    timer_t timer;
    signal(SIGUSR2, on_late);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || timer_settime(timer, 0, &once, NULL) != 0) {
        fail("a timer");
    }
}

static void make(void) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.flush_interval_ms = 50;
    OK(maxim_logger_new(&config, &logger));
}

static maxim_status log_one(void) {
    return maxim_trace_add_tag(logger, MAXIM_STR("trace-1"), MAXIM_STR("mark"), MAXIM_STR("strange"));
}

static void log_many(void) {
    for (int n = 0; n < RECORDS; n++) {
        OK(log_one());
    }
}

static void attach(size_t size) {
    static uint8_t content[CONTENT];
    maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
    attachment.kind = MAXIM_ATTACHMENT_DATA;
    attachment.data = content;
    attachment.data_len = size;
    OK(maxim_trace_add_attachment(logger, MAXIM_STR("trace-1"), &attachment, NULL));
}

static void finish(void) {
    maxim_stats s = MAXIM_STATS_INIT;
    OK(maxim_flush(logger, LIMIT_MS));
    OK(maxim_logger_stats(logger, &s));
    OK(maxim_cleanup(logger, LIMIT_MS));
    OK(maxim_logger_free(logger));
    printf("{\"accepted\":%llu,\"delivered\":%llu}\n", (unsigned long long)s.accepted, (unsigned long long)s.delivered);
    fflush(stdout);
}

static void *log_meanwhile(void *unused) {
    while (!is_over) {
        OK(log_one());
        usleep(100);
    }
    return unused;
}

static void must_end_well(pid_t child) {
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "the child %d ended with %x\n", (int)child, (unsigned)status);
        _exit(3);
    }
}

static int log_in_our_memory(void *unused) {
    (void)unused;
    /* Not by exit, which would end what is its parent's. */
    syscall(SYS_exit, log_one() == MAXIM_OK ? 0 : 3);
    return 0;
}

static void have_children(const char *how) {
    static char stack[1 << 20];
    static volatile int n;
    for (n = 0; n < CHILDREN; n++) {
        pid_t child;
        if (strcmp(how, "clone-memory") == 0) {
            child = clone(log_in_our_memory, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
        } else {
            child = vfork();
            if (child == 0) {
                if (n % 2) {
                    execl("/bin/true", "true", (char *)NULL);
                }
                _exit(log_one() == MAXIM_OK ? 0 : 3);
            }
        }
        must_end_well(child);
    }
}

static void run_programs(void) {
    char look[] = "for file in /proc/self/fd/*; do case $file in */[012]) continue; esac; "
                  "case $(readlink $file) in *maxim*|*.seg|*/lock|socket:*) "
                  "echo \"has $(readlink $file)\" >&2; exit 5; esac; done";
    for (int n = 0; n < CHILDREN; n++) {
        char *words[] = {"sh", "-c", look, NULL};
        pid_t child = -1;
        attach(20000);
        posix_spawn(&child, "/bin/sh", NULL, NULL, words, environ);
        must_end_well(child);
    }
}

static int attach_odd_files(void) {
    static const char *const paths[] = {"pipe", "socket", "/dev/zero", "/dev/full", "/dev/null",
                                        "/dev/tty", "/etc", "/no/such/file", "", "/proc/self/fd/0"};
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int refused = 0, listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (mkfifo("pipe", 0600) != 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0) {
        fail("odd files");
    }
    for (size_t n = 0; n < sizeof paths / sizeof *paths; n++) {
        maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
        attachment.kind = MAXIM_ATTACHMENT_FILE;
        attachment.path = maxim_str_z(paths[n]);
        refused += maxim_trace_add_attachment(logger, MAXIM_STR("trace-1"), &attachment, NULL) != MAXIM_OK;
    }
    return refused == sizeof paths / sizeof *paths;
}

static void on_signal(int number) {
    (void)number;
}

static void become_another_user(void) {
    if (setgroups(0, NULL) != 0 || setgid(ANOTHER_USER) != 0 || setuid(ANOTHER_USER) != 0) {
        fail("setuid");
    }
}

/* What is done before there is a logger. */
static void prepare(const char *what) {
    struct rlimit none = {0, 0};
    if (strcmp(what, "no-root") == 0) {
        if (mkdir("root", 0755) != 0 || chroot("root") != 0 || chdir("/") != 0) {
            fail("chroot");
        }
    } else if (strcmp(what, "undumpable") == 0) {
        become_another_user();
        prctl(PR_SET_DUMPABLE, 0);
    } else if (strcmp(what, "few-processes") == 0) {
        setrlimit(RLIMIT_NPROC, &none);
        become_another_user();
    } else if (strcmp(what, "interrupted") == 0) {
        /* Without SA_RESTART. */
        struct sigaction action = {.sa_handler = on_signal};
        struct itimerval often = {{0, 1000}, {0, 1000}};
        sigaction(SIGALRM, &action, NULL);
        setitimer(ITIMER_REAL, &often, NULL);
    } else if (strcmp(what, "programs") == 0) {
        /* Who started us may have left some open, which are none of the library's. */
        for (int descriptor = STDERR_FILENO + 1; descriptor < INHERITED; descriptor++) {
            fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        }
    }
}

int main(int count, char **words) {
    const char *what = count > 1 ? words[1] : "";
    limit_time();
    prepare(what);
    make();
    OK(log_one());
    OK(maxim_flush(logger, LIMIT_MS));
    if (strcmp(what, "daemon") == 0) {
        if (daemon(1, 1) != 0) {
            fail("daemon");
        }
        limit_time();
    } else if (strcmp(what, "own-table") == 0 && unshare(CLONE_FILES) != 0) {
        fail("unshare");
    } else if (strcmp(what, "odd-files") == 0 && !attach_odd_files()) {
        fail("an odd file was taken");
    } else if (strcmp(what, "namespaces") == 0) {
        if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID) != 0) {
            fail("unshare");
        }
        pid_t child = fork();
        if (child == 0) {
            limit_time();
            log_many();
            finish();
            _exit(0);
        }
        must_end_well(child);
    } else if (strstr("vfork clone-memory", what)) {
        pthread_t thread;
        /* What has no memory of its own has no locks of its own either. */
        int alone = strcmp(what, "clone-memory") == 0;
        if (!alone) {
            pthread_create(&thread, NULL, log_meanwhile, NULL);
        }
        have_children(what);
        is_over = 1;
        if (!alone) {
            pthread_join(thread, NULL);
        }
    } else if (strcmp(what, "programs") == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, log_meanwhile, NULL);
        run_programs();
        is_over = 1;
        pthread_join(thread, NULL);
    }
    log_many();
    attach(CONTENT);
    finish();
    return 0;
}
