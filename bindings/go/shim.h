/*
 * What Go calls: one inline function for each function of maxim.h, with the types of that header, so
 * that the C compiler checks every call.
 *
 * Promises: configurations and strings come by value, so that Go passes the addresses of its bytes as
 * direct arguments and copies nothing; a failure's detail is fetched in the same call, because a
 * goroutine may go on on another thread; handles are numbers in Go, so that its collector never looks
 * at them.
 *
 * It does not decide anything: that is the library's and the Go files' work.
 */
#ifndef MAXIM_GO_SHIM_H
#define MAXIM_GO_SHIM_H

#include "library.h"

#include <stdlib.h>

#include "callbacks.h"

/* What went wrong with a call: Go frees it. NULL is success, so that a result is one word. */
typedef struct {
    maxim_status status;
    char detail[];
} maxim_go_failure;

/* What a call made that has an id. */
typedef struct {
    maxim_go_failure *failure;
    maxim_id id;
} maxim_go_created;

/* What a call made that has a handle or a number. */
typedef struct {
    maxim_go_failure *failure;
    uintptr_t handle;
} maxim_go_handle;

typedef struct {
    maxim_go_failure *failure;
    maxim_stats stats;
} maxim_go_counts;

static inline maxim_go_failure *maxim_go_fails(maxim_status status, const char *detail) {
    size_t size = strlen(detail) + 1;
    maxim_go_failure *failure = malloc(sizeof *failure + size);
    if (!failure) {
        abort(); /* as Go itself does when a few hundred bytes cannot be had */
    }
    failure->status = status;
    memcpy(failure->detail, detail, size);
    return failure;
}

static inline maxim_go_failure *maxim_go_done(maxim_status status) {
    return status == MAXIM_OK ? NULL : maxim_go_fails(status, maxim_last_error());
}

static inline const char *maxim_go_detail(const maxim_go_failure *failure) {
    return failure->detail;
}

#define MAXIM_GO_LOGGER ((maxim_logger *)logger)

/* What stands for the handle of an entity that could not be made: its calls end with the error of that in Go, and the
 * library, which would tell of a logger that is not there, hears nothing of them. */
#define MAXIM_GO_UNMADE ((uintptr_t)-1)

/* A log call; on what could not be made, none. */
#define MAXIM_GO_LOGS(name, ...) \
    (logger == MAXIM_GO_UNMADE ? maxim_go_fails(MAXIM_ERR_INVALID_HANDLE, "it could not be made") \
                               : maxim_go_done(maxim_##name(MAXIM_GO_LOGGER, __VA_ARGS__)))

/* A text as it is: Go's empty strings may have no address, which C would take for an absent one. */
static inline maxim_str maxim_go_text(maxim_str text) {
    if (!text.data) {
        text.data = "";
    }
    return text;
}

/* The shapes that log calls have: the entity's id, and then … */
#define MAXIM_GO_NOTHING(name) \
    static inline maxim_go_failure *maxim_go_##name(uintptr_t logger, maxim_str id) { \
        return MAXIM_GO_LOGS(name, maxim_go_text(id)); \
    }
#define MAXIM_GO_TEXT(name) \
    static inline maxim_go_failure *maxim_go_##name(uintptr_t logger, maxim_str id, maxim_str text) { \
        return MAXIM_GO_LOGS(name, maxim_go_text(id), maxim_go_text(text)); \
    }
#define MAXIM_GO_TWO_TEXTS(name) \
    static inline maxim_go_failure *maxim_go_##name(uintptr_t logger, maxim_str id, maxim_str first, \
                                                  maxim_str second) { \
        return MAXIM_GO_LOGS(name, maxim_go_text(id), maxim_go_text(first), maxim_go_text(second)); \
    }
#define MAXIM_GO_NUMBER(name) \
    static inline maxim_go_failure *maxim_go_##name(uintptr_t logger, maxim_str id, maxim_str text, double value) { \
        return MAXIM_GO_LOGS(name, maxim_go_text(id), maxim_go_text(text), value); \
    }
#define MAXIM_GO_TIME(name) \
    static inline maxim_go_failure *maxim_go_##name(uintptr_t logger, maxim_str id, int64_t timestamp_us) { \
        return MAXIM_GO_LOGS(name, maxim_go_text(id), timestamp_us); \
    }
#define MAXIM_GO_CONFIG(name, type) \
    static inline maxim_go_failure *maxim_go_##name(uintptr_t logger, maxim_str id, type config) { \
        config.struct_size = sizeof config; \
        return MAXIM_GO_LOGS(name, maxim_go_text(id), &config); \
    }
#define MAXIM_GO_CREATE(name, type) \
    static inline maxim_go_created maxim_go_##name(uintptr_t logger, type config) { \
        maxim_go_created made = {NULL, {{0}}}; \
        config.struct_size = sizeof config; \
        made.failure = MAXIM_GO_LOGS(name, &config, &made.id); \
        return made; \
    }
#define MAXIM_GO_ADD(name, type) \
    static inline maxim_go_created maxim_go_##name(uintptr_t logger, maxim_str id, type config) { \
        maxim_go_created made = {NULL, {{0}}}; \
        config.struct_size = sizeof config; \
        made.failure = MAXIM_GO_LOGS(name, maxim_go_text(id), &config, &made.id); \
        return made; \
    }
static inline int maxim_go_span_traceparent(maxim_str trace, int32_t entity, maxim_str id, char *out) {
    return maxim_span_traceparent(maxim_go_text(trace), entity, maxim_go_text(id), out, MAXIM_TRACEPARENT_SIZE) !=
           MAXIM_OK;
}
#define MAXIM_GO_RESULT(name) \
    static inline maxim_go_failure *maxim_go_##name(uintptr_t logger, maxim_str id, maxim_str json, uint32_t flags) { \
        return MAXIM_GO_LOGS(name, maxim_go_text(id), json, flags); \
    }
