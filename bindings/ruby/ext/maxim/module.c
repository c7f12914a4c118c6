/*
 * The module Maxim, and its table of which method calls which function of the library.
 */
#include "shared.h"

VALUE mx_module;
static VALUE functions;

static void bind(const char *function, VALUE method) {
    rb_hash_aset(functions, rb_str_freeze(rb_utf8_str_new_cstr(function)), rb_str_freeze(method));
}

void mx_bound(VALUE klass, const char *method, const char *function) {
    bind(function, rb_sprintf("%" PRIsVALUE "#%s", rb_class_name(klass), method));
}

void mx_bound_function(const char *method, const char *function, VALUE (*implementation)(ANYARGS), int arity) {
    rb_define_module_function(mx_module, method, implementation, arity);
    bind(function, rb_sprintf("Maxim.%s", method));
}

void mx_init_module(void) {
    mx_module = rb_define_module("Maxim");
    functions = rb_hash_new();
    rb_define_const(mx_module, "FUNCTIONS", functions);
    /* Read by every call that failed, into the error's message. */
    bind("maxim_last_error", rb_utf8_str_new_cstr("Maxim::Error#message"));
}

void mx_all_bound(void) { rb_hash_freeze(functions); }
