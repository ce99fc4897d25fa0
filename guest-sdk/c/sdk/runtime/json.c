// As much of JSON as a configuration needs: an object of plain values.
#include "json.h"

#include <stdlib.h>

static void skip_space(tm_json *json) {
  while (json->next < json->end && strchr(" \t\r\n", *json->next)) json->next++;
}

static bool take(tm_json *json, char wanted) {
  skip_space(json);
  if (json->next == json->end || *json->next != wanted) return false;
  json->next++;
  return true;
}

// The code unit of four hexadecimal digits; -1 if they are none.
static int32_t code_unit(tm_json *json) {
  int32_t unit = 0;
  if (json->end - json->next < 4) return -1;
  for (int digit = 0; digit < 4; digit++) {
    static const char digits[] = "0123456789abcdef";
    const char *found = memchr(digits, *json->next++ | 32, 16);
    if (!found) return -1;
    unit = unit * 16 + (int32_t)(found - digits);
  }
  return unit;
}

static char *push_character(char *out, uint32_t c) {
  if (c < 0x80) {
    *out++ = (char)c;
  } else if (c < 0x800) {
    *out++ = (char)(0xc0 | c >> 6);
    *out++ = (char)(0x80 | (c & 63));
  } else if (c < 0x10000) {
    *out++ = (char)(0xe0 | c >> 12);
    *out++ = (char)(0x80 | (c >> 6 & 63));
    *out++ = (char)(0x80 | (c & 63));
  } else {
    *out++ = (char)(0xf0 | c >> 18);
    *out++ = (char)(0x80 | (c >> 12 & 63));
    *out++ = (char)(0x80 | (c >> 6 & 63));
    *out++ = (char)(0x80 | (c & 63));
  }
  return out;
}

// Reads what follows a backslash to `*out`.
static bool read_escape(tm_json *json, char **out) {
  static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
  if (json->next == json->end) return false;
  char c = *json->next++;
  if (c == 'u') {
    int32_t high = code_unit(json), low;
    if (high >= 0xd800 && high < 0xdc00) {
      if (!take(json, '\\') || !take(json, 'u')) return false;
      low = code_unit(json);
      if (low < 0xdc00 || low > 0xdfff) return false;
      high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    if (high < 0) return false;
    *out = push_character(*out, (uint32_t)high);
    return true;
  }
  for (const char *escape = escapes; *escape; escape += 2) {
    if (*escape == c) {
      *(*out)++ = escape[1];
      return true;
    }
  }
  return false;
}

bool tm_read_string(tm_json *json, tm_text *text) {
  if (!take(json, '"')) return false;
  // No escape is shorter than what it stands for.
  char *out = malloc((size_t)(json->end - json->next) + 1);
  if (!out) return false;
  text->data = out;
  while (json->next < json->end) {
    char c = *json->next++;
    if (c == '"') {
      *out = 0;
      text->size = (size_t)(out - text->data);
      return true;
    }
    if (c != '\\') {
      *out++ = c;
    } else if (!read_escape(json, &out)) {
      return false;
    }
  }
  return false;
}

tm_text tm_read_word(tm_json *json) {
  skip_space(json);
  tm_text word = {json->next, 0};
  while (json->next < json->end && !strchr(",}] \t\r\n", *json->next)) json->next++;
  word.size = (size_t)(json->next - word.data);
  return word;
}

void tm_read_object(tm_call *call, tm_list list,
                    bool (*set)(tm_call *call, tm_json *json, tm_text key, const void *context),
                    const void *context) {
  const char *begin = list.data;
  tm_json json = {begin, begin + list.size};
  bool whole = take(&json, '{');
  if (whole && !take(&json, '}')) {
    do {
      tm_text key;
      whole = tm_read_string(&json, &key) && take(&json, ':');
      if (whole && !set(call, &json, key, context)) return;
    } while (whole && take(&json, ','));
    whole = whole && take(&json, '}');
  }
  if (!whole) tm_fail(call, "the configuration is no JSON object", NULL);
}
