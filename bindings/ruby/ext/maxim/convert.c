/*
 * From Ruby values to what the library reads: texts, JSON, times, config structs.
 *
 * Texts are borrowed, not copied: UTF-8 and US-ASCII strings as they are, binary strings as the bytes
 * they hold (the library checks that they are UTF-8), all other encodings transcoded. Values that have
 * to be asked for their text or JSON are asked by Ruby code that lets no exception out.
 */
#include "maxim_ext.h"

static VALUE json_module;
static ID id_text, id_text_of, id_micros;
static int utf8_index, ascii_index, binary_index;

static VALUE checked(VALUE *value, VALUE made) {
    if (!RB_TYPE_P(made, T_STRING)) return made; /* the Maxim::Error that says why not */
    *value = made;
    return Qfalse;
}

VALUE mx_to_text(VALUE *value) {
    if (NIL_P(*value)) return Qfalse;
    if (SYMBOL_P(*value)) *value = rb_sym2str(*value);
    if (!RB_TYPE_P(*value, T_STRING)) {
        VALUE failed = checked(value, rb_funcall(json_module, id_text_of, 1, *value));
        if (failed) return failed;
    }
    int encoding = rb_enc_get_index(*value);
    if (encoding == utf8_index || encoding == ascii_index || encoding == binary_index) return Qfalse;
    /* Gives the string back as it was where it cannot be converted. */
    VALUE converted = rb_str_conv_enc(*value, rb_enc_from_index(encoding), rb_utf8_encoding());
    if (rb_enc_get_index(converted) != utf8_index && !rb_enc_str_asciionly_p(converted)) {
        return mx_error(MAXIM_ERR_INVALID_UTF8, "the text cannot be transcoded to UTF-8");
    }
    *value = converted;
    return Qfalse;
}

VALUE mx_to_json(VALUE *value) {
    if (NIL_P(*value)) return Qfalse;
    return checked(value, rb_funcall(json_module, id_text, 1, *value));
}

maxim_str mx_borrow(mx_call *call, VALUE *value) {
    if (NIL_P(*value)) return maxim_str_n(NULL, 0);
    if (call->without_gvl || (size_t)RSTRING_LEN(*value) > MX_LARGE_BYTES) {
        call->without_gvl = true;
    }
    /* Without the GVL another thread could change the string: a frozen one shares its bytes. */
    if (call->without_gvl) *value = rb_str_new_frozen(*value);
    return maxim_str_n(RSTRING_PTR(*value), (size_t)RSTRING_LEN(*value));
}

VALUE mx_to_time(VALUE *value) {
    if (NIL_P(*value)) return Qfalse;
    VALUE made = rb_funcall(json_module, id_micros, 1, *value);
    if (!RB_INTEGER_TYPE_P(made)) return made;
    *value = made;
    return Qfalse;
}

VALUE mx_to_number(VALUE value, double *number) {
    if (!RTEST(rb_obj_is_kind_of(value, rb_cNumeric))) return mx_error(MAXIM_ERR_INVALID_ARGUMENT, "not a number");
    *number = NUM2DBL(value);
    return Qfalse;
}

uint32_t mx_milliseconds(VALUE seconds) {
    double value = NUM2DBL(seconds);
    if (!(value >= 0)) rb_raise(rb_eArgError, "a timeout is a number of seconds from 0 on");
    return value >= 4e6 ? UINT32_MAX - 1 : (uint32_t)(value * 1000 + 0.5);
}

static VALUE bytes_of(VALUE value) {
    StringValue(value);
    return rb_str_new_frozen(value);
}

VALUE mx_fill(mx_call *call, const mx_field *fields, int count, VALUE options, void *config, VALUE *keep) {
    if (NIL_P(options)) return Qfalse;
    ID names[MX_MAX_FIELDS] = {0};
    for (int i = 0; i < count; i++) names[i] = rb_intern(fields[i].name);
    rb_get_kwargs(options, names, 0, count, keep); /* raises ArgumentError for an unknown keyword */

    /* All Ruby code runs before the first pointer is taken. */
    for (int i = 0; i < count; i++) {
        if (keep[i] == Qundef) keep[i] = Qnil;
        VALUE failed = Qfalse;
        if (fields[i].kind == MX_TEXT) failed = mx_to_text(&keep[i]);
        if (fields[i].kind == MX_JSON) failed = mx_to_json(&keep[i]);
        if (fields[i].kind == MX_TIME_US || fields[i].kind == MX_TIME_MS || fields[i].kind == MX_TIME_S) {
            failed = mx_to_time(&keep[i]);
        }
        if (fields[i].kind == MX_BYTES && !NIL_P(keep[i])) keep[i] = bytes_of(keep[i]);
        if (failed) return failed;
    }
    for (int i = 0; i < count; i++) {
        if (NIL_P(keep[i])) continue;
        void *member = (char *)config + fields[i].offset;
        switch (fields[i].kind) {
        case MX_TEXT:
        case MX_JSON:
            *(maxim_str *)member = mx_borrow(call, &keep[i]);
            break;
        case MX_BYTES:
            *(const uint8_t **)member = (const uint8_t *)RSTRING_PTR(keep[i]);
            *(size_t *)((char *)config + fields[i].length_offset) = (size_t)RSTRING_LEN(keep[i]);
            call->without_gvl = true;
            break;
        case MX_TIME_US:
            *(int64_t *)member = NUM2LL(keep[i]);
            break;
        case MX_TIME_MS:
            *(int64_t *)member = NUM2LL(keep[i]) / 1000;
            break;
        case MX_TIME_S:
            *(int64_t *)member = NUM2LL(keep[i]) / 1000000;
            break;
        case MX_BOOL:
            *(bool *)member = RTEST(keep[i]);
            break;
        case MX_SWITCH:
            *(int32_t *)member = RTEST(keep[i]) ? MAXIM_SWITCH_ON : MAXIM_SWITCH_OFF;
            break;
        case MX_SHARE: {
            double share = NUM2DBL(keep[i]);
            *(double *)member = share == 0 ? -1 : share;
            break;
        }
        case MX_I32:
            *(int32_t *)member = NUM2INT(keep[i]);
            break;
        case MX_U32:
            /* NUM2UINT takes -1 for 4294967295. */
            if (RTEST(rb_funcall(keep[i], '<', 1, INT2FIX(0)))) rb_raise(rb_eRangeError, "%s is negative", fields[i].name);
            *(uint32_t *)member = NUM2UINT(keep[i]);
            break;
        case MX_U64:
            if (RTEST(rb_funcall(keep[i], '<', 1, INT2FIX(0)))) rb_raise(rb_eRangeError, "%s is negative", fields[i].name);
            *(uint64_t *)member = NUM2ULL(keep[i]);
            break;
        }
    }
    return Qfalse;
}

void mx_init_convert(void) {
    json_module = rb_define_module_under(mx_module, "Convert");
    rb_gc_register_mark_object(json_module);
    id_text = rb_intern("json");
    id_text_of = rb_intern("text");
    id_micros = rb_intern("microseconds");
    utf8_index = rb_utf8_encindex();
    ascii_index = rb_usascii_encindex();
    binary_index = rb_ascii8bit_encindex();
}
