/*
 * The owners of handles, and how a call is made and answered.
 */
#include "shared.h"

#include <string.h>

static VALUE error_class;
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

static VALUE stats_hash(const maxim_stats *stats) {
    VALUE hash = rb_hash_new();
#define ENTRY(name) rb_hash_aset(hash, ID2SYM(rb_intern(#name)), ULL2NUM(stats->name));
    ENTRY(accepted) ENTRY(delivered) ENTRY(held) ENTRY(dropped_memory) ENTRY(dropped_disk) ENTRY(dropped_expired)
    ENTRY(quarantined) ENTRY(retries) ENTRY(bytes_delivered) ENTRY(bytes_held) ENTRY(adopted)
    ENTRY(oldest_held_ms) ENTRY(last_http_status) ENTRY(ignored) ENTRY(refused) ENTRY(dropped_corrupt)
    ENTRY(sampled_out) ENTRY(masks_failed) ENTRY(purged) ENTRY(refused_invalid)
    ENTRY(refused_too_large) ENTRY(refused_closed) ENTRY(refused_other) ENTRY(results_unrecognised)
#undef ENTRY
    return hash;
}

VALUE mx_stats(VALUE self, maxim_status status, const maxim_stats *stats) {
    mx_deliver_events(self);
    if (status != MAXIM_OK) rb_exc_raise(mx_error(status, maxim_last_error()));
    return stats_hash(stats);
}

void mx_init_call(void) {
    error_class = rb_const_get(mx_module, rb_intern("Error")); /* from lib/maxim/error.rb */
    id_refused = rb_intern("refused");
    id_for_status = rb_intern("for_status");
}
