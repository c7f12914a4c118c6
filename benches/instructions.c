/* Makes one of the hot calls many times, for `scripts/instructions.sh`: instructions CALL COUNT. */
#include "workload.h"

/* What callgrind is told to collect: everything below this function, after a warm-up outside of it. */
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
    workload_call call = argc == 3 ? workload_find(argv[1]) : NULL;
    if (call == NULL || !workload_open() || !workload_open_client()) {
        return 1;
    }
    for (int i = 0; i < 200; i++) {
        call();
    }
    measured(call, atol(argv[2]));
    workload_close();
    return 0;
}
