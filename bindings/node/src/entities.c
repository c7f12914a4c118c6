/*
 * Sessions, traces, spans, generations, retrievals and tool calls: one reader of arguments per shape of function.
 * entity_table.h says which function of the library stands behind which name.
 */
#include "shared.h"

#include <stdlib.h>

#define LOGGER maxim_logger *logger = take_handle(&call, 0, KIND_LOGGER);

ANSWERS_STATUS(call_id, 2, LOGGER maxim_str id = take_id(&call, 1);, call.method->function.id(logger, id))
ANSWERS_STATUS(call_text, 3, LOGGER maxim_str id = take_id(&call, 1); maxim_str text = take_text(&call, 2);
               , call.method->function.text(logger, id, text))
ANSWERS_STATUS(call_text_text, 4, LOGGER maxim_str id = take_id(&call, 1); maxim_str first = take_text(&call, 2);
               maxim_str second = take_text(&call, 3);, call.method->function.text_text(logger, id, first, second))
ANSWERS_STATUS(call_text_number, 4, LOGGER maxim_str id = take_id(&call, 1); maxim_str text = take_text(&call, 2);
               double number = take_number(&call, 3);, call.method->function.text_number(logger, id, text, number))
/* (logger, id, microseconds since 1970) */
ANSWERS_STATUS(call_time, 3, LOGGER maxim_str id = take_text(&call, 1); int64_t time_us = take_integer(&call, 2);
               , call.method->function.time(logger, id, time_us))
/* (logger, id, number) */
ANSWERS_STATUS(call_number, 3, LOGGER maxim_str id = take_text(&call, 1); double number = take_number(&call, 2);
               , call.method->function.number(logger, id, number))
/* (logger, id, input, output, total) */
ANSWERS_STATUS(call_cost, 5, LOGGER maxim_str id = take_text(&call, 1); double input = take_number(&call, 2);
               double output = take_number(&call, 3); double total = take_number(&call, 4);
               , call.method->function.cost(logger, id, input, output, total))
/* (logger, id, result, MAXIM_RESULT_…) */
ANSWERS_STATUS(call_result, 4, LOGGER maxim_str id = take_text(&call, 1); maxim_str result = take_text(&call, 2);
               uint32_t flags = take_u32(&call, 3);, call.method->function.result(logger, id, result, flags))
/* (logger, entity, id, action, data) */
ANSWERS_STATUS(call_commit, 5, LOGGER int32_t entity = (int32_t)take_number(&call, 1); maxim_str id = take_text(&call, 2);
               maxim_str action = take_text(&call, 3); maxim_str data = take_text(&call, 4);
               , maxim_commit(logger, entity, id, action, data))

/* The id that something was given, or the status of the call. */
static napi_value answer_id(struct call *call, maxim_status status, const maxim_id *id) {
    return status == MAXIM_OK && !call->failed ? answer_text(call, id->text) : answer_status(call, status);
}

/* The largest of the structs that something is made from. */
union config {
    size_t struct_size;
    maxim_session_config session;
    maxim_trace_config trace;
    maxim_span_config span;
    maxim_generation_config generation;
    maxim_retrieval_config retrieval;
    maxim_tool_call_config tool_call;
    maxim_error_config error;
    maxim_event_config event;
    maxim_attachment attachment;
};

/* (logger, parent's id, the struct's members…) -> id */
static napi_value call_create(napi_env env, napi_callback_info info) {
    struct call call;
    maxim_status status = MAXIM_OK;
    maxim_id out = {{0}};
    union config config = {0};
    call_begin(&call, env, info, MAX_ARGUMENTS);
    maxim_logger *logger = take_handle(&call, 0, KIND_LOGGER);
    maxim_str parent = take_text(&call, 1);
    config.struct_size = call.method->size;
    take_fields(&call, 2, call.method->fields, call.method->field_count, &config);
    if (!call.failed) {
        status = call.method->function.create(logger, parent, &config, &out);
    }
    call_end(&call);
    return answer_id(&call, status, &out);
}

/* (result, MAXIM_RESULT_…) -> JSON text or status */
static napi_value normalise_result(napi_env env, napi_callback_info info) {
    struct call call;
    size_t length = 0;
    call_begin(&call, env, info, 2);
    maxim_str result = take_text(&call, 0);
    uint32_t flags = take_u32(&call, 1);
    if (call.failed) {
        call_end(&call);
        return NULL;
    }
    napi_value answer = NULL;
    maxim_status status = maxim_normalise_result(result, flags, NULL, 0, &length);
    if (status == MAXIM_ERR_TOO_LARGE) {
        char *json = malloc(length + 1);
        status = json ? maxim_normalise_result(result, flags, json, length + 1, &length) : MAXIM_ERR_NO_RESOURCES;
        if (status == MAXIM_OK) {
            napi_create_string_utf8(env, json, length, &answer);
        }
        free(json);
    }
    call_end(&call);
    return answer ? answer : answer_status(&call, status);
}

