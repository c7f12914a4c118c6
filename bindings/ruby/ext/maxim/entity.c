/*
 * Session, Trace, Span, Generation, Retrieval and ToolCall: a logger and an id each.
 *
 * The library's functions have few shapes, so each method is one line of entity_methods.h: a macro
 * makes the method from the function, and the compiler checks the function's type against the shape.
 */
#include "shared.h"

typedef struct mx_entity {
    VALUE logger;
    VALUE id; /* frozen UTF-8 */
    bool logged; /* its creation was accepted */
    bool ended;
} mx_entity;

static void entity_mark(void *pointer) {
    mx_entity *entity = pointer;
    rb_gc_mark(entity->logger); /* pins */
    rb_gc_mark(entity->id);
}

static size_t entity_size(const void *pointer) { return sizeof(mx_entity); }

static const rb_data_type_t entity_type = {
    .wrap_struct_name = "Maxim entity",
    .function = {.dmark = entity_mark, .dfree = RUBY_DEFAULT_FREE, .dsize = entity_size},
    .flags = RUBY_TYPED_FREE_IMMEDIATELY,
};

static VALUE base_class, Session, Trace, Span, Generation, Retrieval, ToolCall, LoggedError;
static ID id_within, id_random_id;
static VALUE null_text;

static VALUE entity_alloc(VALUE klass) {
    mx_entity *entity;
    VALUE self = TypedData_Make_Struct(klass, mx_entity, &entity_type, entity);
    entity->logger = entity->id = Qnil;
    return self;
}

static inline mx_entity *entity_get(VALUE self) {
    mx_entity *entity = rb_check_typeddata(self, &entity_type);
    if (NIL_P(entity->logger)) rb_raise(rb_eRuntimeError, "not initialized");
    return entity;
}

static VALUE entity_make(VALUE klass, VALUE logger, VALUE id, bool logged) {
    VALUE self = entity_alloc(klass);
    mx_entity *entity = RTYPEDDATA_DATA(self);
    entity->logger = logger;
    entity->id = id;
    entity->logged = logged;
    return self;
}

/* Trace.new(logger, id): goes on with an entity that was created elsewhere. */
static VALUE entity_initialize(VALUE self, VALUE logger, VALUE id) {
    mx_entity *entity = rb_check_typeddata(self, &entity_type);
    const mx_owner *owner = mx_owner_get(logger);
    if (!RTEST(rb_obj_is_kind_of(logger, mx_logger_class))) rb_raise(rb_eTypeError, "not a Maxim::Logger");
    VALUE failed = mx_to_text(owner, &id);
    if (failed) rb_exc_raise(failed);
    if (NIL_P(id)) rb_raise(rb_eArgError, "an id is needed");
    entity->logger = logger;
    entity->id = rb_str_new_frozen(id);
    entity->logged = true;
    return self;
}

static VALUE entity_logger(VALUE self) { return entity_get(self)->logger; }
static VALUE entity_id(VALUE self) { return entity_get(self)->id; }
static VALUE entity_is_logged(VALUE self) { return entity_get(self)->logged ? Qtrue : Qfalse; }
static VALUE entity_is_ended(VALUE self) { return entity_get(self)->ended ? Qtrue : Qfalse; }

/* --- the shapes ------------------------------------------------------------------------------- */

#define FN(type) ((type)call->fn)
typedef maxim_status (*fn_none)(maxim_logger *, maxim_str);
typedef maxim_status (*fn_text)(maxim_logger *, maxim_str, maxim_str);
typedef maxim_status (*fn_text2)(maxim_logger *, maxim_str, maxim_str, maxim_str);
typedef maxim_status (*fn_metric)(maxim_logger *, maxim_str, maxim_str, double);
typedef maxim_status (*fn_cost)(maxim_logger *, maxim_str, double, double, double);
typedef maxim_status (*fn_total)(maxim_logger *, maxim_str, double);
typedef maxim_status (*fn_time)(maxim_logger *, maxim_str, int64_t);
typedef maxim_status (*fn_result)(maxim_logger *, maxim_str, maxim_str, uint32_t);
typedef maxim_status (*fn_event)(maxim_logger *, maxim_str, const maxim_event_config *, maxim_id *);
typedef maxim_status (*fn_error)(maxim_logger *, maxim_str, const maxim_error_config *, maxim_id *);
typedef maxim_status (*fn_failure)(maxim_logger *, maxim_str, const maxim_error_config *);
typedef maxim_status (*fn_attachment)(maxim_logger *, maxim_str, const maxim_attachment *, maxim_id *);

