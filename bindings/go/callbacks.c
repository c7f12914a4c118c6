/* From C's callbacks to the functions that callbacks.go exports. */
#include "callbacks.h"

#include "_cgo_export.h"

#include <pthread.h>
#include <stdlib.h>

void maxim_go_on_error(void *user_data, int32_t status, const char *message, uint64_t records) {
    maximGoOnError((uintptr_t)user_data, status, (char *)message, records);
}

void maxim_go_on_debug(void *user_data, const char *message) {
    maximGoOnDebug((uintptr_t)user_data, (char *)message);
}

void maxim_go_on_flush(void *user_data, int32_t status, const char *detail) {
    maximGoOnFlush((uintptr_t)user_data, status, (char *)detail);
}

/* The text that a mask gave last on this thread, which the library reads until the next call or the record's end. */
static pthread_key_t masked_key;
static pthread_once_t masked_once = PTHREAD_ONCE_INIT;

static void make_masked_key(void) {
    (void)pthread_key_create(&masked_key, free);
}

int32_t maxim_go_on_mask(void *user_data, int32_t entity, const char *field, const char *text, size_t length,
                         maxim_str *out) {
    char *masked = NULL;
    size_t masked_length = 0;
    (void)pthread_once(&masked_once, make_masked_key);
    int32_t failed =
        maximGoOnMask((uintptr_t)user_data, entity, (char *)field, (char *)text, length, &masked, &masked_length);
    if (failed != 0 || masked == NULL) {
        return failed;
    }
    /* The thread may have changed its key's text meanwhile, in a log call of the mask's own. */
    free(pthread_getspecific(masked_key));
    if (pthread_setspecific(masked_key, masked) != 0) {
        free(masked);
        return 1;
    }
    out->data = masked;
    out->len = masked_length;
    return 0;
}
