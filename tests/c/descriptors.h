/*
 * Verbs of probe.c about the numbers of descriptors: the library's that are closed and used for something else, and the
 * standard ones. Included by torture.h once.
 */
/* What the host has under the numbers of descriptors that it has closed. */
static struct {
    int descriptor, peer;
    ino_t inode;
} own[128];
static size_t own_count;

static ino_t inode_of(int descriptor) {
    struct stat found;
    return fstat(descriptor, &found) == 0 ? found.st_ino : 0;
}

/* Whether the library keeps this one, from its link: a connection, the lock or a directory. What another thread of
 * it has open for a moment is not to be closed under its hands. */
static int is_kept(const char *link) {
    char pid[24], spool[PATH_MAX];
    snprintf(pid, sizeof pid, "-%d-", (int)getpid());
    size_t length = strlen(link);
    int is_lock = strstr(link, pid) && length > 5 && strcmp(link + length - 5, "/lock") == 0;
    int is_hot = strncmp(link, "/dev/shm/maxim-", 15) == 0 && !strchr(link + 15, '/');
    int is_cold = realpath(getenv("MAXIM_SPOOL_DIR"), spool) && strcmp(link, spool) == 0;
    return strncmp(link, "socket:", 7) == 0 || is_lock || is_hot || is_cold;
}

/* Puts a file or a socket of the host's under a number. */
static int take_number(int number, int is_socket) {
    int pair[2] = {-1, -1};
    if (own_count == sizeof own / sizeof *own) {
        return 0;
    }
    if (!is_socket) {
        /* By its number: the probe also runs with the releases' glibc, 2.17, which has no function for it. */
        pair[0] = (int)syscall(SYS_memfd_create, "own", 1U /* MFD_CLOEXEC */);
    } else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
        own[own_count].peer = fcntl(pair[1], F_DUPFD_CLOEXEC, 200);
        close(pair[1]);
    }
    own[own_count].descriptor = dup2(pair[0], number);
    close(pair[0]);
    own[own_count].inode = inode_of(number);
    return own[own_count++].inode != 0;
}

/* As a host that closes all descriptors and opens others, but for the moment in between. */
static int take_descriptors(int are_sockets) {
    char taken[64][PATH_MAX];
    int kept = 0;
    for (int number = 3; number < 200; number++) {
        char name[48], link[PATH_MAX];
        snprintf(name, sizeof name, "/proc/self/fd/%d", number);
        ssize_t length = readlink(name, link, sizeof link - 1);
        link[length > 0 ? length : 0] = 0;
        /* A directory may be open a second time, for a look into it; and what is the host's stays. */
        int again = 0;
        for (size_t n = 0; n < own_count; n++) {
            again |= own[n].descriptor == number;
        }
        for (int n = 0; n < kept; n++) {
            again |= strcmp(taken[n], link) == 0;
        }
        if (length > 0 && is_kept(link) && !again && kept < 64) {
            strcpy(taken[kept++], link);
            if (!take_number(number, are_sockets)) {
                return 0;
            }
        }
    }
    return kept > 0;
}

static int own_descriptors(void) {
    int all = 1;
    for (size_t n = 0; n < own_count; n++) {
        char byte;
        int descriptor = own[n].descriptor, is_ours = inode_of(descriptor) == own[n].inode;
        int is_empty = own[n].peer > 0 ? recv(own[n].peer, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN
                                       : lseek(descriptor, 0, SEEK_END) == 0;
        if (!is_ours || !is_empty) {
            fprintf(stderr, "probe: descriptor %d: %s\n", descriptor, is_ours ? "written to" : "closed");
            all = 0;
        }
    }
    return all;
}

static int standard[3];

static void close_standard(void) {
    for (int number = 0; number < 3; number++) {
        standard[number] = fcntl(number, F_DUPFD_CLOEXEC, 200);
        close(number);
    }
}

/* What another thread opens has such a number for a moment. */
static int standard_are_free(void) {
    struct stat found;
    for (int tries = 0; tries < 60000; tries++) {
        if (fstat(0, &found) != 0 && fstat(1, &found) != 0 && fstat(2, &found) != 0) {
            return 1;
        }
        usleep(1000);
    }
    dprintf(standard[2], "probe: the library keeps a standard descriptor\n");
    return 0;
}

static int write_standard(void) {
    static const char bytes[] = "the host's own bytes";
    int are_free = standard_are_free();
    for (int number = 0; number < 3; number++) {
        if (write(number, bytes, sizeof bytes - 1) > 0) {
            dprintf(standard[2], "probe: written to %d\n", number);
            are_free = 0;
        }
    }
    return are_free;
}

static int restore_standard(void) {
    int are_free = standard_are_free();
    for (int number = 0; number < 3; number++) {
        dup2(standard[number], number);
        close(standard[number]);
    }
    return are_free;
}

static int used_up[64];
static size_t used_up_count;

static void take_all_descriptors(void) {
    struct rlimit limit = {64, 64};
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int next; (next = dup(0)) >= 0;) {
        used_up[used_up_count++] = next;
    }
}

static void free_descriptors(void) {
    while (used_up_count > 0) {
        close(used_up[--used_up_count]);
    }
}

/* Waits until the logger says that records can be written to files, or that they cannot. */
static int has_files(int wanted) {
    for (int patience = 0; patience < 12000; patience++) {
        if (maxim_can_access_filesystem(logger) == wanted) {
            return 1;
        }
        usleep(10000);
    }
    return 0;
}

/* A child whose first calls find no descriptor; it logs again once its logger has a directory. */
static int live_without_descriptors(unsigned long long records) {
    int status = 1;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(CHILD_PATIENCE_NS / 1000000000);
        take_all_descriptors();
        for (unsigned long long n = 1; n <= 2 * records; n++) {
            if (log_one("c", n) != MAXIM_OK || (n == records && maxim_can_access_filesystem(logger))) {
                _exit(8);
            }
            if (n == records) {
                free_descriptors();
                if (!has_files(1)) {
                    _exit(9);
                }
            }
        }
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}