static void invoke_none(mx_call *call) { call->status = FN(fn_none)(call->handle, call->id); }
static void invoke_text(mx_call *call) { call->status = FN(fn_text)(call->handle, call->id, call->text[0]); }
static void invoke_text2(mx_call *call) {
    call->status = FN(fn_text2)(call->handle, call->id, call->text[0], call->text[1]);
}
static void invoke_metric(mx_call *call) {
    call->status = FN(fn_metric)(call->handle, call->id, call->text[0], call->number[0]);
}
static void invoke_cost(mx_call *call) {
    call->status = FN(fn_cost)(call->handle, call->id, call->number[0], call->number[1], call->number[2]);
}
static void invoke_total(mx_call *call) { call->status = FN(fn_total)(call->handle, call->id, call->number[0]); }
static void invoke_time(mx_call *call) { call->status = FN(fn_time)(call->handle, call->id, call->integer); }
static void invoke_result(mx_call *call) {
    call->status = FN(fn_result)(call->handle, call->id, call->text[0], (uint32_t)call->integer);
}
static void invoke_event(mx_call *call) {
    maxim_event_config config = MAXIM_EVENT_CONFIG_INIT;
    config.id = call->text[0];
    config.name = call->text[1];
    config.tags_json = call->text[2];
    config.metadata_json = call->text[3];
    call->status = FN(fn_event)(call->handle, call->id, &config, NULL);
}
static void invoke_error(mx_call *call) { call->status = FN(fn_error)(call->handle, call->id, call->config, NULL); }
static void invoke_failure(mx_call *call) { call->status = FN(fn_failure)(call->handle, call->id, call->config); }
#ifdef MX_ATTACHMENTS
static void invoke_attachment(mx_call *call) {
    call->status = FN(fn_attachment)(call->handle, call->id, call->config, NULL);
}
#endif

/* Fills in what every call has. The struct is not zeroed: each shape sets what it reads. */
static inline mx_entity *begin(mx_call *call, VALUE self, void (*invoke)(mx_call *), void (*fn)(void)) {
    mx_entity *entity = entity_get(self);
    mx_owner *owner = RTYPEDDATA_DATA(entity->logger);
    call->invoke = invoke;
    call->fn = fn;
    call->handle = owner->handle;
    call->without_gvl = owner->may_block;
    call->id = maxim_str_n(RSTRING_PTR(entity->id), (size_t)RSTRING_LEN(entity->id));
    return entity;
}

static inline const mx_owner *owner_of(const mx_entity *entity) { return RTYPEDDATA_DATA(entity->logger); }

static inline VALUE finish(mx_call *call, mx_entity *entity, bool ends) {
    if (mx_run(call) && ends) entity->ended = true;
    return mx_logged(entity->logger, call);
}

typedef VALUE (*mx_convert)(const mx_owner *, VALUE *);
#define GENERIC(fn) ((void (*)(void))(fn))

static VALUE call_none(VALUE self, fn_none fn) {
    mx_call call;
    return finish(&call, begin(&call, self, invoke_none, GENERIC(fn)), true);
}

static inline VALUE call_text(VALUE self, fn_text fn, VALUE value, mx_convert convert, bool ends) {
    mx_call call;
    mx_entity *entity = begin(&call, self, invoke_text, GENERIC(fn));
    VALUE failed = convert(owner_of(entity), &value);
    if (failed) return mx_refused(entity->logger, failed);
    if (ends && NIL_P(value)) value = null_text; /* nothing came of it, and it has ended */
    call.text[0] = mx_borrow(&call, &value);
    VALUE done = finish(&call, entity, ends);
    RB_GC_GUARD(value);
    RB_GC_GUARD(self);
    return done;
}

