// The configuration of a stage, read into the members of a struct.
#include <stdlib.h>

#include "json.h"
#include "../tidemill/function.h"
#include "../tidemill/guest.h"

#include "../tidemill/config.h"

typedef struct {
  const tm_setting *all;
  uint32_t count;
} settings;

static bool is(tm_text text, const char *other) { return tm_equal(text, tm_string(other)); }

// A number that fills the whole word.
static bool read_number(tm_text word, double *number) {
  char digits[64], *end;
  if (word.size == 0 || word.size >= sizeof digits) return false;
  if (*word.data != '-' && (*word.data < '0' || *word.data > '9')) return false;
  memcpy(digits, word.data, word.size);
  digits[word.size] = 0;
  *number = strtod(digits, &end);
  return *end == 0;
}

static bool read_integer(tm_text word, int64_t least, int64_t most, int64_t *integer) {
  bool negative = word.size && *word.data == '-';
  if (word.size == negative) return false;
  int64_t value = 0;
  for (size_t place = negative; place < word.size; place++) {
    int digit = word.data[place] - '0';
    if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
        __builtin_sub_overflow(value, digit, &value)) {
      return false;
    }
  }
  if (!negative && __builtin_sub_overflow(0, value, &value)) return false;
  *integer = value;
  return value >= least && value <= most;
}

// Reads a value; what it should have been if it is not, else null.
static const char *read_value(tm_json *json, const tm_setting *setting) {
  if (setting->type == TM_UTF8) {
    return tm_read_string(json, setting->value) ? NULL : "a string";
  }
  tm_text word = tm_read_word(json);
  double number;
  int64_t integer;
  switch (setting->type) {
    case TM_BOOLEAN:
      *(bool *)setting->value = is(word, "true");
      return is(word, "true") || is(word, "false") ? NULL : "true or false";
    case TM_INT32:
      if (!read_integer(word, INT32_MIN, INT32_MAX, &integer)) return "an integer of 32 bits";
      *(int32_t *)setting->value = (int32_t)integer;
      return NULL;
    case TM_INT64:
      if (!read_integer(word, INT64_MIN, INT64_MAX, &integer)) return "an integer of 64 bits";
      *(int64_t *)setting->value = integer;
      return NULL;
    default:
      if (!read_number(word, &number)) return "a number";
      if (setting->type == TM_FLOAT32) {
        *(float *)setting->value = (float)number;
      } else {
        *(double *)setting->value = number;
      }
      return NULL;
  }
}

static bool set(tm_call *call, tm_json *json, tm_text key, const void *context) {
  const settings *known = context;
  char *names = tm_alloc(1);
  *names = 0;
  for (uint32_t place = 0; place < known->count; place++) {
    const tm_setting *setting = &known->all[place];
    const char *name = setting->name.data;
    if (is(key, name)) {
      const char *expected = read_value(json, setting);
      if (expected) tm_fail(call, "`", name, "` must be ", expected, NULL);
      return !expected;
    }
    tm_call list = {.error = NULL};
    tm_fail(&list, names, place ? ", `" : "`", name, "`", NULL);
    names = (char *)list.error;
  }
  // A key is ended by a zero.
  tm_fail(call, "unknown key `", key.data, "`: the keys are ", names, NULL);
  return false;
}

void tm_read_settings(tm_call *call, tm_list json, const tm_setting *all, uint32_t count) {
  settings known = {all, count};
  tm_read_object(call, json, set, &known);
}