/* One type for the functions that take a struct: each converts its own struct's pointer. Sessions and traces have no
 * parent, and an error that ends something has no id of its own. */
#define ONLY_ID(js, function)
#define TEXT(js, function)
#define TEXTS(js, function)
#define METRIC(js, function)
#define TOTAL(js, function)
#define COST(js, function)
#define TIME(js, function)
#define RESULT(js, function)
#define ADD(js, function, type, members)                                                                     \
    static maxim_status do_##function(maxim_logger *logger, maxim_str parent, const void *config, maxim_id *id) { \
        return function(logger, parent, (const type *)config, id);                                           \
    }
#define CREATE(js, function, type, members)                                                                  \
    static maxim_status do_##function(maxim_logger *logger, maxim_str parent, const void *config, maxim_id *id) { \
        (void)parent;                                                                                        \
        return function(logger, (const type *)config, id);                                                   \
    }
#define FAIL(js, function, type, members)                                                                    \
    static maxim_status do_##function(maxim_logger *logger, maxim_str parent, const void *config, maxim_id *id) { \
        (void)id;                                                                                            \
        return function(logger, parent, (const type *)config);                                               \
    }
#include "entity_table.h"
#undef ONLY_ID
#undef TEXT
#undef TEXTS
#undef METRIC
#undef TOTAL
#undef COST
#undef TIME
#undef RESULT
#undef ADD
#undef CREATE
#undef FAIL

#define T(type, member) FIELD(TEXT, maxim_##type##_config, member)
#define START(type) FIELD(I64, maxim_##type##_config, start_timestamp_us)
static const struct field session_fields[] = {T(session, id), T(session, name), T(session, tags_json), START(session)};
static const struct field trace_fields[] = {T(trace, id),        T(trace, name),  T(trace, session_id),
                                            T(trace, tags_json), T(trace, input), START(trace)};
static const struct field span_fields[] = {T(span, id), T(span, name), T(span, tags_json), START(span)};
static const struct field retrieval_fields[] = {T(retrieval, id), T(retrieval, name), T(retrieval, tags_json),
                                                START(retrieval)};
static const struct field generation_fields[] = {
    T(generation, id),
    T(generation, name),
    T(generation, provider),
    T(generation, model),
    T(generation, messages_json),
    T(generation, model_parameters_json),
    T(generation, span_id),
    T(generation, maxim_prompt_id),
    T(generation, maxim_prompt_version_id),
    T(generation, tags_json),
    START(generation),
};
static const struct field tool_call_fields[] = {T(tool_call, id),   T(tool_call, name),      T(tool_call, description),
                                                T(tool_call, args), T(tool_call, tags_json), START(tool_call)};
static const struct field error_fields[] = {T(error, id),   T(error, name),      T(error, message),      T(error, code),
                                            T(error, type), T(error, tags_json), T(error, metadata_json)};

static const struct field event_fields[] = {T(event, id), T(event, name), T(event, tags_json), T(event, metadata_json)};

#define A(type, member) FIELD(type, maxim_attachment, member)
static const struct field attachment_fields[] = {
    A(TEXT, id),  A(I32, kind),       A(TEXT, name),      A(TEXT, path),          A(BYTES, data),
    A(TEXT, url), A(TEXT, mime_type), A(TEXT, tags_json), A(TEXT, metadata_json), A(I64, timestamp_s),
};
_Static_assert(offsetof(maxim_attachment, data_len) == offsetof(maxim_attachment, data) + sizeof(const uint8_t *),
               "FIELD_BYTES fills both");

#define ONLY_ID(js, c) {.name = #js, .callback = call_id, .function.id = c},
#define TEXT(js, c) {.name = #js, .callback = call_text, .function.text = c},
#define TEXTS(js, c) {.name = #js, .callback = call_text_text, .function.text_text = c},
#define METRIC(js, c) {.name = #js, .callback = call_text_number, .function.text_number = c},
#define TIME(js, c) {.name = #js, .callback = call_time, .function.time = c},
#define TOTAL(js, c) {.name = #js, .callback = call_number, .function.number = c},
#define COST(js, c) {.name = #js, .callback = call_cost, .function.cost = c},
#define RESULT(js, c) {.name = #js, .callback = call_result, .function.result = c},
#define MAKE(js, c, type, members)     \
    {.name = #js,                      \
     .callback = call_create,          \
     .function.create = do_##c,        \
     .size = sizeof(type),             \
     .fields = members,                \
     .field_count = COUNT(members)},
#define ADD MAKE
#define CREATE MAKE
#define FAIL MAKE

static const struct method METHODS[] = {
#include "entity_table.h"
    {.name = "commit", .callback = call_commit},
    {.name = "errorAddTag", .callback = call_text_text, .function.text_text = maxim_error_add_tag},
    {.name = "errorAddMetadata", .callback = call_text, .function.text = maxim_error_add_metadata},
    {.name = "normaliseResult", .callback = normalise_result},
};

struct methods entity_methods(void) {
    return (struct methods){METHODS, COUNT(METHODS)};
}
