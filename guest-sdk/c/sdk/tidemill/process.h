// Functions that see the rows of a key one by one and remember what they need in a state.
//
//     TM_STATE(account_state, 1, (int64_t balance))
//
//     TM_PROCESS(account, "The balance after each transaction.", account_state,
//                (int64_t amount), (int64_t balance)) {
//         state->balance += amount;
//         account_emit(state->balance);
//     }
//
// `NAME_emit` adds a row of results, as in a table function. A row that is refused has no results and
// leaves `state` as it was.
#ifndef TIDEMILL_PROCESS_H
#define TIDEMILL_PROCESS_H

#ifdef __wasm__

#define TM_PROCESS(name, doc, state_name, takes, gives)                                            \
  TM_EMIT(name, gives)                                                                             \
  static void name(state_name *state TM_EACH(TM_COMMA_TYPE, , takes));                             \
  TM_FIELDS(name##_takes, takes)                                                                   \
  static void name##_rows(tm_call *call, void *states) {                                           \
    TM_OPEN_ALL(name, takes)                                                                       \
    TM_BUILD_ALL(name, gives, call->rows)                                                          \
    tm_begin_rows(call, out);                                                                      \
    for (uint32_t row = 0; row < call->rows; row++) {                                              \
      if (!tm_wanted(call, row)) continue;                                                         \
      state_name *state = (state_name *)states + call->groups[row];                                \
      const state_name before = *state;                                                            \
      const uint32_t made = tm_out.rows, refused = tm_now.refused;                                 \
      tm_now.row = row;                                                                            \
      name(state TM_EACH(TM_COMMA_GET, in, takes));                                                \
      if (tm_now.refused == refused) continue;                                                     \
      *state = before;                                                                             \
      tm_take_back(TM_COUNT(gives), made);                                                         \
    }                                                                                              \
    tm_end_rows(call, TM_COUNT(gives));                                                            \
  }                                                                                                \
  TM_ENTRY(name, doc, TM_PROCESS_KIND, takes, gives,                                               \
           .state = &state_name##_type, .run = name##_rows)                                        \
  static void name(state_name *state TM_EACH(TM_COMMA_TYPE, , takes))

#else

#define TM_PROCESS(name, doc, state_name, takes, gives)                                            \
  TM_EMIT(name, gives)                                                                             \
  static void name(state_name *state TM_EACH(TM_COMMA_TYPE, , takes))

#endif

#endif
