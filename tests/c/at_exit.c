/*
 * A program that logs while its threads and itself end, when thread-local memory with a destructor is gone: in the
 * destructor of a thread's own data, and in an exit handler, as static objects in C++ do. All values are odd.
 */
#include <maxim.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static maxim_logger *logger;
static pthread_key_t key;

static void logged(const char *name) {
    if (maxim_trace_add_tag(logger, MAXIM_STR("t"), maxim_str_z(name), maxim_str_n("caf\xe9", 4)) != MAXIM_OK) {
        fprintf(stderr, "%s: %s\n", name, maxim_last_error());
    }
}

static void thread_ends(void *name) { logged(name); }

static void *thread(void *unused) {
    (void)unused;
    logged("in-a-thread");
    pthread_setspecific(key, "end-of-a-thread");
    return NULL;
}

static void process_ends(void) {
    logged("end-of-the-process");
    if (maxim_cleanup(logger, 60000) != MAXIM_OK || maxim_logger_free(logger) != MAXIM_OK) {
        fprintf(stderr, "%s\n", maxim_last_error());
    }
}

int main(void) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    pthread_t other;
    config.lossy = true;
    if (maxim_logger_new(&config, &logger) != MAXIM_OK || pthread_key_create(&key, thread_ends) != 0 ||
        atexit(process_ends) != 0 || pthread_create(&other, NULL, thread, NULL) != 0) {
        return 1;
    }
    pthread_join(other, NULL);
    logged("in-the-process");
    exit(0);
}
