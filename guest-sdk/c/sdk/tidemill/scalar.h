// Functions that make one row of each row.
//
//     TM_SCALAR(divide, "Divides.", (int64_t a, int64_t b), (int64_t quotient)) {
//         if (b == 0) { tm_refuse("division by zero"); return 0; }
//         return a / b;
//     }
//
// A function with several results returns the struct `NAME_row` that has them as members. A filter is
// a function with one result of type `bool`.
#ifndef TIDEMILL_SCALAR_H
#define TIDEMILL_SCALAR_H

#ifdef __wasm__

#define TM_SCALAR(name, doc, takes, gives)                                                         \
  TM_RETURNS(name, gives)                                                                          \
  static name##_row name takes;                                                                    \
  TM_FIELDS(name##_takes, takes)                                                                   \
  TM_FIELDS(name##_gives, gives)                                                                   \
  static inline name##_row name##_of_row(const tm_reader *in, size_t row) {                        \
    (void)in, (void)row;                                                                           \
    return name(TM_EACH_COMMA(TM_GET, in, takes));                                                 \
  }                                                                                                \
  static inline void name##_push(tm_builder *out, name##_row result) {                             \
    TM_PUSH_ROW(out, result, gives)                                                                \
  }                                                                                                \
  static void name##_rows(tm_call *call, void *states) {                                           \
    (void)states;                                                                                  \
    TM_OPEN_ALL(name, takes)                                                                       \
    TM_BUILD_ALL(name, gives, call->rows)                                                          \
    TM_FILL(name, gives)                                                                           \
    call->columns = tm_finish(out, TM_COUNT(gives));                                               \
  }                                                                                                \
  TM_ENTRY(name, doc, TM_SCALAR_KIND, takes, gives, .run = name##_rows)                            \
  static name##_row name takes

// Fills the results: numbers without nulls in a loop that the compiler can vectorize.
#define TM_FILL(name, gives) TM_IF_ONE(gives, TM_FILL_FAST, TM_FILL_ROWS)(name, gives)
#define TM_FILL_FAST(name, gives) TM_EACH(TM_FILL_ONE, name, gives)
#define TM_FILL_ONE(name, i, x) TM_SPLIT(TM_FILL_ONE_, name, i, x)
#define TM_FILL_ONE_(name, i, type, result)                                                        \
  if (call->mask) {                                                                                \
    TM_FILL_ROWS(name, )                                                                           \
  } else {                                                                                         \
    TM_FILL_##type(name, type)                                                                     \
  }

#define TM_FILL_ROWS(name, gives)                                                                  \
  for (uint32_t row = 0; row < call->rows; row++) {                                                \
    if (tm_wanted(call, row)) {                                                                    \
      tm_now.row = row;                                                                            \
      name##_push(out, name##_of_row(in, row));                                                    \
    } else {                                                                                       \
      for (uint32_t i = 0; i < sizeof out / sizeof *out - 1; i++) tm_push_null(&out[i]);           \
    }                                                                                              \
  }

#define TM_FILL_NUMBERS(name, type)                                                                \
  const uint32_t rows = call->rows;                                                                \
  tm_c_##type *values = (tm_c_##type *)out[0].values;                                              \
  for (uint32_t row = 0; row < rows; row++) {                                                      \
    tm_now.row = row;                                                                              \
    values[row] = name##_of_row(in, row);                                                          \
  }                                                                                                \
  out[0].rows = rows;

#define TM_FILL_PLAIN(name, type)                                                                  \
  for (uint32_t row = 0; row < call->rows; row++) {                                                \
    tm_now.row = row;                                                                              \
    tm_push_##type(out, name##_of_row(in, row));                                                   \
  }

#define TM_FILL_BITS(name, type)                                                                   \
  const uint32_t rows = call->rows;                                                                \
  bool *values = (bool *)tm_alloc(rows);                                                           \
  for (uint32_t row = 0; row < rows; row++) {                                                      \
    tm_now.row = row;                                                                              \
    values[row] = name##_of_row(in, row);                                                          \
  }                                                                                                \
  tm_push_bits(out, values, rows);

#define TM_FILL_boolean TM_FILL_BITS
#define TM_FILL_int32 TM_FILL_NUMBERS
#define TM_FILL_int64 TM_FILL_NUMBERS
#define TM_FILL_float32 TM_FILL_NUMBERS
#define TM_FILL_float64 TM_FILL_NUMBERS
#define TM_FILL_timestamp TM_FILL_PLAIN
#define TM_FILL_utf8 TM_FILL_PLAIN
#define TM_FILL_binary TM_FILL_PLAIN
#define TM_FILL_null_boolean TM_FILL_PLAIN
#define TM_FILL_null_int32 TM_FILL_PLAIN
#define TM_FILL_null_int64 TM_FILL_PLAIN
#define TM_FILL_null_float32 TM_FILL_PLAIN
#define TM_FILL_null_float64 TM_FILL_PLAIN
#define TM_FILL_null_timestamp TM_FILL_PLAIN
#define TM_FILL_null_utf8 TM_FILL_PLAIN
#define TM_FILL_null_binary TM_FILL_PLAIN

#else

#define TM_SCALAR(name, doc, takes, gives)                                                         \
  TM_RETURNS(name, gives)                                                                          \
  static name##_row name takes

#endif

#endif
