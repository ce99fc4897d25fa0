// States on their way from columns to structs and back, and from an older version to this one.
#include "states.h"

#include "../tidemill/guest.h"

void tm_register_migration(tm_state *to, tm_migration *migration) {
  migration->next = to->migrations;
  to->migrations = migration;
}

void *tm_load_states(tm_call *call, const tm_state *state, const tm_batch *batch) {
  if (batch->columns.size != state->field_count) {
    tm_fail(call, "another number of state columns than the function has", NULL);
    return NULL;
  }
  void *states = tm_alloc((size_t)batch->rows * state->size);
  state->load(call, batch, states);
  return call->error ? NULL : states;
}

void tm_drop_states(const tm_state *state, void *states, uint32_t rows) {
  if (states && state->drop) state->drop(states, rows);
}

tm_batch tm_store_states(const tm_state *state, const void *states, uint32_t rows) {
  tm_batch batch = {rows, state->store(states, rows)};
  return batch;
}

tm_batch tm_first_states(const tm_state *state, uint32_t rows) {
  size_t size = (size_t)rows * state->size;
  void *states = tm_alloc(size);
  memset(states, 0, size);
  if (state->init) state->init(states, rows);
  tm_batch batch = tm_store_states(state, states, rows);
  tm_drop_states(state, states, rows);
  return batch;
}

static bool same_fields(const tm_state *state, tm_list fields) {
  if (fields.size != state->field_count) return false;
  const tm_field *old = fields.data;
  for (uint32_t place = 0; place < fields.size; place++) {
    const tm_list *left = &old[place].name, *right = &state->fields[place].name;
    if (left->size != right->size || memcmp(left->data, right->data, left->size) != 0 ||
        old[place].type != state->fields[place].type) {
      return false;
    }
  }
  return true;
}

// The states of `version` as those of `state`; null if nothing leads from one to the other.
static void *migrated(tm_call *call, const tm_state *state, uint32_t version, tm_list fields,
                      const tm_batch *old) {
  if (version == state->version) {
    if (!same_fields(state, fields)) {
      tm_fail(call, "this version of the state has other fields: what changes needs a new version", NULL);
      return NULL;
    }
    return tm_load_states(call, state, old);
  }
  for (const tm_migration *way = state->migrations; way; way = way->next) {
    // Ways lead upwards, so that none is gone in a circle.
    if (way->from->version >= state->version) continue;
    void *from = migrated(call, way->from, version, fields, old);
    if (call->error) return NULL;
    if (!from) continue;
    size_t size = (size_t)old->rows * state->size;
    void *to = tm_alloc(size);
    memset(to, 0, size);
    if (state->init) state->init(to, old->rows);
    way->convert(from, to, old->rows);
    tm_drop_states(way->from, from, old->rows);
    return to;
  }
  return NULL;
}

tm_batch tm_migrate_states(tm_call *call, const tm_state *state, uint32_t version, tm_list fields,
                           const tm_batch *old) {
  tm_batch none = {0, {NULL, 0}};
  void *states = migrated(call, state, version, fields, old);
  if (!states && !call->error) {
    char digits[11], *first = digits + sizeof digits - 1;
    *first = 0;
    uint32_t rest = version;
    do {
      *--first = (char)('0' + rest % 10);
    } while (rest /= 10);
    tm_fail(call, "unknown version ", first, NULL);
  }
  if (call->error) return none;
  tm_batch batch = tm_store_states(state, states, old->rows);
  tm_drop_states(state, states, old->rows);
  return batch;
}