static inline VALUE call_text2(VALUE self, fn_text2 fn, VALUE a, VALUE b, mx_convert convert) {
    mx_call call;
    mx_entity *entity = begin(&call, self, invoke_text2, GENERIC(fn));
    const mx_owner *owner = owner_of(entity);
    VALUE failed = convert(owner, &a);
    if (!failed) failed = convert(owner, &b);
    /* A tag without a name or value is one all the same. */
    if (convert == mx_to_text && owner->lossy) {
        if (NIL_P(a)) a = null_text;
        if (NIL_P(b)) b = null_text;
    }
    if (failed) return mx_refused(entity->logger, failed);
    call.text[0] = mx_borrow(&call, &a);
    call.text[1] = mx_borrow(&call, &b);
    VALUE done = finish(&call, entity, false);
    RB_GC_GUARD(a);
    RB_GC_GUARD(b);
    RB_GC_GUARD(self);
    return done;
}

static VALUE call_metric(VALUE self, fn_metric fn, VALUE name, VALUE value) {
    mx_call call;
    mx_entity *entity = begin(&call, self, invoke_metric, GENERIC(fn));
    VALUE failed = mx_to_text(owner_of(entity), &name);
    if (!failed) failed = mx_to_number(owner_of(entity), value, &call.number[0]);
    if (failed) return mx_refused(entity->logger, failed);
    call.text[0] = mx_borrow(&call, &name);
    VALUE done = finish(&call, entity, false);
    RB_GC_GUARD(name);
    return done;
}

static VALUE call_cost(VALUE self, fn_cost fn, VALUE input, VALUE output, VALUE total) {
    mx_call call;
    mx_entity *entity = begin(&call, self, invoke_cost, GENERIC(fn));
    VALUE failed = mx_to_number(owner_of(entity), input, &call.number[0]);
    if (!failed) failed = mx_to_number(owner_of(entity), output, &call.number[1]);
    if (!failed) failed = mx_to_number(owner_of(entity), total, &call.number[2]);
    if (failed) return mx_refused(entity->logger, failed);
    return finish(&call, entity, false);
}

static VALUE call_total(VALUE self, fn_total fn, VALUE total) {
    mx_call call;
    mx_entity *entity = begin(&call, self, invoke_total, GENERIC(fn));
    VALUE failed = mx_to_number(owner_of(entity), total, &call.number[0]);
    if (failed) return mx_refused(entity->logger, failed);
    return finish(&call, entity, false);
}

static VALUE call_time(VALUE self, fn_time fn, VALUE time) {
    mx_call call;
    mx_entity *entity = begin(&call, self, invoke_time, GENERIC(fn));
    VALUE failed = mx_to_time(owner_of(entity), &time);
    if (!failed && NIL_P(time)) failed = mx_error(MAXIM_ERR_INVALID_ARGUMENT, "give a Time, DateTime or seconds since 1970");
    if (failed) return mx_refused(entity->logger, failed);
    call.integer = NUM2LL(time);
    return finish(&call, entity, false);
}

static VALUE call_result(VALUE self, fn_result fn, VALUE result, VALUE flags) {
    mx_call call;
    mx_entity *entity = begin(&call, self, invoke_result, GENERIC(fn));
    VALUE failed = mx_to_json(owner_of(entity), &result);
    if (failed) return mx_refused(entity->logger, failed);
    if (NIL_P(result)) result = null_text;
    call.text[0] = mx_borrow(&call, &result);
    call.integer = NUM2UINT(flags);
    VALUE done = finish(&call, entity, true);
    RB_GC_GUARD(result);
    return done;
}

