// Scalar functions whose author wants whole columns.
//
//     TM_COLUMNS(to_fahrenheit, "Converts degrees Celsius to degrees Fahrenheit.",
//                (double celsius), (double fahrenheit)) {
//         for (size_t row = 0; row < rows; row++) fahrenheit[row] = celsius[row] * 1.8 + 32.0;
//     }
//
// Parameters and results are arrays of `rows` values; results are zero, null or empty to begin with. A
// result may not have the name of a parameter.
// Rows that have a null where the type has none are left out, and their results are null. A refusal
// refuses the whole batch, of which the host then tries the parts: where a batch ends is up to the host.
#ifndef TIDEMILL_COLUMNS_H
#define TIDEMILL_COLUMNS_H

#define TM_RESULT_ARRAY(c, i, x) TM_SPLIT(TM_RESULT_ARRAY_, c, i, x)
#define TM_RESULT_ARRAY_(c, i, type, name) tm_c_##type *restrict name,

#define TM_COLUMNS_HEAD(name, takes, gives)                                                        \
  static void name(TM_EACH(TM_ARRAY, , takes) TM_EACH(TM_RESULT_ARRAY, , gives) size_t rows)

#ifdef __wasm__

#define TM_COLUMNS(name, doc, takes, gives)                                                        \
  TM_COLUMNS_HEAD(name, takes, gives);                                                             \
  TM_FIELDS(name##_takes, takes)                                                                   \
  TM_FIELDS(name##_gives, gives)                                                                   \
  static void name##_rows(tm_call *call, void *states) {                                           \
    (void)states;                                                                                  \
    TM_OPEN_ALL(name, takes)                                                                       \
    const uint32_t start = 0, present = tm_present(call);                                          \
    TM_EACH(TM_GATHER, name, takes)                                                                \
    TM_BUILD_ALL(name, gives, call->rows)                                                          \
    TM_EACH(TM_MAKE, name, gives)                                                                  \
    name(TM_EACH(TM_PART, , takes) TM_EACH(TM_MADE, , gives) present);                             \
    TM_EACH(TM_SPREAD, name, gives)                                                                \
    tm_refuse_all(call);                                                                           \
    call->columns = tm_finish(out, TM_COUNT(gives));                                               \
  }                                                                                                \
  TM_ENTRY(name, doc, TM_SCALAR_KIND, takes, gives, .run = name##_rows)                            \
  TM_COLUMNS_HEAD(name, takes, gives)

// Where the function writes a result column: straight to where it stays if that can be.
#define TM_MAKE(c, i, x) TM_SPLIT(TM_MAKE_, c, i, x)
#define TM_MAKE_(c, i, type, name)                                                                 \
  const bool straight_##name = !call->mask && TM_IS_NUMBER_##type;                                 \
  tm_c_##type *made_##name = (tm_c_##type *)(straight_##name                                       \
                                                 ? out[i].values                                   \
                                                 : tm_alloc(present * sizeof(tm_c_##type)));       \
  memset(made_##name, 0, present * sizeof *made_##name);
#define TM_MADE(c, i, x) TM_SPLIT(TM_MADE_, c, i, x)
#define TM_MADE_(c, i, type, name) made_##name,
#define TM_SPREAD(c, i, x) TM_SPLIT(TM_SPREAD_, c, i, x)
#define TM_SPREAD_(c, i, type, name)                                                               \
  if (straight_##name) {                                                                           \
    out[i].rows = call->rows;                                                                      \
  } else if (!call->mask && sizeof *made_##name == sizeof(bool)) {                                 \
    tm_push_bits(&out[i], (const bool *)made_##name, present);                                     \
  } else {                                                                                         \
    const tm_c_##type *next = made_##name;                                                         \
    for (uint32_t row = 0; row < call->rows; row++) {                                              \
      if (tm_wanted(call, row)) {                                                                  \
        tm_push_##type(&out[i], *next++);                                                          \
      } else {                                                                                     \
        tm_push_null(&out[i]);                                                                     \
      }                                                                                            \
    }                                                                                              \
  }

#else

#define TM_COLUMNS(name, doc, takes, gives) TM_COLUMNS_HEAD(name, takes, gives)

#endif

#endif
