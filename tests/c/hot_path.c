/*
 * Makes a hot call many times and proves, on the calling thread, what it does not do.
 *
 *     hot_path allocations CALL COUNT    prints how often malloc and its kin were called
 *     hot_path system-calls CALL COUNT   any system call after the warm-up kills the process (SIGSYS)
 *     hot_path control-allocation | control-system-call    does what is looked for: must be noticed
 */
#include "../../benches/workload.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static __thread volatile unsigned long allocations; /* the compiler thinks that malloc changes nothing */

/* These take the place of the C library's for the shared library as well. */
void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}
void *realloc(void *block, size_t size) {
    allocations++;
    return __libc_realloc(block, size);
}
int posix_memalign(void **block, size_t alignment, size_t size) {
    allocations++;
    *block = __libc_memalign(alignment, size);
    return *block ? 0 : 12;
}
void *aligned_alloc(size_t alignment, size_t size) {
    allocations++;
    return __libc_memalign(alignment, size);
}

/* From here on the calling thread may end the process and nothing else. */
static void forbid_system_calls(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("seccomp");
        _exit(3);
    }
}

static void make(workload_call call, long count) {
    for (long i = 0; i < count; i++) {
        if (call() != MAXIM_OK) {
            _exit(4);
        }
    }
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "control-system-call") == 0) {
        forbid_system_calls();
        getppid();
        _exit(0);
    }
    if (argc == 2 && strcmp(argv[1], "control-allocation") == 0) {
        unsigned long before = allocations;
        void *volatile block = malloc(16);
        free(block);
        printf("%lu\n", allocations - before);
        return 0;
    }
    workload_call call = argc == 4 ? workload_find(argv[2]) : NULL;
    if (call == NULL || !workload_open() || !workload_open_client()) {
        return 2;
    }
    make(call, 20);
    if (strcmp(argv[1], "system-calls") == 0) {
        forbid_system_calls();
        make(call, atol(argv[3]));
        _exit(0);
    }
    unsigned long before = allocations;
    make(call, atol(argv[3]));
    printf("%lu\n", allocations - before);
    fflush(stdout);
    workload_close();
    return 0;
}