#define MAXIM_GO_COST(name) \
    static inline maxim_go_failure *maxim_go_##name(uintptr_t logger, maxim_str id, double input, double output, \
                                                  double total) { \
        return MAXIM_GO_LOGS(name, maxim_go_text(id), input, output, total); \
    }
#define MAXIM_GO_TOTAL(name) \
    static inline maxim_go_failure *maxim_go_##name(uintptr_t logger, maxim_str id, double total) { \
        return MAXIM_GO_LOGS(name, maxim_go_text(id), total); \
    }

#include "entity_table.h"

/* Errors have no object in the table. */
MAXIM_GO_TWO_TEXTS(error_add_tag)

static inline maxim_go_failure *maxim_go_error_add_metadata(uintptr_t logger, maxim_str id, maxim_str json) {
    return MAXIM_GO_LOGS(error_add_metadata, maxim_go_text(id), json);
}

static inline maxim_go_failure *maxim_go_normalise_result(maxim_str json, char *out, size_t capacity, size_t *length) {
    return maxim_go_done(maxim_normalise_result(json, 0, out, capacity, length));
}

static inline maxim_go_failure *maxim_go_commit(uintptr_t logger, maxim_entity entity, maxim_str id, maxim_str action,
                                              maxim_str data_json) {
    return maxim_go_done(maxim_commit(MAXIM_GO_LOGGER, entity, maxim_go_text(id), maxim_go_text(action), data_json));
}

/* The logger itself. */

/* What makes a logger or a log client, and its defaults: maxim_go_<name>_config and maxim_go_<name>_new. */
#define MAXIM_GO_OPENS(name, defaults)                                                                         \
    static inline maxim_##name##_config maxim_go_##name##_config(void) {                                       \
        maxim_##name##_config config = defaults;                                                               \
        return config;                                                                                         \
    }                                                                                                          \
    static inline maxim_go_handle maxim_go_##name##_new(maxim_##name##_config config, uintptr_t hooks,         \
                                                        bool error_hook, bool debug_hook, bool mask_hook) {    \
        maxim_go_handle made = {NULL, 0};                                                                      \
        maxim_##name *opened = NULL;                                                                           \
        config.error_callback = error_hook ? maxim_go_on_error : NULL;                                         \
        config.debug_callback = debug_hook ? maxim_go_on_debug : NULL;                                         \
        config.mask_callback = mask_hook ? maxim_go_on_mask : NULL;                                            \
        config.user_data = (void *)hooks;                                                                      \
        made.failure = maxim_go_done(maxim_##name##_new(&config, &opened));                                    \
        made.handle = (uintptr_t)opened;                                                                       \
        return made;                                                                                           \
    }
MAXIM_GO_OPENS(logger, MAXIM_LOGGER_CONFIG_INIT)

static inline maxim_go_handle maxim_go_logger_add_sink(uintptr_t logger, maxim_logger_config config) {
    maxim_go_handle made = {NULL, 0};
    uint32_t sink = 0;
    made.failure = maxim_go_done(maxim_logger_add_sink(MAXIM_GO_LOGGER, &config, &sink));
    made.handle = sink;
    return made;
}

static inline maxim_go_failure *maxim_go_logger_free(uintptr_t logger) {
    return maxim_go_done(maxim_logger_free(MAXIM_GO_LOGGER));
}

#define MAXIM_GO_WAIT(name) \
    static inline maxim_go_failure *maxim_go_##name(uintptr_t logger, uint32_t timeout_ms) { \
        return maxim_go_done(maxim_##name(MAXIM_GO_LOGGER, timeout_ms)); \
    }
MAXIM_GO_WAIT(flush)
MAXIM_GO_WAIT(check)
MAXIM_GO_WAIT(flush_commit_logs)
MAXIM_GO_WAIT(flush_log_files)
MAXIM_GO_WAIT(write_to_file)
MAXIM_GO_WAIT(cleanup)

static inline maxim_go_failure *maxim_go_purge(uintptr_t logger) {
    return maxim_go_done(maxim_purge(MAXIM_GO_LOGGER));
}

static inline maxim_go_failure *maxim_go_flush_async(uintptr_t logger, uint32_t timeout_ms, uintptr_t waiter) {
    return maxim_go_done(maxim_flush_async(MAXIM_GO_LOGGER, timeout_ms, maxim_go_on_flush, (void *)waiter));
}

static inline bool maxim_go_can_access_filesystem(uintptr_t logger) {
    return maxim_can_access_filesystem(MAXIM_GO_LOGGER);
}

static inline const char *maxim_go_logger_repository_id(uintptr_t logger) {
    return maxim_logger_repository_id(MAXIM_GO_LOGGER);
}

static inline const char *maxim_go_logger_spool_dir(uintptr_t logger) {
    return maxim_logger_spool_dir(MAXIM_GO_LOGGER);
}

/* The stats that a call fills in; its own arguments, and those that it is given. */
#define MAXIM_GO_STATS(name, parameters, ...) \
    static inline maxim_go_counts maxim_go_##name parameters { \
        maxim_go_counts counts = {NULL, MAXIM_STATS_INIT}; \
        counts.failure = maxim_go_done(maxim_##name(__VA_ARGS__, &counts.stats)); \
        return counts; \
    }
MAXIM_GO_STATS(logger_stats, (uintptr_t logger), MAXIM_GO_LOGGER)
MAXIM_GO_STATS(logger_sink_stats, (uintptr_t logger, uint32_t sink), MAXIM_GO_LOGGER, sink)

MAXIM_GO_WAIT(flush_attachments)

#endif /* MAXIM_GO_SHIM_H */
