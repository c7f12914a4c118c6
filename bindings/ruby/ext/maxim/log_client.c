/*
 * Maxim::LogClient's native half, and flows.
 *
 * lib/maxim/log_client.rb and lib/maxim/flow.rb put the public methods on top.
 */
#include "shared.h"

#define CLIENT(name, kind) MX_FIELD(maxim_log_client_config, name, kind)
static const mx_field client_fields[] = {
    MX_SHARED_FIELDS(maxim_log_client_config),
    CLIENT(source, MX_TEXT), CLIENT(environment, MX_I32), CLIENT(endpoint, MX_TEXT), CLIENT(version, MX_TEXT),
    CLIENT(dataset, MX_TEXT), CLIENT(user_id, MX_TEXT), CLIENT(session_id, MX_TEXT), CLIENT(batch_size, MX_U32),
    CLIENT(min_level, MX_I32), CLIENT(max_retries, MX_U32), CLIENT(initial_delay_ms, MX_U32),
    CLIENT(max_delay_ms, MX_U32),
};
#undef CLIENT
#define ENTRY(name, kind) MX_FIELD(maxim_log_entry, name, kind)
static const mx_field entry_fields[] = {
    ENTRY(level, MX_I32), ENTRY(message, MX_TEXT), MX_FIELD_AS(maxim_log_entry, "data", data_json, MX_JSON),
    ENTRY(user_id, MX_TEXT), ENTRY(session_id, MX_TEXT), ENTRY(request_id, MX_TEXT), ENTRY(error_name, MX_TEXT),
    ENTRY(error_stack, MX_TEXT), MX_FIELD_AS(maxim_log_entry, "tags", tags_json, MX_JSON), ENTRY(flow_id, MX_TEXT),
    ENTRY(step_index, MX_I32), ENTRY(dataset, MX_TEXT),
    MX_FIELD_AS(maxim_log_entry, "timestamp", timestamp_ms, MX_TIME_MS), ENTRY(ip_address, MX_TEXT),
    ENTRY(country, MX_TEXT),
};
#undef ENTRY
static const mx_field raw_fields[] = {
    MX_FIELD(maxim_raw_options, source, MX_TEXT), MX_FIELD(maxim_raw_options, environment, MX_I32),
    MX_FIELD(maxim_raw_options, level, MX_I32), MX_FIELD(maxim_raw_options, dataset, MX_TEXT),
};

static VALUE handle_class, flow_class;

MX_OPENS(client_open, "the client is open already", maxim_log_client, MAXIM_LOG_CLIENT_CONFIG_INIT, client_fields)

/* --- entries: the same shapes for a client and for a flow -------------------------------------- */

typedef struct target {
    VALUE owner;
    void *handle;
    VALUE refused; /* why there is no handle, or Qfalse */
} target;

typedef maxim_status (*fn_client)(maxim_log_client *, maxim_str, maxim_str, const maxim_log_options *);
typedef maxim_status (*fn_flow)(maxim_flow *, maxim_str, maxim_str, const maxim_log_options *);

static void invoke_client(mx_call *call) {
    call->status = ((fn_client)call->fn)(call->handle, call->text[0], call->text[1], call->config);
}
static void invoke_flow(mx_call *call) {
    call->status = ((fn_flow)call->fn)(call->handle, call->text[0], call->text[1], call->config);
}

static VALUE log_level(target to, void (*invoke)(mx_call *), void (*fn)(void), VALUE message, VALUE data, VALUE tags) {
    mx_call call;
    call.invoke = invoke;
    call.fn = fn;
    call.handle = to.handle;
    const mx_owner *owner = mx_owner_get(to.owner);
    call.without_gvl = owner->may_block;
    VALUE failed = to.refused;
    if (!failed) failed = mx_to_text(owner, &message);
    if (!failed) failed = mx_to_json(owner, &data);
    if (!failed) failed = mx_to_json(owner, &tags);
    if (failed) return mx_refused(to.owner, failed);
    maxim_log_options options = MAXIM_LOG_OPTIONS_INIT;
    call.text[0] = mx_borrow(&call, &message);
    call.text[1] = mx_borrow(&call, &data);
    options.tags_json = mx_borrow(&call, &tags);
    call.config = NIL_P(tags) ? NULL : &options;
    mx_run(&call);
    RB_GC_GUARD(message);
    RB_GC_GUARD(data);
    RB_GC_GUARD(tags);
    return mx_logged(to.owner, &call);
}

