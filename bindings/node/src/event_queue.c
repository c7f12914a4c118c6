/*
 * Messages from the library's threads to an environment's thread.
 *
 * One thread-safe function per environment carries them. The library's threads live longer than a
 * worker, so the queue is counted, and what is posted after its environment has gone is dropped: Node
 * frees the thread-safe function without asking who still holds it.
 */
#include "shared.h"

#include <stdlib.h>
#include <string.h>

/* Messages that wait for a busy event loop; further error and debug messages are dropped. */
#define MAX_WAITING 1024

struct event_queue {
    pthread_mutex_t lock;
    /* Holders: the environment, and every listener. */
    size_t holders;
    /* NULL once the environment has gone. */
    napi_threadsafe_function function;
    size_t waiting;
    /* Answers that are awaited. The environment's thread only. */
    size_t expected;
};

struct message {
    enum subject subject;
    double number;
    maxim_status status;
    double records;
    char *text;
};

static void message_free(struct message *message) {
    free(message->text);
    free(message);
}

void event_queue_keep(struct event_queue *queue) {
    pthread_mutex_lock(&queue->lock);
    queue->holders++;
    pthread_mutex_unlock(&queue->lock);
}

void event_queue_release(struct event_queue *queue) {
    pthread_mutex_lock(&queue->lock);
    size_t left = --queue->holders;
    pthread_mutex_unlock(&queue->lock);
    if (left == 0) {
        pthread_mutex_destroy(&queue->lock);
        free(queue);
    }
}

/* Runs on the environment's thread for each message; `env` is NULL when the environment is going. */
static void deliver(napi_env env, napi_value dispatch, void *context, void *data) {
    struct event_queue *queue = context;
    struct message *message = data;
    pthread_mutex_lock(&queue->lock);
    queue->waiting--;
    pthread_mutex_unlock(&queue->lock);
    if (env) {
        napi_value values[5], receiver, ignored;
        napi_create_int32(env, (int32_t)message->subject, &values[0]);
        napi_create_double(env, message->number, &values[1]);
        napi_create_int32(env, message->status, &values[2]);
        napi_create_string_utf8(env, message->text ? message->text : "", NAPI_AUTO_LENGTH, &values[3]);
        napi_create_double(env, message->records, &values[4]);
        napi_get_undefined(env, &receiver);
        if (message->subject == SUBJECT_DONE && --queue->expected == 0) {
            napi_unref_threadsafe_function(env, queue->function);
        }
        /* An exception in the dispatcher becomes the environment's uncaught exception. */
        napi_call_function(env, receiver, dispatch, 5, values, &ignored);
    }
    message_free(message);
}

/* Node is about to free the thread-safe function. */
static void closed(napi_env env, void *data, void *hint) {
    (void)env;
    (void)hint;
    struct event_queue *queue = data;
    pthread_mutex_lock(&queue->lock);
    queue->function = NULL;
    pthread_mutex_unlock(&queue->lock);
    event_queue_release(queue);
}

bool event_queue_open(napi_env env, napi_value dispatch, napi_value resource, struct event_queue **out) {
    struct event_queue *queue = calloc(1, sizeof *queue);
    napi_value name;
    if (!queue) {
        return false;
    }
    pthread_mutex_init(&queue->lock, NULL);
    queue->holders = 1;
    napi_create_string_utf8(env, "maxim", NAPI_AUTO_LENGTH, &name);
    if (napi_create_threadsafe_function(env, dispatch, resource, name, 0, 1, queue, closed, queue, deliver,
                                        &queue->function) != napi_ok) {
        event_queue_release(queue);
        return false;
    }
    napi_unref_threadsafe_function(env, queue->function);
    *out = queue;
    return true;
}

void event_queue_expect(napi_env env, struct event_queue *queue) {
    if (queue->expected++ == 0 && queue->function) {
        napi_ref_threadsafe_function(env, queue->function);
    }
}

struct listener *listener_new(const struct call *call, double number) {
    struct listener *listener = malloc(sizeof *listener);
    if (listener) {
        *listener = (struct listener){call->addon->queue, number, call->addon, call->env, pthread_self(), NULL};
        event_queue_keep(listener->queue);
    }
    return listener;
}

void listener_free(struct listener *listener) {
    if (listener) {
        event_queue_release(listener->queue);
        free(listener->masked);
        free(listener);
    }
}

/* Never waits. A message that cannot be had memory for is dropped. */
static void post(struct listener *to, enum subject subject, maxim_status status, const char *text, uint64_t records) {
    struct event_queue *queue = to->queue;
    struct message *message = malloc(sizeof *message);
    if (!message) {
        return;
    }
    *message = (struct message){subject, to->number, status, (double)records, text ? strdup(text) : NULL};
    pthread_mutex_lock(&queue->lock);
    bool posted = queue->function && (subject == SUBJECT_DONE || queue->waiting < MAX_WAITING) &&
                  napi_call_threadsafe_function(queue->function, message, napi_tsfn_nonblocking) == napi_ok;
    if (posted) {
        queue->waiting++;
    }
    pthread_mutex_unlock(&queue->lock);
    if (!posted) {
        message_free(message);
    }
}

void on_error(void *user_data, maxim_status status, const char *message, uint64_t records) {
    post(user_data, SUBJECT_ERROR, status, message, records);
}

void on_debug(void *user_data, const char *message) {
    post(user_data, SUBJECT_DEBUG, MAXIM_OK, message, 0);
}

void on_done(void *user_data, maxim_status status, const char *detail) {
    post(user_data, SUBJECT_DONE, status, detail, 0);
    listener_free(user_data);
}
