/*
 * The extension's entry point, the owners of handles, and how a call is made and answered.
 */
#include "maxim_ext.h"

#include <string.h>

VALUE mx_module, mx_logger_class;
static VALUE functions, error_class;
static ID id_refused, id_for_status;

/* --- owners ---------------------------------------------------------------------------------- */

static void owner_mark(void *pointer) { rb_gc_mark(((mx_owner *)pointer)->mask); }

static void owner_free(void *pointer) {
    mx_owner *owner = pointer;
    /* When this returns, no callback runs any more. It does not wait for the network. */
    if (owner->handle) owner->free_handle(owner->handle);
    mx_events_release(owner->events);
    ruby_xfree(owner);
}

static size_t owner_size(const void *pointer) { return sizeof(mx_owner); }

const rb_data_type_t mx_owner_type = {
    .wrap_struct_name = "Maxim handle",
    .function = {.dmark = owner_mark, .dfree = owner_free, .dsize = owner_size},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY,
};

VALUE mx_owner_alloc(VALUE klass) {
    mx_owner *owner;
    VALUE self = TypedData_Make_Struct(klass, mx_owner, &mx_owner_type, owner);
    owner->events = mx_events_new();
    if (!owner->events) rb_memerror();
    owner->mask = Qnil;
    mx_events_belong(owner->events, owner);
    return self;
}

mx_owner *mx_owner_get(VALUE self) { return rb_check_typeddata(self, &mx_owner_type); }

/* --- calls ----------------------------------------------------------------------------------- */

void mx_make(mx_call *call) {
    call->invoke(call);
    /* The detail belongs to this native thread: read it before anything else can run here. */
    if (call->status != MAXIM_OK) {
        const char *detail = maxim_last_error();
        size_t length = strnlen(detail, MX_DETAIL_BYTES - 1);
        memcpy(call->detail, detail, length);
        call->detail[length] = 0;
    }
}

static void *make(void *call) {
    mx_outside_gvl(true);
    mx_make(call);
    mx_outside_gvl(false);
    return NULL;
}

bool mx_run(mx_call *call) {
    if (call->without_gvl) {
        call->status = MAXIM_OK;
        rb_thread_call_without_gvl(make, call, RUBY_UBF_IO, NULL);
    } else {
        mx_make(call);
    }
    mx_masked();
    return call->status == MAXIM_OK;
}

static VALUE deliver(VALUE self) {
    mx_events_deliver(mx_owner_get(self)->events, self);
    return Qnil;
}

static VALUE delivered(VALUE self) {
    mx_owner_get(self)->delivering = false;
    return Qnil;
}

void mx_deliver_events(VALUE self) {
    mx_owner *owner = mx_owner_get(self);
    /* A handler that logs must not be handed the events it is in the middle of. */
    if (owner->delivering || !mx_events_pending(owner->events)) return;
    owner->delivering = true;
    rb_ensure(deliver, self, delivered, self);
}

VALUE mx_error(maxim_status status, const char *detail) {
    return rb_funcall(error_class, id_for_status, 2, INT2NUM(status), rb_utf8_str_new_cstr(detail));
}

VALUE mx_refused(VALUE owner, VALUE error) {
    if (mx_owner_get(owner)->strict) rb_exc_raise(error);
    rb_funcall(owner, id_refused, 1, error);
    return Qfalse;
}

VALUE mx_logged(VALUE self, mx_call *call) {
    mx_owner *owner = mx_owner_get(self);
    if (mx_events_pending(owner->events)) mx_deliver_events(self);
    if (call->status == MAXIM_OK) return Qtrue;
    return mx_refused(self, mx_error(call->status, call->detail));
}

void mx_must(mx_call *call) {
    if (call->status != MAXIM_OK) rb_exc_raise(mx_error(call->status, call->detail));
}

void mx_open(mx_owner *owner, mx_call *call, const void *config, VALUE strict, maxim_status (*free_handle)(void *)) {
    call->config = config;
    call->out = &owner->handle;
    owner->free_handle = free_handle;
    owner->strict = RTEST(strict);
    mx_run(call);
    mx_must(call);
}

