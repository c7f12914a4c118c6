/*
 * What the addon's files share: one environment's state, the arguments of one call, and the tables
 * that say which JavaScript function is which function of the library.
 *
 * The addon is thin on purpose. A function takes the handle and positional arguments and answers with
 * undefined (MAXIM_OK) or the number of a status; lib/ makes errors, objects and promises of that. It
 * is loaded once per environment (main thread and each worker), and keeps no state outside of one.
 */
#ifndef MAXIM_NODE_SHARED_H
#define MAXIM_NODE_SHARED_H

#define NAPI_VERSION 8
#include <maxim.h>
#include <node_api.h>
#include <pthread.h>

/* Most arguments that a function takes: the handle, the parent's id and a generation's fields. */
#define MAX_ARGUMENTS 14

/* The longest id that the library accepts, in bytes. */
#define MAX_ID 256
/* The library refuses a longer text by its length (maxim.h, STRINGS), so that it need not be copied. */
#define MAX_TEXT ((size_t)160 << 20)

/* Bytes of a call's strings that are kept on the stack; longer ones are allocated. */
#define SMALL_TEXTS 2048

/* The kinds of handles. */
enum kind { KIND_LOGGER, KIND_LOG_CLIENT, KIND_FLOW, KINDS };

/* What a message to JavaScript is about; lib/event-queue.js has the same numbers. */
enum subject { SUBJECT_ERROR, SUBJECT_DEBUG, SUBJECT_DONE };

struct event_queue;

/* What a JavaScript function knows of itself: asking for the environment's state would cost a call. */
struct function {
    const struct method *method;
    struct addon *addon;
};

/* One environment's state. */
struct addon {
    struct event_queue *queue;
    /* Asked for the texts of loggers that have a mask. */
    napi_ref mask;
    /* The handle of each kind that was checked last: checking a tag costs as much as a log call. */
    void *checked[KINDS];
    /* The id that `take_id` read last. */
    size_t id_length;
    char id[MAX_ID];
    struct function functions[];
};

/* Who is told what happens later: the callbacks' user_data. */
struct listener {
    struct event_queue *queue;
    double number;
    /* For `on_mask`, which is called on the environment's thread: what it answered last. */
    struct addon *addon;
    napi_env env;
    pthread_t thread;
    char *masked;
};

/* One call from JavaScript. */
struct call {
    napi_env env;
    struct addon *addon;
    const struct method *method;
    napi_value values[MAX_ARGUMENTS];
    /* An argument had the wrong type; the exception is pending. */
    bool failed;
    size_t used;
    size_t allocated;
    char *large[MAX_ARGUMENTS];
    char small[SMALL_TEXTS];
};

/* A member of a configuration struct and what it is filled from. */
struct field {
    const char *name;
    size_t offset;
    /* FIELD_BYTES: a pointer, and behind it how many bytes. */
    enum { FIELD_TEXT, FIELD_BYTES, FIELD_BOOL, FIELD_U32, FIELD_I32, FIELD_U64, FIELD_I64, FIELD_F64 } type;
};

typedef maxim_status (*id_function)(maxim_logger *, maxim_str);
typedef maxim_status (*text_function)(maxim_logger *, maxim_str, maxim_str);
typedef maxim_status (*text_text_function)(maxim_logger *, maxim_str, maxim_str, maxim_str);
typedef maxim_status (*text_number_function)(maxim_logger *, maxim_str, maxim_str, double);
typedef maxim_status (*time_function)(maxim_logger *, maxim_str, int64_t);
typedef maxim_status (*create_function)(maxim_logger *, maxim_str, const void *, maxim_id *);
typedef maxim_status (*number_function)(maxim_logger *, maxim_str, double);
typedef maxim_status (*cost_function)(maxim_logger *, maxim_str, double, double, double);
typedef maxim_status (*result_function)(maxim_logger *, maxim_str, maxim_str, maxim_result_flags);
typedef maxim_status (*wait_function)(void *, uint32_t);
typedef maxim_status (*set_text_function)(maxim_log_client *, maxim_str);
typedef maxim_status (*entry_function)(void *, maxim_str, maxim_str, const void *);
typedef maxim_status (*start_function)(void *, uint32_t, maxim_flush_callback, void *);

