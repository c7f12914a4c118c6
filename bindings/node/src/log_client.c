/*
 * The structured log client, its flows, and raw ingestion.
 */
#include "shared.h"

#include <stdlib.h>
#include <string.h>

#define C(type, member) FIELD(type, maxim_log_client_config, member)
static const struct field config_fields[] = {
    SHARED_FIELDS(C),  C(TEXT, source),     C(I32, environment), C(TEXT, endpoint),  C(TEXT, version),
    C(TEXT, dataset),  C(TEXT, user_id),    C(TEXT, session_id), C(U32, batch_size), C(I32, min_level),
    C(U32, max_retries), C(U32, initial_delay_ms), C(U32, max_delay_ms),
};

#define E(type, member) FIELD(type, maxim_log_entry, member)
static const struct field entry_fields[] = {
    E(I32, level),       E(TEXT, message),    E(TEXT, data_json),   E(TEXT, user_id),   E(TEXT, session_id),
    E(TEXT, request_id), E(TEXT, error_name), E(TEXT, error_stack), E(TEXT, tags_json), E(TEXT, flow_id),
    E(I32, step_index),  E(TEXT, dataset),    E(I64, timestamp_ms), E(TEXT, ip_address), E(TEXT, country),
};

#define R(type, member) FIELD(type, maxim_raw_options, member)
static const struct field raw_fields[] = {R(TEXT, source), R(I32, environment), R(I32, level), R(TEXT, dataset)};

OPENS(client_new, maxim_log_client, MAXIM_LOG_CLIENT_CONFIG_INIT, KIND_LOG_CLIENT, maxim_log_client_new)
ANSWERS(client_free, maxim_log_client, KIND_LOG_CLIENT, answer_status, maxim_log_client_free)
ANSWERS(client_spool_dir, maxim_log_client, KIND_LOG_CLIENT, answer_text, maxim_log_client_spool_dir)

static napi_value client_stats(napi_env env, napi_callback_info info) {
    struct call call;
    maxim_stats stats = MAXIM_STATS_INIT;
    call_begin(&call, env, info, 1);
    maxim_log_client *client = take_handle(&call, 0, KIND_LOG_CLIENT);
    if (call.failed) {
        return NULL;
    }
    maxim_status status = maxim_log_client_stats(client, &stats);
    return status == MAXIM_OK ? answer_stats(&call, &stats) : answer_status(&call, status);
}

#define CLIENT maxim_log_client *client = take_handle(&call, 0, KIND_LOG_CLIENT);

/* (client or flow, message, data, tags) */
ANSWERS_STATUS(call_entry, 4, maxim_log_options options = MAXIM_LOG_OPTIONS_INIT;
               void *handle = take_handle(&call, 0, call.method->kind); maxim_str message = take_text(&call, 1);
               maxim_str data = take_text(&call, 2); options.tags_json = take_text(&call, 3);
               , call.method->function.entry(handle, message, data, &options))

/* (client or flow, message, error's name, message and stack, tags) */
ANSWERS_STATUS(call_error_with, 6, maxim_log_options options = MAXIM_LOG_OPTIONS_INIT;
               maxim_log_error_info error = MAXIM_LOG_ERROR_INFO_INIT;
               void *handle = take_handle(&call, 0, call.method->kind); maxim_str message = take_text(&call, 1);
               error.name = take_text(&call, 2); error.message = take_text(&call, 3);
               error.stack = take_text(&call, 4); options.tags_json = take_text(&call, 5);
               , call.method->kind == KIND_FLOW ? maxim_flow_error_with(handle, message, &error, &options)
                                                : maxim_log_error_with(handle, message, &error, &options))

/* (client, entry) */
ANSWERS_STATUS(call_log, 2, maxim_log_entry entry = MAXIM_LOG_ENTRY_INIT;
               CLIENT take_object(&call, 1, entry_fields, COUNT(entry_fields), &entry);, maxim_log(client, &entry))

/* (client, text; undefined clears) */
ANSWERS_STATUS(call_set_text, 2, CLIENT maxim_str text = take_text(&call, 1);
               , call.method->function.set_text(client, text))

static napi_value would_log(napi_env env, napi_callback_info info) {
    struct call call;
    call_begin(&call, env, info, 2);
    maxim_log_client *client = take_handle(&call, 0, KIND_LOG_CLIENT);
    int32_t level = (int32_t)take_number(&call, 1);
    return call.failed ? NULL : answer_boolean(&call, maxim_log_would_log(client, level));
}

