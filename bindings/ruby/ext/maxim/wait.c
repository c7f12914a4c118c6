/*
 * Calls that wait for the service: flushes and closing.
 *
 * Ruby must be able to interrupt the thread that waits (Ctrl-C, Thread#kill, Timeout), and the library's
 * blocking functions cannot be. So such a call runs on a native thread of its own, and the Ruby thread
 * waits for that one, without the GVL and only as long as nobody interrupts it. A call that was
 * interrupted goes on by itself until its time is over; nothing that it uses belongs to Ruby.
 */
#include "shared.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

/* How long the Ruby thread is away at most. An interrupt ends the wait at once, but a signal is told to the main
 * thread by another Ruby thread, and when that one ends at the wrong moment by nobody (Ruby 3.1). */
#define AWAY_NS 100000000L

typedef struct waited {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool over;        /* the call has returned */
    bool interrupted; /* Ruby wants its thread back, for now */
    bool abandoned;   /* nobody waits any more: the native thread frees this */
    mx_call call;
} waited;

static void waited_free(waited *each) {
    pthread_cond_destroy(&each->changed);
    pthread_mutex_destroy(&each->lock);
    free(each);
}

static void *make_call(void *argument) {
    waited *each = argument;
    mx_make(&each->call);
    pthread_mutex_lock(&each->lock);
    each->over = true;
    bool abandoned = each->abandoned;
    pthread_cond_signal(&each->changed);
    pthread_mutex_unlock(&each->lock);
    if (abandoned) waited_free(each);
    return NULL;
}

/* Starts the native thread. Signals are the Ruby threads' business. */
static bool start(waited *each) {
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, NULL, make_call, each) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started) pthread_detach(thread);
    return started;
}

/* Without the GVL: returns when the call is over, or Ruby has to look whether there is something else to do. */
static void *wait_until_over(void *argument) {
    waited *each = argument;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += AWAY_NS;
    if (until.tv_nsec >= 1000000000L) until.tv_sec++, until.tv_nsec -= 1000000000L;
    pthread_mutex_lock(&each->lock);
    int late = 0;
    while (!each->over && !each->interrupted && !late) late = pthread_cond_timedwait(&each->changed, &each->lock, &until);
    each->interrupted = false;
    pthread_mutex_unlock(&each->lock);
    return NULL;
}

static void interrupt(void *argument) {
    waited *each = argument;
    pthread_mutex_lock(&each->lock);
    each->interrupted = true;
    pthread_cond_signal(&each->changed);
    pthread_mutex_unlock(&each->lock);
}

static bool is_over(waited *each) {
    pthread_mutex_lock(&each->lock);
    bool over = each->over;
    pthread_mutex_unlock(&each->lock);
    return over;
}

/* Raises what interrupted the thread; a signal's handler runs, and the waiting goes on. */
static VALUE wait_in_ruby(VALUE argument) {
    waited *each = (waited *)argument;
    while (!is_over(each)) {
        rb_thread_call_without_gvl2(wait_until_over, each, interrupt, each);
        rb_thread_check_ints();
    }
    return Qnil;
}

/* A native thread that still runs frees what it uses. */
static void leave(waited *each) {
    pthread_mutex_lock(&each->lock);
    bool over = each->over;
    each->abandoned = true;
    pthread_mutex_unlock(&each->lock);
    if (over) waited_free(each);
}

void mx_wait(mx_call *call) {
    waited *each = malloc(sizeof *each);
    if (!each) rb_memerror();
    pthread_mutex_init(&each->lock, NULL);
    pthread_cond_init(&each->changed, NULL);
    each->over = each->interrupted = each->abandoned = false;
    each->call = *call;
    if (!start(each)) {
        /* No thread can be had: this one waits, and cannot be interrupted. */
        waited_free(each);
        mx_run(call);
        return;
    }
    int raised = 0;
    rb_protect(wait_in_ruby, (VALUE)each, &raised);
    if (!raised) *call = each->call;
    leave(each);
    if (raised) rb_jump_tag(raised);
}
