// What happens in a call: its error, the rows it refuses, the columns it is given, the rows it makes.
#include <stdarg.h>

#include "../tidemill/function.h"
#include "../tidemill/guest.h"

tm_position tm_now;
tm_sink tm_out;

static tm_row_error *refused;
static uint32_t refused_room;

static char *copied(const char *text, size_t size) {
  char *copy = tm_alloc(size + 1);
  if (size) memcpy(copy, text, size);
  copy[size] = 0;
  return copy;
}

void tm_fail(tm_call *call, const char *part, ...) {
  if (call->error) return;
  va_list parts;
  size_t size = 0;
  va_start(parts, part);
  for (const char *next = part; next; next = va_arg(parts, const char *)) size += strlen(next);
  va_end(parts);
  char *error = tm_alloc(size + 1), *end = error;
  va_start(parts, part);
  for (const char *next = part; next; next = va_arg(parts, const char *)) {
    size_t length = strlen(next);
    memcpy(end, next, length);
    end += length;
  }
  va_end(parts);
  *end = 0;
  call->error = error;
}

void tm_refuse_row(uint32_t row, tm_text reason) {
  uint32_t count = tm_now.refused;
  if (count && refused[count - 1].row == row) return;
  if (count == refused_room) {
    uint32_t room = count ? count * 2 : 16;
    tm_row_error *more = tm_alloc(room * sizeof *more);
    if (count) memcpy(more, refused, count * sizeof *more);
    refused = more;
    refused_room = room;
  }
  tm_row_error error = {row, {copied(reason.data, reason.size), (uint32_t)reason.size}};
  refused[count] = error;
  tm_now.refused = count + 1;
}

void tm_refuse(const char *reason) { tm_refuse_row(tm_now.row, tm_string(reason)); }

tm_list tm_refused_rows(void) {
  tm_list list = {refused, tm_now.refused};
  refused = NULL;
  refused_room = 0;
  tm_now.row = 0;
  tm_now.refused = 0;
  return list;
}

void tm_refuse_all(tm_call *call) {
  if (tm_now.refused) tm_fail(call, refused[0].message.data, NULL);
}

static const char *const type_names[] = {"boolean", "int32",     "int64", "float32",
                                         "float64", "timestamp", "utf8",  "binary"};

// The reader of a column that is as the field says.
static tm_reader checked(tm_call *call, const tm_batch *batch, uint32_t place,
                         const tm_field *field) {
  tm_reader reader = {NULL, NULL, NULL};
  const char *name = field->name.data;
  if (place >= batch->columns.size) {
    tm_fail(call, "`", name, "`: there is no such column", NULL);
    return reader;
  }
  const tm_column *column = (const tm_column *)batch->columns.data + place;
  uint32_t rows = batch->rows, bytes = rows / 8 + (rows % 8 != 0), values = rows;
  if (column->type != field->type) {
    const char *got = column->type <= TM_BINARY ? type_names[column->type] : "another type";
    tm_fail(call, "`", name, "`: expected ", type_names[field->type], ", got ", got, NULL);
    return reader;
  }
  if (column->type == TM_BOOLEAN) values = bytes;
  if (column->type == TM_UTF8 || column->type == TM_BINARY) {
    const uint32_t *offsets = column->values.data;
    values = rows + 1;
    if (column->values.size == values) {
      bool rising = offsets[0] == 0 && offsets[rows] <= column->data.size;
      for (uint32_t row = 0; row < rows; row++) rising &= offsets[row] <= offsets[row + 1];
      if (!rising) tm_fail(call, "`", name, "`: offsets that lead nowhere", NULL);
    }
  }
  if (column->values.size < values || (column->has_validity && column->validity.size < bytes)) {
    tm_fail(call, "`", name, "`: fewer values than rows", NULL);
  }
  reader.values = column->values.data;
  reader.data = column->data.data;
  reader.validity = column->has_validity ? column->validity.data : NULL;
  return reader;
}

static bool all_set(const uint8_t *bits, uint32_t rows) {
  for (uint32_t byte = 0; byte < rows / 8; byte++) {
    if (bits[byte] != 0xff) return false;
  }
  uint8_t rest = (uint8_t)((1 << rows % 8) - 1);
  return (rest & ~(rest ? bits[rows / 8] : 0)) == 0;
}

tm_reader tm_open(tm_call *call, uint32_t place, const tm_field *field) {
  const tm_batch *batch = call->arguments;
  tm_reader reader = checked(call, batch, place, field);
  if (call->error || field->nullable || !reader.validity || all_set(reader.validity, batch->rows)) {
    return reader;
  }
  size_t bytes = (batch->rows + 7) / 8;
  if (call->mask) {
    uint8_t *both = tm_alloc(bytes);
    for (size_t byte = 0; byte < bytes; byte++) both[byte] = call->mask[byte] & reader.validity[byte];
    call->mask = both;
  } else {
    call->mask = reader.validity;
  }
  return reader;
}

tm_reader tm_open_state(tm_call *call, const tm_batch *batch, uint32_t place,
                        const tm_field *field) {
  tm_reader reader = checked(call, batch, place, field);
  if (!call->error && !field->nullable && reader.validity && !all_set(reader.validity, batch->rows)) {
    tm_fail(call, "state `", (const char *)field->name.data, "`: a null where there can be none",
            NULL);
  }
  return reader;
}

uint32_t tm_present(const tm_call *call) {
  if (!call->mask) return call->rows;
  uint32_t present = 0;
  for (uint32_t row = 0; row < call->rows; row++) present += tm_bit(call->mask, row);
  return present;
}

void tm_begin_rows(const tm_call *call, tm_builder *columns) {
  tm_out.columns = columns;
  tm_out.rows = 0;
  tm_out.room = call->rows;
  tm_out.parents = tm_alloc(tm_out.room * sizeof *tm_out.parents);
}

void tm_grow_parents(void) {
  uint32_t room = tm_out.rows < 32 ? 64 : tm_out.rows * 2;
  uint32_t *parents = tm_alloc(room * sizeof *parents);
  if (tm_out.rows) memcpy(parents, tm_out.parents, tm_out.rows * sizeof *parents);
  tm_out.parents = parents;
  tm_out.room = room;
}

void tm_take_back(uint32_t columns, uint32_t rows) {
  for (uint32_t place = 0; place < columns; place++) tm_truncate(&tm_out.columns[place], rows);
  tm_out.rows = rows;
}

void tm_end_rows(tm_call *call, uint32_t columns) {
  call->columns = tm_finish(tm_out.columns, columns);
  call->parents.data = tm_out.parents;
  call->parents.size = tm_out.rows;
}