/* One function of the addon: its name in JavaScript, what reads its arguments, and what it calls. */
struct method {
    const char *name;
    napi_callback callback;
    enum kind kind;
    union {
        id_function id;
        text_function text;
        text_text_function text_text;
        text_number_function text_number;
        time_function time;
        create_function create;
        number_function number;
        cost_function cost;
        result_function result;
        wait_function wait;
        set_text_function set_text;
        entry_function entry;
        start_function start;
    } function;
    /* For functions that take a struct: its size and members, in the order of the arguments. */
    size_t size;
    const struct field *fields;
    size_t field_count;
};

/* A table of functions. */
struct methods {
    const struct method *list;
    size_t count;
};

struct methods logger_methods(void);
struct methods entity_methods(void);
struct methods log_client_methods(void);

/* call.c: arguments in, results out. */

/* Reads a call's first `takes` arguments, undefined where there are fewer; the strings taken are good until
 * `call_end`. */
void call_begin(struct call *call, napi_env env, napi_callback_info info, size_t takes);
void call_end(struct call *call);

/* Gives a TypeError, once per call: "argument 2 of traceAddTag must be a string". A member of an object has a name. */
void wrong_type(struct call *call, const char *name, size_t index, const char *wanted);

maxim_str take_text(struct call *call, size_t index);
/* An entity's id. A handle, which no user can pass here, stands for the id that this read before: an entity is mostly
 * logged to several times in a row, and reading an id takes 30 ns, as much as the way from JavaScript to here. */
maxim_str take_id(struct call *call, size_t index);
/* The bytes of a Uint8Array, which includes Buffers; good for the call only. */
maxim_str take_bytes(struct call *call, size_t index);
double take_number(struct call *call, size_t index);
int64_t take_integer(struct call *call, size_t index);
/* A timeout or a small number: out of range goes to the nearest, so that Infinity is the longest. */
uint32_t take_u32(struct call *call, size_t index);

/* Fills a struct from positional arguments from `first` on; undefined leaves a member as it is. */
void take_fields(struct call *call, size_t first, const struct field *fields, size_t count, void *target);
/* The same from the members of an object. */
void take_object(struct call *call, size_t index, const struct field *fields, size_t count, void *target);

/* undefined for MAXIM_OK, else the status. */
napi_value answer_status(struct call *call, maxim_status status);
napi_value answer_stats(struct call *call, const maxim_stats *stats);
napi_value answer_text(struct call *call, const char *text);
napi_value answer_number(struct call *call, int32_t number);
napi_value answer_boolean(struct call *call, bool value);

/* handle.c: what stands for a logger, a log client or a flow. */

void *take_handle(struct call *call, size_t index, enum kind kind);
/* A new handle of a kind; `hint` is the listener that goes with it, or NULL. */
napi_value answer_handle(struct call *call, void *handle, enum kind kind, struct listener *hint);

/* Who is told what happens later to a logger or log client that is made, and what of. */
struct opening {
    struct listener *listener;
    bool debug, mask;
};

/* Arguments 1 to 3: number of the listener, whether it wants debug output, whether it has a mask. No listener: the call
 * has failed, or there is no memory. */
struct opening take_opening(struct call *call);
/* Ends the call: the new handle, or the status. */
napi_value answer_opened(struct call *call, maxim_status status, void *handle, enum kind kind, struct opening opening);

/* event_queue.c: messages from the library's threads to an environment's. */

bool event_queue_open(napi_env env, napi_value dispatch, napi_value resource, struct event_queue **out);
void event_queue_keep(struct event_queue *queue);
void event_queue_release(struct event_queue *queue);
struct listener *listener_new(const struct call *call, double number);
void listener_free(struct listener *listener);
/* The library's callbacks; user_data is a listener, which `on_done` frees. */
void on_error(void *user_data, maxim_status status, const char *message, uint64_t records);
void on_debug(void *user_data, const char *message);
void on_done(void *user_data, maxim_status status, const char *detail);
/* mask.c */
int32_t on_mask(void *user_data, int32_t entity, const char *field, const char *text, size_t length, maxim_str *out);

/* While an answer is awaited, the environment's event loop stays alive. */
void event_queue_expect(napi_env env, struct event_queue *queue);

/* wait.c: calls that may block, on another thread. */

