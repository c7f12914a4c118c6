/*
 * Events from the library's threads, kept until Ruby asks for them.
 *
 * Those threads have no GVL, so they must not touch Ruby. They push onto a list without a lock (a lock
 * could be held by one of them at the moment of a fork), and the next call from Ruby takes the list. It
 * is bounded: what comes when it is full is counted and told as one number.
 */
#include "shared.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Enough for an outage's messages; a program that never calls again must not grow. */
#define MAX_EVENTS 1024

typedef enum { EVENT_ERROR, EVENT_DEBUG, EVENT_FLUSH } event_kind;

typedef struct event {
    struct event *next;
    event_kind kind;
    pid_t process; /* a child must not repeat what its parent has not yet read */
    maxim_status status;
    uint64_t number; /* records, or the number of the flush */
    char message[];
} event;

struct mx_events {
    _Atomic(event *) newest;
    atomic_uint count;
    atomic_uint lost;
    atomic_uint references;
    struct mx_owner *owner;
};

typedef struct flush_token {
    mx_events *events;
    uint64_t number;
} flush_token;

mx_events *mx_events_new(void) {
    mx_events *events = calloc(1, sizeof *events);
    if (events) atomic_init(&events->references, 1);
    return events;
}

struct mx_owner *mx_events_owner(const mx_events *events) { return events->owner; }
void mx_events_belong(mx_events *events, struct mx_owner *owner) { events->owner = owner; }

void mx_events_retain(mx_events *events) { atomic_fetch_add(&events->references, 1); }

void mx_events_release(mx_events *events) {
    if (!events || atomic_fetch_sub(&events->references, 1) != 1) return;
    for (event *each = atomic_load(&events->newest), *next; each; each = next) {
        next = each->next;
        free(each);
    }
    free(events);
}

static void push(mx_events *events, event_kind kind, maxim_status status, const char *message, uint64_t number) {
    size_t size = strlen(message) + 1;
    event *added = NULL;
    if (atomic_fetch_add(&events->count, 1) < MAX_EVENTS || kind == EVENT_FLUSH) added = malloc(sizeof *added + size);
    if (!added) {
        atomic_fetch_sub(&events->count, 1);
        atomic_fetch_add(&events->lost, 1);
        return;
    }
    added->kind = kind;
    added->process = getpid();
    added->status = status;
    added->number = number;
    memcpy(added->message, message, size);
    added->next = atomic_load(&events->newest);
    while (!atomic_compare_exchange_weak(&events->newest, &added->next, added)) {
    }
}

void mx_on_error(void *user_data, maxim_status status, const char *message, uint64_t records) {
    push(user_data, EVENT_ERROR, status, message, records);
}

void mx_on_debug(void *user_data, const char *message) { push(user_data, EVENT_DEBUG, MAXIM_OK, message, 0); }

void mx_on_flush(void *user_data, maxim_status status, const char *detail) {
    flush_token *token = user_data;
    push(token->events, EVENT_FLUSH, status, detail ? detail : "", token->number);
    mx_flush_token_free(token);
}

void *mx_flush_token(mx_events *events, uint64_t number) {
    flush_token *token = malloc(sizeof *token);
    if (!token) return NULL;
    mx_events_retain(events);
    token->events = events;
    token->number = number;
    return token;
}

void mx_flush_token_free(void *pointer) {
    flush_token *token = pointer;
    mx_events_release(token->events);
    free(token);
}

bool mx_events_pending(const mx_events *events) {
    return atomic_load_explicit(&events->newest, memory_order_relaxed) != NULL;
}

static VALUE utf8(const char *text) { return rb_utf8_str_new_cstr(text); }

typedef struct delivery {
    event *next;
    VALUE receiver;
} delivery;

static VALUE deliver_all(VALUE argument) {
    delivery *work = (delivery *)argument;
    while (work->next) {
        event *each = work->next;
        work->next = each->next;
        bool own = each->process == getpid();
        event_kind kind = each->kind;
        VALUE status = INT2NUM(each->status), message = utf8(each->message), number = ULL2NUM(each->number);
        free(each);
        if (!own) continue;
        switch (kind) {
        case EVENT_ERROR:
            rb_funcall(work->receiver, rb_intern("error_event"), 3, status, message, number);
            break;
        case EVENT_DEBUG:
            rb_funcall(work->receiver, rb_intern("debug_event"), 1, message);
            break;
        case EVENT_FLUSH:
            rb_funcall(work->receiver, rb_intern("flush_event"), 3, status, message, number);
            break;
        }
    }
    return Qnil;
}

/* A callback that does not return (throw, Thread#kill) costs the events behind it, and no memory. */
static VALUE drop_rest(VALUE argument) {
    delivery *work = (delivery *)argument;
    while (work->next) {
        event *each = work->next;
        work->next = each->next;
        free(each);
    }
    return Qnil;
}

void mx_events_deliver(mx_events *events, VALUE receiver) {
    event *newest = atomic_exchange(&events->newest, NULL), *oldest = NULL;
    unsigned taken = 0;
    while (newest) {
        event *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
        taken++;
    }
    atomic_fetch_sub(&events->count, taken);
    delivery work = {oldest, receiver};
    rb_ensure(deliver_all, (VALUE)&work, drop_rest, (VALUE)&work);
    unsigned lost = atomic_exchange(&events->lost, 0);
    if (lost) {
        VALUE text = rb_sprintf("%u messages came faster than they were read", lost);
        rb_funcall(receiver, rb_intern("error_event"), 3, INT2FIX(MAXIM_ERR_NO_RESOURCES), text, INT2FIX(0));
    }
}