/* add_event(name, id: nil, tags: nil, metadata: nil) */
static VALUE call_event(int argc, VALUE *argv, VALUE self, fn_event fn) {
    static const char *const names[] = {"id", "tags", "metadata"};
    ID ids[3];
    VALUE options, part[4], rest[3], logger = entity_get(self)->logger;
    rb_scan_args(argc, argv, "1:", &part[1], &options);
    for (int i = 0; i < 3; i++) {
        ids[i] = rb_intern(names[i]);
        rest[i] = Qnil;
    }
    if (!NIL_P(options)) {
        rb_get_kwargs(options, ids, 0, -4, rest);
        if (!RHASH_EMPTY_P(options)) mx_refused(logger, mx_unknown(options, names, 3)); /* and the rest is logged */
    }
    part[0] = rest[0] == Qundef ? Qnil : rest[0];
    part[2] = rest[1] == Qundef ? Qnil : rest[1];
    part[3] = rest[2] == Qundef ? Qnil : rest[2];

    mx_call call;
    mx_entity *entity = begin(&call, self, invoke_event, GENERIC(fn));
    for (int i = 0; i < 4; i++) {
        VALUE failed = i < 2 ? mx_to_text(owner_of(entity), &part[i]) : mx_to_json(owner_of(entity), &part[i]);
        if (failed) return mx_refused(entity->logger, failed);
    }
    part[1] = mx_name(owner_of(entity), part[1]);
    for (int i = 0; i < 4; i++) call.text[i] = mx_borrow(&call, &part[i]);
    VALUE done = finish(&call, entity, false);
    for (int i = 0; i < 4; i++) RB_GC_GUARD(part[i]);
    return done;
}

/* What the configurations of most kinds have. */
#define NAMED(type) MX_FIELD(type, name, MX_TEXT), MX_FIELD(type, id, MX_TEXT)
#define TAGGED(type) MX_FIELD_AS(type, "tags", tags_json, MX_JSON)
#define STARTED(type) MX_FIELD_AS(type, "start_timestamp", start_timestamp_us, MX_TIME_US)
static const mx_field session_fields[] = {
    NAMED(maxim_session_config), TAGGED(maxim_session_config), STARTED(maxim_session_config),
};
static const mx_field trace_fields[] = {
    NAMED(maxim_trace_config),
    MX_FIELD(maxim_trace_config, session_id, MX_TEXT), MX_FIELD(maxim_trace_config, input, MX_TEXT),
    TAGGED(maxim_trace_config), STARTED(maxim_trace_config),
};
static const mx_field span_fields[] = {
    NAMED(maxim_span_config), TAGGED(maxim_span_config), STARTED(maxim_span_config),
};
static const mx_field retrieval_fields[] = {
    NAMED(maxim_retrieval_config), TAGGED(maxim_retrieval_config), STARTED(maxim_retrieval_config),
};
static const mx_field generation_fields[] = {
    NAMED(maxim_generation_config),
    MX_FIELD(maxim_generation_config, provider, MX_TEXT), MX_FIELD(maxim_generation_config, model, MX_TEXT),
    MX_FIELD_AS(maxim_generation_config, "messages", messages_json, MX_JSON),
    MX_FIELD_AS(maxim_generation_config, "model_parameters", model_parameters_json, MX_JSON),
    MX_FIELD(maxim_generation_config, span_id, MX_TEXT), MX_FIELD(maxim_generation_config, maxim_prompt_id, MX_TEXT),
    MX_FIELD(maxim_generation_config, maxim_prompt_version_id, MX_TEXT),
    TAGGED(maxim_generation_config), STARTED(maxim_generation_config),
};
static const mx_field tool_call_fields[] = {
    NAMED(maxim_tool_call_config),
    MX_FIELD(maxim_tool_call_config, description, MX_TEXT), MX_FIELD(maxim_tool_call_config, args, MX_TEXT),
    TAGGED(maxim_tool_call_config), STARTED(maxim_tool_call_config),
};
static const mx_field error_fields[] = {
    NAMED(maxim_error_config),
    MX_FIELD(maxim_error_config, message, MX_TEXT), MX_FIELD(maxim_error_config, code, MX_TEXT),
    MX_FIELD(maxim_error_config, type, MX_TEXT), TAGGED(maxim_error_config),
    MX_FIELD_AS(maxim_error_config, "metadata", metadata_json, MX_JSON),
};
#ifdef MX_ATTACHMENTS
static const mx_field attachment_fields[] = {
    MX_FIELD(maxim_attachment, id, MX_TEXT), MX_FIELD(maxim_attachment, name, MX_TEXT),
    MX_FIELD(maxim_attachment, path, MX_TEXT), MX_FIELD(maxim_attachment, url, MX_TEXT),
    {"data", MX_BYTES, offsetof(maxim_attachment, data), offsetof(maxim_attachment, data_len)},
    MX_FIELD(maxim_attachment, mime_type, MX_TEXT), MX_FIELD_AS(maxim_attachment, "tags", tags_json, MX_JSON),
    MX_FIELD_AS(maxim_attachment, "metadata", metadata_json, MX_JSON),
    MX_FIELD_AS(maxim_attachment, "timestamp", timestamp_s, MX_TIME_S),
};
#endif

