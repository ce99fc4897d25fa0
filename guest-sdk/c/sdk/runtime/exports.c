// The exports of the world `library`, on the canonical ABI: what the host calls.
#include "catalog.h"
#include "states.h"
#include "../tidemill/function.h"
#include "../tidemill/guest.h"

// `result<T, string>` for every `T` of the contract.
typedef struct {
  bool failed;
  union {
    tm_list message;
    tm_list functions;
    tm_batch batch;
    struct {
      tm_list columns, errors;
    } scalar;
    struct {
      tm_list columns, parents, errors;
    } table;
    struct {
      tm_batch accumulators;
      tm_list errors;
    } update;
    struct {
      tm_batch state;
      tm_list columns, parents, errors;
    } process;
  };
} answer;

TM_STATIC_ASSERT(offsetof(answer, message) == 4 && sizeof(answer) == 40, "the layout of a result");

static answer given;

static answer *answered(const tm_call *call) {
  given.failed = call->error != NULL;
  if (given.failed) {
    given.message.data = call->error;
    given.message.size = (uint32_t)strlen(call->error);
  }
  return &given;
}

#define EXPORT(interface, name) __attribute__((export_name("tidemill:udf/" interface "@0.1.0#" name)))
// After the host has read an answer, all memory of the call is given back.
#define AFTER(interface, name, id)                                                                 \
  __attribute__((export_name("cabi_post_tidemill:udf/" interface "@0.1.0#" name))) void            \
      tm_after_##id(const answer *read) {                                                          \
    (void)read;                                                                                    \
    tm_free_all();                                                                                 \
  }

__attribute__((import_module("tidemill:udf/log@0.1.0"), import_name("write"))) void tm_log_write(
    int32_t level, const char *line, size_t size);

void tm_log(tm_level level, const char *line) { tm_log_write((int32_t)level, line, strlen(line)); }

// Starts a call; an error if there is no such function of this kind.
static const tm_function *started(tm_call *call, uint32_t index, uint8_t kind) {
  tm_refused_rows();
  const tm_function *function = tm_function_at(index);
  if (function && function->kind == kind) return function;
  tm_fail(call, "the library has no such function of this kind", NULL);
  return NULL;
}

// Checks that every row belongs to one of the groups.
static void check_groups(tm_call *call, tm_list groups, uint32_t rows, uint32_t count) {
  const uint32_t *group = groups.data;
  uint32_t most = 0;
  for (uint32_t row = 0; row < groups.size; row++) most = group[row] > most ? group[row] : most;
  if (groups.size != rows || (rows && most >= count)) {
    tm_fail(call, "a group for each row is not what was sent", NULL);
  }
  call->groups = group;
  call->group_count = count;
}

EXPORT("catalog", "configure") answer *tm_export_configure(char *config, uint32_t size) {
  tm_call call = {.error = NULL};
  tm_list json = {config, size};
  given.functions = tm_catalog(&call, json);
  return answered(&call);
}

EXPORT("scalar", "call")
answer *tm_export_scalar(uint32_t index, uint32_t rows, tm_column *columns, uint32_t count) {
  tm_batch arguments = {rows, {columns, count}};
  tm_call call = {.rows = rows, .arguments = &arguments};
  const tm_function *function = started(&call, index, TM_SCALAR_KIND);
  if (function) function->run(&call, NULL);
  given.scalar.columns = call.columns;
  given.scalar.errors = tm_refused_rows();
  return answered(&call);
}

EXPORT("table", "call")
answer *tm_export_table(uint32_t index, uint32_t rows, tm_column *columns, uint32_t count) {
  tm_batch arguments = {rows, {columns, count}};
  tm_call call = {.rows = rows, .arguments = &arguments};
  const tm_function *function = started(&call, index, TM_TABLE_KIND);
  if (function) function->run(&call, NULL);
  given.table.columns = call.columns;
  given.table.parents = call.parents;
  given.table.errors = tm_refused_rows();
  return answered(&call);
}

EXPORT("holistic", "evaluate")
answer *tm_export_evaluate(uint32_t index, uint32_t groups, uint32_t *group, uint32_t group_count,
                 uint32_t rows, tm_column *columns, uint32_t count) {
  tm_batch arguments = {rows, {columns, count}};
  tm_call call = {.rows = rows, .arguments = &arguments};
  const tm_function *function = started(&call, index, TM_HOLISTIC_KIND);
  check_groups(&call, (tm_list){group, group_count}, rows, groups);
  for (uint32_t row = 1; row < group_count; row++) {
    if (group[row - 1] > group[row]) tm_fail(&call, "groups that are not in order", NULL);
  }
  if (!call.error) function->run(&call, NULL);
  given.scalar.columns = call.columns;
  given.scalar.errors = tm_refused_rows();
  return answered(&call);
}

static answer *init(uint32_t index, uint32_t count, uint8_t kind) {
  tm_call call = {.error = NULL};
  const tm_function *function = started(&call, index, kind);
  if (function) given.batch = tm_first_states(function->state, count);
  return answered(&call);
}

static answer *migrate(uint32_t index, uint8_t kind, uint32_t version, tm_list fields, tm_batch old) {
  tm_call call = {.error = NULL};
  const tm_function *function = started(&call, index, kind);
  if (function) given.batch = tm_migrate_states(&call, function->state, version, fields, &old);
  return answered(&call);
}

