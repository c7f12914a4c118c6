/*
 * The logger itself: making one, its writer, its numbers, and what the library says of itself.
 */
#include "shared.h"

#include <stdlib.h>

#define C(type, member) FIELD(type, maxim_logger_config, member)
static const struct field config_fields[] = {
    SHARED_FIELDS(C),     C(TEXT, base_url),     C(TEXT, repository_id), C(BOOL, auto_flush),
    C(U64, max_attachment_bytes), C(I32, extract_media), C(F64, sample_rate), C(U64, incomplete_after_ms),
};

OPENS(logger_new, maxim_logger, MAXIM_LOGGER_CONFIG_INIT, KIND_LOGGER, maxim_logger_new)
ANSWERS(logger_free, maxim_logger, KIND_LOGGER, answer_status, maxim_logger_free)
ANSWERS(repository_id, maxim_logger, KIND_LOGGER, answer_text, maxim_logger_repository_id)
ANSWERS(spool_dir, maxim_logger, KIND_LOGGER, answer_text, maxim_logger_spool_dir)
ANSWERS(can_access_filesystem, maxim_logger, KIND_LOGGER, answer_boolean, maxim_can_access_filesystem)

static napi_value is_running_on_lambda(napi_env env, napi_callback_info info) {
    struct call call;
    call_begin(&call, env, info, 0);
    return answer_boolean(&call, maxim_is_running_on_lambda());
}

/* (logger, sink; 0: the logger itself) -> object or status */
static napi_value stats(napi_env env, napi_callback_info info) {
    struct call call;
    maxim_stats stats = MAXIM_STATS_INIT;
    call_begin(&call, env, info, 2);
    maxim_logger *logger = take_handle(&call, 0, KIND_LOGGER);
    uint32_t sink = take_u32(&call, 1);
    if (call.failed) {
        return NULL;
    }
    maxim_status status = sink == 0 ? maxim_logger_stats(logger, &stats) : maxim_logger_sink_stats(logger, sink, &stats);
    return status == MAXIM_OK ? answer_stats(&call, &stats) : answer_status(&call, status);
}

/* (logger, config) -> [number of the sink] or status */
static napi_value add_sink(napi_env env, napi_callback_info info) {
    struct call call;
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    uint32_t sink = 0;
    maxim_status status = MAXIM_OK;
    call_begin(&call, env, info, 2);
    maxim_logger *logger = take_handle(&call, 0, KIND_LOGGER);
    take_object(&call, 1, config_fields, COUNT(config_fields), &config);
    if (!call.failed) {
        status = maxim_logger_add_sink(logger, &config, &sink);
    }
    call_end(&call);
    if (status != MAXIM_OK || call.failed) {
        return answer_status(&call, status);
    }
    napi_value result, number;
    napi_create_array_with_length(env, 1, &result);
    napi_create_uint32(env, sink, &number);
    napi_set_element(env, result, 0, number);
    return result;
}

/* (trace's id, number of the kind of entity, its id) -> the header traceparent */
static napi_value span_traceparent(napi_env env, napi_callback_info info) {
    struct call call;
    char header[MAXIM_TRACEPARENT_SIZE] = "";
    call_begin(&call, env, info, 3);
    maxim_str trace = take_text(&call, 0);
    maxim_entity entity = (maxim_entity)take_number(&call, 1);
    maxim_str id = take_text(&call, 2);
    maxim_status status = MAXIM_ERR_INVALID_ARGUMENT;
    if (!call.failed) {
        status = maxim_span_traceparent(trace, entity, id, header, sizeof header);
    }
    if (status != MAXIM_OK || call.failed) {
        return answer_status(&call, status);
    }
    return answer_text(&call, header);
}

