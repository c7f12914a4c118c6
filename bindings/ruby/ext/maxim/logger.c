/*
 * Maxim::Logger's native half: making, flushing, cleaning up, numbers, sinks, raw commits.
 *
 * lib/maxim/logger.rb puts the public methods on top. Everything here that may wait releases the GVL.
 */
#include "shared.h"

VALUE mx_logger_class;

#define FIELD(name, kind) MX_FIELD(maxim_logger_config, name, kind)
static const mx_field config_fields[] = {
    MX_SHARED_FIELDS(maxim_logger_config),
    FIELD(base_url, MX_TEXT), FIELD(repository_id, MX_TEXT), FIELD(auto_flush, MX_BOOL),
    FIELD(max_attachment_bytes, MX_U64), FIELD(extract_media, MX_SWITCH), FIELD(sample_rate, MX_SHARE),
    FIELD(incomplete_after_ms, MX_U64),
};
#undef FIELD

MX_OPENS(logger_open, "the logger is open already", maxim_logger, MAXIM_LOGGER_CONFIG_INIT, config_fields)

static void invoke_add_sink(mx_call *call) {
    call->status = maxim_logger_add_sink(call->handle, call->config, call->out);
}

static VALUE logger_add_sink(VALUE self, VALUE options) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    VALUE keep[MX_MAX_FIELDS];
    uint32_t sink = 0;
    mx_call call = {.invoke = invoke_add_sink, .handle = mx_owner_get(self)->handle, .without_gvl = true};
    VALUE failed = MX_FILL(&call, config_fields, Qnil, options, &config, keep);
    if (failed) rb_exc_raise(failed);
    call.config = &config;
    call.out = &sink;
    mx_run(&call);
    mx_must(&call);
    return UINT2NUM(sink);
}

/* --- waiting --------------------------------------------------------------------------------- */

MX_WAITS(maxim_logger)

static VALUE m_maxim_check(VALUE self, VALUE seconds) {
    mx_call call = {.invoke = invoke_timed, .fn = (void (*)(void))maxim_check,
                    .handle = mx_owner_get(self)->handle, .integer = mx_milliseconds(seconds), .without_gvl = true};
    mx_wait(&call);
    mx_must(&call);
    RB_GC_GUARD(self);
    return Qtrue;
}

static VALUE m_maxim_purge(VALUE self) { return untimed(self, maxim_purge); }

#define TIMED(function) \
    static VALUE m_##function(VALUE self, VALUE seconds) { return timed(self, function, seconds); }
TIMED(maxim_flush)
TIMED(maxim_flush_commit_logs)
TIMED(maxim_flush_log_files)
#ifdef MX_ATTACHMENTS
TIMED(maxim_flush_attachments)
#endif
TIMED(maxim_write_to_file)
TIMED(maxim_cleanup)

/* start_flush(seconds, number): flush_event(status, detail, number) is called when it is over. */
static VALUE logger_flush_async(VALUE self, VALUE seconds, VALUE number) {
    mx_owner *owner = mx_owner_get(self);
    uint32_t timeout = mx_milliseconds(seconds);
    void *token = mx_flush_token(owner->events, NUM2ULL(number));
    if (!token) rb_memerror();
    mx_call call = {.status = maxim_flush_async(owner->handle, timeout, mx_on_flush, token)};
    if (call.status == MAXIM_OK) return Qtrue;
    mx_flush_token_free(token);
    rb_exc_raise(mx_error(call.status, maxim_last_error()));
}

/* --- facts ----------------------------------------------------------------------------------- */

static VALUE logger_stats(VALUE self) {
    maxim_stats stats = MAXIM_STATS_INIT;
    maxim_status status = maxim_logger_stats(mx_owner_get(self)->handle, &stats);
    return mx_stats(self, status, &stats);
}

static VALUE logger_sink_stats(VALUE self, VALUE sink) {
    maxim_stats stats = MAXIM_STATS_INIT;
    maxim_status status = maxim_logger_sink_stats(mx_owner_get(self)->handle, NUM2UINT(sink), &stats);
    return mx_stats(self, status, &stats);
}

