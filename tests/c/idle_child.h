/* What a forked child does that never calls the library, and lives on. */
#ifndef IDLE_CHILD_H
#define IDLE_CHILD_H

#include <unistd.h>

/* Ends by itself after ten minutes. Whoever reads what the parent prints is not to wait for it. */
static inline _Noreturn void be_idle(void) {
    close(0);
    close(1);
    close(2);
    alarm(600);
    for (;;) {
        pause();
    }
}

#endif
