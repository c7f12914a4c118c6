
#ifdef __cplusplus
}  /* extern "C" */
#endif

/* Define MAXIM_NO_INLINE for a parser that knows declarations only: it does without what follows. */
#ifndef MAXIM_NO_INLINE

/* In C++ without internal linkage, so that a module can use and export them. */
#ifdef __cplusplus
#define MAXIM_INLINE inline
#else
#define MAXIM_INLINE static inline
#endif

/** A string literal without its NUL: MAXIM_STR("text"). Nothing but a literal compiles. */
#define MAXIM_STR(literal) (maxim_str_n(("" literal), sizeof("" literal) - 1))

/** The text of `length` bytes at `data`; absent when `data` is NULL. */
MAXIM_INLINE maxim_str maxim_str_n(const char *MAXIM_NULLABLE data, size_t length) {
    maxim_str text;
    text.data = data;
    text.len = data != NULL ? length : 0;
    return text;
}

/** The NUL-terminated text at `data`; absent when it is NULL. */
MAXIM_INLINE maxim_str maxim_str_z(const char *MAXIM_NULLABLE data) {
    return maxim_str_n(data, MAXIM_NTS);
}

/**
 * Initialisers. Each sets struct_size and the defaults that are not zero:
 *     maxim_span_config config = MAXIM_SPAN_CONFIG_INIT;
 */
#ifdef __cplusplus
namespace maxim_detail {
template <class T>
inline T sized() noexcept {
    T value = T();
    value.struct_size = sizeof(T);
    return value;
}
@CPP_FUNCTIONS@}  // namespace maxim_detail
#define MAXIM_SIZED_INIT(type) (maxim_detail::sized<type>())
@CPP_MACROS@#else
#define MAXIM_SIZED_INIT(type) {.struct_size = sizeof(type)}
@C_MACROS@#endif
@MACROS@
#endif /* MAXIM_NO_INLINE */

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#endif /* MAXIM_H */
