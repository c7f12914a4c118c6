/* As shim.h, for structured application logs. */
#ifndef MAXIM_GO_SHIM_APPLOG_H
#define MAXIM_GO_SHIM_APPLOG_H

#include "shim.h"

#define MAXIM_GO_CLIENT ((maxim_log_client *)client)
#define MAXIM_GO_FLOW ((maxim_flow *)flow)

MAXIM_GO_OPENS(log_client, MAXIM_LOG_CLIENT_CONFIG_INIT)

static inline maxim_go_failure *maxim_go_log_client_free(uintptr_t client) {
    return maxim_go_done(maxim_log_client_free(MAXIM_GO_CLIENT));
}

static inline maxim_go_failure *maxim_go_log_disconnect(uintptr_t client, uint32_t timeout_ms) {
    return maxim_go_done(maxim_log_disconnect(MAXIM_GO_CLIENT, timeout_ms));
}

static inline maxim_go_failure *maxim_go_log_purge(uintptr_t client) {
    return maxim_go_done(maxim_log_purge(MAXIM_GO_CLIENT));
}

static inline maxim_go_failure *maxim_go_log_flush(uintptr_t client, uint32_t timeout_ms) {
    return maxim_go_done(maxim_log_flush(MAXIM_GO_CLIENT, timeout_ms));
}

static inline maxim_go_failure *maxim_go_log_flush_async(uintptr_t client, uint32_t timeout_ms, uintptr_t waiter) {
    return maxim_go_done(maxim_log_flush_async(MAXIM_GO_CLIENT, timeout_ms, maxim_go_on_flush, (void *)waiter));
}

static inline const char *maxim_go_log_client_spool_dir(uintptr_t client) {
    return maxim_log_client_spool_dir(MAXIM_GO_CLIENT);
}

MAXIM_GO_STATS(log_client_stats, (uintptr_t client), MAXIM_GO_CLIENT)

static inline bool maxim_go_log_would_log(uintptr_t client, int32_t level) {
    return maxim_log_would_log(MAXIM_GO_CLIENT, level);
}

static inline maxim_go_failure *maxim_go_log_set_user_id(uintptr_t client, maxim_str id) {
    return maxim_go_done(maxim_log_set_user_id(MAXIM_GO_CLIENT, id));
}

static inline maxim_go_failure *maxim_go_log_set_session_id(uintptr_t client, maxim_str id) {
    return maxim_go_done(maxim_log_set_session_id(MAXIM_GO_CLIENT, id));
}

/* Entries of a client or a flow: message, data and tags, or message, error and tags. */
#define MAXIM_GO_LOG(name, on, handle) \
    static inline maxim_go_failure *maxim_go_##name(uintptr_t on, maxim_str message, maxim_str data_json, \
                                                    maxim_str tags_json) { \
        maxim_log_options options = MAXIM_LOG_OPTIONS_INIT; \
        options.tags_json = tags_json; \
        return maxim_go_done(maxim_##name(handle, maxim_go_text(message), data_json, &options)); \
    }
#define MAXIM_GO_LOG_ERROR(name, on, handle) \
    static inline maxim_go_failure *maxim_go_##name(uintptr_t on, maxim_str message, maxim_log_error_info info, \
                                                    maxim_str tags_json) { \
        maxim_log_options options = MAXIM_LOG_OPTIONS_INIT; \
        options.tags_json = tags_json; \
        info.struct_size = sizeof info; \
        return maxim_go_done(maxim_##name(handle, maxim_go_text(message), &info, &options)); \
    }
MAXIM_GO_LOG(log_debug, client, MAXIM_GO_CLIENT)
MAXIM_GO_LOG(log_info, client, MAXIM_GO_CLIENT)
MAXIM_GO_LOG(log_warn, client, MAXIM_GO_CLIENT)
MAXIM_GO_LOG(log_error, client, MAXIM_GO_CLIENT)
MAXIM_GO_LOG_ERROR(log_error_with, client, MAXIM_GO_CLIENT)
MAXIM_GO_LOG(flow_debug, flow, MAXIM_GO_FLOW)
MAXIM_GO_LOG(flow_info, flow, MAXIM_GO_FLOW)
MAXIM_GO_LOG(flow_warn, flow, MAXIM_GO_FLOW)
MAXIM_GO_LOG(flow_error, flow, MAXIM_GO_FLOW)
MAXIM_GO_LOG_ERROR(flow_error_with, flow, MAXIM_GO_FLOW)

static inline maxim_go_failure *maxim_go_log(uintptr_t client, maxim_log_entry entry) {
    entry.struct_size = sizeof entry;
    entry.message = maxim_go_text(entry.message);
    return maxim_go_done(maxim_log(MAXIM_GO_CLIENT, &entry));
}

static inline maxim_go_failure *maxim_go_ingest_raw(uintptr_t client, const uint8_t *body, size_t body_len,
                                                    int32_t format, maxim_raw_options options,
                                                    uint32_t timeout_ms) {
    options.struct_size = sizeof options;
    return maxim_go_done(maxim_ingest_raw(MAXIM_GO_CLIENT, body, body_len, format, &options, timeout_ms));
}

static inline maxim_go_failure *maxim_go_ingest_raw_async(uintptr_t client, const uint8_t *body, size_t body_len,
                                                          int32_t format, maxim_raw_options options) {
    options.struct_size = sizeof options;
    return maxim_go_done(maxim_ingest_raw_async(MAXIM_GO_CLIENT, body, body_len, format, &options));
}

static inline maxim_go_handle maxim_go_flow_new(uintptr_t client, maxim_str name) {
    maxim_go_handle made = {NULL, 0};
    maxim_flow *flow = NULL;
    made.failure = maxim_go_done(maxim_flow_new(MAXIM_GO_CLIENT, maxim_go_text(name), &flow));
    made.handle = (uintptr_t)flow;
    return made;
}

static inline maxim_go_handle maxim_go_flow_new_remote(uintptr_t client, maxim_str name, uint32_t timeout_ms) {
    maxim_go_handle made = {NULL, 0};
    maxim_flow *flow = NULL;
    made.failure = maxim_go_done(maxim_flow_new_remote(MAXIM_GO_CLIENT, maxim_go_text(name), timeout_ms, &flow));
    made.handle = (uintptr_t)flow;
    return made;
}

static inline const char *maxim_go_flow_id(uintptr_t flow) {
    return maxim_flow_id(MAXIM_GO_FLOW);
}

static inline const char *maxim_go_flow_name(uintptr_t flow) {
    return maxim_flow_name(MAXIM_GO_FLOW);
}

static inline int32_t maxim_go_flow_step_index(uintptr_t flow) {
    return maxim_flow_step_index(MAXIM_GO_FLOW);
}

static inline maxim_go_failure *maxim_go_flow_free(uintptr_t flow) {
    return maxim_go_done(maxim_flow_free(MAXIM_GO_FLOW));
}

#endif /* MAXIM_GO_SHIM_APPLOG_H */
