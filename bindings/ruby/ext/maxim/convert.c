/*
 * From Ruby values to what the library reads: texts, JSON, times, config structs.
 *
 * Texts are borrowed, not copied: UTF-8 and US-ASCII strings as they are, binary strings as the bytes
 * they hold (the library checks that they are UTF-8), all other encodings transcoded. Values that have
 * to be asked for their text or JSON are asked by Ruby code that lets no exception out.
 */
#include "shared.h"

static VALUE convert, foreign;
static ID id_json, id_text, id_microseconds, id_number, id_integer, id_switch, id_unknown, id_utf8;
static int utf8_index, ascii_index, binary_index;

static VALUE checked(VALUE *value, VALUE made) {
    if (!RB_TYPE_P(made, T_STRING)) return made; /* the Maxim::Error that says why not */
    *value = made;
    return Qfalse;
}

static VALUE is_lossy(const mx_owner *owner) { return owner && owner->lossy ? Qtrue : Qfalse; }

VALUE mx_to_text(const mx_owner *owner, VALUE *value) {
    if (NIL_P(*value)) return Qfalse;
    if (SYMBOL_P(*value)) *value = rb_sym2str(*value);
    if (!RB_TYPE_P(*value, T_STRING)) {
        VALUE failed = checked(value, rb_funcall(convert, id_text, 2, *value, is_lossy(owner)));
        if (failed) return failed;
    }
    int encoding = rb_enc_get_index(*value);
    if (encoding == utf8_index || encoding == ascii_index || encoding == binary_index) return Qfalse;
    /* Gives the string back as it was where it cannot be converted. */
    VALUE converted = rb_str_conv_enc(*value, rb_enc_from_index(encoding), rb_utf8_encoding());
    if (rb_enc_get_index(converted) != utf8_index && !rb_enc_str_asciionly_p(converted)) {
        if (!owner || !owner->lossy) return mx_error(MAXIM_ERR_INVALID_UTF8, "the text cannot be transcoded to UTF-8");
        converted = rb_funcall(foreign, id_utf8, 1, *value);
    }
    *value = converted;
    return Qfalse;
}

VALUE mx_name(const mx_owner *owner, VALUE name) {
    return NIL_P(name) && owner && owner->lossy ? rb_utf8_str_new_lit("(no name)") : name;
}

