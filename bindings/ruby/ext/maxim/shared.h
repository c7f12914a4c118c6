/*
 * What the files of the extension share: the owner of a handle, calls into the library, conversions.
 *
 * Every call into the library is described by an mx_call and made by mx_run, which releases the GVL
 * when the call may block. Nothing here lets a Ruby exception out while a resource is held.
 */
#ifndef MAXIM_RUBY_SHARED_H
#define MAXIM_RUBY_SHARED_H

#define MAXIM_DEPRECATED(note) /* The old names are bound on purpose. */
#include <maxim.h>

#include <ruby.h>
#include <ruby/encoding.h>
#include <ruby/thread.h>
#include <stdatomic.h>

/* Texts above this are formatted without the GVL (the header's limit for calls that may do I/O). */
#define MX_LARGE_BYTES ((size_t)256 << 10)
/* As long as maxim_last_error can be, with its NUL. */
#define MX_DETAIL_BYTES 1024
/* More members than any config struct has. */
#define MX_MAX_FIELDS 48

/* --- events.c: what the library's threads tell, until Ruby asks ------------------------------- */

typedef struct mx_events mx_events;

mx_events *mx_events_new(void);
void mx_events_retain(mx_events *events);
void mx_events_release(mx_events *events);
/* Whose events they are, for the mask's callback. */
struct mx_owner *mx_events_owner(const mx_events *events);
void mx_events_belong(mx_events *events, struct mx_owner *owner);
/* Callbacks for the library; user_data is the mx_events, and for a flush an mx_flush_token. */
void mx_on_error(void *user_data, maxim_status status, const char *message, uint64_t records);
void mx_on_debug(void *user_data, const char *message);
void mx_on_flush(void *user_data, maxim_status status, const char *detail);
void *mx_flush_token(mx_events *events, uint64_t number);
void mx_flush_token_free(void *token);
bool mx_events_pending(const mx_events *events);
/* Hands every event to `receiver` (private methods error_event, debug_event, flush_event). */
void mx_events_deliver(mx_events *events, VALUE receiver);

/* --- owners: Maxim::Logger and Maxim::LogClient::Handle --------------------------------------- */

typedef struct mx_owner {
    void *handle; /* maxim_logger or maxim_log_client; NULL before initialize */
    maxim_status (*free_handle)(void *handle);
    mx_events *events;
    bool strict;    /* raise_exceptions */
    bool lossy;     /* values that cannot be sent are changed, not refused */
    bool may_block; /* MAXIM_OVERFLOW_BLOCK: any log call may wait */
    bool delivering;
    VALUE mask; /* a Proc that is given entity, field and text; nil without one */
} mx_owner;

extern const rb_data_type_t mx_owner_type;
VALUE mx_owner_alloc(VALUE klass);
mx_owner *mx_owner_get(VALUE self);

/* --- calls ----------------------------------------------------------------------------------- */

typedef struct mx_call {
    void (*invoke)(struct mx_call *call); /* sets status */
    void (*fn)(void);                     /* the function of the library, cast back by invoke */
    void *handle;
    maxim_str id;
    maxim_str text[5];
    double number[3];
    int64_t integer;
    const void *config;
    void *out;
    maxim_status status;
    bool without_gvl;
    char detail[MX_DETAIL_BYTES]; /* set when status is not MAXIM_OK */
} mx_call;

/* Makes the call; true when it came to MAXIM_OK. */
bool mx_run(mx_call *call);
/* The same for a call that waits and has no texts: other Ruby threads run meanwhile, and this one can be interrupted
 * (wait.c). Raises what interrupted it. */
void mx_wait(mx_call *call);
/* mask.c: asks the owner's mask about a text, on the thread of the log call; user_data is the mx_events. */
int32_t mx_on_mask(void *user_data, int32_t entity, const char *field, const char *text, size_t length, maxim_str *out);
/* A call is made without the GVL from now on, or no more. */
void mx_outside_gvl(bool outside);
/* After a call: frees what masks gave, and goes on with what a mask was left by (a throw, Thread#kill). */
void mx_masked(void);
/* Makes the call on this native thread, with or without the GVL. */
void mx_make(mx_call *call);
/* What a log call returns: true, or false after reporting; raises in strict mode. */
VALUE mx_logged(VALUE owner, mx_call *call);
/* The same for a value that could not be converted: `error` is a Maxim::Error. */
VALUE mx_refused(VALUE owner, VALUE error);
/* Raises when the call failed, whatever the mode. */
void mx_must(mx_call *call);
/* What a flush returns: true, false when something was not delivered; raises otherwise. */
VALUE mx_waited(VALUE owner, mx_call *call);
VALUE mx_error(maxim_status status, const char *detail);
void mx_deliver_events(VALUE owner);
VALUE mx_stats(VALUE owner, maxim_status status, const maxim_stats *stats);

