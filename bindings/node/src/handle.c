/*
 * Handles: known again as JavaScript gives them back, made with who is told of them, and let go of.
 *
 * A handle is an external value with the tag of its kind. What a collected one still holds is sent before it is freed.
 */
#include "shared.h"

#include <stdlib.h>

/* Marks our handles, so that no other addon's external passes for one. */
static const napi_type_tag TAGS[KINDS] = {
    [KIND_LOGGER] = {0x6d6178696d6c6f67, 0x9d1f5a3c77e04b11},
    [KIND_LOG_CLIENT] = {0x6d6178696d636c69, 0x9d1f5a3c77e04b12},
    [KIND_FLOW] = {0x6d6178696d666c6f, 0x9d1f5a3c77e04b13},
};

void *take_handle(struct call *call, size_t index, enum kind kind) {
    void *handle = NULL;
    bool ours = false;
    if (napi_get_value_external(call->env, call->values[index], &handle) != napi_ok) {
        wrong_type(call, NULL, index, "a handle");
        return NULL;
    }
    if (handle == call->addon->checked[kind]) {
        return handle;
    }
    if (napi_check_object_type_tag(call->env, call->values[index], &TAGS[kind], &ours) != napi_ok || !ours) {
        wrong_type(call, NULL, index, "a handle of its kind");
        return NULL;
    }
    call->addon->checked[kind] = handle;
    return handle;
}

/* How long the records of a logger that nobody holds any more are tried to be sent, in milliseconds. */
#define LAST_TRY_MS 30000

/* A handle that JavaScript has let go of, with what is still to be sent. */
struct farewell {
    void *handle;
    struct listener *listener;
    enum kind kind;
};

static void part(struct farewell *farewell) {
    if (farewell->kind == KIND_LOGGER) {
        maxim_logger_free(farewell->handle);
    } else {
        maxim_log_client_free(farewell->handle);
    }
    listener_free(farewell->listener);
    free(farewell);
}

static void *send_and_part(void *argument) {
    struct farewell *farewell = argument;
    if (farewell->kind == KIND_LOGGER) {
        maxim_cleanup(farewell->handle, LAST_TRY_MS);
    } else {
        maxim_log_disconnect(farewell->handle, LAST_TRY_MS);
    }
    part(farewell);
    return NULL;
}

/* The end of a handle that was collected, or whose environment (a worker) has ended. What it still holds is sent by
 * a thread of its own while the process lives: a server that ends its workers goes on for days, and the next logger
 * may come as late. A handle that was closed has been freed before. */
static void let_go(void *handle, struct listener *listener, enum kind kind) {
    maxim_stats stats = MAXIM_STATS_INIT;
    maxim_status status =
        kind == KIND_LOGGER ? maxim_logger_stats(handle, &stats) : maxim_log_client_stats(handle, &stats);
    struct farewell *farewell = malloc(sizeof *farewell);
    if (!farewell) {
        return; /* What is held is in the spool; the handle is lost. */
    }
    *farewell = (struct farewell){handle, listener, kind};
    pthread_t thread;
    if (status == MAXIM_OK && stats.held > 0 && pthread_create(&thread, NULL, send_and_part, farewell) == 0) {
        pthread_detach(thread);
    } else {
        part(farewell);
    }
}

static void free_logger(napi_env env, void *handle, void *hint) {
    (void)env;
    let_go(handle, hint, KIND_LOGGER);
}

static void free_log_client(napi_env env, void *handle, void *hint) {
    (void)env;
    let_go(handle, hint, KIND_LOG_CLIENT);
}

static void free_flow(napi_env env, void *handle, void *hint) {
    (void)env;
    (void)hint;
    maxim_flow_free(handle);
}

napi_value answer_handle(struct call *call, void *handle, enum kind kind, struct listener *hint) {
    static const napi_finalize FREE[KINDS] = {
        [KIND_LOGGER] = free_logger,
        [KIND_LOG_CLIENT] = free_log_client,
        [KIND_FLOW] = free_flow,
    };
    napi_value result = NULL;
    if (napi_create_external(call->env, handle, FREE[kind], hint, &result) != napi_ok) {
        FREE[kind](call->env, handle, hint);
        napi_throw_error(call->env, "MAXIM_ERR_NO_RESOURCES", "no memory for a handle");
        return NULL;
    }
    napi_type_tag_object(call->env, result, &TAGS[kind]);
    return result;
}

struct opening take_opening(struct call *call) {
    struct opening opening = {0};
    double number = take_number(call, 1);
    napi_get_value_bool(call->env, call->values[2], &opening.debug);
    napi_get_value_bool(call->env, call->values[3], &opening.mask);
    opening.listener = call->failed ? NULL : listener_new(call, number);
    return opening;
}

napi_value answer_opened(struct call *call, maxim_status status, void *handle, enum kind kind, struct opening opening) {
    if (status != MAXIM_OK) {
        listener_free(opening.listener);
    }
    call_end(call);
    return status == MAXIM_OK ? answer_handle(call, handle, kind, opening.listener) : answer_status(call, status);
}