VALUE mx_to_json(const mx_owner *owner, VALUE *value) {
    if (NIL_P(*value)) return Qfalse;
    return checked(value, rb_funcall(convert, id_json, 2, *value, is_lossy(owner)));
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

VALUE mx_to_time(const mx_owner *owner, VALUE *value) {
    if (NIL_P(*value)) return Qfalse;
    VALUE made = rb_funcall(convert, id_microseconds, 2, *value, is_lossy(owner));
    if (!RB_INTEGER_TYPE_P(made) && !NIL_P(made)) return made;
    *value = made;
    return Qfalse;
}

VALUE mx_to_number(const mx_owner *owner, VALUE value, double *number) {
    if (!RB_FLOAT_TYPE_P(value) && !FIXNUM_P(value)) {
        value = rb_funcall(convert, id_number, 2, value, is_lossy(owner));
        if (!RB_FLOAT_TYPE_P(value)) return value;
    }
    *number = NUM2DBL(value);
    return Qfalse;
}

uint32_t mx_milliseconds(VALUE seconds) {
    double value = NUM2DBL(seconds);
    if (!(value >= 0)) rb_raise(rb_eArgError, "a timeout is a number of seconds from 0 on");
    return value >= 4e6 ? UINT32_MAX - 1 : (uint32_t)(value * 1000 + 0.5);
}


/* The least and greatest value of the whole numbers; none of the other kinds. */
static bool has_range(mx_kind kind, VALUE *least, VALUE *most) {
    *least = INT2FIX(0);
    switch (kind) {
    case MX_I32:
        *least = INT2NUM(INT32_MIN);
        *most = INT2NUM(INT32_MAX);
        return true;
    case MX_U32:
        *most = UINT2NUM(UINT32_MAX);
        return true;
    case MX_U64:
        *most = ULL2NUM(UINT64_MAX);
        return true;
    default:
        return false;
    }
}

/* Makes *value what the member is filled from. Qfalse, or the Maxim::Error that says why not. */
static VALUE convert_member(const mx_owner *owner, const mx_field *field, VALUE *value) {
    VALUE least = Qnil, most = Qnil, made;
    switch (field->kind) {
    case MX_TEXT:
        return mx_to_text(owner, value);
    case MX_JSON:
        return mx_to_json(owner, value);
    case MX_TIME_US:
    case MX_TIME_MS:
    case MX_TIME_S:
        return mx_to_time(owner, value);
    case MX_BYTES:
        made = rb_check_string_type(*value);
        if (NIL_P(made)) return mx_error(MAXIM_ERR_INVALID_ARGUMENT, "the data of an attachment is a String");
        *value = rb_str_new_frozen(made);
        return Qfalse;
    case MX_BOOL:
    case MX_SWITCH:
        made = rb_funcall(convert, id_switch, 2, rb_str_new_cstr(field->name), *value);
        return made == *value ? Qfalse : made;
    case MX_SHARE:
        made = rb_funcall(convert, id_number, 2, *value, Qfalse);
        if (!RB_FLOAT_TYPE_P(made)) return made;
        *value = made;
        return Qfalse;
    default:
        has_range(field->kind, &least, &most);
        made = rb_funcall(convert, id_integer, 5, rb_str_new_cstr(field->name), *value, least, most, is_lossy(owner));
        if (!RB_INTEGER_TYPE_P(made)) return made;
        *value = made;
        return Qfalse;
    }
}

VALUE mx_unknown(VALUE rest, const char *const *names, int count) {
    VALUE known = rb_ary_new();
    for (int i = 0; i < count; i++) rb_ary_push(known, rb_str_new_cstr(names[i]));
    return rb_funcall(convert, id_unknown, 2, rb_funcall(rest, rb_intern("keys"), 0), known);
}

VALUE mx_fill(mx_call *call, const mx_field *fields, int count, VALUE logged, VALUE options, void *config, VALUE *keep) {
    if (NIL_P(options)) return Qfalse;
    Check_Type(options, T_HASH);
    const mx_owner *owner = NIL_P(logged) ? NULL : mx_owner_get(logged);
    ID names[MX_MAX_FIELDS] = {0};
    for (int i = 0; i < count; i++) names[i] = rb_intern(fields[i].name);
    rb_get_kwargs(options, names, 0, -count - 1, keep); /* leaves the unknown ones in `options` */
    if (!RHASH_EMPTY_P(options)) {
        const char *known[MX_MAX_FIELDS];
        for (int i = 0; i < count; i++) known[i] = fields[i].name;
        VALUE error = mx_unknown(options, known, count);
        if (NIL_P(logged)) return error;
        mx_refused(logged, error); /* raises, if it is asked to; else the rest is logged */
    }

    /* All Ruby code runs before the first pointer is taken. */
    for (int i = 0; i < count; i++) {
        if (keep[i] == Qundef) keep[i] = Qnil;
        if (NIL_P(keep[i])) continue;
        VALUE failed = convert_member(owner, &fields[i], &keep[i]);
        if (!failed) continue;
        if (!owner || !owner->lossy || fields[i].kind == MX_BYTES) return failed;
        mx_refused(logged, failed); /* this member only */
        keep[i] = Qnil;
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
            *(uint32_t *)member = NUM2UINT(keep[i]);
            break;
        case MX_U64:
            *(uint64_t *)member = NUM2ULL(keep[i]);
            break;
        }
    }
    return Qfalse;
}

void mx_init_convert(void) {
    convert = rb_define_module_under(mx_module, "Convert");
    foreign = rb_define_module_under(mx_module, "Foreign");
    rb_gc_register_mark_object(convert);
    rb_gc_register_mark_object(foreign);
    id_json = rb_intern("json");
    id_text = rb_intern("text");
    id_microseconds = rb_intern("microseconds");
    id_number = rb_intern("number");
    id_integer = rb_intern("integer");
    id_switch = rb_intern("switch");
    id_unknown = rb_intern("unknown");
    id_utf8 = rb_intern("utf8");
    utf8_index = rb_utf8_encindex();
    ascii_index = rb_usascii_encindex();
    binary_index = rb_ascii8bit_encindex();
}