static VALUE logger_repository_id(VALUE self) {
    const char *id = maxim_logger_repository_id(mx_owner_get(self)->handle);
    return id ? rb_utf8_str_new_cstr(id) : Qnil;
}

static VALUE logger_spool_dir(VALUE self) {
    const char *directory = maxim_logger_spool_dir(mx_owner_get(self)->handle);
    return directory ? rb_utf8_str_new_cstr(directory) : Qnil;
}

static VALUE logger_can_access_filesystem(VALUE self) {
    return maxim_can_access_filesystem(mx_owner_get(self)->handle) ? Qtrue : Qfalse;
}

/* --- raw commits ------------------------------------------------------------------------------ */

static void invoke_commit(mx_call *call) {
    call->status = maxim_commit(call->handle, (int32_t)call->integer, call->id, call->text[0], call->text[1]);
}

static VALUE logger_commit(VALUE self, VALUE entity, VALUE id, VALUE action, VALUE data) {
    mx_owner *owner = mx_owner_get(self);
    mx_call call;
    call.invoke = invoke_commit;
    call.without_gvl = owner->may_block;
    call.handle = owner->handle;
    call.integer = NUM2INT(entity);
    VALUE failed = mx_to_text(owner, &id);
    if (!failed) failed = mx_to_text(owner, &action);
    if (!failed) failed = mx_to_json(owner, &data);
    if (failed) return mx_refused(self, failed);
    call.id = mx_borrow(&call, &id);
    call.text[0] = mx_borrow(&call, &action);
    call.text[1] = mx_borrow(&call, &data);
    mx_run(&call);
    RB_GC_GUARD(id);
    RB_GC_GUARD(action);
    RB_GC_GUARD(data);
    return mx_logged(self, &call);
}

static VALUE logger_poll(VALUE self) {
    mx_deliver_events(self);
    return self;
}

void mx_init_logger(void) {
    VALUE klass = mx_logger_class = rb_define_class_under(mx_module, "Logger", rb_cObject);
    rb_gc_register_mark_object(klass);
    rb_define_alloc_func(klass, mx_owner_alloc);
    MX_DEFINE(klass, "open_native", maxim_logger_new, logger_open, 4);
    mx_bound(klass, "(garbage collection)", "maxim_logger_free");
    MX_DEFINE(klass, "add_sink_native", maxim_logger_add_sink, logger_add_sink, 1);
    MX_DEFINE(klass, "flush_native", maxim_flush, m_maxim_flush, 1);
    MX_DEFINE(klass, "flush_commit_logs_native", maxim_flush_commit_logs, m_maxim_flush_commit_logs, 1);
    MX_DEFINE(klass, "flush_log_files_native", maxim_flush_log_files, m_maxim_flush_log_files, 1);
#ifdef MX_ATTACHMENTS
    MX_DEFINE(klass, "flush_attachments_native", maxim_flush_attachments, m_maxim_flush_attachments, 1);
#endif
    MX_DEFINE(klass, "write_to_file_native", maxim_write_to_file, m_maxim_write_to_file, 1);
    MX_DEFINE(klass, "purge", maxim_purge, m_maxim_purge, 0);
    MX_DEFINE(klass, "check_native", maxim_check, m_maxim_check, 1);
    MX_DEFINE(klass, "cleanup_native", maxim_cleanup, m_maxim_cleanup, 1);
    MX_DEFINE(klass, "flush_async_native", maxim_flush_async, logger_flush_async, 2);
    MX_DEFINE(klass, "stats", maxim_logger_stats, logger_stats, 0);
    MX_DEFINE(klass, "sink_stats", maxim_logger_sink_stats, logger_sink_stats, 1);
    MX_DEFINE(klass, "repository_id", maxim_logger_repository_id, logger_repository_id, 0);
    MX_DEFINE(klass, "spool_dir", maxim_logger_spool_dir, logger_spool_dir, 0);
    MX_DEFINE(klass, "can_access_filesystem?", maxim_can_access_filesystem, logger_can_access_filesystem, 0);
    MX_DEFINE(klass, "commit_native", maxim_commit, logger_commit, 4);
    rb_define_method(klass, "poll", logger_poll, 0);
}
