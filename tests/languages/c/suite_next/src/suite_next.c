// What becomes of the functions with a state when they are replaced by a newer version.
#include "tidemill.h"

TM_STATE(average_v1, 1, (double sum, int64_t count))
TM_STATE(average_state, 2, (double sum, int64_t count, tm_double_or_null least))

TM_MIGRATE(average_v1, average_state) {
  to->sum = from->sum;
  to->count = from->count;
}

TM_AGGREGATE(average, "Arithmetic mean, counted from the least value.", average_state,
             (double value), (tm_double_or_null average))

static void keep_less(average_state *state, tm_double_or_null value) {
  if (value.present && (!state->least.present || value.value < state->least.value)) {
    state->least = value;
  }
}

static void average_update(average_state *state, double value) {
  if (value < -273.15) {
    tm_refuse("below absolute zero");
    return;
  }
  state->sum += value;
  state->count += 1;
  keep_less(state, tm_some_double(value));
}

static void average_merge(average_state *state, const average_state *other) {
  state->sum += other->sum;
  state->count += other->count;
  keep_less(state, other->least);
}

static tm_double_or_null average_finish(const average_state *state) {
  if (state->count == 0) return tm_null_double();
  double least = state->least.present ? state->least.value : 0;
  return tm_some_double(state->sum / (double)state->count - least);
}

TM_STATE(account_v1, 1, (int64_t balance))
TM_STATE(account_state, 2, (int64_t balance, int64_t rows))

TM_MIGRATE(account_v1, account_state) { to->balance = from->balance; }

TM_PROCESS(account, "The balance after each transaction, in thousandths, with their number.",
           account_state, (int64_t amount), (int64_t balance)) {
  int64_t before = state->balance * 1000 + state->rows;
  state->balance += amount;
  if (state->balance < 0) {
    tm_refuse("overdrawn");
    return;
  }
  state->rows += 1;
  if (amount == 0) return;
  if (amount >= 1000) account_emit(before);
  account_emit(state->balance * 1000 + state->rows);
}