/* `timed` and `untimed`: calls of a handle of this type that may wait, for so many seconds or without saying for how long. */
#define MX_WAITS(type)                                                                                                 \
    typedef maxim_status (*timed_fn)(type *, uint32_t);                                                                \
    typedef maxim_status (*untimed_fn)(type *);                                                                        \
    static void invoke_timed(mx_call *call) {                                                                          \
        call->status = ((timed_fn)call->fn)(call->handle, (uint32_t)call->integer);                                    \
    }                                                                                                                  \
    static void invoke_untimed(mx_call *call) { call->status = ((untimed_fn)call->fn)(call->handle); }                 \
    static VALUE timed(VALUE self, timed_fn fn, VALUE seconds) {                                                       \
        mx_call call = {.invoke = invoke_timed, .fn = (void (*)(void))fn, .handle = mx_owner_get(self)->handle,        \
                        .integer = mx_milliseconds(seconds), .without_gvl = true};                                     \
        mx_wait(&call);                                                                                                \
        RB_GC_GUARD(self);                                                                                             \
        return mx_waited(self, &call);                                                                                 \
    }                                                                                                                  \
    static VALUE untimed(VALUE self, untimed_fn fn) {                                                                  \
        mx_call call = {.invoke = invoke_untimed, .fn = (void (*)(void))fn, .handle = mx_owner_get(self)->handle,      \
                        .without_gvl = true};                                                                          \
        mx_wait(&call);                                                                                                \
        mx_must(&call);                                                                                                \
        RB_GC_GUARD(self);                                                                                             \
        return Qtrue;                                                                                                  \
    }

/* --- convert.c ------------------------------------------------------------------------------- */

/* MX_SWITCH: true and false are on and off, whatever the environment says. MX_SHARE: 0 is none, and not the default. */
typedef enum {
    MX_TEXT, MX_JSON, MX_BYTES, MX_TIME_US, MX_TIME_S, MX_TIME_MS, MX_BOOL, MX_SWITCH, MX_SHARE, MX_I32, MX_U32, MX_U64
} mx_kind;

typedef struct mx_field {
    const char *name;
    mx_kind kind;
    size_t offset;
    size_t length_offset; /* MX_BYTES: where the length goes */
} mx_field;

/* Makes *value a String that the library can read, or nil. Qfalse, or the Maxim::Error that says why not; for an
 * owner that is lossy any value has a text. */
VALUE mx_to_text(const mx_owner *owner, VALUE *value);
/* A name that there has to be: of nil, for an owner that is lossy, what says so. */
VALUE mx_name(const mx_owner *owner, VALUE name);
VALUE mx_to_json(const mx_owner *owner, VALUE *value);
/* The text of a String made by the functions above; marks the call as large. */
maxim_str mx_borrow(mx_call *call, VALUE *value);
/* Makes *value a number of microseconds, or nil. */
VALUE mx_to_time(const mx_owner *owner, VALUE *value);
VALUE mx_to_number(const mx_owner *owner, VALUE value, double *number);
uint32_t mx_milliseconds(VALUE seconds);
/* Reads keyword arguments into a config struct; `keep` must live as long as the struct is used. `logged` is the owner
 * of a log call, which is told of keywords that do not exist and goes on; nil for what makes something, which fails. */
VALUE mx_fill(mx_call *call, const mx_field *fields, int count, VALUE logged, VALUE options, void *config, VALUE *keep);
#define MX_FILL(call, fields, logged, options, config, keep) \
    mx_fill(call, fields, (int)(sizeof(fields) / sizeof(*(fields))), logged, options, config, keep)

