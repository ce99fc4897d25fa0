// Functions that make one row of many and need all of them at once.
//
//     TM_HOLISTIC(last, "The last value.", (double value), (tm_double_or_null last)) {
//         return rows ? tm_some_double(value[rows - 1]) : tm_null_double();
//     }
//
// Each parameter is an array of the `rows` values of a group, in the order of event time. Rows that have
// a null where the type has none are left out of all arrays. A refusal refuses the group.
#ifndef TIDEMILL_HOLISTIC_H
#define TIDEMILL_HOLISTIC_H

#define TM_ARRAY(c, i, x) TM_SPLIT(TM_ARRAY_, c, i, x)
#define TM_ARRAY_(c, i, type, name) const tm_c_##type *name,

#ifdef __wasm__

#define TM_HOLISTIC(name, doc, takes, gives)                                                       \
  TM_RETURNS(name, gives)                                                                          \
  static name##_row name(TM_EACH(TM_ARRAY, , takes) size_t rows);                                  \
  TM_FIELDS(name##_takes, takes)                                                                   \
  TM_FIELDS(name##_gives, gives)                                                                   \
  static inline void name##_push(tm_builder *out, name##_row result) {                             \
    TM_PUSH_ROW(out, result, gives)                                                                \
  }                                                                                                \
  static void name##_groups(tm_call *call, void *states) {                                         \
    (void)states;                                                                                  \
    TM_OPEN_ALL(name, takes)                                                                       \
    const uint32_t present = tm_present(call);                                                     \
    TM_EACH(TM_GATHER, name, takes)                                                                \
    TM_BUILD_ALL(name, gives, call->group_count)                                                   \
    uint32_t row = 0, start = 0;                                                                   \
    for (uint32_t group = 0; group < call->group_count; group++) {                                 \
      uint32_t end = start;                                                                        \
      for (; row < call->rows && call->groups[row] == group; row++) end += tm_wanted(call, row);   \
      tm_now.row = group;                                                                          \
      name##_push(out, name(TM_EACH(TM_PART, , takes) end - start));                               \
      start = end;                                                                                 \
    }                                                                                              \
    call->columns = tm_finish(out, TM_COUNT(gives));                                               \
  }                                                                                                \
  TM_ENTRY(name, doc, TM_HOLISTIC_KIND, takes, gives, .run = name##_groups)                        \
  static name##_row name(TM_EACH(TM_ARRAY, , takes) size_t rows)

// The present values of a column: as they are where nothing is left out of numbers, else copied.
#define TM_GATHER(c, i, x) TM_SPLIT(TM_GATHER_, c, i, x)
#define TM_GATHER_(c, i, type, name)                                                               \
  const tm_c_##type *column_##name = (const tm_c_##type *)in[i].values;                            \
  if (call->mask || !TM_IS_NUMBER_##type) {                                                        \
    tm_c_##type *copy = (tm_c_##type *)tm_alloc(present * sizeof *copy);                           \
    column_##name = copy;                                                                          \
    for (uint32_t row = 0; row < call->rows; row++) {                                              \
      if (tm_wanted(call, row)) *copy++ = tm_get_##type(&in[i], row);                              \
    }                                                                                              \
  }
#define TM_PART(c, i, x) TM_SPLIT(TM_PART_, c, i, x)
#define TM_PART_(c, i, type, name) column_##name + start,

#define TM_IS_NUMBER_boolean false
#define TM_IS_NUMBER_int32 true
#define TM_IS_NUMBER_int64 true
#define TM_IS_NUMBER_float32 true
#define TM_IS_NUMBER_float64 true
#define TM_IS_NUMBER_timestamp true
#define TM_IS_NUMBER_utf8 false
#define TM_IS_NUMBER_binary false
#define TM_IS_NUMBER_null_boolean false
#define TM_IS_NUMBER_null_int32 false
#define TM_IS_NUMBER_null_int64 false
#define TM_IS_NUMBER_null_float32 false
#define TM_IS_NUMBER_null_float64 false
#define TM_IS_NUMBER_null_timestamp false
#define TM_IS_NUMBER_null_utf8 false
#define TM_IS_NUMBER_null_binary false

#else

#define TM_HOLISTIC(name, doc, takes, gives)                                                       \
  TM_RETURNS(name, gives)                                                                          \
  static name##_row name(TM_EACH(TM_ARRAY, , takes) size_t rows)

#endif

#endif
