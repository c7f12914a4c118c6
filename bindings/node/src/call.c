/*
 * Arguments in, results out: what every function of the addon does with JavaScript's values.
 *
 * A string goes into a buffer on the stack, so that a log call allocates nothing; one that does not fit
 * is allocated and freed at the end of the call. A value of the wrong type is a TypeError, which lib/
 * reports like every refused call.
 */
#include "shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A string that came within this many bytes of its room may have been cut: a character of UTF-8 has up
 * to four, and Node ends the text with a NUL. */
#define CUT_MARGIN 5

void call_begin(struct call *call, napi_env env, napi_callback_info info, size_t takes) {
    void *data = NULL;
    napi_get_cb_info(env, info, &takes, call->values, NULL, &data);
    const struct function *function = data;
    call->env = env;
    call->addon = function->addon;
    call->method = function->method;
    call->failed = false;
    call->used = 0;
    call->allocated = 0;
}

void call_end(struct call *call) {
    while (call->allocated > 0) {
        free(call->large[--call->allocated]);
    }
}

void wrong_type(struct call *call, const char *name, size_t index, const char *wanted) {
    char text[160];
    if (call->failed) {
        return;
    }
    call->failed = true;
    if (name) {
        snprintf(text, sizeof text, "%s must be %s", name, wanted);
    } else {
        snprintf(text, sizeof text, "argument %zu of %s must be %s", index + 1, call->method->name, wanted);
    }
    napi_throw_type_error(call->env, "MAXIM_ERR_INVALID_ARGUMENT", text);
}

static bool is_absent(napi_env env, napi_value value) {
    napi_valuetype type = napi_undefined;
    napi_typeof(env, value, &type);
    return type == napi_undefined || type == napi_null;
}

/* A string of any length, allocated. */
static maxim_str long_text(struct call *call, napi_value value) {
    size_t length = 0;
    char *text;
    /* Known without a look at the characters, each of which has one byte or more. */
    if (napi_get_value_string_utf16(call->env, value, NULL, 0, &length) == napi_ok && length > MAX_TEXT) {
        return maxim_str_n("", length);
    }
    if (napi_get_value_string_utf8(call->env, value, NULL, 0, &length) != napi_ok || call->allocated == MAX_ARGUMENTS ||
        !(text = malloc(length + 1))) {
        call->failed = true;
        napi_throw_error(call->env, "MAXIM_ERR_NO_RESOURCES", "no memory for a string");
        return maxim_str_z(NULL);
    }
    call->large[call->allocated++] = text;
    napi_get_value_string_utf8(call->env, value, text, length + 1, &length);
    return maxim_str_n(text, length);
}

static maxim_str text_of(struct call *call, napi_value value, const char *name, size_t index) {
    size_t room = SMALL_TEXTS - call->used;
    char *text = call->small + call->used;
    size_t length = 0;
    napi_status status = napi_get_value_string_utf8(call->env, value, text, room, &length);
    if (status == napi_string_expected) {
        if (!is_absent(call->env, value)) {
            wrong_type(call, name, index, "a string");
        }
        return maxim_str_z(NULL);
    }
    if (status != napi_ok || length + CUT_MARGIN > room) {
        return long_text(call, value);
    }
    /* One byte stays for the NUL of the last text, so that the room never becomes zero. */
    call->used += length;
    return maxim_str_n(text, length);
}

maxim_str take_text(struct call *call, size_t index) {
    return text_of(call, call->values[index], NULL, index);
}

maxim_str take_id(struct call *call, size_t index) {
    struct addon *addon = call->addon;
    void *handle;
    if (napi_get_value_external(call->env, call->values[index], &handle) == napi_ok) {
        return maxim_str_n(addon->id, addon->id_length);
    }
    maxim_str id = take_text(call, index);
    addon->id_length = id.len <= MAX_ID ? id.len : 0;
    memcpy(addon->id, id.data, addon->id_length);
    return id;
}

static maxim_str bytes_of(struct call *call, napi_value value, const char *name, size_t index) {
    napi_typedarray_type type;
    size_t length = 0, offset;
    void *data = NULL;
    napi_value buffer;
    if (napi_get_typedarray_info(call->env, value, &type, &length, &data, &buffer, &offset) != napi_ok ||
        (type != napi_uint8_array && type != napi_uint8_clamped_array)) {
        wrong_type(call, name, index, "a Uint8Array");
        return maxim_str_z(NULL);
    }
    /* An empty array has no data, but is not absent. */
    return maxim_str_n(data ? data : "", length);
}

maxim_str take_bytes(struct call *call, size_t index) {
    return bytes_of(call, call->values[index], NULL, index);
}

static double number_of(struct call *call, napi_value value, const char *name, size_t index) {
    double number = 0;
    if (napi_get_value_double(call->env, value, &number) != napi_ok) {
        wrong_type(call, name, index, "a number");
    }
    return number;
}

double take_number(struct call *call, size_t index) {
    return number_of(call, call->values[index], NULL, index);
}

/* Out of range goes to the nearest; NaN is refused. */
static int64_t integer_of(struct call *call, napi_value value, const char *name, size_t index, double least, double most) {
    double number = number_of(call, value, name, index);
    if (number != number) {
        wrong_type(call, name, index, "a number");
        return 0;
    }
    return (int64_t)(number < least ? least : number > most ? most : number);
}

