/* From C's callbacks to the functions that callbacks.go exports. */
#include "callbacks.h"

#include "_cgo_export.h"

void maxim_go_on_error(void *user_data, int32_t status, const char *message, uint64_t records) {
    maximGoOnError((uintptr_t)user_data, status, (char *)message, records);
}

void maxim_go_on_debug(void *user_data, const char *message) {
    maximGoOnDebug((uintptr_t)user_data, (char *)message);
}

void maxim_go_on_flush(void *user_data, int32_t status, const char *detail) {
    maximGoOnFlush((uintptr_t)user_data, status, (char *)detail);
}
