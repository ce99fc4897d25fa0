// Columns while they are being filled.
#include "../tidemill/builder.h"

static size_t bytes_of(uint8_t type, size_t rows) {
  switch (type) {
    case TM_BOOLEAN:
      return (rows + 7) / 8;
    case TM_INT32:
    case TM_FLOAT32:
      return rows * 4;
    case TM_UTF8:
    case TM_BINARY:
      return (rows + 1) * 4;
    default:
      return rows * 8;
  }
}

static bool has_data(const tm_builder *builder) {
  return builder->type == TM_UTF8 || builder->type == TM_BINARY;
}

static size_t bits(size_t rows) { return (rows + 7) / 8; }

static void *moved(const void *old, size_t old_size, size_t size) {
  void *memory = tm_alloc(size);
  if (old_size) memcpy(memory, old, old_size);
  return memory;
}

tm_builder tm_build(const tm_field *field, uint32_t room) {
  tm_builder builder;
  memset(&builder, 0, sizeof builder);
  builder.type = field->type;
  builder.room = room;
  builder.values = tm_alloc(bytes_of(field->type, room));
  if (has_data(&builder)) *(uint32_t *)builder.values = 0;
  return builder;
}

void tm_grow(tm_builder *builder) {
  uint32_t rows = builder->rows, room = rows < 32 ? 64 : rows * 2;
  builder->values =
      moved(builder->values, bytes_of(builder->type, rows), bytes_of(builder->type, room));
  if (builder->validity) builder->validity = moved(builder->validity, bits(rows), bits(room));
  builder->room = room;
}

void tm_grow_data(tm_builder *builder, size_t size) {
  size_t needed = builder->size + size, room = (size_t)builder->data_room * 2;
  if (needed < size) needed = SIZE_MAX;
  if (room < needed) room = needed;
  if (room < 256) room = 256;
  builder->data = moved(builder->data, builder->size, room);
  builder->data_room = (uint32_t)room;
}

void tm_mark_null(tm_builder *builder) {
  uint32_t row = builder->rows - 1;
  if (!builder->validity) {
    builder->validity = tm_alloc(bits(builder->room));
    memset(builder->validity, 0xff, bits(builder->room));
  }
  builder->validity[row / 8] &= (uint8_t)~(1 << (row % 8));
}

void tm_push_null(tm_builder *builder) {
  static const tm_text no_text;
  switch (builder->type) {
    case TM_BOOLEAN:
      tm_push_boolean(builder, false);
      break;
    case TM_INT32:
    case TM_FLOAT32:
      tm_push_int32(builder, 0);
      break;
    case TM_UTF8:
    case TM_BINARY:
      tm_push_utf8(builder, no_text);
      break;
    default:
      tm_push_int64(builder, 0);
      break;
  }
  tm_mark_null(builder);
}

void tm_push_bits(tm_builder *builder, const bool *values, uint32_t count) {
  typedef signed char vector __attribute__((vector_size(16)));
  uint32_t whole = count / 16 * 16;
  for (uint32_t row = 0; row < whole; row += 16) {
    vector bytes;
    memcpy(&bytes, values + row, sizeof bytes);
    uint16_t mask = (uint16_t)__builtin_wasm_bitmask_i8x16(bytes != 0);
    memcpy((uint8_t *)builder->values + row / 8, &mask, sizeof mask);
  }
  builder->rows = whole;
  for (uint32_t row = whole; row < count; row++) tm_push_boolean(builder, values[row]);
}

void tm_truncate(tm_builder *builder, uint32_t rows) {
  builder->rows = rows;
  if (has_data(builder)) builder->size = ((const uint32_t *)builder->values)[rows];
}

tm_list tm_finish(const tm_builder *builders, uint32_t count) {
  tm_column *columns = tm_alloc(count * sizeof *columns);
  memset(columns, 0, count * sizeof *columns);
  for (uint32_t place = 0; place < count; place++) {
    const tm_builder *builder = &builders[place];
    tm_column *column = &columns[place];
    uint32_t rows = builder->rows;
    column->type = builder->type;
    column->values.data = builder->values;
    column->values.size = builder->type == TM_BOOLEAN ? (uint32_t)bits(rows) : rows;
    if (has_data(builder)) {
      column->values.size = rows + 1;
      column->data.data = builder->data;
      column->data.size = builder->size;
    }
    if (builder->validity) {
      column->has_validity = true;
      column->validity.data = builder->validity;
      column->validity.size = (uint32_t)bits(rows);
    }
  }
  tm_list list = {columns, count};
  return list;
}
