// The functions of the conformance library that handle single rows.
#include <stdlib.h>

#include "tidemill.h"

TM_CONFIG(settings, (double threshold)) = {.threshold = 30.0};

TM_SCALAR(is_hot, "Is this reading above the threshold?", (double temperature), (bool is_hot)) {
  return temperature > settings.threshold;
}

TM_SCALAR(to_fahrenheit, "Converts degrees Celsius to degrees Fahrenheit.", (double celsius),
          (double fahrenheit)) {
  return celsius * 1.8 + 32.0;
}

TM_SCALAR(echo, "Gives back what it is given.",
          (tm_bool_or_null b, tm_int32_or_null i, tm_int64_or_null l, tm_float_or_null f,
           tm_double_or_null d, tm_timestamp_or_null t, tm_text_or_null s, tm_bytes_or_null y),
          (tm_bool_or_null b, tm_int32_or_null i, tm_int64_or_null l, tm_float_or_null f,
           tm_double_or_null d, tm_timestamp_or_null t, tm_text_or_null s, tm_bytes_or_null y)) {
  return (echo_row){b, i, l, f, d, t, s, y};
}

TM_COLUMNS(next, "The number after this one.", (int64_t l), (int64_t next)) {
  for (size_t row = 0; row < rows; row++) next[row] = l[row] + 1;
}

TM_SCALAR(divide, "Divides, and drops the remainder.", (int64_t a, int64_t b), (int64_t quotient)) {
  if (b == 0) {
    tm_refuse("division by zero");
    return 0;
  }
  return a / b;
}

TM_SCALAR(shout, "Adds an exclamation mark.", (tm_text text), (tm_text shout)) {
  return tm_concat(text, tm_string("!"));
}

TM_SCALAR(crash, "Crashes at 13.", (int64_t n), (int64_t n)) {
  if (n == 13) abort();
  return n;
}

TM_TABLE(words, "The words of a line, and their places.", (tm_text line),
         (tm_text word, int32_t position)) {
  if (tm_equal(line, tm_string("?"))) {
    tm_refuse("no words");
    return;
  }
  int32_t position = 0;
  size_t start = 0;
  for (size_t place = 0; place <= line.size; place++) {
    if (place < line.size && line.data[place] != ' ') continue;
    if (place > start) words_emit((tm_text){line.data + start, place - start}, position++);
    start = place + 1;
  }
}