VALUE mx_waited(VALUE self, mx_call *call) {
    mx_deliver_events(self);
    switch (call->status) {
    case MAXIM_OK:
        return Qtrue;
    /* Not delivered yet: the records are kept, and the handler is told why by the library. */
    case MAXIM_ERR_TIMEOUT:
    case MAXIM_ERR_NETWORK:
    case MAXIM_ERR_REJECTED:
    case MAXIM_ERR_UNAUTHORIZED:
        return Qfalse;
    default:
        mx_must(call);
        return Qnil;
    }
}

/* --- the module ------------------------------------------------------------------------------ */

void mx_bound(VALUE klass, const char *method, const char *function) {
    rb_hash_aset(functions, rb_str_freeze(rb_utf8_str_new_cstr(function)),
                 rb_str_freeze(rb_sprintf("%" PRIsVALUE "#%s", rb_class_name(klass), method)));
}

/* The version of the library that is linked in. */
static VALUE library_version(VALUE self) { return rb_utf8_str_new_cstr(maxim_version()); }

static VALUE status_name(VALUE self, VALUE status) { return rb_utf8_str_new_cstr(maxim_status_str(NUM2INT(status))); }

/* normalise_result_native(JSON, flags): JSON */
static VALUE normalise_result(VALUE self, VALUE json, VALUE flags) {
    VALUE failed = mx_to_json(NULL, &json);
    if (failed) rb_exc_raise(failed);
    if (NIL_P(json)) json = rb_utf8_str_new_cstr("null");
    maxim_str given = maxim_str_n(RSTRING_PTR(json), (size_t)RSTRING_LEN(json));
    size_t length = 0;
    maxim_status status = maxim_normalise_result(given, NUM2UINT(flags), NULL, 0, &length);
    if (status != MAXIM_ERR_TOO_LARGE) rb_exc_raise(mx_error(status, maxim_last_error()));
    VALUE out = rb_utf8_str_new(NULL, (long)length);
    status = maxim_normalise_result(given, NUM2UINT(flags), RSTRING_PTR(out), length + 1, &length);
    if (status != MAXIM_OK) rb_exc_raise(mx_error(status, maxim_last_error()));
    RB_GC_GUARD(json);
    return out;
}

static VALUE on_lambda(VALUE self) { return maxim_is_running_on_lambda() ? Qtrue : Qfalse; }

/* (trace's id, number of the kind of entity, its id) */
static VALUE span_traceparent(VALUE self, VALUE trace, VALUE entity, VALUE id) {
    char header[MAXIM_TRACEPARENT_SIZE];
    StringValue(trace);
    StringValue(id);
    maxim_status status = maxim_span_traceparent(maxim_str_n(RSTRING_PTR(trace), RSTRING_LEN(trace)), NUM2INT(entity),
                                                 maxim_str_n(RSTRING_PTR(id), RSTRING_LEN(id)), header, sizeof header);
    RB_GC_GUARD(trace);
    RB_GC_GUARD(id);
    return status == MAXIM_OK ? rb_utf8_str_new_cstr(header) : Qnil;
}

static void bound_function(const char *method, const char *function, VALUE (*implementation)(ANYARGS), int arity) {
    rb_define_module_function(mx_module, method, implementation, arity);
    rb_hash_aset(functions, rb_str_freeze(rb_utf8_str_new_cstr(function)),
                 rb_str_freeze(rb_sprintf("Maxim.%s", method)));
}

void Init_maxim_ext(void) {
    mx_module = rb_define_module("Maxim");
    id_refused = rb_intern("refused");
    id_for_status = rb_intern("for_status");

    /* Each function of the library and the method that calls it. */
    functions = rb_hash_new();
    rb_define_const(mx_module, "FUNCTIONS", functions);
    error_class = rb_const_get(mx_module, rb_intern("Error")); /* from lib/maxim/error.rb */

    bound_function("library_version", "maxim_version", library_version, 0);
    bound_function("normalise_result_native", "maxim_normalise_result", normalise_result, 2);
    bound_function("status_name", "maxim_status_str", status_name, 1);
    bound_function("running_on_lambda?", "maxim_is_running_on_lambda", on_lambda, 0);
    bound_function("span_traceparent", "maxim_span_traceparent", span_traceparent, 3);
    /* Read by every call that failed, into the error's message. */
    rb_hash_aset(functions, rb_str_new_cstr("maxim_last_error"), rb_str_new_cstr("Maxim::Error#message"));

    mx_init_convert();
    mx_init_logger();
    mx_init_entities();
    mx_init_log_client();
    rb_hash_freeze(functions);
}
