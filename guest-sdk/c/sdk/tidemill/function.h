// What the macros tell the runtime of each function and state.
#ifndef TIDEMILL_FUNCTION_H
#define TIDEMILL_FUNCTION_H

#include "abi.h"
#include "builder.h"
#include "reader.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tm_state tm_state;
typedef struct tm_migration tm_migration;
typedef struct tm_function tm_function;

// A struct that the host keeps as columns. Arrays of it go by `void *`.
struct tm_state {
  const tm_field *fields;
  uint32_t field_count;
  uint32_t version;
  uint32_t size;
  // Makes `batch.rows` states; none if it ends with an error in `call`.
  void (*load)(tm_call *call, const tm_batch *batch, void *states);
  // Makes columns of them.
  tm_list (*store)(const void *states, uint32_t rows);
  // What initializes a state that has seen no row; null: zeros do.
  void (*init)(void *states, uint32_t rows);
  // Gives back what states hold besides memory of `tm_alloc`; null: they hold nothing.
  void (*drop)(void *states, uint32_t rows);
  tm_migration *migrations;
};

// How the states of an older version become those of a newer one.
struct tm_migration {
  const tm_state *from;
  void (*convert)(const void *old_states, void *new_states, uint32_t rows);
  tm_migration *next;
};

struct tm_function {
  const char *name;
  const char *doc;
  uint8_t kind;
  const tm_field *parameters;
  uint32_t parameter_count;
  const tm_field *results;
  uint32_t result_count;
  const tm_state *state;
  // Handles the rows of a call; `states` are those of `state`, if there is one.
  void (*run)(tm_call *call, void *states);
  // Of an aggregate.
  void (*merge)(tm_call *call, void *states, const void *partials);
  void (*finish)(tm_call *call, const void *states);
  tm_function *next;
};

// The row that is being handled, and how many rows the call has refused so far.
typedef struct {
  uint32_t row;
  uint32_t refused;
} tm_position;

extern tm_position tm_now;
// Where the rows of a table or process function go.
extern tm_sink tm_out;

// Adds a function to the catalog. Constructors call it, in the order of the source.
void tm_register(tm_function *function);
void tm_register_migration(tm_state *to, tm_migration *migration);
// Says how the configuration is read; without it, only an empty one is accepted.
void tm_register_config(void (*read)(tm_call *call, tm_list json));

// Begins and ends a call that fills `tm_out`.
void tm_begin_rows(const tm_call *call, tm_builder *columns);
void tm_end_rows(tm_call *call, uint32_t columns);
void tm_grow_parents(void);
// Takes back the rows from `rows` on.
void tm_take_back(uint32_t columns, uint32_t rows);

// How many rows have every value they need.
uint32_t tm_present(const tm_call *call);
// Ends the call with the reason of the first refusal, if there was one.
void tm_refuse_all(tm_call *call);

// The rows that were refused since the last time, in order.
tm_list tm_refused_rows(void);

// Refuses a row for a reason that need not end with a zero.
void tm_refuse_row(uint32_t row, tm_text reason);

// Gives back all that `tm_alloc` has given.
void tm_free_all(void);

static inline void tm_emitted(void) {
  if (__builtin_expect(tm_out.rows == tm_out.room, 0)) tm_grow_parents();
  tm_out.parents[tm_out.rows++] = tm_now.row;
}

#ifdef __cplusplus
}
#endif

// The catalog's entry for each declaration of a list, with `TM_FIELDS(array_name, list)`.
#define TM_FIELDS(array, list)                                                                     \
  static const tm_field array[TM_COUNT(list) + 1] = {TM_EACH(TM_FIELD, , list){{0, 0}, 0, 0}};
#define TM_FIELD(c, i, x) TM_SPLIT(TM_FIELD_, c, i, x)
#define TM_FIELD_(c, i, type, name) {{#name, sizeof #name - 1}, TM_ID_##type, TM_MAYBE_##type},

