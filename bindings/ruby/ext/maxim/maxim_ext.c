/*
 * The extension's entry point, and what the library answers without a handle.
 */
#include "shared.h"

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

void Init_maxim_ext(void) {
    mx_init_module();
    mx_init_call();
    mx_bound_function("library_version", "maxim_version", library_version, 0);
    mx_bound_function("normalise_result_native", "maxim_normalise_result", normalise_result, 2);
    mx_bound_function("status_name", "maxim_status_str", status_name, 1);
    mx_bound_function("running_on_lambda?", "maxim_is_running_on_lambda", on_lambda, 0);
    mx_bound_function("span_traceparent", "maxim_span_traceparent", span_traceparent, 3);
    mx_init_convert();
    mx_init_logger();
    mx_init_entities();
    mx_init_log_client();
    mx_all_bound();
}