static void invoke_client_error(mx_call *call) {
    call->status = maxim_log_error_with(call->handle, call->text[0], call->config, call->out);
}
static void invoke_flow_error(mx_call *call) {
    call->status = maxim_flow_error_with(call->handle, call->text[0], call->config, call->out);
}

static VALUE log_error(target to, void (*invoke)(mx_call *), VALUE message, VALUE name, VALUE text, VALUE stack,
                       VALUE tags) {
    VALUE part[] = {message, name, text, stack};
    VALUE failed = to.refused;
    mx_call call;
    call.invoke = invoke;
    call.handle = to.handle;
    const mx_owner *owner = mx_owner_get(to.owner);
    call.without_gvl = owner->may_block;
    for (int i = 0; i < 4 && !failed; i++) failed = mx_to_text(owner, &part[i]);
    if (!failed) failed = mx_to_json(owner, &tags);
    if (failed) return mx_refused(to.owner, failed);
    maxim_log_error_info error = MAXIM_LOG_ERROR_INFO_INIT;
    maxim_log_options options = MAXIM_LOG_OPTIONS_INIT;
    call.text[0] = mx_borrow(&call, &part[0]);
    error.name = mx_borrow(&call, &part[1]);
    error.message = mx_borrow(&call, &part[2]);
    error.stack = mx_borrow(&call, &part[3]);
    options.tags_json = mx_borrow(&call, &tags);
    call.config = &error;
    call.out = NIL_P(tags) ? NULL : &options;
    mx_run(&call);
    for (int i = 0; i < 4; i++) RB_GC_GUARD(part[i]);
    RB_GC_GUARD(tags);
    return mx_logged(to.owner, &call);
}

static target client_target(VALUE self) { return (target){self, mx_owner_get(self)->handle, Qfalse}; }

#define LEVEL(function, type, find, invoke)                                                    \
    static VALUE m_##function(VALUE self, VALUE message, VALUE data, VALUE tags) {             \
        const type fn = function;                                                              \
        return log_level(find(self), invoke, (void (*)(void))fn, message, data, tags);         \
    }
