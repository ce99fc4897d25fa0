// What an aggregate or a process function remembers, as columns that the host keeps.
//
//     TM_STATE(mean_state, 1, (double sum, int64_t count))
//
// makes a struct of that name and says that this is version 1 of it. All members are zero, or null,
// or empty before the first row. Texts and bytes may point to what the function was given or to
// memory of `tm_alloc`. The names and types of the members are part of what a running stream has
// stored: when they change, raise the version, keep the old state and say how it becomes the new one:
//
//     TM_STATE(mean_v1, 1, (double sum, int32_t count))
//     TM_STATE(mean_state, 2, (double sum, int64_t count))
//     TM_MIGRATE(mean_v1, mean_state) {
//         to->sum = from->sum;
//         to->count = from->count;
//     }
#ifndef TIDEMILL_STATE_H
#define TIDEMILL_STATE_H

#ifdef __wasm__

#define TM_STATE(name, state_version, members)                                                     \
  TM_STRUCT(name, members)                                                                         \
  TM_FIELDS(name##_fields, members)                                                                \
  static void name##_load(tm_call *call, const tm_batch *batch, void *states) {                    \
    tm_reader in[TM_COUNT(members) + 1];                                                           \
    for (uint32_t place = 0; place < TM_COUNT(members); place++) {                                 \
      in[place] = tm_open_state(call, batch, place, &name##_fields[place]);                        \
    }                                                                                              \
    if (call->error) return;                                                                       \
    for (uint32_t row = 0; row < batch->rows; row++) {                                             \
      name *state = (name *)states + row;                                                          \
      TM_EACH(TM_LOAD, state, members)                                                             \
    }                                                                                              \
  }                                                                                                \
  static tm_list name##_store(const void *states, uint32_t rows) {                                 \
    tm_builder out[TM_COUNT(members) + 1];                                                         \
    for (uint32_t place = 0; place < TM_COUNT(members); place++) {                                 \
      out[place] = tm_build(&name##_fields[place], rows);                                          \
    }                                                                                              \
    for (uint32_t row = 0; row < rows; row++) {                                                    \
      const name *state = (const name *)states + row;                                              \
      TM_EACH(TM_PUSH, (out, *state), members)                                                     \
    }                                                                                              \
    return tm_finish(out, TM_COUNT(members));                                                      \
  }                                                                                                \
  static tm_state name##_type = {.fields = name##_fields,                                          \
                                 .field_count = TM_COUNT(members),                                 \
                                 .version = state_version,                                         \
                                 .size = sizeof(name),                                             \
                                 .load = name##_load,                                              \
                                 .store = name##_store};
#define TM_LOAD(c, i, x) TM_SPLIT(TM_LOAD_, c, i, x)
#define TM_LOAD_(c, i, type, name) c->name = tm_get_##type(&in[i], row);

#define TM_MIGRATE(old, new)                                                                       \
  static void new##_from_##old(const old *from, new *to);                                          \
  static void new##_from_all_##old(const void *from, void *to, uint32_t rows) {                    \
    for (uint32_t row = 0; row < rows; row++) {                                                    \
      new##_from_##old((const old *)from + row, (new *)to + row);                                  \
    }                                                                                              \
  }                                                                                                \
  static tm_migration new##_migration_##old = {.from = &old##_type,                                \
                                               .convert = new##_from_all_##old};                   \
  __attribute__((constructor)) static void new##_register_##old(void) {                            \
    tm_register_migration(&new##_type, &new##_migration_##old);                                    \
  }                                                                                                \
  static void new##_from_##old(const old *from, new *to)

#else

#define TM_STATE(name, state_version, members) TM_STRUCT(name, members)

#define TM_MIGRATE(old, new) static void new##_from_##old(const old *from, new *to)

#endif

#endif
