/*
 * Calls that wait, and the thread that they wait on: never the event loop's, unless that was asked for.
 *
 * `call_start` begins a flush whose end arrives as a message and holds no thread meanwhile. `call_apart`
 * does the same with what closes a handle, on a thread that a process which ends does not wait for. The
 * other calls that the library only has in a blocking form run on Node's thread pool, which it does wait
 * for, and answer with a promise of undefined, or of [status, detail] when they failed.
 */
#include "shared.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void execute(napi_env env, void *data) {
    (void)env;
    struct job *job = data;
    job->status = job->run(job);
    if (job->status != MAXIM_OK) {
        /* The detail belongs to this thread. */
        strncpy(job->detail, maxim_last_error(), sizeof job->detail - 1);
    }
}

static void job_free(struct job *job) {
    if (job->drop) {
        job->drop(job);
    }
    free(job);
}

static void complete(napi_env env, napi_status status, void *data) {
    struct job *job = data;
    napi_value result = NULL;
    if (status == napi_cancelled) {
        job->status = MAXIM_ERR_CLOSED;
    }
    if (job->status == MAXIM_OK) {
        if (job->done) {
            result = job->done(env, job);
        } else {
            napi_get_undefined(env, &result);
        }
    } else {
        napi_value part;
        napi_create_array_with_length(env, 2, &result);
        napi_create_int32(env, job->status, &part);
        napi_set_element(env, result, 0, part);
        napi_create_string_utf8(env, job->detail, NAPI_AUTO_LENGTH, &part);
        napi_set_element(env, result, 1, part);
    }
    napi_resolve_deferred(env, job->deferred, result);
    napi_delete_async_work(env, job->work);
    job_free(job);
}

napi_value job_start(struct call *call, struct job *job) {
    napi_value promise = NULL, name;
    napi_create_string_utf8(call->env, call->method->name, NAPI_AUTO_LENGTH, &name);
    if (napi_create_promise(call->env, &job->deferred, &promise) != napi_ok ||
        napi_create_async_work(call->env, NULL, name, execute, complete, job, &job->work) != napi_ok) {
        job_free(job);
        napi_throw_error(call->env, "MAXIM_ERR_NO_RESOURCES", "no memory for a job");
        return NULL;
    }
    napi_queue_async_work(call->env, job->work);
    return promise;
}

static maxim_status run_wait(struct job *job) {
    return job->function(job->handle, job->timeout_ms);
}

napi_value call_wait(napi_env env, napi_callback_info info) {
    struct call call;
    napi_value result = NULL;
    call_begin(&call, env, info, 2);
    void *handle = take_handle(&call, 0, call.method->kind);
    uint32_t timeout = take_u32(&call, 1);
    if (!call.failed) {
        struct job *job = calloc(1, sizeof *job);
        if (job) {
            job->run = run_wait;
            job->function = call.method->function.wait;
            job->handle = handle;
            job->timeout_ms = timeout;
            result = job_start(&call, job);
        }
    }
    call_end(&call);
    return result;
}

napi_value call_block(napi_env env, napi_callback_info info) {
    struct call call;
    call_begin(&call, env, info, 2);
    void *handle = take_handle(&call, 0, call.method->kind);
    uint32_t timeout = take_u32(&call, 1);
    return call.failed ? NULL : answer_status(&call, call.method->function.wait(handle, timeout));
}

static maxim_status begin_flush(const struct method *method, void *handle, uint32_t timeout, struct listener *listener) {
    return method->function.start(handle, timeout, on_done, listener);
}

/* A call that closes a handle, and who waits for its end. */
struct closing {
    wait_function function;
    void *handle;
    uint32_t timeout_ms;
    struct listener *listener;
};

static void *run_closing(void *argument) {
    struct closing closing = *(struct closing *)argument;
    free(argument);
    maxim_status status = closing.function(closing.handle, closing.timeout_ms);
    on_done(closing.listener, status, status == MAXIM_OK ? NULL : maxim_last_error());
    return NULL;
}

static maxim_status begin_closing(const struct method *method, void *handle, uint32_t timeout, struct listener *listener) {
    pthread_t thread;
    struct closing *closing = malloc(sizeof *closing);
    if (!closing) {
        return MAXIM_ERR_NO_RESOURCES;
    }
    *closing = (struct closing){method->function.wait, handle, timeout, listener};
    if (pthread_create(&thread, NULL, run_closing, closing) != 0) {
        free(closing);
        return MAXIM_ERR_NO_RESOURCES;
    }
    pthread_detach(thread);
    return MAXIM_OK;
}

typedef maxim_status (*begin_function)(const struct method *, void *, uint32_t, struct listener *);

/* (handle, timeout, number): what `begin` begins ends with a message. */
static napi_value begin_call(napi_env env, napi_callback_info info, begin_function begin) {
    struct call call;
    maxim_status status = MAXIM_ERR_NO_RESOURCES;
    call_begin(&call, env, info, 3);
    void *handle = take_handle(&call, 0, call.method->kind);
    uint32_t timeout = take_u32(&call, 1);
    double number = take_number(&call, 2);
    if (!call.failed) {
        struct listener *listener = listener_new(&call, number);
        if (listener) {
            status = begin(call.method, handle, timeout, listener);
            if (status == MAXIM_OK) {
                event_queue_expect(env, call.addon->queue);
            } else {
                listener_free(listener);
            }
        }
    }
    call_end(&call);
    return answer_status(&call, status);
}

napi_value call_start(napi_env env, napi_callback_info info) {
    return begin_call(env, info, begin_flush);
}

napi_value call_apart(napi_env env, napi_callback_info info) {
    return begin_call(env, info, begin_closing);
}
