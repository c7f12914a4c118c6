/*
 * The program's own mask: a JavaScript function that is asked, inside a log call, for each text that is about to leave.
 *
 * One function per environment is given every text, with the number of the listener whose logger asks. Log calls are
 * made on the environment's thread, so it can be called right there. It may log itself: what the addon keeps from one
 * call to the next is put back after it.
 */
#include "shared.h"

#include <stdlib.h>
#include <string.h>

/* The function's answer as text that lasts until the next one; false when it is none. */
static bool keep_answer(struct listener *listener, napi_value answer, maxim_str *out) {
    napi_env env = listener->env;
    size_t length = 0;
    if (napi_get_value_string_utf8(env, answer, NULL, 0, &length) != napi_ok) {
        return false;
    }
    char *text = malloc(length + 1);
    if (!text) {
        return false;
    }
    free(listener->masked);
    listener->masked = text;
    napi_get_value_string_utf8(env, answer, text, length + 1, &length);
    *out = maxim_str_n(text, length);
    return true;
}

static bool ask(struct listener *listener, int32_t entity, const char *field, const char *text, size_t length,
                maxim_str *out) {
    napi_env env = listener->env;
    napi_value function, receiver, values[4], answer, ignored;
    napi_valuetype type = napi_undefined;
    if (napi_get_reference_value(env, listener->addon->mask, &function) != napi_ok ||
        napi_get_undefined(env, &receiver) != napi_ok ||
        napi_create_double(env, listener->number, &values[0]) != napi_ok ||
        napi_create_int32(env, entity, &values[1]) != napi_ok ||
        napi_create_string_utf8(env, field, NAPI_AUTO_LENGTH, &values[2]) != napi_ok ||
        napi_create_string_utf8(env, text, length, &values[3]) != napi_ok) {
        return false;
    }
    if (napi_call_function(env, receiver, function, COUNT(values), values, &answer) != napi_ok) {
        napi_get_and_clear_last_exception(env, &ignored);
        return false;
    }
    /* undefined: the text stays. */
    napi_typeof(env, answer, &type);
    return type == napi_undefined || keep_answer(listener, answer, out);
}

int32_t on_mask(void *user_data, int32_t entity, const char *field, const char *text, size_t length, maxim_str *out) {
    struct listener *listener = user_data;
    struct addon *addon = listener->addon;
    napi_handle_scope scope;
    /* A document that is sent by a thread of Node's pool was masked by lib/ before. */
    if (!pthread_equal(pthread_self(), listener->thread)) {
        return 0;
    }
    if (napi_open_handle_scope(listener->env, &scope) != napi_ok) {
        return 1;
    }
    char id[MAX_ID];
    size_t id_length = addon->id_length;
    memcpy(id, addon->id, id_length);
    bool looked = ask(listener, entity, field, text, length, out);
    memcpy(addon->id, id, id_length);
    addon->id_length = id_length;
    napi_close_handle_scope(listener->env, scope);
    return looked ? 0 : 1;
}