/* (client, name) -> flow */
static napi_value flow_new(napi_env env, napi_callback_info info) {
    struct call call;
    maxim_status status = MAXIM_OK;
    maxim_flow *flow = NULL;
    call_begin(&call, env, info, 2);
    maxim_log_client *client = take_handle(&call, 0, KIND_LOG_CLIENT);
    maxim_str name = take_text(&call, 1);
    if (!call.failed) {
        status = maxim_flow_new(client, name, &flow);
    }
    call_end(&call);
    return flow ? answer_handle(&call, flow, KIND_FLOW, NULL) : answer_status(&call, status);
}

ANSWERS(flow_id, maxim_flow, KIND_FLOW, answer_text, maxim_flow_id)
ANSWERS(flow_name, maxim_flow, KIND_FLOW, answer_text, maxim_flow_name)

ANSWERS(flow_step_index, maxim_flow, KIND_FLOW, answer_number, maxim_flow_step_index)

/* What a job on another thread needs, copied: the call's own strings end with the call. */
struct raw {
    char *body;
    size_t length;
    int32_t format;
    maxim_raw_options options;
    char *source;
    char *dataset;
    /* A flow's, in `body`. */
    maxim_str name;
    maxim_flow *flow;
};

static char *copy(maxim_str text) {
    char *bytes = text.data ? malloc(text.len + 1) : NULL;
    if (bytes) {
        memcpy(bytes, text.data, text.len);
        bytes[text.len] = '\0';
    }
    return bytes;
}

/* A text's copy, in `*owned`. One that is too long for the library is refused by its length: it may have no bytes
 * (call.c), and none are copied. */
static maxim_str copy_text(maxim_str text, char **owned) {
    if (text.len > MAX_TEXT) {
        return maxim_str_n("", text.len);
    }
    *owned = copy(text);
    return maxim_str_n(*owned, text.len);
}

static void raw_drop(struct job *job) {
    struct raw *raw = job->data;
    free(raw->body);
    free(raw->source);
    free(raw->dataset);
    /* A flow that nobody was told of. */
    maxim_flow_free(raw->flow);
    free(raw);
}

static maxim_status raw_run(struct job *job) {
    struct raw *raw = job->data;
    return maxim_ingest_raw(job->handle, (const uint8_t *)raw->body, raw->length, raw->format, &raw->options,
                            job->timeout_ms);
}

static napi_value start_job(struct call *call, struct raw *raw, maxim_status (*run)(struct job *),
                            napi_value (*done)(napi_env, struct job *), void *handle, uint32_t timeout) {
    struct job *job = calloc(1, sizeof *job);
    if (!job) {
        free(raw);
        return NULL;
    }
    job->run = run;
    job->done = done;
    job->drop = raw_drop;
    job->data = raw;
    job->handle = handle;
    job->timeout_ms = timeout;
    return job_start(call, job);
}

/* (client, body, format, options, timeout) -> promise */
static napi_value ingest_raw(napi_env env, napi_callback_info info) {
    struct call call;
    napi_value result = NULL;
    maxim_raw_options options = MAXIM_RAW_OPTIONS_INIT;
    call_begin(&call, env, info, 5);
    maxim_log_client *client = take_handle(&call, 0, KIND_LOG_CLIENT);
    maxim_str body = take_bytes(&call, 1);
    int32_t format = call.failed ? 0 : (int32_t)take_number(&call, 2);
    take_object(&call, 3, raw_fields, COUNT(raw_fields), &options);
    uint32_t timeout = call.failed ? 0 : take_u32(&call, 4);
    struct raw *raw = call.failed ? NULL : calloc(1, sizeof *raw);
    if (raw) {
        raw->body = copy(body);
        raw->length = body.len;
        raw->format = format;
        raw->options = options;
        raw->options.source = copy_text(options.source, &raw->source);
        raw->options.dataset = copy_text(options.dataset, &raw->dataset);
        result = start_job(&call, raw, raw_run, NULL, client, timeout);
    }
    call_end(&call);
    return result;
}

/* (client, body, format, options) */
ANSWERS_STATUS(ingest_raw_async, 4, maxim_raw_options options = MAXIM_RAW_OPTIONS_INIT;
               CLIENT maxim_str body = take_bytes(&call, 1);
               int32_t format = call.failed ? 0 : (int32_t)take_number(&call, 2);
               take_object(&call, 3, raw_fields, COUNT(raw_fields), &options);
               , maxim_ingest_raw_async(client, (const uint8_t *)body.data, body.len, format, &options))

static maxim_status flow_run(struct job *job) {
    struct raw *raw = job->data;
    return maxim_flow_new_remote(job->handle, raw->name, job->timeout_ms, &raw->flow);
}

static napi_value flow_done(napi_env env, struct job *job) {
    struct raw *raw = job->data;
    struct call call = {.env = env};
    napi_value result = answer_handle(&call, raw->flow, KIND_FLOW, NULL);
    raw->flow = NULL;
    return result;
}