/* Methods of an error: keyword arguments, as add_error in lib/maxim/entities.rb gives them. */
static VALUE call_error(VALUE self, void (*invoke)(mx_call *), void (*fn)(void), VALUE options, bool ends) {
    mx_call call;
    mx_entity *entity = begin(&call, self, invoke, fn);
    maxim_error_config config = MAXIM_ERROR_CONFIG_INIT;
    VALUE keep[MX_MAX_FIELDS];
    VALUE failed = MX_FILL(&call, error_fields, entity->logger, options, &config, keep);
    if (failed) return mx_refused(entity->logger, failed);
    /* An error without a message is one all the same. */
    if (!config.message.data && owner_of(entity)->lossy) config.message = maxim_str_z("(no message)");
    call.config = &config;
    return finish(&call, entity, ends);
}

#ifdef MX_ATTACHMENTS
/* add_attachment(path: | data: | url:, name: …): exactly one of the three. */
static VALUE call_attachment(int argc, VALUE *argv, VALUE self, fn_attachment fn) {
    VALUE options;
    rb_scan_args(argc, argv, ":", &options);
    mx_call call;
    mx_entity *entity = begin(&call, self, invoke_attachment, GENERIC(fn));
    maxim_attachment config = MAXIM_ATTACHMENT_INIT;
    VALUE keep[MX_MAX_FIELDS];
    VALUE failed = MX_FILL(&call, attachment_fields, entity->logger, options, &config, keep);
    if (!failed && !!config.path.data + !!config.data + !!config.url.data != 1) {
        failed = mx_error(MAXIM_ERR_INVALID_ARGUMENT, "an attachment has one of path:, data: and url:");
    }
    if (failed) return mx_refused(entity->logger, failed);
    config.kind = config.path.data ? MAXIM_ATTACHMENT_FILE : config.data ? MAXIM_ATTACHMENT_DATA : MAXIM_ATTACHMENT_URL;
    call.config = &config;
    return finish(&call, entity, false);
}
#endif

/* The id that the caller gave, frozen; nil when there is none, or none that is text. */
static VALUE given_id(const mx_owner *owner, VALUE options) {
    VALUE id = NIL_P(options) ? Qnil : rb_hash_lookup(options, ID2SYM(rb_intern("id")));
    return NIL_P(id) || mx_to_text(owner, &id) ? Qnil : rb_str_new_frozen(id);
}

/*
 * Creators: (name = nil, **config). A creation that is refused is reported like any other call, and
 * still gives an object, so that the program goes on; its calls are refused or come to nothing.
 */
