// Functions for readings of temperatures.
#include "tidemill.h"

// The configuration of a stage: the temperature above which it is hot.
TM_CONFIG(config, (double threshold)) = {.threshold = 30.0};

TM_SCALAR(is_hot, "Is this reading above the threshold?", (double temperature), (bool is_hot)) {
  return temperature > config.threshold;
}

TM_SCALAR(to_fahrenheit, "Converts degrees Celsius to degrees Fahrenheit.", (double celsius),
          (double fahrenheit)) {
  return celsius * 1.8 + 32.0;
}

// What `mean` remembers, in version 1.
TM_STATE(mean_state, 1, (double sum, int64_t count))

TM_AGGREGATE(mean, "Arithmetic mean.", mean_state, (double value), (tm_double_or_null mean))

static void mean_update(mean_state *state, double value) {
  state->sum += value;
  state->count += 1;
}

static void mean_merge(mean_state *state, const mean_state *other) {
  state->sum += other->sum;
  state->count += other->count;
}

static tm_double_or_null mean_finish(const mean_state *state) {
  if (state->count == 0) return tm_null_double();
  return tm_some_double(state->sum / (double)state->count);
}
