// The records of the guest contract as the canonical ABI lays them out in memory.
#ifndef TIDEMILL_ABI_H
#define TIDEMILL_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define TM_STATIC_ASSERT static_assert
extern "C" {
#else
#define TM_STATIC_ASSERT _Static_assert
#endif

// `enum data-type`, and the tags of `variant buffer`: they are in one order.
enum {
  TM_BOOLEAN,
  TM_INT32,
  TM_INT64,
  TM_FLOAT32,
  TM_FLOAT64,
  TM_TIMESTAMP,
  TM_UTF8,
  TM_BINARY,
};

// `enum kind`.
enum { TM_SCALAR_KIND, TM_TABLE_KIND, TM_AGGREGATE_KIND, TM_HOLISTIC_KIND, TM_PROCESS_KIND };

// `list<T>` and `string`.
typedef struct {
  const void *data;
  uint32_t size;
} tm_list;

// `record field`.
typedef struct {
  tm_list name;
  uint8_t type;
  bool nullable;
} tm_field;

// `record column`: `values` are the offsets of a buffer of variable length.
typedef struct {
  uint8_t type;
  tm_list values;
  tm_list data;
  bool has_validity;
  tm_list validity;
} tm_column;

// `record batch`.
typedef struct {
  uint32_t rows;
  tm_list columns;
} tm_batch;

// `record row-error`.
typedef struct {
  uint32_t row;
  tm_list message;
} tm_row_error;

TM_STATIC_ASSERT(sizeof(tm_list) == 8, "a list is a pointer and a length");
TM_STATIC_ASSERT(sizeof(tm_field) == 12, "the layout of `field`");
TM_STATIC_ASSERT(sizeof(tm_column) == 32 && offsetof(tm_column, values) == 4 &&
                     offsetof(tm_column, has_validity) == 20,
                 "the layout of `column`");
TM_STATIC_ASSERT(sizeof(tm_batch) == 12, "the layout of `batch`");
TM_STATIC_ASSERT(sizeof(tm_row_error) == 12, "the layout of `row-error`");

#ifdef __cplusplus
}
#endif

#endif
