// The functions of the conformance library that handle many rows, and those with a state.
#include <stdlib.h>

#include "tidemill.h"

TM_STATE(average_state, 1, (double sum, int64_t count))

TM_AGGREGATE(average, "Arithmetic mean.", average_state, (double value),
             (tm_double_or_null average))

static void average_update(average_state *state, double value) {
  if (value < -273.15) {
    tm_refuse("below absolute zero");
    return;
  }
  state->sum += value;
  state->count += 1;
}

static void average_merge(average_state *state, const average_state *other) {
  state->sum += other->sum;
  state->count += other->count;
}

static tm_double_or_null average_finish(const average_state *state) {
  if (state->count == 0) return tm_null_double();
  return tm_some_double(state->sum / (double)state->count);
}

TM_STATE(longest_state, 1, (tm_text_or_null text, int64_t nulls))

TM_AGGREGATE(longest, "The longest text, and how many were missing.", longest_state,
             (tm_text_or_null text), (tm_text_or_null longest, int64_t nulls))

static void keep_longer(longest_state *state, tm_text_or_null text) {
  if (text.present && (!state->text.present || text.value.size > state->text.value.size)) {
    state->text = text;
  }
}

static void longest_update(longest_state *state, tm_text_or_null text) {
  if (!text.present) state->nulls += 1;
  keep_longer(state, text);
}

static void longest_merge(longest_state *state, const longest_state *other) {
  state->nulls += other->nulls;
  keep_longer(state, other->text);
}

static longest_row longest_finish(const longest_state *state) {
  return (longest_row){state->text, state->nulls};
}

static int compare(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

TM_HOLISTIC(median, "The value in the middle.", (double value), (tm_double_or_null median)) {
  if (rows == 0) return tm_null_double();
  double *sorted = tm_alloc(rows * sizeof *sorted);
  for (size_t row = 0; row < rows; row++) {
    if (value[row] < 0) {
      tm_refuse("negative");
      return tm_null_double();
    }
    sorted[row] = value[row];
  }
  qsort(sorted, rows, sizeof *sorted, compare);
  return tm_some_double(sorted[(rows - 1) / 2]);
}

TM_STATE(account_state, 1, (int64_t balance))

TM_PROCESS(account, "The balance after each transaction.", account_state, (int64_t amount),
           (int64_t balance)) {
  if (amount == 0) return;
  if (amount >= 1000) account_emit(state->balance);
  state->balance += amount;
  if (state->balance < 0) {
    tm_refuse("overdrawn");
    return;
  }
  account_emit(state->balance);
}
