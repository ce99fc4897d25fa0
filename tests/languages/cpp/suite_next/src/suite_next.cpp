// What becomes of the functions with a state when they are replaced by a newer version.
#include <algorithm>

#include "tidemill.hpp"

namespace {

struct average_v1 {
  double sum = 0;
  std::int64_t count = 0;
  TIDEMILL_MEMBERS(sum, count)
};

struct average {
  static constexpr std::uint32_t version = 2;
  double sum = 0;
  std::int64_t count = 0;
  std::optional<double> least;
  TIDEMILL_MEMBERS(sum, count, least)

  static average from(const average_v1& old) { return {old.sum, old.count, std::nullopt}; }

  tidemill::result<void> update(double value) {
    if (value < -273.15) return tidemill::refuse("below absolute zero");
    sum += value;
    count += 1;
    least = std::min(least.value_or(value), value);
    return {};
  }

  void merge(const average& other) {
    sum += other.sum;
    count += other.count;
    if (other.least) least = std::min(least.value_or(*other.least), *other.least);
  }

  std::optional<double> finish() const {
    if (count == 0) return std::nullopt;
    return sum / static_cast<double>(count) - least.value_or(0);
  }
};

struct account_v1 {
  std::int64_t balance = 0;
  TIDEMILL_MEMBERS(balance)
};

struct account_state {
  static constexpr std::uint32_t version = 2;
  std::int64_t balance = 0;
  std::int64_t rows = 0;
  TIDEMILL_MEMBERS(balance, rows)

  static account_state from(const account_v1& old) { return {old.balance, 0}; }

  std::int64_t shown() const { return balance * 1000 + rows; }
};

tidemill::result<void> account(account_state& state, std::int64_t amount,
                               tidemill::sink<std::int64_t>& out) {
  const std::int64_t before = state.shown();
  state.balance += amount;
  if (state.balance < 0) return tidemill::refuse("overdrawn");
  state.rows += 1;
  if (amount == 0) return {};
  if (amount >= 1000) out.emit(before);
  out.emit(state.shown());
  return {};
}

tidemill::library library{
    tidemill::aggregate<average>("Arithmetic mean, counted from the least value.", {"value"}),
    tidemill::process<account>("The balance after each transaction, in thousandths, with their number.",
                               {"amount"}, {"balance"}),
};

}  // namespace