/* Members of tables of fields, by their own name or another one. */
#define MX_FIELD(type, name, kind) {#name, kind, offsetof(type, name), 0}
#define MX_FIELD_AS(type, ruby, name, kind) {ruby, kind, offsetof(type, name), 0}
/* The members that the configurations of a logger and of a log client share. */
#define MX_SHARED_FIELDS(type)                                                                                 \
    MX_FIELD(type, api_key, MX_TEXT), MX_FIELD(type, flush_interval_ms, MX_U32),                               \
        MX_FIELD(type, spool_dir, MX_TEXT), MX_FIELD(type, max_memory_bytes, MX_U64),                          \
        MX_FIELD(type, max_disk_bytes, MX_U64), MX_FIELD(type, overflow_policy, MX_I32),                       \
        MX_FIELD(type, block_timeout_ms, MX_U32), MX_FIELD(type, ca_file, MX_TEXT),                            \
        MX_FIELD(type, proxy, MX_TEXT), MX_FIELD(type, is_debug, MX_BOOL),                                     \
        MX_FIELD(type, allow_plaintext, MX_BOOL), MX_FIELD(type, lossy, MX_BOOL),                              \
        MX_FIELD(type, disabled, MX_BOOL), MX_FIELD(type, capture_content, MX_SWITCH),                         \
        MX_FIELD_AS(type, "masks", masks_json, MX_JSON), MX_FIELD(type, mask_budget_us, MX_U32),               \
        MX_FIELD(type, max_field_bytes, MX_U64), MX_FIELD(type, max_age_ms, MX_U64),                           \
        MX_FIELD(type, quarantine_max_age_ms, MX_U64), MX_FIELD(type, memory_only, MX_BOOL),                   \
        MX_FIELD(type, protocol, MX_I32), MX_FIELD(type, otlp_url, MX_TEXT),                                   \
        MX_FIELD(type, otlp_headers, MX_TEXT), MX_FIELD(type, otlp_encoding, MX_I32),                          \
        MX_FIELD(type, otlp_compression, MX_SWITCH), MX_FIELD(type, service_name, MX_TEXT),                    \
        MX_FIELD(type, resource_attributes, MX_TEXT), MX_FIELD(type, spool_dir_fallback, MX_BOOL)

/* What both do before they are made: their callbacks go to the owner's events, and the owner keeps what decides how
 * calls on it behave. */
#define MX_LISTEN(config, owner, debug, hook)                                          \
    do {                                                                               \
        (config).error_callback = mx_on_error;                                         \
        (config).debug_callback = RTEST(debug) ? mx_on_debug : NULL;                   \
        (config).mask_callback = NIL_P(hook) ? NULL : mx_on_mask;                      \
        (config).user_data = (owner)->events;                                          \
        (owner)->mask = (hook);                                                        \
        (owner)->lossy = (config).lossy;                                               \
        (owner)->may_block = (config).overflow_policy == MAXIM_OVERFLOW_BLOCK;         \
    } while (0)
/* Makes it by the call; raises why it cannot be. */
void mx_open(mx_owner *owner, mx_call *call, const void *config, VALUE strict, maxim_status (*free_handle)(void *));
/* NAME(strict, debug_handler?, mask or nil, config): what initialize calls, once. */
#define MX_OPENS(name, again, type, defaults, fields)                                                \
    static maxim_status free_##type(void *handle) { return type##_free(handle); }                    \
    static void invoke_new(mx_call *call) { call->status = type##_new(call->config, call->out); }    \
    static VALUE name(VALUE self, VALUE strict, VALUE debug, VALUE mask, VALUE options) {            \
        mx_owner *owner = mx_owner_get(self);                                                        \
        if (owner->handle) rb_raise(rb_eRuntimeError, again);                                        \
        type##_config config = defaults;                                                             \
        VALUE keep[MX_MAX_FIELDS];                                                                   \
        mx_call call = {.invoke = invoke_new, .without_gvl = true};                                  \
        VALUE failed = MX_FILL(&call, fields, Qnil, options, &config, keep);                         \
        if (failed) rb_exc_raise(failed);                                                            \
        MX_LISTEN(config, owner, debug, mask);                                                       \
        mx_open(owner, &call, &config, strict, free_##type);                                         \
        return self;                                                                                 \
    }

/* The error about keywords that do not exist, which are left in `rest`; `names` are those that do. */
VALUE mx_unknown(VALUE rest, const char *const *names, int count);

/* --- module.c: which method is which function of the library ---------------------------------- */

extern VALUE mx_module;

void mx_bound(VALUE klass, const char *method, const char *function);
#define MX_DEFINE(klass, method, function, implementation, arity) \
    (rb_define_method(klass, method, implementation, arity), mx_bound(klass, method, #function))
/* A function of the module itself, which it defines as well. */
void mx_bound_function(const char *method, const char *function, VALUE (*implementation)(ANYARGS), int arity);
/* The table is complete. */
void mx_all_bound(void);

/* --- what each file defines ------------------------------------------------------------------- */

extern VALUE mx_logger_class;

void mx_init_module(void);
void mx_init_call(void);
void mx_init_convert(void);
void mx_init_logger(void);
void mx_init_entities(void);
void mx_init_log_client(void);

#endif
