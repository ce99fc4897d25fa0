// Functions that make one row of many, by way of an accumulator.
//
//     TM_STATE(mean_state, 1, (double sum, int64_t count))
//
//     TM_AGGREGATE(mean, "Arithmetic mean.", mean_state, (double value), (tm_double_or_null mean))
//
//     static void mean_update(mean_state *state, double value) {...}
//     static void mean_merge(mean_state *state, const mean_state *other) {...}
//     static tm_double_or_null mean_finish(const mean_state *state) {...}
//
// `NAME_update` adds a row; when it refuses the row, the accumulator stays what it was. The host may
// cut the rows of a group into pieces, each with an accumulator of its own: `NAME_merge` adds what
// `other` has seen, which came later. `NAME_finish` returns the result, or the struct `NAME_row` of
// several. A refusal in these two ends the whole call: there is no row to blame.
#ifndef TIDEMILL_AGGREGATE_H
#define TIDEMILL_AGGREGATE_H

#define TM_AGGREGATE_PARTS(name, state_name, takes, gives)                                         \
  TM_RETURNS(name, gives)                                                                          \
  static void name##_update(state_name *TM_EACH(TM_COMMA_TYPE, , takes));                          \
  static void name##_merge(state_name *, const state_name *);                                      \
  static name##_row name##_finish(const state_name *);
#define TM_COMMA_TYPE(c, i, x) , x

#ifdef __wasm__

#define TM_AGGREGATE(name, doc, state_name, takes, gives)                                          \
  TM_AGGREGATE_PARTS(name, state_name, takes, gives)                                               \
  TM_FIELDS(name##_takes, takes)                                                                   \
  TM_FIELDS(name##_gives, gives)                                                                   \
  static void name##_update_all(tm_call *call, void *states) {                                     \
    TM_OPEN_ALL(name, takes)                                                                       \
    for (uint32_t row = 0; row < call->rows; row++) {                                              \
      if (!tm_wanted(call, row)) continue;                                                         \
      state_name *state = (state_name *)states + call->groups[row];                                \
      const state_name before = *state;                                                            \
      const uint32_t refused = tm_now.refused;                                                     \
      tm_now.row = row;                                                                            \
      name##_update(state TM_EACH(TM_COMMA_GET, in, takes));                                       \
      if (tm_now.refused != refused) *state = before;                                              \
    }                                                                                              \
  }                                                                                                \
  static void name##_merge_all(tm_call *call, void *states, const void *partials) {                \
    for (uint32_t row = 0; row < call->rows; row++) {                                              \
      name##_merge((state_name *)states + call->groups[row], (const state_name *)partials + row);  \
    }                                                                                              \
  }                                                                                                \
  static inline void name##_push(tm_builder *out, name##_row result) {                             \
    TM_PUSH_ROW(out, result, gives)                                                                \
  }                                                                                                \
  static void name##_finish_all(tm_call *call, const void *states) {                               \
    TM_BUILD_ALL(name, gives, call->rows)                                                          \
    for (uint32_t row = 0; row < call->rows; row++) {                                              \
      name##_push(out, name##_finish((const state_name *)states + row));                           \
    }                                                                                              \
    call->columns = tm_finish(out, TM_COUNT(gives));                                               \
  }                                                                                                \
  TM_ENTRY(name, doc, TM_AGGREGATE_KIND, takes, gives,                                             \
           .state = &state_name##_type, .run = name##_update_all,                                  \
           .merge = name##_merge_all, .finish = name##_finish_all)

#else

#define TM_AGGREGATE(name, doc, state_name, takes, gives)                                          \
  TM_AGGREGATE_PARTS(name, state_name, takes, gives)

#endif

#endif
