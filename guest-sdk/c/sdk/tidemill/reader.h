// Reading the columns of a call. A column is checked once, when it is opened.
#ifndef TIDEMILL_READER_H
#define TIDEMILL_READER_H

#include "abi.h"
#include "values.h"

#ifdef __cplusplus
extern "C" {
#endif

// A call of a function of the library: what it is given and what it makes.
typedef struct {
  // Why the call as a whole has failed; null if it has not.
  const char *error;
  uint32_t rows;
  const tm_batch *arguments;
  // The group, or the key, of each row.
  const uint32_t *groups;
  uint32_t group_count;
  // A bit for each row that has the values it needs; null: all have.
  const uint8_t *mask;
  // The result columns, and the rows that they come from where that is not plain.
  tm_list columns;
  tm_list parents;
} tm_call;

// A column that has the type and the length it should have.
typedef struct {
  // Numbers, bits, or offsets into `data`.
  const void *values;
  const char *data;
  // Null: there are no nulls.
  const uint8_t *validity;
} tm_reader;

// Ends the call with an error made of the parts, of which the last one is followed by null.
void tm_fail(tm_call *call, const char *part, ...);

// Opens a column of an argument, and takes the rows out of the mask that have a null where there
// must be none.
tm_reader tm_open(tm_call *call, uint32_t place, const tm_field *field);

// Opens a column of states, in which a null where there must be none is an error.
tm_reader tm_open_state(tm_call *call, const tm_batch *batch, uint32_t place,
                        const tm_field *field);

static inline bool tm_bit(const uint8_t *bits, size_t row) {
  return bits[row / 8] >> (row % 8) & 1;
}

static inline bool tm_wanted(const tm_call *call, size_t row) {
  return !call->mask || tm_bit(call->mask, row);
}

#define TM_GET_NUMBER(name, type)                                                                  \
  static inline type tm_get_##name(const tm_reader *reader, size_t row) {                          \
    return ((const type *)reader->values)[row];                                                    \
  }
TM_GET_NUMBER(int32, int32_t)
TM_GET_NUMBER(int64, int64_t)
TM_GET_NUMBER(float32, float)
TM_GET_NUMBER(float64, double)

static inline tm_timestamp tm_get_timestamp(const tm_reader *reader, size_t row) {
  tm_timestamp timestamp = {tm_get_int64(reader, row)};
  return timestamp;
}

static inline bool tm_get_boolean(const tm_reader *reader, size_t row) {
  return tm_bit((const uint8_t *)reader->values, row);
}

static inline tm_text tm_get_utf8(const tm_reader *reader, size_t row) {
  const uint32_t *offsets = (const uint32_t *)reader->values + row;
  tm_text text = {reader->data + offsets[0], offsets[1] - offsets[0]};
  return text;
}

static inline tm_bytes tm_get_binary(const tm_reader *reader, size_t row) {
  tm_text text = tm_get_utf8(reader, row);
  tm_bytes bytes = {(const uint8_t *)text.data, text.size};
  return bytes;
}

#define TM_GET_OR_NULL(name, type, c_name)                                                         \
  static inline tm_##c_name##_or_null tm_get_null_##name(const tm_reader *reader, size_t row) {    \
    if (reader->validity && !tm_bit(reader->validity, row)) return tm_null_##c_name();             \
    return tm_some_##c_name(tm_get_##name(reader, row));                                           \
  }
TM_GET_OR_NULL(boolean, bool, bool)
TM_GET_OR_NULL(int32, int32_t, int32)
TM_GET_OR_NULL(int64, int64_t, int64)
TM_GET_OR_NULL(float32, float, float)
TM_GET_OR_NULL(float64, double, double)
TM_GET_OR_NULL(timestamp, tm_timestamp, timestamp)
TM_GET_OR_NULL(utf8, tm_text, text)
TM_GET_OR_NULL(binary, tm_bytes, bytes)

#ifdef __cplusplus
}
#endif

#endif
