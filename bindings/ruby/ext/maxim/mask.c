/*
 * The program's own mask: Ruby code that is asked, inside a log call, for each text that is about to leave.
 *
 * Log calls are made by Ruby threads, so it runs on the caller's, which takes the GVL for it where the call was made
 * without. Nothing leaves it by a jump: the library's frames are in between. What cannot be rescued there (a throw,
 * Thread#kill) goes on when the call has ended.
 */
#include "shared.h"

#include <stdlib.h>
#include <string.h>

/* A log call stays on its native thread. */
static _Thread_local bool outside_gvl;
static _Thread_local int left_by;
/* The answer to the last text, until the call has ended. */
static _Thread_local char *answer;

typedef struct question {
    mx_owner *owner;
    int32_t entity;
    const char *field;
    const char *text;
    size_t length;
    maxim_str *out;
    bool looked; /* the mask has answered */
} question;

void mx_outside_gvl(bool outside) { outside_gvl = outside; }

static VALUE ask(VALUE argument) {
    question *asked = (question *)argument;
    VALUE masked = rb_funcall(asked->owner->mask, rb_intern("call"), 3, INT2NUM(asked->entity),
                              rb_utf8_str_new_cstr(asked->field), rb_utf8_str_new(asked->text, (long)asked->length));
    if (NIL_P(masked)) {
        asked->looked = true;
    } else if (RB_TYPE_P(masked, T_STRING)) {
        size_t length = (size_t)RSTRING_LEN(masked);
        char *copy = malloc(length + 1);
        if (!copy) return Qnil;
        memcpy(copy, RSTRING_PTR(masked), length);
        free(answer);
        answer = copy;
        *asked->out = maxim_str_n(copy, length);
        asked->looked = true;
    }
    return Qnil;
}

static void *ask_protected(void *argument) {
    int state = 0;
    rb_protect(ask, (VALUE)argument, &state);
    if (state) left_by = state;
    return NULL;
}

int32_t mx_on_mask(void *user_data, int32_t entity, const char *field, const char *text, size_t length, maxim_str *out) {
    question asked = {mx_events_owner(user_data), entity, field, text, length, out, false};
    /* The thread is about to be left: it has no further Ruby code to run. */
    if (left_by || !ruby_native_thread_p()) return 1;
    if (outside_gvl) {
        outside_gvl = false;
        rb_thread_call_with_gvl(ask_protected, &asked);
        outside_gvl = true;
    } else {
        ask_protected(&asked);
    }
    return asked.looked ? 0 : 1;
}

void mx_masked(void) {
    if (answer) {
        free(answer);
        answer = NULL;
    }
    if (left_by) {
        int state = left_by;
        left_by = 0;
        rb_jump_tag(state);
    }
}