/* (handle, timeout in ms) -> Promise of undefined or [status, detail]. */
napi_value call_wait(napi_env env, napi_callback_info info);
/* (handle, timeout in ms) -> status: blocks the calling thread. */
napi_value call_block(napi_env env, napi_callback_info info);
/* A job of another shape: `run` is called on the pool, `done` makes the value of MAXIM_OK (or is NULL),
 * `drop` frees what `data` holds. */
struct job {
    maxim_status (*run)(struct job *job);
    napi_value (*done)(napi_env env, struct job *job);
    void (*drop)(struct job *job);
    void *data;
    void *handle;
    uint32_t timeout_ms;
    /* The rest is wait.c's. */
    wait_function function;
    napi_async_work work;
    napi_deferred deferred;
    maxim_status status;
    char detail[512];
};
napi_value job_start(struct call *call, struct job *job);

/* (handle, timeout, number): the answer comes as a message. Never blocks. */
napi_value call_start(napi_env env, napi_callback_info info);
/* The same for what the library only has in a blocking form: a thread of its own waits. */
napi_value call_apart(napi_env env, napi_callback_info info);

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELD(type, struct_name, member) {#member, offsetof(struct_name, member), FIELD_##type}

/* The members that the configurations of a logger and of a log client share, each as F(type, member). */
#define SHARED_FIELDS(F)                                                                                             \
    F(TEXT, api_key), F(U32, flush_interval_ms), F(TEXT, spool_dir), F(U64, max_memory_bytes), F(U64, max_disk_bytes), \
        F(I32, overflow_policy), F(U32, block_timeout_ms), F(TEXT, ca_file), F(TEXT, proxy), F(BOOL, is_debug),      \
        F(BOOL, allow_plaintext), F(BOOL, lossy), F(BOOL, disabled), F(I32, capture_content), F(TEXT, masks_json),   \
        F(U32, mask_budget_us), F(U64, max_field_bytes), F(U64, max_age_ms), F(U64, quarantine_max_age_ms),          \
        F(BOOL, memory_only), F(I32, protocol), F(TEXT, otlp_url), F(TEXT, otlp_headers), F(I32, otlp_encoding),     \
        F(I32, otlp_compression), F(TEXT, service_name), F(TEXT, resource_attributes), F(BOOL, spool_dir_fallback)

/* Sets the callbacks of a configuration. */
#define LISTEN(config, opening)                                          \
    do {                                                                 \
        (config).user_data = (opening).listener;                         \
        (config).error_callback = on_error;                              \
        (config).debug_callback = (opening).debug ? on_debug : NULL;     \
        (config).mask_callback = (opening).mask ? on_mask : NULL;        \
    } while (0)

/* The shapes that most functions of the addon have. */

/* Takes `arguments` (declarations) and answers with `outcome`, the status of a call of the library that is made only
 * where each argument has the type it should have. */
#define ANSWERS_STATUS(name, takes, arguments, outcome)             \
    static napi_value name(napi_env env, napi_callback_info info) { \
        struct call call;                                           \
        maxim_status status = MAXIM_OK;                             \
        call_begin(&call, env, info, takes);                        \
        arguments                                                   \
        if (!call.failed) {                                         \
            status = outcome;                                       \
        }                                                           \
        call_end(&call);                                            \
        return answer_status(&call, status);                        \
    }
/* Asks a handle for one thing, of which `answer` makes a value. */
#define ANSWERS(name, type, kind, answer, function)                      \
    static napi_value name(napi_env env, napi_callback_info info) {      \
        struct call call;                                                \
        call_begin(&call, env, info, 1);                                 \
        type *handle = take_handle(&call, 0, kind);                      \
        return call.failed ? NULL : answer(&call, function(handle));     \
    }
/* (config, number of the listener, whether it wants debug output, whether it has a mask) -> handle or status */
#define OPENS(name, type, defaults, kind, function)                                 \
    static napi_value name(napi_env env, napi_callback_info info) {                 \
        struct call call;                                                           \
        type##_config config = defaults;                                            \
        type *made = NULL;                                                          \
        maxim_status status = MAXIM_ERR_NO_RESOURCES;                               \
        call_begin(&call, env, info, 4);                                            \
        take_object(&call, 0, config_fields, COUNT(config_fields), &config);        \
        struct opening opening = take_opening(&call);                               \
        if (opening.listener) {                                                     \
            LISTEN(config, opening);                                                \
            status = function(&config, &made);                                      \
        }                                                                           \
        return answer_opened(&call, status, made, kind, opening);                   \
    }

#endif