EXPORT("aggregate", "init") answer *tm_export_aggregate_init(uint32_t index, uint32_t count) {
  return init(index, count, TM_AGGREGATE_KIND);
}

EXPORT("aggregate", "update")
answer *tm_export_update(uint32_t index, uint32_t states, tm_column *state, uint32_t state_count,
               uint32_t *group, uint32_t group_count, uint32_t rows, tm_column *columns,
               uint32_t count) {
  tm_batch accumulators = {states, {state, state_count}}, arguments = {rows, {columns, count}};
  tm_call call = {.rows = rows, .arguments = &arguments};
  const tm_function *function = started(&call, index, TM_AGGREGATE_KIND);
  check_groups(&call, (tm_list){group, group_count}, rows, states);
  void *loaded = call.error ? NULL : tm_load_states(&call, function->state, &accumulators);
  if (!call.error) function->run(&call, loaded);
  if (!call.error) given.update.accumulators = tm_store_states(function->state, loaded, states);
  if (loaded) tm_drop_states(function->state, loaded, states);
  given.update.errors = tm_refused_rows();
  return answered(&call);
}

EXPORT("aggregate", "merge")
answer *tm_export_merge(uint32_t index, uint32_t states, tm_column *state, uint32_t state_count,
              uint32_t *group, uint32_t group_count, uint32_t rows, tm_column *columns,
              uint32_t count) {
  tm_batch accumulators = {states, {state, state_count}}, partials = {rows, {columns, count}};
  tm_call call = {.rows = rows};
  const tm_function *function = started(&call, index, TM_AGGREGATE_KIND);
  check_groups(&call, (tm_list){group, group_count}, rows, states);
  void *loaded = call.error ? NULL : tm_load_states(&call, function->state, &accumulators);
  void *others = call.error ? NULL : tm_load_states(&call, function->state, &partials);
  if (!call.error) function->merge(&call, loaded, others);
  tm_refuse_all(&call);
  if (!call.error) given.batch = tm_store_states(function->state, loaded, states);
  if (loaded) tm_drop_states(function->state, loaded, states);
  if (others) tm_drop_states(function->state, others, rows);
  return answered(&call);
}

EXPORT("aggregate", "finish")
answer *tm_export_finish(uint32_t index, uint32_t rows, tm_column *state, uint32_t state_count) {
  tm_batch accumulators = {rows, {state, state_count}};
  tm_call call = {.rows = rows};
  const tm_function *function = started(&call, index, TM_AGGREGATE_KIND);
  void *loaded = call.error ? NULL : tm_load_states(&call, function->state, &accumulators);
  if (!call.error) function->finish(&call, loaded);
  if (loaded) tm_drop_states(function->state, loaded, rows);
  tm_refuse_all(&call);
  given.batch.rows = rows;
  given.batch.columns = call.columns;
  return answered(&call);
}

EXPORT("aggregate", "migrate")
answer *tm_export_aggregate_migrate(uint32_t index, uint32_t version, tm_field *fields,
                          uint32_t field_count, uint32_t rows, tm_column *columns, uint32_t count) {
  return migrate(index, TM_AGGREGATE_KIND, version, (tm_list){fields, field_count},
                 (tm_batch){rows, {columns, count}});
}

EXPORT("process", "init") answer *tm_export_process_init(uint32_t index, uint32_t count) {
  return init(index, count, TM_PROCESS_KIND);
}

EXPORT("process", "process")
answer *tm_export_process(uint32_t index, uint32_t states, tm_column *state, uint32_t state_count,
                uint32_t *key, uint32_t key_count, uint32_t rows, tm_column *columns,
                uint32_t count) {
  tm_batch kept = {states, {state, state_count}}, arguments = {rows, {columns, count}};
  tm_call call = {.rows = rows, .arguments = &arguments};
  const tm_function *function = started(&call, index, TM_PROCESS_KIND);
  check_groups(&call, (tm_list){key, key_count}, rows, states);
  void *loaded = call.error ? NULL : tm_load_states(&call, function->state, &kept);
  if (!call.error) function->run(&call, loaded);
  if (!call.error) given.process.state = tm_store_states(function->state, loaded, states);
  if (loaded) tm_drop_states(function->state, loaded, states);
  given.process.columns = call.columns;
  given.process.parents = call.parents;
  given.process.errors = tm_refused_rows();
  return answered(&call);
}

EXPORT("process", "migrate")
answer *tm_export_process_migrate(uint32_t index, uint32_t version, tm_field *fields,
                        uint32_t field_count, uint32_t rows, tm_column *columns, uint32_t count) {
  return migrate(index, TM_PROCESS_KIND, version, (tm_list){fields, field_count},
                 (tm_batch){rows, {columns, count}});
}

AFTER("catalog", "configure", configure)
AFTER("scalar", "call", scalar)
AFTER("table", "call", table)
AFTER("holistic", "evaluate", evaluate)
AFTER("aggregate", "init", aggregate_init)
AFTER("aggregate", "update", update)
AFTER("aggregate", "merge", merge)
AFTER("aggregate", "finish", finish)
AFTER("aggregate", "migrate", aggregate_migrate)
AFTER("process", "init", process_init)
AFTER("process", "process", process)
AFTER("process", "migrate", process_migrate)
