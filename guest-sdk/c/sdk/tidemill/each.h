// Lists of declarations, such as `(double value, tm_text name)`, taken apart by the preprocessor.
#ifndef TIDEMILL_EACH_H
#define TIDEMILL_EACH_H

// `TM_EACH(macro, context, (a, b))` is `macro(context, 0, a) macro(context, 0 + 1, b)`, and
// `TM_EACH_COMMA` puts commas between them. A list may be empty and has at most 16 items.
#define TM_EACH(m, c, list) TM_EACH_UNPACKED(m, c, TM_NO_COMMA, TM_UNPACK list)
#define TM_EACH_COMMA(m, c, list) TM_EACH_UNPACKED(m, c, TM_COMMA, TM_UNPACK list)
#define TM_COUNT(list) TM_COUNT_UNPACKED(TM_UNPACK list)

#define TM_UNPACK(...) __VA_ARGS__
#define TM_COMMA() ,
#define TM_NO_COMMA()
#define TM_CAT(a, b) TM_CAT_(a, b)
#define TM_CAT_(a, b) a##b
#define TM_COUNT_UNPACKED(...)                                                                     \
  TM_SEVENTEENTH(__VA_OPT__(__VA_ARGS__, ) 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1,  \
                 0, )
#define TM_SEVENTEENTH(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, ...) q
#define TM_EACH_UNPACKED(m, c, s, ...)                                                             \
  TM_CAT(TM_EACH_, TM_COUNT_UNPACKED(__VA_ARGS__))(m, c, s, 0, __VA_ARGS__)

#define TM_EACH_0(m, c, s, i, ...)
#define TM_EACH_1(m, c, s, i, x) m(c, i, x)
#define TM_EACH_2(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_1(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_3(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_2(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_4(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_3(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_5(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_4(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_6(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_5(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_7(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_6(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_8(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_7(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_9(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_8(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_10(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_9(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_11(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_10(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_12(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_11(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_13(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_12(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_14(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_13(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_15(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_14(m, c, s, i + 1, __VA_ARGS__)
#define TM_EACH_16(m, c, s, i, x, ...) m(c, i, x) s() TM_EACH_15(m, c, s, i + 1, __VA_ARGS__)

// `one` for a list of one item, `more` for any other.
#define TM_IF_ONE(list, one, more) TM_CAT(TM_IF_ONE_, TM_COUNT(list))(one, more)
#define TM_IF_ONE_0(one, more) more
#define TM_IF_ONE_1(one, more) one
#define TM_IF_ONE_2(one, more) more
#define TM_IF_ONE_3(one, more) more
#define TM_IF_ONE_4(one, more) more
#define TM_IF_ONE_5(one, more) more
#define TM_IF_ONE_6(one, more) more
#define TM_IF_ONE_7(one, more) more
#define TM_IF_ONE_8(one, more) more
#define TM_IF_ONE_9(one, more) more
#define TM_IF_ONE_10(one, more) more
#define TM_IF_ONE_11(one, more) more
#define TM_IF_ONE_12(one, more) more
#define TM_IF_ONE_13(one, more) more
#define TM_IF_ONE_14(one, more) more
#define TM_IF_ONE_15(one, more) more
#define TM_IF_ONE_16(one, more) more

// `TM_SPLIT(macro, context, index, double value)` is `macro(context, index, float64, value)`. A
// type that is not listed here makes the compiler complain of `TM_TYPE_` and its name.
#define TM_SPLIT(m, c, i, x) TM_APPLY(m, c, i, TM_TYPE_##x)
#define TM_APPLY(m, ...) m(__VA_ARGS__)
#define TM_TYPE_bool boolean,
#define TM_TYPE__Bool boolean,
#define TM_TYPE_int32_t int32,
#define TM_TYPE_int64_t int64,
#define TM_TYPE_float float32,
#define TM_TYPE_double float64,
#define TM_TYPE_tm_timestamp timestamp,
#define TM_TYPE_tm_text utf8,
#define TM_TYPE_tm_bytes binary,
#define TM_TYPE_tm_bool_or_null null_boolean,
#define TM_TYPE_tm_int32_or_null null_int32,
#define TM_TYPE_tm_int64_or_null null_int64,
#define TM_TYPE_tm_float_or_null null_float32,
#define TM_TYPE_tm_double_or_null null_float64,
#define TM_TYPE_tm_timestamp_or_null null_timestamp,
#define TM_TYPE_tm_text_or_null null_utf8,
#define TM_TYPE_tm_bytes_or_null null_binary,

// The struct of a list of declarations.
#define TM_STRUCT(name, list)                                                                      \
  typedef struct {                                                                                 \
    TM_EACH(TM_MEMBER, , list)                                                                     \
  } name;
#define TM_MEMBER(c, i, x) x;

// What one result is returned as, or the struct `NAME_row` of several.
#define TM_RETURNS(name, gives)                                                                    \
  TM_IF_ONE(gives, TM_RETURNS_ONE, TM_RETURNS_ROW)(name, gives)
#define TM_RETURNS_ONE(name, gives) typedef TM_EACH(TM_TYPE_OF, , gives) name##_row;
#define TM_RETURNS_ROW(name, gives) TM_STRUCT(name##_row, gives)
#define TM_TYPE_OF(c, i, x) TM_SPLIT(TM_TYPE_OF_, c, i, x)
#define TM_TYPE_OF_(c, i, type, name) tm_c_##type

// The C type of each type of a column.
typedef bool tm_c_boolean;
typedef int32_t tm_c_int32;
typedef int64_t tm_c_int64;
typedef float tm_c_float32;
typedef double tm_c_float64;
typedef tm_timestamp tm_c_timestamp;
typedef tm_text tm_c_utf8;
typedef tm_bytes tm_c_binary;
typedef tm_bool_or_null tm_c_null_boolean;
typedef tm_int32_or_null tm_c_null_int32;
typedef tm_int64_or_null tm_c_null_int64;
typedef tm_float_or_null tm_c_null_float32;
typedef tm_double_or_null tm_c_null_float64;
typedef tm_timestamp_or_null tm_c_null_timestamp;
typedef tm_text_or_null tm_c_null_utf8;
typedef tm_bytes_or_null tm_c_null_binary;

#endif
