/* The library's callbacks on their way to Go (callbacks.c). Each but the mask runs on a thread of the library. */
#ifndef MAXIM_GO_CALLBACKS_H
#define MAXIM_GO_CALLBACKS_H

#include "library.h"

#include <stdint.h>

/* As maxim_error_callback, maxim_debug_callback and maxim_flush_callback; user_data is a cgo.Handle. */
void maxim_go_on_error(void *user_data, int32_t status, const char *message, uint64_t records);
void maxim_go_on_debug(void *user_data, const char *message);
void maxim_go_on_flush(void *user_data, int32_t status, const char *detail);

/* As maxim_mask_callback; runs on the thread of the log call. */
int32_t maxim_go_on_mask(void *user_data, int32_t entity, const char *field, const char *text, size_t length,
                         maxim_str *out);

#endif /* MAXIM_GO_CALLBACKS_H */