/* The largest integers that a double holds exactly. */
#define MOST_EXACT 9007199254740991.0

int64_t take_integer(struct call *call, size_t index) {
    return integer_of(call, call->values[index], NULL, index, -MOST_EXACT, MOST_EXACT);
}

uint32_t take_u32(struct call *call, size_t index) {
    return (uint32_t)integer_of(call, call->values[index], NULL, index, 0, UINT32_MAX);
}

static void fill(struct call *call, napi_value value, const struct field *field, size_t index, const char *name,
                 void *target) {
    void *member = (char *)target + field->offset;
    bool flag = false;
    maxim_str bytes;
    if (field->type != FIELD_TEXT && is_absent(call->env, value)) {
        return;
    }
    switch (field->type) {
    case FIELD_TEXT:
        *(maxim_str *)member = text_of(call, value, name, index);
        break;
    case FIELD_BYTES:
        bytes = bytes_of(call, value, name, index);
        *(const uint8_t **)member = (const uint8_t *)bytes.data;
        *(size_t *)((char *)member + sizeof bytes.data) = bytes.len;
        break;
    case FIELD_BOOL:
        if (napi_get_value_bool(call->env, value, &flag) != napi_ok) {
            wrong_type(call, name, index, "true or false");
        }
        *(bool *)member = flag;
        break;
    case FIELD_U32:
        *(uint32_t *)member = (uint32_t)integer_of(call, value, name, index, 0, UINT32_MAX);
        break;
    case FIELD_I32:
        *(int32_t *)member = (int32_t)integer_of(call, value, name, index, INT32_MIN, INT32_MAX);
        break;
    case FIELD_U64:
        *(uint64_t *)member = (uint64_t)integer_of(call, value, name, index, 0, MOST_EXACT);
        break;
    case FIELD_I64:
        *(int64_t *)member = integer_of(call, value, name, index, -MOST_EXACT, MOST_EXACT);
        break;
    case FIELD_F64:
        *(double *)member = number_of(call, value, name, index);
        break;
    }
}

void take_fields(struct call *call, size_t first, const struct field *fields, size_t count, void *target) {
    for (size_t i = 0; i < count; i++) {
        fill(call, call->values[first + i], &fields[i], first + i, NULL, target);
    }
}

void take_object(struct call *call, size_t index, const struct field *fields, size_t count, void *target) {
    if (is_absent(call->env, call->values[index])) {
        return;
    }
    for (size_t i = 0; i < count && !call->failed; i++) {
        napi_value value;
        if (napi_get_named_property(call->env, call->values[index], fields[i].name, &value) != napi_ok) {
            wrong_type(call, NULL, index, "an object");
            return;
        }
        fill(call, value, &fields[i], index, fields[i].name, target);
    }
}

napi_value answer_status(struct call *call, maxim_status status) {
    napi_value result = NULL;
    if (status != MAXIM_OK && !call->failed) {
        napi_create_int32(call->env, status, &result);
    }
    return result;
}

napi_value answer_text(struct call *call, const char *text) {
    napi_value result = NULL;
    if (text) {
        napi_create_string_utf8(call->env, text, NAPI_AUTO_LENGTH, &result);
    }
    return result;
}

napi_value answer_number(struct call *call, int32_t number) {
    napi_value result = NULL;
    napi_create_int32(call->env, number, &result);
    return result;
}

napi_value answer_boolean(struct call *call, bool value) {
    napi_value result = NULL;
    napi_get_boolean(call->env, value, &result);
    return result;
}

napi_value answer_stats(struct call *call, const maxim_stats *stats) {
    const struct {
        const char *name;
        double value;
    } numbers[] = {
        {"accepted", (double)stats->accepted},
        {"delivered", (double)stats->delivered},
        {"held", (double)stats->held},
        {"droppedMemory", (double)stats->dropped_memory},
        {"droppedDisk", (double)stats->dropped_disk},
        {"droppedExpired", (double)stats->dropped_expired},
        {"droppedCorrupt", (double)stats->dropped_corrupt},
        {"quarantined", (double)stats->quarantined},
        {"ignored", (double)stats->ignored},
        {"refused", (double)stats->refused},
        {"retries", (double)stats->retries},
        {"bytesDelivered", (double)stats->bytes_delivered},
        {"bytesHeld", (double)stats->bytes_held},
        {"adopted", (double)stats->adopted},
        {"oldestHeldMs", (double)stats->oldest_held_ms},
        {"lastHttpStatus", (double)stats->last_http_status},
        {"sampledOut", (double)stats->sampled_out},
        {"masksFailed", (double)stats->masks_failed},
        {"purged", (double)stats->purged},
        {"refusedInvalid", (double)stats->refused_invalid},
        {"refusedTooLarge", (double)stats->refused_too_large},
        {"refusedClosed", (double)stats->refused_closed},
        {"refusedOther", (double)stats->refused_other},
        {"resultsUnrecognised", (double)stats->results_unrecognised},
    };
    napi_value result;
    napi_create_object(call->env, &result);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        napi_value value;
        napi_create_double(call->env, numbers[i].value, &value);
        napi_set_named_property(call->env, result, numbers[i].name, value);
    }
    return result;
}
