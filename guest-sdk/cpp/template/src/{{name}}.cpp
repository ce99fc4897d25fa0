// Functions for readings of temperatures.
#include "tidemill.hpp"

namespace {

// The configuration of a stage.
struct settings {
  // The temperature above which it is hot.
  double threshold = 30.0;
  TIDEMILL_MEMBERS(threshold)
};

settings config;

bool is_hot(double temperature) { return temperature > config.threshold; }

double to_fahrenheit(double celsius) { return celsius * 1.8 + 32.0; }

struct mean {
  double sum = 0;
  std::int64_t count = 0;
  TIDEMILL_MEMBERS(sum, count)

  void update(double value) {
    sum += value;
    count += 1;
  }

  void merge(const mean& other) {
    sum += other.sum;
    count += other.count;
  }

  std::optional<double> finish() const {
    if (count == 0) return std::nullopt;
    return sum / static_cast<double>(count);
  }
};

tidemill::library library{
    tidemill::config(config),
    tidemill::scalar<is_hot>("Is this reading above the threshold?", {"temperature"}),
    tidemill::scalar<to_fahrenheit>("Converts degrees Celsius to degrees Fahrenheit.", {"celsius"},
                                    {"fahrenheit"}),
    tidemill::aggregate<mean>("Arithmetic mean.", {"value"}),
};

}  // namespace
