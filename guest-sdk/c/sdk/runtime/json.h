// As much of JSON as a configuration needs: an object of plain values.
#ifndef TIDEMILL_JSON_H
#define TIDEMILL_JSON_H

#include "../tidemill/reader.h"
#include "../tidemill/values.h"

// What has not been read yet.
typedef struct {
  const char *next;
  const char *end;
} tm_json;

// Calls `set` with each key, to read its value; ends when `set` gives false.
void tm_read_object(tm_call *call, tm_list json,
                    bool (*set)(tm_call *call, tm_json *json, tm_text key, const void *context),
                    const void *context);

// Reads a string; its memory is never given back. False if there is none.
bool tm_read_string(tm_json *json, tm_text *text);

// Reads letters, digits, signs and dots: a number, or `true`, `false` and `null`.
tm_text tm_read_word(tm_json *json);

#endif
