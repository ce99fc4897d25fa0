// The values of columns as C sees them.
#ifndef TIDEMILL_VALUES_H
#define TIDEMILL_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// UTF-8, not ended by a zero. What a function is given lasts until the call ends.
typedef struct {
  const char *data;
  size_t size;
} tm_text;

typedef struct {
  const uint8_t *data;
  size_t size;
} tm_bytes;

// Microseconds since 1970-01-01T00:00:00 UTC.
typedef struct {
  int64_t microseconds;
} tm_timestamp;

// Makes `tm_NAME_or_null`, which is null as long as nothing is `present`, and the functions
// `tm_some_NAME` and `tm_null_NAME` that make one.
#define TM_OR_NULL(name, type)                                                                     \
  typedef struct {                                                                                 \
    bool present;                                                                                  \
    type value;                                                                                    \
  } tm_##name##_or_null;                                                                           \
  static inline tm_##name##_or_null tm_some_##name(type value) {                                   \
    tm_##name##_or_null some = {true, value};                                                      \
    return some;                                                                                   \
  }                                                                                                \
  static inline tm_##name##_or_null tm_null_##name(void) {                                         \
    tm_##name##_or_null null;                                                                      \
    memset(&null, 0, sizeof null);                                                                 \
    return null;                                                                                   \
  }

TM_OR_NULL(bool, bool)
TM_OR_NULL(int32, int32_t)
TM_OR_NULL(int64, int64_t)
TM_OR_NULL(float, float)
TM_OR_NULL(double, double)
TM_OR_NULL(timestamp, tm_timestamp)
TM_OR_NULL(text, tm_text)
TM_OR_NULL(bytes, tm_bytes)

// The text of a string that ends with a zero.
static inline tm_text tm_string(const char *string) {
  tm_text text = {string, strlen(string)};
  return text;
}

static inline bool tm_equal(tm_text left, tm_text right) {
  return left.size == right.size && (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
}

#endif
