/* Blocks and unblocks the signal by which the tests' handlers run in a chosen thread. */
#ifndef MASK_SIGNAL_H
#define MASK_SIGNAL_H

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

static void mask_signal(int how) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(how, &set, NULL);
}

#endif