static VALUE create(int argc, VALUE *argv, VALUE logger, VALUE klass, mx_call *call, const mx_field *fields, int count,
                    void *config, maxim_str *name_member) {
    mx_owner *owner = mx_owner_get(logger);
    VALUE name, options, keep[MX_MAX_FIELDS];
    maxim_id id;
    rb_scan_args(argc, argv, "01:", &name, &options);
    call->handle = owner->handle;
    call->without_gvl = owner->may_block;
    call->config = config;
    call->out = &id;
    VALUE known_id = given_id(owner, options); /* mx_fill takes the options apart */
    VALUE failed = mx_fill(call, fields, count, logger, options, config, keep);
    if (!failed && !NIL_P(name)) {
        failed = mx_to_text(owner, &name);
        if (!failed) *name_member = mx_borrow(call, &name);
    }
    VALUE entity;
    if (!failed && mx_run(call)) {
        if (NIL_P(known_id)) known_id = rb_str_freeze(rb_utf8_str_new_cstr(id.text));
        entity = entity_make(klass, logger, known_id, true);
        mx_logged(logger, call);
    } else {
        if (failed) mx_refused(logger, failed);
        else mx_logged(logger, call);
        /* What follows needs something to refer to. */
        if (NIL_P(known_id)) known_id = rb_funcall(mx_module, id_random_id, 0);
        entity = entity_make(klass, logger, known_id, false);
    }
    RB_GC_GUARD(name);
    RB_GC_GUARD(options);
    if (rb_block_given_p()) return rb_funcall_passing_block(entity, id_within, 0, NULL);
    return entity;
}

/* --- methods, from entity_methods.h ------------------------------------------------------------ */

#define NEW(klass, method, function, config_type, fields)                                                     \
    static void invoke_##function(mx_call *call) { call->status = function(call->handle, call->config, call->out); } \
    static VALUE m_##function(int argc, VALUE *argv, VALUE self) {                                            \
        config_type config = MAXIM_SIZED_INIT(config_type);                                                   \
        mx_call call;                                                                                         \
        call.invoke = invoke_##function;                                                                      \
        return create(argc, argv, self, klass, &call, fields, sizeof(fields) / sizeof(*fields), &config, &config.name); \
    }
#define CHILD(klass, child, method, function, config_type, fields)                                            \
    static void invoke_##function(mx_call *call) {                                                            \
        call->status = function(call->handle, call->id, call->config, call->out);                             \
    }                                                                                                         \
    static VALUE m_##function(int argc, VALUE *argv, VALUE self) {                                            \
        config_type config = MAXIM_SIZED_INIT(config_type);                                                   \
        mx_call call;                                                                                         \
        mx_entity *parent = begin(&call, self, invoke_##function, NULL);                                      \
        return create(argc, argv, parent->logger, child, &call, fields, sizeof(fields) / sizeof(*fields), &config, \
                      &config.name);                                                                          \
    }
#define METHOD0(function, body) static VALUE m_##function(VALUE self) { return body; }
#define METHOD1(function, body) static VALUE m_##function(VALUE self, VALUE a) { return body; }
#define METHOD2(function, body) static VALUE m_##function(VALUE self, VALUE a, VALUE b) { return body; }
#define METHOD3(function, body) static VALUE m_##function(VALUE self, VALUE a, VALUE b, VALUE c) { return body; }
#define METHODV(function, body) static VALUE m_##function(int argc, VALUE *argv, VALUE self) { return body; }
#define END(klass, method, function) METHOD0(function, call_none(self, function))
#define TEXT(klass, method, function) METHOD1(function, call_text(self, function, a, mx_to_text, false))
#define TEXT_END(klass, method, function) METHOD1(function, call_text(self, function, a, mx_to_text, true))
#define JSON(klass, method, function) METHOD1(function, call_text(self, function, a, mx_to_json, false))
#define JSON_END(klass, method, function) METHOD1(function, call_text(self, function, a, mx_to_json, true))
#define TEXT_TEXT(klass, method, function) METHOD2(function, call_text2(self, function, a, b, mx_to_text))
#define JSON_JSON(klass, method, function) METHOD2(function, call_text2(self, function, a, b, mx_to_json))
#define METRIC(klass, method, function) METHOD2(function, call_metric(self, function, a, b))
#define COST(klass, method, function) METHOD3(function, call_cost(self, function, a, b, c))
#define TOTAL(klass, method, function) METHOD1(function, call_total(self, function, a))
#define TIME(klass, method, function) METHOD1(function, call_time(self, function, a))
#define RESULT(klass, method, function) METHOD2(function, call_result(self, function, a, b))
#define EVENT(klass, method, function) METHODV(function, call_event(argc, argv, self, function))
#define ATTACHMENT(klass, method, function) METHODV(function, call_attachment(argc, argv, self, function))
#define ERROR(klass, method, function)                                                                        \
    static VALUE m_##function(VALUE self, VALUE options) {                                                    \
        const fn_error fn = function;                                                                         \
        return call_error(self, invoke_error, GENERIC(fn), options, false);                                   \
    }