/* (client, name, timeout) -> promise of a flow */
static napi_value flow_new_remote(napi_env env, napi_callback_info info) {
    struct call call;
    napi_value result = NULL;
    call_begin(&call, env, info, 3);
    maxim_log_client *client = take_handle(&call, 0, KIND_LOG_CLIENT);
    maxim_str name = take_text(&call, 1);
    uint32_t timeout = call.failed ? 0 : take_u32(&call, 2);
    struct raw *raw = call.failed ? NULL : calloc(1, sizeof *raw);
    if (raw) {
        raw->name = copy_text(name, &raw->body);
        result = start_job(&call, raw, flow_run, flow_done, client, timeout);
    }
    call_end(&call);
    return result;
}

/* One type for the functions that log an entry: each converts its own handle's pointer. */
#define ENTRY(function)                                                                                         \
    static maxim_status do_##function(void *handle, maxim_str message, maxim_str data, const void *options) {  \
        return function(handle, message, data, (const maxim_log_options *)options);                            \
    }
ENTRY(maxim_log_debug)
ENTRY(maxim_log_info)
ENTRY(maxim_log_warn)
ENTRY(maxim_log_error)
ENTRY(maxim_flow_debug)
ENTRY(maxim_flow_info)
ENTRY(maxim_flow_warn)
ENTRY(maxim_flow_error)

static maxim_status do_maxim_log_flush_async(void *handle, uint32_t timeout_ms, maxim_flush_callback done, void *user_data) {
    return maxim_log_flush_async(handle, timeout_ms, done, user_data);
}

static maxim_status do_maxim_log_flush(void *handle, uint32_t timeout_ms) {
    return maxim_log_flush(handle, timeout_ms);
}

static maxim_status do_maxim_log_purge(void *handle, uint32_t timeout_ms) {
    (void)timeout_ms;
    return maxim_log_purge(handle);
}

static maxim_status do_maxim_log_disconnect(void *handle, uint32_t timeout_ms) {
    return maxim_log_disconnect(handle, timeout_ms);
}

#define BLOCK(js, c) {.name = #js, .callback = call_block, .kind = KIND_LOG_CLIENT, .function.wait = do_##c}
#define LOG(js, c) {.name = #js, .callback = call_entry, .kind = KIND_LOG_CLIENT, .function.entry = do_##c}
#define STEP(js, c) {.name = #js, .callback = call_entry, .kind = KIND_FLOW, .function.entry = do_##c}

static const struct method METHODS[] = {
    {.name = "logClientNew", .callback = client_new},
    {.name = "logClientFree", .callback = client_free},
    {.name = "logClientSpoolDir", .callback = client_spool_dir},
    {.name = "logClientStats", .callback = client_stats},
    {.name = "logDisconnectAsync", .callback = call_apart, .kind = KIND_LOG_CLIENT, .function.wait = do_maxim_log_disconnect},
    BLOCK(logFlush, maxim_log_flush),
    {.name = "logFlushWait", .callback = call_wait, .kind = KIND_LOG_CLIENT, .function.wait = do_maxim_log_flush},
    {.name = "logPurge", .callback = call_wait, .kind = KIND_LOG_CLIENT, .function.wait = do_maxim_log_purge},
    {.name = "logFlushAsync", .callback = call_start, .kind = KIND_LOG_CLIENT, .function.start = do_maxim_log_flush_async},
    LOG(logDebug, maxim_log_debug),
    LOG(logInfo, maxim_log_info),
    LOG(logWarn, maxim_log_warn),
    LOG(logError, maxim_log_error),
    {.name = "logErrorWith", .callback = call_error_with, .kind = KIND_LOG_CLIENT},
    {.name = "log", .callback = call_log},
    {.name = "logSetUserId", .callback = call_set_text, .function.set_text = maxim_log_set_user_id},
    {.name = "logSetSessionId", .callback = call_set_text, .function.set_text = maxim_log_set_session_id},
    {.name = "logWouldLog", .callback = would_log},
    {.name = "ingestRaw", .callback = ingest_raw},
    {.name = "ingestRawAsync", .callback = ingest_raw_async},
    {.name = "flowNew", .callback = flow_new},
    {.name = "flowNewRemote", .callback = flow_new_remote},
    {.name = "flowId", .callback = flow_id},
    {.name = "flowName", .callback = flow_name},
    {.name = "flowStepIndex", .callback = flow_step_index},
    STEP(flowDebug, maxim_flow_debug),
    STEP(flowInfo, maxim_flow_info),
    STEP(flowWarn, maxim_flow_warn),
    STEP(flowError, maxim_flow_error),
    {.name = "flowErrorWith", .callback = call_error_with, .kind = KIND_FLOW},
};

struct methods log_client_methods(void) {
    return (struct methods){METHODS, COUNT(METHODS)};
}
