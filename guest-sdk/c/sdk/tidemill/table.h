// Functions that make any number of rows of each row.
//
//     TM_TABLE(letters, "The bytes of a text.", (tm_text text), (int32_t letter, int32_t position)) {
//         for (size_t place = 0; place < text.size; place++) {
//             letters_emit(text.data[place], (int32_t)place);
//         }
//     }
//
// `NAME_emit` adds a row of results; texts and bytes are copied. A row that is refused has none.
#ifndef TIDEMILL_TABLE_H
#define TIDEMILL_TABLE_H

#ifdef __wasm__

#define TM_TABLE(name, doc, takes, gives)                                                          \
  TM_EMIT(name, gives)                                                                             \
  static void name takes;                                                                          \
  TM_FIELDS(name##_takes, takes)                                                                   \
  static void name##_rows(tm_call *call, void *states) {                                           \
    (void)states;                                                                                  \
    TM_OPEN_ALL(name, takes)                                                                       \
    TM_BUILD_ALL(name, gives, call->rows)                                                          \
    tm_begin_rows(call, out);                                                                      \
    for (uint32_t row = 0; row < call->rows; row++) {                                              \
      if (!tm_wanted(call, row)) continue;                                                         \
      const uint32_t made = tm_out.rows, refused = tm_now.refused;                                 \
      tm_now.row = row;                                                                            \
      name(TM_EACH_COMMA(TM_GET, in, takes));                                                      \
      if (tm_now.refused != refused) tm_take_back(TM_COUNT(gives), made);                          \
    }                                                                                              \
    tm_end_rows(call, TM_COUNT(gives));                                                            \
  }                                                                                                \
  TM_ENTRY(name, doc, TM_TABLE_KIND, takes, gives, .run = name##_rows)                             \
  static void name takes

#define TM_EMIT(name, gives)                                                                       \
  TM_FIELDS(name##_gives, gives)                                                                   \
  static inline void name##_emit gives {                                                           \
    TM_EACH(TM_EMIT_COLUMN, , gives)                                                               \
    tm_emitted();                                                                                  \
  }
#define TM_EMIT_COLUMN(c, i, x) TM_SPLIT(TM_EMIT_COLUMN_, c, i, x)
#define TM_EMIT_COLUMN_(c, i, type, name) tm_push_##type(&tm_out.columns[i], name);

#else

#define TM_TABLE(name, doc, takes, gives)                                                          \
  TM_EMIT(name, gives)                                                                             \
  static void name takes

// For tests: `NAME_emitted` rows were made, the last of them are in `NAME_made`.
#define TM_EMIT(name, gives)                                                                       \
  TM_STRUCT(name##_row, gives)                                                                     \
  static size_t name##_emitted;                                                                    \
  static name##_row name##_made[64];                                                               \
  static inline void name##_emit gives {                                                           \
    name##_row row;                                                                                \
    memset(&row, 0, sizeof row);                                                                   \
    TM_EACH(TM_KEEP_MADE, , gives)                                                                 \
    name##_made[name##_emitted++ % 64] = row;                                                      \
  }
#define TM_KEEP_MADE(c, i, x) TM_SPLIT(TM_KEEP_MADE_, c, i, x)
#define TM_KEEP_MADE_(c, i, type, name) row.name = name;

#endif

#endif