#define FAILURE(klass, method, function)                                                                      \
    static VALUE m_##function(VALUE self, VALUE options) {                                                    \
        const fn_failure fn = function;                                                                       \
        return call_error(self, invoke_failure, GENERIC(fn), options, true);                                  \
    }
#include "entity_methods.h"
/* What other languages have by the error's id only. */
TEXT_TEXT(LoggedError, "add_tag", maxim_error_add_tag)
JSON(LoggedError, "add_metadata", maxim_error_add_metadata)

#undef NEW
#undef CHILD
#undef END
#undef TEXT
#undef TEXT_END
#undef JSON
#undef JSON_END
#undef TEXT_TEXT
#undef JSON_JSON
#undef METRIC
#undef COST
#undef TOTAL
#undef TIME
#undef RESULT
#undef EVENT
#undef ATTACHMENT
#undef ERROR
#undef FAILURE

#define NEW(klass, method, function, config_type, fields) MX_DEFINE(mx_logger_class, method, function, m_##function, -1);
#define CHILD(klass, child, method, function, config_type, fields) MX_DEFINE(klass, method, function, m_##function, -1);
#define DEFINE0(klass, method, function) MX_DEFINE(klass, method, function, m_##function, 0);
#define DEFINE1(klass, method, function) MX_DEFINE(klass, method, function, m_##function, 1);
#define DEFINE2(klass, method, function) MX_DEFINE(klass, method, function, m_##function, 2);
#define DEFINE3(klass, method, function) MX_DEFINE(klass, method, function, m_##function, 3);
#define DEFINEV(klass, method, function) MX_DEFINE(klass, method, function, m_##function, -1);
#define END DEFINE0
#define TEXT DEFINE1
#define TEXT_END DEFINE1
#define JSON DEFINE1
#define JSON_END DEFINE1
#define TEXT_TEXT DEFINE2
#define JSON_JSON DEFINE2
#define METRIC DEFINE2
#define COST DEFINE3
#define TOTAL DEFINE1
#define TIME DEFINE1
#define RESULT DEFINE2
#define EVENT DEFINEV
#define ATTACHMENT DEFINEV
#define ERROR DEFINE1
#define FAILURE DEFINE1

static VALUE entity_class(const char *name) {
    VALUE klass = rb_define_class_under(mx_module, name, base_class);
    rb_gc_register_mark_object(klass);
    return klass;
}

void mx_init_entities(void) {
    null_text = rb_str_freeze(rb_utf8_str_new_cstr("null"));
    rb_gc_register_mark_object(null_text);
    id_within = rb_intern("within");
    id_random_id = rb_intern("random_id");
    base_class = rb_define_class_under(mx_module, "Entity", rb_cObject);
    rb_gc_register_mark_object(base_class);
    rb_define_alloc_func(base_class, entity_alloc);
    rb_define_method(base_class, "initialize", entity_initialize, 2);
    rb_define_method(base_class, "logger", entity_logger, 0);
    rb_define_method(base_class, "id", entity_id, 0);
    rb_define_method(base_class, "logged?", entity_is_logged, 0);
    rb_define_method(base_class, "ended?", entity_is_ended, 0);
#define CLASS(name) name = entity_class(#name);
    CLASS(Session) CLASS(Trace) CLASS(Span) CLASS(Generation) CLASS(Retrieval) CLASS(ToolCall) CLASS(LoggedError)
#include "entity_methods.h"
    TEXT_TEXT(LoggedError, "add_tag", maxim_error_add_tag)
    JSON(LoggedError, "add_metadata", maxim_error_add_metadata)
}
