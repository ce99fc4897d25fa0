// Columns while they are being filled, row by row at the end.
#ifndef TIDEMILL_BUILDER_H
#define TIDEMILL_BUILDER_H

#include "abi.h"
#include "guest.h"
#include "reader.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  uint8_t type;
  uint32_t rows;
  // How many rows there is room for.
  uint32_t room;
  // Numbers, bits, or offsets of what is in `data`.
  void *values;
  char *data;
  uint32_t size;
  uint32_t data_room;
  // Null: no row is null so far.
  uint8_t *validity;
} tm_builder;

// Rows that a call makes, any number for each argument row, which is the parent of each.
typedef struct {
  tm_builder *columns;
  uint32_t *parents;
  uint32_t rows;
  uint32_t room;
} tm_sink;

// An empty column with room for `room` rows.
tm_builder tm_build(const tm_field *field, uint32_t room);

// Makes room for one row more.
void tm_grow(tm_builder *builder);
// Makes room for `size` bytes more.
void tm_grow_data(tm_builder *builder, size_t size);

// Says that the last row, which has been added already, is null.
void tm_mark_null(tm_builder *builder);
// Adds a null.
void tm_push_null(tm_builder *builder);

// Adds booleans to an empty column that has room for them.
void tm_push_bits(tm_builder *builder, const bool *values, uint32_t count);

// Forgets all rows from `rows` on.
void tm_truncate(tm_builder *builder, uint32_t rows);

// The columns that were built, as the contract has them.
tm_list tm_finish(const tm_builder *builders, uint32_t count);

static inline void tm_added(tm_builder *builder) {
  uint32_t row = builder->rows++;
  if (builder->validity) builder->validity[row / 8] |= (uint8_t)(1 << (row % 8));
}

static inline void tm_reserve(tm_builder *builder) {
  if (__builtin_expect(builder->rows == builder->room, 0)) tm_grow(builder);
}

#define TM_PUSH_NUMBER(name, type)                                                                 \
  static inline void tm_push_##name(tm_builder *builder, type value) {                             \
    tm_reserve(builder);                                                                           \
    ((type *)builder->values)[builder->rows] = value;                                              \
    tm_added(builder);                                                                             \
  }
TM_PUSH_NUMBER(int32, int32_t)
TM_PUSH_NUMBER(int64, int64_t)
TM_PUSH_NUMBER(float32, float)
TM_PUSH_NUMBER(float64, double)

static inline void tm_push_timestamp(tm_builder *builder, tm_timestamp value) {
  tm_push_int64(builder, value.microseconds);
}

static inline void tm_push_boolean(tm_builder *builder, bool value) {
  tm_reserve(builder);
  uint32_t row = builder->rows;
  uint8_t *byte = (uint8_t *)builder->values + row / 8;
  // What stands in the bits behind is of rows that were truncated.
  *byte = (uint8_t)((*byte & ((1 << (row % 8)) - 1)) | value << (row % 8));
  tm_added(builder);
}

static inline void tm_push_utf8(tm_builder *builder, tm_text value) {
  tm_reserve(builder);
  if (__builtin_expect(value.size > builder->data_room - builder->size, 0)) {
    tm_grow_data(builder, value.size);
  }
  if (value.size) memcpy(builder->data + builder->size, value.data, value.size);
  builder->size += (uint32_t)value.size;
  ((uint32_t *)builder->values)[builder->rows + 1] = builder->size;
  tm_added(builder);
}

static inline void tm_push_binary(tm_builder *builder, tm_bytes value) {
  tm_text text = {(const char *)value.data, value.size};
  tm_push_utf8(builder, text);
}

#define TM_PUSH_OR_NULL(name, c_name)                                                              \
  static inline void tm_push_null_##name(tm_builder *builder, tm_##c_name##_or_null value) {       \
    if (value.present) {                                                                           \
      tm_push_##name(builder, value.value);                                                        \
    } else {                                                                                       \
      tm_push_null(builder);                                                                       \
    }                                                                                              \
  }
TM_PUSH_OR_NULL(boolean, bool)
TM_PUSH_OR_NULL(int32, int32)
TM_PUSH_OR_NULL(int64, int64)
TM_PUSH_OR_NULL(float32, float)
TM_PUSH_OR_NULL(float64, double)
TM_PUSH_OR_NULL(timestamp, timestamp)
TM_PUSH_OR_NULL(utf8, text)
TM_PUSH_OR_NULL(binary, bytes)

#ifdef __cplusplus
}
#endif

#endif
