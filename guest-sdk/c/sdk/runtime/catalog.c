// The functions of the library and its configuration.
#include "catalog.h"

#include "json.h"
#include "../tidemill/guest.h"

// `record function`.
typedef struct {
  tm_list name;
  uint8_t kind;
  tm_list doc, parameters, results, state;
  uint32_t state_version;
} description;

TM_STATIC_ASSERT(sizeof(description) == 48, "the layout of `function`");

static tm_function *first_function, **last_link = &first_function;
static uint32_t function_count;
static void (*read_config)(tm_call *call, tm_list json);

void tm_register(tm_function *function) {
  *last_link = function;
  last_link = &function->next;
  function_count++;
}

void tm_register_config(void (*read)(tm_call *call, tm_list json)) { read_config = read; }

const tm_function *tm_function_at(uint32_t index) {
  const tm_function *function = first_function;
  while (function && index--) function = function->next;
  return function;
}

static tm_list string(const char *text) {
  tm_list list = {text, (uint32_t)strlen(text)};
  return list;
}

static bool no_setting(tm_call *call, tm_json *json, tm_text key, const void *context) {
  (void)json;
  (void)context;
  // A key is ended by a zero.
  tm_fail(call, "unknown key `", key.data, "`: the library takes no configuration", NULL);
  return false;
}

tm_list tm_catalog(tm_call *call, tm_list json) {
  tm_list list = {NULL, function_count};
  if (read_config) {
    read_config(call, json);
  } else {
    tm_read_object(call, json, no_setting, NULL);
  }
  description *next = tm_alloc(function_count * sizeof *next);
  list.data = next;
  for (const tm_function *function = first_function; function; function = function->next, next++) {
    memset(next, 0, sizeof *next);
    next->name = string(function->name);
    next->kind = function->kind;
    next->doc = string(function->doc);
    next->parameters = (tm_list){function->parameters, function->parameter_count};
    next->results = (tm_list){function->results, function->result_count};
    if (function->state) {
      next->state = (tm_list){function->state->fields, function->state->field_count};
      next->state_version = function->state->version;
    }
  }
  return list;
}
