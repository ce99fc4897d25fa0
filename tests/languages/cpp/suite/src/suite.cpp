// The conformance library.
#include <algorithm>
#include <cstdlib>

#include "tidemill.hpp"

namespace {

struct settings {
  double threshold = 30.0;
  TIDEMILL_MEMBERS(threshold)
};

settings config;

bool is_hot(double temperature) { return temperature > config.threshold; }

double to_fahrenheit(double celsius) { return celsius * 1.8 + 32.0; }

struct echoed {
  std::optional<bool> b;
  std::optional<std::int32_t> i;
  std::optional<std::int64_t> l;
  std::optional<float> f;
  std::optional<double> d;
  std::optional<tidemill::timestamp> t;
  std::optional<std::string_view> s;
  std::optional<tidemill::bytes> y;
  TIDEMILL_MEMBERS(b, i, l, f, d, t, s, y)
};

echoed echo(std::optional<bool> b, std::optional<std::int32_t> i, std::optional<std::int64_t> l,
            std::optional<float> f, std::optional<double> d, std::optional<tidemill::timestamp> t,
            std::optional<std::string_view> s, std::optional<tidemill::bytes> y) {
  return {b, i, l, f, d, t, s, y};
}

void next(std::span<const std::int64_t> l, std::span<std::int64_t> next) {
  std::ranges::transform(l, next.begin(), [](std::int64_t number) { return number + 1; });
}

tidemill::result<std::int64_t> divide(std::int64_t a, std::int64_t b) {
  if (b == 0) return tidemill::refuse("division by zero");
  return a / b;
}

std::string shout(std::string_view text) { return std::string(text) + "!"; }

std::int64_t crash(std::int64_t n) {
  if (n == 13) std::abort();
  return n;
}

struct placed {
  std::string_view word;
  std::int32_t position;
  TIDEMILL_MEMBERS(word, position)
};

tidemill::result<void> words(std::string_view line, tidemill::sink<placed>& out) {
  if (line == "?") return tidemill::refuse("no words");
  std::int32_t position = 0;
  while (!line.empty()) {
    auto end = std::min(line.find(' '), line.size());
    if (end > 0) out.emit({line.substr(0, end), position++});
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return {};
}

struct average {
  double sum = 0;
  std::int64_t count = 0;
  TIDEMILL_MEMBERS(sum, count)

  tidemill::result<void> update(double value) {
    if (value < -273.15) return tidemill::refuse("below absolute zero");
    sum += value;
    count += 1;
    return {};
  }

  void merge(const average& other) {
    sum += other.sum;
    count += other.count;
  }

  std::optional<double> finish() const {
    if (count == 0) return std::nullopt;
    return sum / static_cast<double>(count);
  }
};

struct longest_text {
  std::optional<std::string_view> longest;
  std::int64_t nulls;
  TIDEMILL_MEMBERS(longest, nulls)
};

struct longest {
  std::optional<std::string> text;
  std::int64_t nulls = 0;
  TIDEMILL_MEMBERS(text, nulls)

  void update(std::optional<std::string_view> next) {
    if (!next) nulls += 1;
    keep_longer(next);
  }

  void merge(const longest& other) {
    nulls += other.nulls;
    keep_longer(other.text);
  }

  longest_text finish() const { return {text, nulls}; }

 private:
  void keep_longer(std::optional<std::string_view> next) {
    if (next && (!text || next->size() > text->size())) text = *next;
  }
};

tidemill::result<std::optional<double>> median(std::span<const double> values) {
  if (values.empty()) return std::nullopt;
  for (double value : values) {
    if (value < 0) return tidemill::refuse("negative");
  }
  std::vector<double> sorted(values.begin(), values.end());
  auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

struct account_state {
  std::int64_t balance = 0;
  TIDEMILL_MEMBERS(balance)
};

tidemill::result<void> account(account_state& state, std::int64_t amount,
                               tidemill::sink<std::int64_t>& out) {
  if (amount == 0) return {};
  if (amount >= 1000) out.emit(state.balance);
  state.balance += amount;
  if (state.balance < 0) return tidemill::refuse("overdrawn");
  out.emit(state.balance);
  return {};
}

tidemill::library library{
    tidemill::config(config),
    tidemill::scalar<is_hot>("Is this reading above the threshold?", {"temperature"}),
    tidemill::scalar<to_fahrenheit>("Converts degrees Celsius to degrees Fahrenheit.", {"celsius"},
                                    {"fahrenheit"}),
    tidemill::scalar<echo>("Gives back what it is given.",
                           {"b", "i", "l", "f", "d", "t", "s", "y"}),
    tidemill::columns<next>("The number after this one.", {"l"}, {"next"}),
    tidemill::scalar<divide>("Divides, and drops the remainder.", {"a", "b"}, {"quotient"}),
    tidemill::scalar<shout>("Adds an exclamation mark.", {"text"}),
    tidemill::scalar<crash>("Crashes at 13.", {"n"}, {"n"}),
    tidemill::table<words>("The words of a line, and their places.", {"line"}),
    tidemill::aggregate<average>("Arithmetic mean.", {"value"}),
    tidemill::aggregate<longest>("The longest text, and how many were missing.", {"text"}),
    tidemill::holistic<median>("The value in the middle.", {"value"}),
    tidemill::process<account>("The balance after each transaction.", {"amount"}, {"balance"}),
};

}  // namespace
