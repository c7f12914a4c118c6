/*
 * Makes the hot calls, for `scripts/instructions.sh` to count their instructions:
 *
 *     instructions COUNT CALL...
 */
#include "workload.h"

/* Written before it is counted, so that no lazy binding, first record or empty cache is in the count. */
enum { WARM_UP = 20 };

/* What callgrind collects: everything on this thread below this function, one dump for each call of it. */
__attribute__((noinline)) void measured(workload_call call, long count);
void measured(workload_call call, long count) {
    for (long i = 0; i < count; i++) {
        if (call() != MAXIM_OK) {
            fprintf(stderr, "refused: %s\n", maxim_last_error());
            exit(1);
        }
    }
}

int main(int argc, char **argv) {
    long count = argc > 2 ? atol(argv[1]) : 0;
    if (count <= 0) {
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        workload_call call = workload_find(argv[i]);
        /* A logger of its own for each call: a new segment, and nobody else's records in it. */
        if (call == NULL || !workload_open() || !workload_open_client()) {
            return 1;
        }
        for (int n = 0; n < WARM_UP; n++) {
            call();
        }
        measured(call, count);
        workload_close();
    }
    return 0;
}