/* A text that belongs to no handle, of so many `arguments`. */
#define SAYS(name, arguments, text)                                 \
    static napi_value name(napi_env env, napi_callback_info info) { \
        struct call call;                                           \
        call_begin(&call, env, info, arguments);                    \
        const char *said = text;                                    \
        return call.failed ? NULL : answer_text(&call, said);       \
    }
SAYS(version, 0, maxim_version())
/* (status) -> its name */
SAYS(status_str, 1, maxim_status_str((maxim_status)take_number(&call, 0)))
SAYS(last_error, 0, maxim_last_error())

/* (function, resource, mask): the function gets what happens later, as (subject, listener's number, status, text,
 * records); the resource is what tools that look for open handles see; the mask is mask.c's. */
static napi_value listen(napi_env env, napi_callback_info info) {
    struct call call;
    call_begin(&call, env, info, 3);
    if (call.addon->queue || napi_create_reference(env, call.values[2], 1, &call.addon->mask) != napi_ok ||
        !event_queue_open(env, call.values[0], call.values[1], &call.addon->queue)) {
        napi_throw_error(env, "MAXIM_ERR_NO_RESOURCES", "the addon has no event queue");
        return NULL;
    }
    event_queue_keep(call.addon->queue);
    return NULL;
}

/* The library's waiting functions take the handle's own type. */
#define WAITS(function)                                                     \
    static maxim_status do_##function(void *handle, uint32_t timeout_ms) {  \
        return function(handle, timeout_ms);                                \
    }
WAITS(maxim_flush)
WAITS(maxim_check)
WAITS(maxim_cleanup)
WAITS(maxim_flush_commit_logs)
WAITS(maxim_flush_attachments)
WAITS(maxim_flush_log_files)
WAITS(maxim_write_to_file)

/* Waits for the file system only, however long it is given. */
static maxim_status do_maxim_purge(void *handle, uint32_t timeout_ms) {
    (void)timeout_ms;
    return maxim_purge(handle);
}

static maxim_status do_maxim_flush_async(void *handle, uint32_t timeout_ms, maxim_flush_callback done, void *user_data) {
    return maxim_flush_async(handle, timeout_ms, done, user_data);
}

#define BLOCK(js, c) {.name = #js, .callback = call_block, .kind = KIND_LOGGER, .function.wait = do_##c}
#define WAIT(js, c) {.name = #js, .callback = call_wait, .kind = KIND_LOGGER, .function.wait = do_##c}

static const struct method METHODS[] = {
    {.name = "listen", .callback = listen},
    {.name = "version", .callback = version},
    {.name = "spanTraceparent", .callback = span_traceparent},
    {.name = "statusStr", .callback = status_str},
    {.name = "lastError", .callback = last_error},
    {.name = "isRunningOnLambda", .callback = is_running_on_lambda},
    {.name = "loggerNew", .callback = logger_new},
    {.name = "loggerFree", .callback = logger_free},
    {.name = "loggerRepositoryId", .callback = repository_id},
    {.name = "loggerSpoolDir", .callback = spool_dir},
    {.name = "loggerStats", .callback = stats},
    {.name = "loggerAddSink", .callback = add_sink},
    {.name = "canAccessFilesystem", .callback = can_access_filesystem},
    {.name = "flushAsync", .callback = call_start, .kind = KIND_LOGGER, .function.start = do_maxim_flush_async},
    {.name = "cleanupAsync", .callback = call_apart, .kind = KIND_LOGGER, .function.wait = do_maxim_cleanup},
    BLOCK(flush, maxim_flush),
    WAIT(flushWait, maxim_flush),
    WAIT(check, maxim_check),
    WAIT(flushCommitLogs, maxim_flush_commit_logs),
    WAIT(flushAttachments, maxim_flush_attachments),
    WAIT(flushLogFiles, maxim_flush_log_files),
    WAIT(writeToFile, maxim_write_to_file),
    WAIT(purge, maxim_purge),
};

struct methods logger_methods(void) {
    return (struct methods){METHODS, COUNT(METHODS)};
}