/* debug, info, warn, error and error_with of a client or a flow. */
#define LEVELS(prefix, who)                                                                                   \
    LEVEL(prefix##_debug, fn_##who, who##_target, invoke_##who)                                               \
    LEVEL(prefix##_info, fn_##who, who##_target, invoke_##who)                                                \
    LEVEL(prefix##_warn, fn_##who, who##_target, invoke_##who)                                                \
    LEVEL(prefix##_error, fn_##who, who##_target, invoke_##who)                                               \
    static VALUE who##_error_with(VALUE self, VALUE message, VALUE name, VALUE text, VALUE stack, VALUE tags) { \
        return log_error(who##_target(self), invoke_##who##_error, message, name, text, stack, tags);         \
    }
LEVELS(maxim_log, client)

static void invoke_entry(mx_call *call) { call->status = maxim_log(call->handle, call->config); }

static VALUE client_log(VALUE self, VALUE options) {
    mx_owner *owner = mx_owner_get(self);
    maxim_log_entry entry = MAXIM_LOG_ENTRY_INIT;
    VALUE keep[MX_MAX_FIELDS];
    mx_call call;
    call.invoke = invoke_entry;
    call.handle = owner->handle;
    call.without_gvl = owner->may_block;
    VALUE failed = MX_FILL(&call, entry_fields, self, options, &entry, keep);
    if (failed) return mx_refused(self, failed);
    call.config = &entry;
    mx_run(&call);
    return mx_logged(self, &call);
}

/* --- the client's state ------------------------------------------------------------------------ */

typedef maxim_status (*fn_set)(maxim_log_client *, maxim_str);
static void invoke_set(mx_call *call) { call->status = ((fn_set)call->fn)(call->handle, call->text[0]); }

static VALUE set_text(VALUE self, fn_set fn, VALUE value) {
    mx_owner *owner = mx_owner_get(self);
    mx_call call;
    call.invoke = invoke_set;
    call.fn = (void (*)(void))fn;
    call.handle = owner->handle;
    call.without_gvl = false;
    VALUE failed = mx_to_text(owner, &value);
    if (failed) return mx_refused(self, failed);
    call.text[0] = mx_borrow(&call, &value);
    mx_run(&call);
    RB_GC_GUARD(value);
    return mx_logged(self, &call);
}

static VALUE client_set_user_id(VALUE self, VALUE id) { return set_text(self, maxim_log_set_user_id, id); }
static VALUE client_set_session_id(VALUE self, VALUE id) { return set_text(self, maxim_log_set_session_id, id); }

static VALUE client_would_log(VALUE self, VALUE level) {
    return maxim_log_would_log(mx_owner_get(self)->handle, NUM2INT(level)) ? Qtrue : Qfalse;
}

static VALUE client_spool_dir(VALUE self) {
    const char *directory = maxim_log_client_spool_dir(mx_owner_get(self)->handle);
    return directory ? rb_utf8_str_new_cstr(directory) : Qnil;
}

static VALUE client_stats(VALUE self) {
    maxim_stats stats = MAXIM_STATS_INIT;
    maxim_status status = maxim_log_client_stats(mx_owner_get(self)->handle, &stats);
    return mx_stats(self, status, &stats);
}

MX_WAITS(maxim_log_client)

static VALUE client_purge(VALUE self) { return untimed(self, maxim_log_purge); }
static VALUE client_flush(VALUE self, VALUE seconds) { return timed(self, maxim_log_flush, seconds); }
static VALUE client_disconnect(VALUE self, VALUE seconds) { return timed(self, maxim_log_disconnect, seconds); }

static VALUE client_flush_async(VALUE self, VALUE seconds, VALUE number) {
    mx_owner *owner = mx_owner_get(self);
    uint32_t timeout = mx_milliseconds(seconds);
    void *token = mx_flush_token(owner->events, NUM2ULL(number));
    if (!token) rb_memerror();
    maxim_status status = maxim_log_flush_async(owner->handle, timeout, mx_on_flush, token);
    if (status == MAXIM_OK) return Qtrue;
    mx_flush_token_free(token);
    rb_exc_raise(mx_error(status, maxim_last_error()));
}

/* --- raw documents ------------------------------------------------------------------------------ */

typedef struct raw {
    const uint8_t *body;
    size_t length;
    int32_t format;
    uint32_t timeout_ms;
    maxim_raw_options options;
} raw;

static void invoke_raw(mx_call *call) {
    const raw *given = call->config;
    call->status = maxim_ingest_raw(call->handle, given->body, given->length, given->format, &given->options,
                                    given->timeout_ms);
}
static void invoke_raw_async(mx_call *call) {
    const raw *given = call->config;
    call->status = maxim_ingest_raw_async(call->handle, given->body, given->length, given->format, &given->options);
}

static VALUE ingest(VALUE self, void (*invoke)(mx_call *), VALUE body, VALUE format, VALUE options, uint32_t timeout_ms) {
    StringValue(body);
    body = rb_str_new_frozen(body);
    maxim_raw_options init = MAXIM_RAW_OPTIONS_INIT;
    raw given = {(const uint8_t *)RSTRING_PTR(body), (size_t)RSTRING_LEN(body), NUM2INT(format), timeout_ms, init};
    VALUE keep[MX_MAX_FIELDS];
    mx_call call = {.invoke = invoke, .handle = mx_owner_get(self)->handle, .without_gvl = true, .config = &given};
    VALUE failed = MX_FILL(&call, raw_fields, self, options, &given.options, keep);
    if (failed) return mx_refused(self, failed);
    mx_run(&call);
    RB_GC_GUARD(body);
    return mx_logged(self, &call);
}

static VALUE client_ingest_raw(VALUE self, VALUE body, VALUE format, VALUE options, VALUE seconds) {
    return ingest(self, invoke_raw, body, format, options, mx_milliseconds(seconds));
}
static VALUE client_ingest_raw_async(VALUE self, VALUE body, VALUE format, VALUE options) {
    return ingest(self, invoke_raw_async, body, format, options, 0);
}

/* --- flows -------------------------------------------------------------------------------------- */

typedef struct mx_flow {
    VALUE owner;
    maxim_flow *handle;
    VALUE refused;
} mx_flow;

static void flow_mark(void *pointer) {
    rb_gc_mark(((mx_flow *)pointer)->owner);
    rb_gc_mark(((mx_flow *)pointer)->refused);
}
static void flow_free(void *pointer) {
    maxim_flow_free(((mx_flow *)pointer)->handle);
    ruby_xfree(pointer);
}
static size_t flow_size(const void *pointer) { return sizeof(mx_flow); }

static const rb_data_type_t flow_type = {
    .wrap_struct_name = "Maxim flow",
    .function = {.dmark = flow_mark, .dfree = flow_free, .dsize = flow_size},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY,
};

static VALUE flow_alloc(VALUE klass) {
    mx_flow *flow;
    VALUE self = TypedData_Make_Struct(klass, mx_flow, &flow_type, flow);
    flow->owner = Qnil;
    flow->refused = Qfalse;
    return self;
}

static mx_flow *flow_get(VALUE self) {
    mx_flow *flow = rb_check_typeddata(self, &flow_type);
    if (NIL_P(flow->owner)) rb_raise(rb_eRuntimeError, "not initialized");
    return flow;
}

static target flow_target(VALUE self) {
    mx_flow *flow = flow_get(self);
    return (target){flow->owner, flow->handle, flow->refused};
}

static void invoke_flow_new(mx_call *call) { call->status = maxim_flow_new(call->handle, call->text[0], call->out); }
static void invoke_flow_new_remote(mx_call *call) {
    call->status = maxim_flow_new_remote(call->handle, call->text[0], (uint32_t)call->integer, call->out);
}

static VALUE flow_make(VALUE owner, VALUE name, void (*invoke)(mx_call *), bool waits, uint32_t timeout_ms) {
    mx_owner *client = mx_owner_get(owner);
    VALUE self = flow_alloc(flow_class);
    mx_flow *flow = RTYPEDDATA_DATA(self);
    flow->owner = owner;
    VALUE failed = mx_to_text(client, &name);
    if (!failed) {
        name = mx_name(client, name);
        mx_call call = {.invoke = invoke, .handle = client->handle, .out = &flow->handle, .without_gvl = waits,
                        .integer = timeout_ms};
        call.text[0] = mx_borrow(&call, &name);
        mx_run(&call);
        if (call.status != MAXIM_OK) failed = mx_error(call.status, call.detail);
    }
    if (failed && waits) rb_exc_raise(failed);
    /* No log call raises unless it is asked to: the flow has no handle, and its entries are refused for the same. */
    flow->refused = failed;
    if (failed) mx_refused(owner, failed);
    RB_GC_GUARD(name);
    RB_GC_GUARD(self);
    return self;
}

static VALUE client_flow(VALUE self, VALUE name) { return flow_make(self, name, invoke_flow_new, false, 0); }
static VALUE client_remote_flow(VALUE self, VALUE name, VALUE seconds) {
    return flow_make(self, name, invoke_flow_new_remote, true, mx_milliseconds(seconds));
}

static VALUE flow_id(VALUE self) {
    maxim_flow *flow = flow_get(self)->handle;
    const char *id = flow ? maxim_flow_id(flow) : NULL;
    return id ? rb_utf8_str_new_cstr(id) : Qnil;
}
static VALUE flow_name(VALUE self) {
    maxim_flow *flow = flow_get(self)->handle;
    const char *name = flow ? maxim_flow_name(flow) : NULL;
    return name ? rb_utf8_str_new_cstr(name) : Qnil;
}
static VALUE flow_step_index(VALUE self) {
    maxim_flow *flow = flow_get(self)->handle;
    return INT2NUM(flow ? maxim_flow_step_index(flow) : -1);
}

LEVELS(maxim_flow, flow)

static VALUE client_poll(VALUE self) {
    mx_deliver_events(self);
    return self;
}

void mx_init_log_client(void) {
    VALUE client = rb_define_class_under(mx_module, "LogClient", rb_cObject);
    VALUE klass = handle_class = rb_define_class_under(client, "Handle", rb_cObject);
    rb_gc_register_mark_object(handle_class);
    rb_define_alloc_func(klass, mx_owner_alloc);
    MX_DEFINE(klass, "open_native", maxim_log_client_new, client_open, 4);
    mx_bound(klass, "(garbage collection)", "maxim_log_client_free");
    MX_DEFINE(klass, "debug", maxim_log_debug, m_maxim_log_debug, 3);
    MX_DEFINE(klass, "info", maxim_log_info, m_maxim_log_info, 3);
    MX_DEFINE(klass, "warn", maxim_log_warn, m_maxim_log_warn, 3);
    MX_DEFINE(klass, "error", maxim_log_error, m_maxim_log_error, 3);
    MX_DEFINE(klass, "error_with", maxim_log_error_with, client_error_with, 5);
    MX_DEFINE(klass, "log", maxim_log, client_log, 1);
    MX_DEFINE(klass, "user_id=", maxim_log_set_user_id, client_set_user_id, 1);
    MX_DEFINE(klass, "session_id=", maxim_log_set_session_id, client_set_session_id, 1);
    MX_DEFINE(klass, "would_log?", maxim_log_would_log, client_would_log, 1);
    MX_DEFINE(klass, "spool_dir", maxim_log_client_spool_dir, client_spool_dir, 0);
    MX_DEFINE(klass, "stats", maxim_log_client_stats, client_stats, 0);
    MX_DEFINE(klass, "flush", maxim_log_flush, client_flush, 1);
    MX_DEFINE(klass, "flush_async_native", maxim_log_flush_async, client_flush_async, 2);
    MX_DEFINE(klass, "purge", maxim_log_purge, client_purge, 0);
    MX_DEFINE(klass, "disconnect", maxim_log_disconnect, client_disconnect, 1);
    MX_DEFINE(klass, "ingest_raw", maxim_ingest_raw, client_ingest_raw, 4);
    MX_DEFINE(klass, "ingest_raw_async", maxim_ingest_raw_async, client_ingest_raw_async, 3);
    MX_DEFINE(klass, "flow", maxim_flow_new, client_flow, 1);
    MX_DEFINE(klass, "remote_flow", maxim_flow_new_remote, client_remote_flow, 2);
    rb_define_method(klass, "poll", client_poll, 0);

    VALUE flow = flow_class = rb_define_class_under(mx_module, "Flow", rb_cObject);
    rb_gc_register_mark_object(flow_class);
    rb_undef_alloc_func(flow);
    mx_bound(flow, "(garbage collection)", "maxim_flow_free");
    MX_DEFINE(flow, "id", maxim_flow_id, flow_id, 0);
    MX_DEFINE(flow, "name", maxim_flow_name, flow_name, 0);
    MX_DEFINE(flow, "step_index", maxim_flow_step_index, flow_step_index, 0);
    MX_DEFINE(flow, "debug_native", maxim_flow_debug, m_maxim_flow_debug, 3);
    MX_DEFINE(flow, "info_native", maxim_flow_info, m_maxim_flow_info, 3);
    MX_DEFINE(flow, "warn_native", maxim_flow_warn, m_maxim_flow_warn, 3);
    MX_DEFINE(flow, "error_native", maxim_flow_error, m_maxim_flow_error, 3);
    MX_DEFINE(flow, "error_with_native", maxim_flow_error_with, flow_error_with, 5);
}