#define TM_ID_boolean TM_BOOLEAN
#define TM_ID_int32 TM_INT32
#define TM_ID_int64 TM_INT64
#define TM_ID_float32 TM_FLOAT32
#define TM_ID_float64 TM_FLOAT64
#define TM_ID_timestamp TM_TIMESTAMP
#define TM_ID_utf8 TM_UTF8
#define TM_ID_binary TM_BINARY
#define TM_ID_null_boolean TM_BOOLEAN
#define TM_ID_null_int32 TM_INT32
#define TM_ID_null_int64 TM_INT64
#define TM_ID_null_float32 TM_FLOAT32
#define TM_ID_null_float64 TM_FLOAT64
#define TM_ID_null_timestamp TM_TIMESTAMP
#define TM_ID_null_utf8 TM_UTF8
#define TM_ID_null_binary TM_BINARY
#define TM_MAYBE_boolean false
#define TM_MAYBE_int32 false
#define TM_MAYBE_int64 false
#define TM_MAYBE_float32 false
#define TM_MAYBE_float64 false
#define TM_MAYBE_timestamp false
#define TM_MAYBE_utf8 false
#define TM_MAYBE_binary false
#define TM_MAYBE_null_boolean true
#define TM_MAYBE_null_int32 true
#define TM_MAYBE_null_int64 true
#define TM_MAYBE_null_float32 true
#define TM_MAYBE_null_float64 true
#define TM_MAYBE_null_timestamp true
#define TM_MAYBE_null_utf8 true
#define TM_MAYBE_null_binary true

// Opens the parameters of `name` into the array `in`.
#define TM_OPEN_ALL(name, takes)                                                                   \
  tm_reader in[TM_COUNT(takes) + 1];                                                               \
  (void)in;                                                                                        \
  TM_EACH(TM_OPEN, name, takes)                                                                    \
  if (call->error) return;
#define TM_OPEN(name, i, x) in[i] = tm_open(call, i, &name##_takes[i]);

// The values of the parameters in a row, and the same with a comma before each.
#define TM_GET(in, i, x) TM_SPLIT(TM_GET_, in, i, x)
#define TM_GET_(in, i, type, name) tm_get_##type(&in[i], row)
#define TM_COMMA_GET(in, i, x) TM_SPLIT(TM_COMMA_GET_, in, i, x)
#define TM_COMMA_GET_(in, i, type, name) , tm_get_##type(&in[i], row)

// Starts the result columns of `name` in the array `out`.
#define TM_BUILD_ALL(name, gives, rows)                                                            \
  tm_builder out[TM_COUNT(gives) + 1];                                                             \
  for (uint32_t place = 0; place < TM_COUNT(gives); place++) {                                     \
    out[place] = tm_build(&name##_gives[place], rows);                                             \
  }

// Adds the row `result` of `name` to `out`.
#define TM_PUSH_ROW(out, result, gives)                                                            \
  TM_EACH(TM_IF_ONE(gives, TM_PUSH_ONE, TM_PUSH), (out, result), gives)
#define TM_PUSH_ONE(c, i, x) TM_SPLIT(TM_PUSH_ONE_, c, i, x)
#define TM_PUSH_ONE_(c, i, type, name) tm_push_##type(&TM_FIRST c[i], TM_SECOND c);
#define TM_PUSH(c, i, x) TM_SPLIT(TM_PUSH_, c, i, x)
#define TM_PUSH_(c, i, type, name) tm_push_##type(&TM_FIRST c[i], (TM_SECOND c).name);
#define TM_FIRST(a, b) a
#define TM_SECOND(a, b) b

// An entry of the catalog, which is added when the library starts. The rest says what to call.
#define TM_ENTRY(id, text, id_of_kind, takes, gives, ...)                                          \
  static tm_function id##_entry = {.name = #id,                                                    \
                                   .doc = text,                                                    \
                                   .kind = id_of_kind,                                             \
                                   .parameters = id##_takes,                                       \
                                   .parameter_count = TM_COUNT(takes),                             \
                                   .results = id##_gives,                                          \
                                   .result_count = TM_COUNT(gives),                                \
                                   __VA_ARGS__};                                                   \
  __attribute__((constructor)) static void id##_register(void) { tm_register(&id##_entry); }

#endif
